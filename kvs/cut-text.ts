const controlOrLoneSurrogate = /[\p{Cc}\p{Cs}\u2028\u2029]+/gu;

/** The text on one line and within that many bytes of UTF-8, ending in `…` when something was cut off. */
export function cutText(text: string, maxBytes: number): string {
  const line = text.replace(controlOrLoneSurrogate, ' ').trim();
  if (Buffer.byteLength(line) <= maxBytes) return line;
  let kept = '';
  let bytes = Buffer.byteLength('…');
  for (const character of line) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    kept += character;
  }
  return `${kept}…`;
}
