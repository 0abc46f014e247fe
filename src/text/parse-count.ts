const countUnits: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, b: 1e9 };
const byteUnits: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 };

/** A whole number as people write large ones: `100M`, `2.5B`, `20k`, `100_000`; undefined for anything else, and beyond a million billion. */
export function parseCount(text: string): number | undefined {
  return parse(text, countUnits);
}

/** Bytes of `20kB`, `1.5MB`, `64KiB` or `512`; undefined for anything else. */
export function parseBytes(text: string): number | undefined {
  return parse(text, byteUnits);
}

function parse(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, digits, unit = ''] = /^(\d+(?:_\d+)*(?:\.\d+)?)([a-z]*)$/i.exec(text) ?? [];
  const factor = Object.hasOwn(units, unit.toLowerCase()) ? units[unit.toLowerCase()] : undefined;
  if (digits === undefined || factor === undefined) return undefined;
  const value = Math.round(Number(digits.replaceAll('_', '')) * factor);
  return value <= 1e15 ? value : undefined;
}
