import type { EventValue, EventValues } from '../execution.ts';

/** An empty map for values named by a viewer: `__proto__` is a name like any other in it. */
export function emptyValues(): EventValues {
  return Object.create(null) as EventValues;
}

/** Adds one more value of a name; from the second on it gets `multiValue`, whose first entry is also `value`. */
export function addValue(values: EventValues, name: string, value: string): void {
  const known = values[name];
  if (known === undefined) values[name] = { value };
  else if (known.multiValue === undefined) known.multiValue = [{ value: known.value }, { value }];
  else known.multiValue.push({ value });
}

/** A Cookie header's pairs; values stay as they were sent. */
export function parseCookies(header: string): EventValues {
  const cookies = emptyValues();
  for (const part of header.split(';')) {
    const pair = part.trim();
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    addValue(cookies, equals === -1 ? pair : pair.slice(0, equals), equals === -1 ? '' : pair.slice(equals + 1));
  }
  return cookies;
}

/** A query string's arguments, still percent-encoded; `undefined` and `''` have none. */
export function parseQuery(query: string | undefined): EventValues {
  const values = emptyValues();
  if (query === undefined || query === '') return values;
  for (const part of query.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    addValue(values, equals === -1 ? part : part.slice(0, equals), equals === -1 ? '' : part.slice(equals + 1));
  }
  return values;
}

/**
 * Joins a map of cookies or arguments, in the order of `names`. In a query string, a name without a value has no `=`.
 */
export function formatPairs(values: EventValues, separator: '; ' | '&', names: readonly string[] = Object.keys(values)): string {
  const pairs: string[] = [];
  for (const name of names) {
    for (const value of valuesOf(values[name])) pairs.push(value === '' && separator === '&' ? name : `${name}=${value}`);
  }
  return pairs.join(separator);
}

/** Percent-encodes what is beyond ASCII as UTF-8, as CloudFront does in a URI or a query that a function changed. */
export function encodeUtf8(text: string): string {
  return text.replace(/[^\0-\x7f]+/g, (part) => Buffer.from(part).toString('hex').toUpperCase().replace(/../g, '%$&'));
}

/** Every value of one name: `multiValue` when there is one, else `value`. */
export function valuesOf(entry: EventValue | undefined): string[] {
  if (entry === undefined) return [];
  if (entry.multiValue === undefined || entry.multiValue.length === 0) return [entry.value];
  return entry.multiValue.map((item) => item.value);
}

/** True when both maps hold the same names with the same values, in any order. */
export function sameValues(one: EventValues, other: EventValues): boolean {
  let count = 0;
  for (const name in one) {
    count++;
    const left = one[name] as EventValue;
    const right = other[name];
    if (right === undefined || right.value !== left.value) return false;
    if (left.multiValue !== undefined || right.multiValue !== undefined) {
      const rightValues = valuesOf(right);
      const leftValues = valuesOf(left);
      if (leftValues.length !== rightValues.length || leftValues.some((value, index) => value !== rightValues[index])) return false;
    }
  }
  for (const _ in other) count--;
  return count === 0;
}
