import { withSlash } from '../config/path-pattern.ts';

/**
 * The cheapest test in JavaScript of whether the variable `uri` matches a path pattern: comparisons of texts where they are enough. What needs a regular
 * expression gets one that never goes back over what it read: a viewer chooses the path, and must not choose its cost.
 */
export function pathTest(pattern: string): string {
  const full = withSlash(pattern).replace(/\*+/g, '*');
  const parts = full.split('*');
  const [first = '', ...others] = parts;
  const last = others.pop();
  if (last === undefined) return full.includes('?') ? regexTest(parts) : `uri===${JSON.stringify(full)}`;
  if (full.includes('?') || others.length > 1 || (others.length === 1 && last !== '')) return regexTest(parts);
  const tests = [
    ...(first === '' ? [] : [`uri.startsWith(${JSON.stringify(first)})`]),
    ...others.map((middle) => `uri.indexOf(${JSON.stringify(middle)},${first.length})>=0`),
    ...(last === '' ? [] : [`uri.endsWith(${JSON.stringify(last)})`]),
    ...(overlaps(first, last) ? [`uri.length>=${first.length + last.length}`] : []),
  ];
  return tests.length === 0 ? 'true' : tests.join('&&');
}

/** Whether one text may begin before the other ends, so that a short path would match both. */
function overlaps(first: string, last: string): boolean {
  return Array.from(last, (_, index) => last.slice(0, index + 1)).some((start) => first.endsWith(start));
}

/** The first place of each middle part is right whatever follows, and a lookahead that is done is never tried again. */
function regexTest([first = '', ...others]: readonly string[]): string {
  const last = others.pop();
  const middles = others.map((middle, index) => `(?=(.*?${escapeText(middle)}))\\${index + 1}`);
  const end = last === undefined ? '$' : last === '' ? '' : `.*${escapeText(last)}$`;
  return `/^${escapeText(first)}${middles.join('')}${end}/.test(uri)`;
}

function escapeText(text: string): string {
  return text.replace(/[.$+/]/g, '\\$&').replaceAll('?', '.');
}
