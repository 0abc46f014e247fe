import { randomInt } from 'node:crypto';
import { inspect, stripVTControlCharacters } from 'node:util';

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const combining = /\p{Mn}|\p{Me}|\u200d/u;

/**
 * Columns of a text on a terminal, without its colours: two for the signs of East Asia and for emoji, none for marks on
 * a letter.
 */
function textWidth(text: string): number {
  const plain = stripVTControlCharacters(text);
  if (/^[ -~]*$/.test(plain)) return plain.length;
  return [...plain].reduce((sum, sign) => sum + (combining.test(sign) ? 0 : wide.test(sign) ? 2 : 1), 0);
}

/** A word, or what reads as one and stays on one line: `25 %`, `3m 40s`, `01:19 UTC`. */
const words = /( *)((?:\d+ %|\d+[dhm] \d+[hms]\b|\d\d:\d\d(?::\d\d)? UTC)[^ ]*|[^ ]+)/g;

/**
 * Breaks at spaces into lines of this width; lines after the first are indented, less where only then a long word fits.
 * A word that is wider than the line is left whole, so that an address or a command can be copied.
 */
export function wrapText(text: string, width: number, indent = 0): string[] {
  const lines: string[] = [];
  let line = '';
  let length = 0;
  for (const [, gap = '', word = ''] of text.matchAll(words)) {
    const wordLength = textWidth(word);
    if (line !== '' && length + gap.length + wordLength > width) {
      const room = Math.max(0, Math.min(indent, width - wordLength));
      lines.push(line);
      line = ' '.repeat(room) + word;
      length = room + wordLength;
    } else {
      line += gap + word;
      length += gap.length + wordLength;
    }
  }
  return [...lines, line];
}

/**
 * One line of output at a terminal's width: what does not fit goes on below the text of the line's last column or of
 * its label, `error: ` for one.
 */
export function wrapLine(line: string, width: number): string[] {
  const plain = stripVTControlCharacters(line);
  if (textWidth(plain) <= width) return [line];
  const starts = [plain.search(/\S/), ...[...plain.matchAll(/\S {2,}(?=\S)/g)].map((gap) => gap.index + gap[0].length)];
  const start = starts.findLast((column) => column <= width / 2) ?? 0;
  const label = /^(?:[\w-]+: )?/.exec(plain.slice(start))?.[0].length ?? 0;
  const isColumn = start !== starts[0];
  const indent = label > 0 && start + label <= width / 2 ? start + label : isColumn ? start : start + 2;
  return wrapText(line, width, Math.min(indent, Math.floor(width / 2)));
}

/**
 * Rows as aligned columns, two spaces apart; styled cells keep their alignment. Cells of `right` columns (by index) are
 * aligned to the right.
 */
export function formatTable(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, textWidth(cell));
  return rows.map((row) =>
    row
      .map((cell, index) => {
        const room = ' '.repeat((widths[index] ?? 0) - textWidth(cell));
        return right.includes(index) ? room + cell : cell + room;
      })
      .join('  ')
      .trimEnd(),
  );
}

type Style = 'red' | 'green' | 'yellow' | 'blue' | 'cyan' | 'magenta' | 'dim' | 'bold';
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Parameters that no terminal knows and no other writer can guess: they mark our own colours, unlike those in foreign
 * text.
 */
const own = Array.from({ length: 5 }, () => String(randomInt(1_000, 10_000))).join(';');

/**
 * The text in a style when `on`, as it is otherwise: `paint(io.colour, 'red', text)`. Only what goes through
 * `escapeForeign` is seen in colour.
 */
export function paint(on: boolean, style: Style, text: string): string {
  const [start, end] = inspect.colors[style] ?? [];
  return on ? `\u001b[${own};${start}m${text}\u001b[${own};${end}m` : text;
}

const foreign = new RegExp(
  `\\u001b\\[${own};(\\d+m)|[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]`,
  'g',
);

/**
 * The text as it may reach a terminal. It shows these characters as `\u001b`: controls other than newline and tab, C1
 * and DEL, and characters that turn the direction of writing, end a line or show nothing. JSON writes them in the same
 * way, so JSON stays the same. Colours of `paint` become colours.
 */
export function escapeForeign(text: string): string {
  return text.replace(foreign, (found, ours: string | undefined) =>
    ours === undefined ? `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}` : `\u001b[${ours}`,
  );
}

/**
 * Whether to colour: NO_COLOR forbids (no-color.org), else FORCE_COLOR allows (force-color.org), else only a terminal
 * does.
 */
export function chooseColour(env: Environment, isTerminal: boolean): boolean {
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '') return env['FORCE_COLOR'] !== '0';
  return isTerminal && env['TERM'] !== 'dumb';
}
