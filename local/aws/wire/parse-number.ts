/** A decimal number as the wire carries it; undefined for anything else, NaN, Infinity and an empty text among them. */
export function parseNumber(text: string): number | undefined {
  return /^-?\d{1,15}(\.\d{1,10})?$/.test(text) ? Number(text) : undefined;
}
