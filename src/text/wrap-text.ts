import { stripVTControlCharacters } from 'node:util';

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const combining = /\p{Mn}|\p{Me}|\u200d/u;

/** Columns of a text on a terminal, without its colours: two for the signs of East Asia and for emoji, none for marks on a letter. */
export function textWidth(text: string): number {
  const plain = stripVTControlCharacters(text);
  if (/^[ -~]*$/.test(plain)) return plain.length;
  return [...plain].reduce((sum, sign) => sum + (combining.test(sign) ? 0 : wide.test(sign) ? 2 : 1), 0);
}

/** A word, or what reads as one and stays on one line: `25 %`, `3m 40s`, `01:19 UTC`. */
const words = /( *)((?:\d+ %|\d+[dhm] \d+[hms]\b|\d\d:\d\d(?::\d\d)? UTC)[^ ]*|[^ ]+)/g;

/**
 * Breaks at spaces into lines of this width; lines after the first are indented, less where only then a long word fits. A word that is wider than the line is
 * left whole, so that an address or a command can be copied.
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

/** One line of output at a terminal's width: what does not fit goes on below the text of the line's last column or of its label, `error: ` for one. */
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
