import { type CountryCode, formatCountryCount } from '../config/countries.ts';
import type { Comparison, RoutingChange } from '../edge/ask/survey.ts';
import { formatRecord } from '../text/format-record.ts';
import { paint } from '../text/terminal-text.ts';
import { formatTime } from '../text/time.ts';
import type { ConsideredOrigin, CountryGroup, Explanation } from './explain.ts';

export interface FormatExplanationOptions {
  /** What the code is: `working tree, a817b4d321f2`. */
  code: string;
  /** Where the record is from: `live, edge-health`. */
  source: string;
  /** Epoch milliseconds. */
  now: number;
  colour: boolean;
  /** Also the record as it is stored. Default false. */
  verbose?: boolean;
}

/** The explanation as a tree for people. */
export function formatExplanation(explanation: Explanation, { code, source, now, colour, verbose }: FormatExplanationOptions): string[] {
  const { viewer, record, origins, rule, failedOpen, decision } = explanation;
  const order = origins.map(({ id }) => id).join(', ') || 'none: the function chooses no origin by id';
  const verdict = decision.failed ? paint(colour, 'red', decision.route) : paint(colour, 'green', decision.route);
  return [
    `viewer   ${viewer.country ?? 'no known country'}, ${viewer.method}${viewer.uri === undefined ? '' : ` ${viewer.uri}`}, ${viewer.ip}`,
    `code     ${code}`,
    `record   ${formatRecord(record, { now })}  (${source})`,
    ...(verbose && record !== undefined ? [`         stored as ${record}`] : []),
    `order    ${order}${rule === undefined ? '' : `  (edge.config.ts, ${rule})`}`,
    ...origins.map((origin, index) => {
      const branch = index === origins.length - 1 ? '└' : '├';
      return `         ${branch} ${origin.id}: ${describeOrigin(origin, explanation, now)}`;
    }),
    ...(failedOpen ? ['         no origin has a weight for this viewer: the whole order is kept'] : []),
    `calls    ${decision.call}`,
    `goes to  ${verdict}`,
    ...decision.rewrites.map((rewrite) => `changes  ${rewrite}`),
  ];
}

function describeOrigin({ weight, until, place }: ConsideredOrigin, { bucket, origins, failedOpen }: Explanation, now: number): string {
  const ends = until === undefined ? '' : ` until ${formatTime(until * 1_000, now)}`;
  const against = bucket === undefined || weight % 100 === 0 ? '' : `, the viewer is in bucket ${bucket}`;
  const chosen = origins.filter((other) => other.place !== undefined).length;
  const outcome =
    place === 1
      ? 'takes the viewer'
      : place === 2
        ? 'takes over when the first fails this request'
        : !failedOpen && weight <= (bucket ?? 0)
          ? 'does not take the viewer'
          : chosen === 0
            ? 'not chosen'
            : 'not needed';
  return `weight ${weight}${ends}${against}: ${outcome}`;
}

/** All countries by where they go, in lines that fit on a screen. */
export function formatCountryGroups(
  audiences: readonly CountryGroup[],
  { columns, colour }: { columns: number; colour: boolean },
): string[] {
  return audiences.flatMap(({ countries, order, get, post, shares }) => {
    const where = shares === undefined ? `${get}${post === get.split(', then ')[0] ? '' : `; POST ${post}`}` : formatShares(shares);
    const why = shares === undefined && get === order.join(', then ') ? '' : `  (order ${order.join(', ')})`;
    const count = formatCountryCount(countries);
    const head = `${paint(colour, 'bold', where)}${why}`;
    const isShort = where.length + why.length + count.length + 2 <= columns;
    return [...(isShort ? [`${head}: ${count}`] : [head, `  ${count}`]), ...wrapCountries(countries, columns)];
  });
}

function formatShares(shares: Readonly<Record<string, number>>): string {
  const parts = Object.entries(shares).sort(([, a], [, b]) => b - a);
  if (parts.length === 1) return parts.map(([origin]) => origin).join('');
  return `about ${parts.map(([origin, share]) => `${origin} ${share} %`).join(', ')}`;
}

/** What changes for which countries; one line when nothing does. `brief` names few countries, for a question. */
export function formatComparison(
  comparisons: readonly Comparison[],
  { columns, colour, brief = false }: { columns: number; colour: boolean; brief?: boolean },
): string[] {
  if (comparisons.every(({ changes }) => changes.length === 0)) return ['nothing changes, with every origin healthy or one of them down'];
  if (brief)
    return comparisons.flatMap(({ situation, changes }) =>
      changes.length === 0
        ? []
        : [
            paint(colour, 'bold', situation.title),
            ...changes.slice(0, briefChanges).flatMap((change) => formatBriefly(change, colour)),
            ...(changes.length > briefChanges ? [`  and ${changes.length - briefChanges} changes more`] : []),
          ],
    );
  return comparisons.flatMap(({ situation, changes }) => [
    ...(changes.length === 0
      ? [`${paint(colour, 'bold', situation.title)}: nothing changes`]
      : [paint(colour, 'bold', situation.title), ...changes.flatMap((change) => formatChange(change, columns, colour))]),
  ]);
}

/** Changes of one situation that a brief comparison shows. */
const briefChanges = 6;

/** `12 countries (AT, BE, CH, DE and 8 more): europe → singapore`. */
function formatBriefly(change: RoutingChange, colour: boolean): string[] {
  const { countries, percent } = change;
  const named = countries.filter((country) => country !== undefined);
  const some = named.length > 6 ? `${named.slice(0, 4).join(', ')} and ${named.length - 4} more` : named.join(', ');
  const who = `${formatCountryCount(countries)}${named.length > 1 ? ` (${some})` : ''}${percent === undefined ? '' : `, ${percent} % of the viewers`}`;
  return shownMethods(change).map(({ who: method, before, after }) => `  ${who}: ${method}${before} → ${paint(colour, 'yellow', after)}`);
}

/** POST never has a per-request fallback: when that is its only difference, GET's line is enough. */
function shownMethods({ methods }: RoutingChange): { who: string; before: string; after: string }[] {
  const [first] = methods;
  const shown = first?.method === 'GET' && methods.every(({ before, after }) => isHead(first, before, after)) ? [first] : methods;
  return shown.map(({ method, ...rest }) => ({ ...rest, who: shown.length === 1 && method === 'GET' ? '' : `${method} ` }));
}

function formatChange(change: RoutingChange, columns: number, colour: boolean): string[] {
  const { countries, percent } = change;
  return [
    `  ${formatCountryCount(countries)}${percent === undefined ? '' : `, ${percent} % of the viewers`}`,
    ...shownMethods(change).map(({ who, before, after }) => `    ${who}${before} → ${paint(colour, 'yellow', after)}`),
    ...(countries.filter((country) => country !== undefined).length > 1 ? wrapCountries(countries, columns, 4) : []),
  ];
}

function isHead(get: { before: string; after: string }, before: string, after: string): boolean {
  const first = (route: string) => route.split(', then ')[0];
  return first(get.before) === first(before) && first(get.after) === first(after);
}

/** The codes on lines of at most this width, indented. */
function wrapCountries(countries: readonly CountryCode[], columns: number, indent = 2): string[] {
  // A list of codes is a grid, which a pipe gets, too.
  const perLine = Math.max(1, Math.floor(((Number.isFinite(columns) ? columns : 80) - indent + 1) / 3));
  const named = countries.filter((country) => country !== undefined);
  const lines: string[] = [];
  for (let from = 0; from < named.length; from += perLine) lines.push(' '.repeat(indent) + named.slice(from, from + perLine).join(' '));
  return lines;
}
