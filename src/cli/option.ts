import { nearestName } from '../text/nearest-name.ts';
import { formatDuration, parseDuration } from '../text/time.ts';

/** One `--option` of a command: how its text is parsed, and its value when it is absent. */
export interface Option<T> {
  /** Follows the name in the help, such as `<text>`; undefined for a flag, which takes no value. */
  placeholder: string | undefined;
  summary: string;
  absent: T;
  parse(text: string): { value: T } | { problem: string };
}

export type Options = Readonly<Record<string, Option<unknown>>>;

/** The values of a command's options, each of its own type. */
export type Values<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

/** Every kind takes its value when absent as `fallback`; without one it is undefined. */
interface Common<F> {
  placeholder?: string;
  fallback?: F;
}

/** `--name`: true when given. */
export function flag(summary: string): Option<boolean> {
  return { placeholder: undefined, summary, absent: false, parse: () => ({ value: true }) };
}

/** Any text but the empty one. */
export function text<F extends string | undefined = undefined>(summary: string, common: Common<F> = {}): Option<string | F> {
  return option(summary, common, 'text', (found) => (found.trim() === '' ? undefined : found), 'some text');
}

/** One of these words. */
export function choice<const C extends string, F extends C | undefined = undefined>(
  summary: string,
  choices: readonly C[],
  common: Common<F> = {},
): Option<C | F> {
  return option(summary, common, choices.join('|'), (found) => choices.find((known) => known === found), choices.join(' or '));
}

/** A whole number from `min` to `max`, both included. */
export function integer<F extends number | undefined = undefined>(
  summary: string,
  { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER, ...common }: Common<F> & { min?: number; max?: number } = {},
): Option<number | F> {
  const parse = (found: string) => {
    const number = /^-?\d+$/.test(found) ? Number(found) : Number.NaN;
    return number >= min && number <= max ? number : undefined;
  };
  const bounds = [
    ...(min === Number.MIN_SAFE_INTEGER ? [] : [`from ${min}`]),
    ...(max === Number.MAX_SAFE_INTEGER ? [] : [`to ${max}`]),
  ].join(' ');
  return option(summary, common, 'n', parse, `a whole number ${bounds}`.trim());
}

/** A whole number from 0 to 100, with or without `%`. */
export function percent<F extends number | undefined = undefined>(summary: string, common: Common<F> = {}): Option<number | F> {
  const parse = (found: string) => (/^(100|[1-9]?\d)%?$/.test(found) ? Number.parseInt(found, 10) : undefined);
  return option(summary, common, 'n', parse, 'a percentage from 0 to 100');
}

/** `90s`, `15m`, `2h`, `3d` or `1h30m`, as milliseconds, above zero and at most `maxMs`. */
export function duration<F extends number | undefined = undefined>(
  summary: string,
  { maxMs = Number.MAX_SAFE_INTEGER, ...common }: Common<F> & { maxMs?: number } = {},
): Option<number | F> {
  const parse = (found: string) => {
    const durationMs = parseDuration(found);
    return durationMs !== undefined && durationMs > 0 && durationMs <= maxMs ? durationMs : undefined;
  };
  const bound =
    maxMs === Number.MAX_SAFE_INTEGER ? '' : ` and at most ${maxMs % 3_600_000 === 0 ? `${maxMs / 3_600_000}h` : formatDuration(maxMs)}`;
  return option(summary, common, 'duration', parse, `a duration such as 90s, 15m or 2h${bound}`);
}

/** A whole number from 0, large ones as `100M`, `2.5B` or `100_000`. */
export function count<F extends number | undefined = undefined>(summary: string, common: Common<F> = {}): Option<number | F> {
  return option(summary, common, 'count', parseCount, 'a number such as 100_000, 100M or 2.5B');
}

/** Bytes: `20kB`, `1.5MB`, `512`. */
export function bytes<F extends number | undefined = undefined>(summary: string, common: Common<F> = {}): Option<number | F> {
  return option(summary, common, 'bytes', parseBytes, 'a size such as 512, 20kB or 1.5MB');
}

/**
 * A country as CloudFront names it, ISO 3166-1 alpha-2, alone or with a subdivision: `US-CA`. Returned in upper case.
 */
export function country<F extends string | undefined = undefined>(summary: string, common: Common<F> = {}): Option<string | F> {
  return option(
    summary,
    common,
    'code',
    (found) => (/^(?!UK$|EL$)[a-z]{2}(-[a-z\d]{1,3})?$/i.test(found) ? found.toUpperCase() : undefined),
    'a code such as US or US-CA',
    suggestCountry,
  );
}

/** Codes that people write for a country that has another one. */
const usualCodes: Readonly<Record<string, string>> = { UK: 'GB', EL: 'GR', USA: 'US' };

/** `; did you mean IN (India)?` for the English name of a country, or one near to it. */
function suggestCountry(found: string): string {
  const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const codes = new Map<string, string>();
  for (const code of letters.flatMap((first) => letters.map((second) => first + second))) {
    const name = names.of(code);
    // The first code of a name is the one in use: DD is a former Germany.
    if (name !== undefined && !codes.has(name)) codes.set(name, name === 'Germany' ? 'DE' : code);
  }
  const usual = usualCodes[found.toUpperCase()];
  const near = usual === undefined ? nearestName(found, [...codes.keys()]) : names.of(usual);
  const code = usual ?? codes.get(near ?? '');
  return near === undefined || code === undefined ? '' : `; did you mean ${code} (${near})?`;
}

/** An http or https URL. */
export function url<F extends string | undefined = undefined>(summary: string, common: Common<F> = {}): Option<string | F> {
  const parse = (found: string) => (URL.canParse(found) && /^https?:/.test(found) ? found : undefined);
  return option(summary, common, 'url', parse, 'a URL such as https://www.example.com');
}

function option<T, F extends T | undefined>(
  summary: string,
  common: Common<F>,
  placeholder: string,
  parse: (found: string) => T | undefined,
  wanted: string,
  suggest: (found: string) => string = () => '',
): Option<T | F> {
  return {
    placeholder: `<${common.placeholder ?? placeholder}>`,
    summary,
    absent: common.fallback as F,
    parse: (found) => {
      const value = parse(found);
      return value === undefined ? { problem: `takes ${wanted}, found ${JSON.stringify(found)}${suggest(found)}` } : { value };
    },
  };
}

const countUnits: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, b: 1e9 };
const byteUnits: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 };

/**
 * A whole number as people write large ones: `100M`, `2.5B`, `20k`, `100_000`; undefined for anything else, and beyond
 * a million billion.
 */
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
