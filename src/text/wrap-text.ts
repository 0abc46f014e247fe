import { stripVTControlCharacters } from 'node:util';

/** Breaks at spaces into lines of this width, unless a single word is wider; lines after the first are indented. */
export function wrapText(text: string, width: number, indent = 0): string[] {
  const lines: string[] = [];
  let line = '';
  let length = 0;
  for (const [, gap = '', word = ''] of text.matchAll(/( *)([^ ]+)/g)) {
    const wordLength = stripVTControlCharacters(word).length;
    if (line !== '' && length + gap.length + wordLength > width) {
      lines.push(line);
      line = ' '.repeat(indent) + word;
      length = indent + wordLength;
    } else {
      line += gap + word;
      length += gap.length + wordLength;
    }
  }
  return [...lines, line];
}

/** One line of output at a terminal's width: what does not fit goes on below the text of the line's last column or label. */
export function wrapLine(line: string, width: number): string[] {
  const plain = stripVTControlCharacters(line);
  if (plain.length <= width) return [line];
  const columns = [...plain.matchAll(/\S( {2,}|: )(?=\S)/g)].map((gap) => gap.index + gap[0].length);
  const indent = columns.findLast((column) => column <= width / 2) ?? plain.search(/\S/) + 2;
  return wrapText(line, width, Math.min(indent, Math.floor(width / 2)));
}
