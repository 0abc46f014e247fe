import { stripVTControlCharacters } from 'node:util';

// Commands that a page shows, with the output that it shows below each.

/** A command as a reader pastes it, and the lines that the page shows as its output. */
export interface Shown {
  command: string;
  output: string[];
}

/**
 * The commands of a page in their order. Code is indented by four spaces; a block without a command is the output of
 * the one before.
 */
export function readShown(page: string, isCommand: RegExp = /^(npm|npx|aws|curl) /): Shown[] {
  const shown: Shown[] = [];
  let open = false;
  for (const line of page.split('\n')) {
    const [, code] = /^ {4}(.*)$/.exec(line) ?? [];
    const last = shown.at(-1);
    if (code === undefined) open &&= line === '';
    else if (isCommand.test(code)) {
      shown.push({ command: code, output: [] });
      open = true;
    } else if (open && last !== undefined) last.output.push(code);
  }
  return shown;
}

/** Lines of a page that a real output does not have. Times, numbers, names of processes and spaces may be others. */
export function missingLines(shown: readonly string[], output: string): string[] {
  const lines = stripVTControlCharacters(output)
    .split('\n')
    .map((line) => line.trim());
  return shown.filter((line) => line.trim() !== '' && !lines.some((real) => shapeOf(line.trim()).test(real)));
}

/** `…` is any text; a number with its unit is any such number or duration. */
function shapeOf(line: string): RegExp {
  const pieces = line.split(
    /(\S+@[\w.-]+(?::\d+)?:?|(?:\d+(?:\.\d+)?(?:ms|s|m|h)\s?)+|\b(?=[0-9a-f]*\d)[0-9a-f]{10,}\b|"[0-9A-Z]{12,}"|\d+:\d+(?::\d+)?|\d+(?:[.,]\d+)*|\s+|…)/,
  );
  const source = pieces.map((piece, place) => {
    if (place % 2 === 0) return piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    if (piece === '…') return '.*';
    if (piece.trim() === '') return '\\s+';
    if (piece.startsWith('"')) return '"[0-9A-Z]+"';
    if (/^[0-9a-f]{10,}$/.test(piece) && /[a-f]/.test(piece)) return '[0-9a-f]+';
    if (/^\D\S*@/.test(piece)) return piece.includes('=') ? shapeOfRecord(piece) : '\\S+';
    // A time of another day has its day: `2h from now` is tomorrow after 22:00.
    if (piece.includes(':')) return '(?:\\d{4}-\\d\\d-\\d\\d )?[\\d:]+';
    return /[a-z]/.test(piece) ? '[\\d.]+ ?[mhs]+(?: \\d+[mhs]+)*\\s?' : '[\\d.,]+';
  });
  return new RegExp(`^${source.join('')}$`);
}

/** A health record: its origins and weights count, its times do not. */
function shapeOfRecord(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/@\d+/g, '@\\d+');
}
