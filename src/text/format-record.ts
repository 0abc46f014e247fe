import { type HealthEntry, parseHealthRecord } from '../../kvs/health-record.ts';
import { formatDuration, formatUtc } from './time.ts';

export interface RecordWords {
  /** Epoch milliseconds: entries that have expired by then are left out. */
  now: number;
  /** Adds `by hand` to entries that expire and `automatic` to those that do not. Default false. */
  cause?: boolean | undefined;
  /** Epoch milliseconds of the flip that wrote the record: adds its age. */
  writtenAt?: number | undefined;
}

/**
 * The health record as people speak, for one line: `singapore 0 % until 01:19 UTC, then 25 %`,
 * `singapore 0 %, automatic (4m 10s ago)`, `all origins serve their viewers` for `ok`. Undefined is the missing key.
 */
export function formatRecord(text: string | undefined, { now, cause = false, writtenAt }: RecordWords): string {
  const age = writtenAt === undefined ? '' : ` (${formatDuration(Math.max(0, now - writtenAt))} ago)`;
  if (text === undefined) return 'no record: all origins serve their viewers';
  const entries = parseHealthRecord(text);
  if (entries === undefined) return `unreadable record ${JSON.stringify(text)}: the edge acts as if all origins were healthy${age}`;
  const groups = groupByEnd(entries, now);
  if (groups.length === 0) return `all origins serve their viewers${age}`;
  const words = groups.map(({ until, origins }) => {
    const weights = joinWeights(origins);
    if (until === undefined) return cause ? `${weights}, automatic` : weights;
    const then = origins.flatMap(({ origin, then: weight }) => (weight === undefined ? [] : [{ origin, weight }]));
    const after = then.length === 0 ? '' : `, then ${origins.length === 1 ? `${then[0]?.weight} %` : joinWeights(then)}`;
    return `${weights} until ${formatUtc(until * 1_000, now)}${after}${cause ? ', by hand' : ''}`;
  });
  return words.join('; ') + age;
}

interface EndGroup {
  /** Epoch seconds; undefined for entries that do not expire. */
  until: number | undefined;
  origins: { origin: string; weight: number; then: number | undefined }[];
}

/** As the edge reads it: the first entry in force wins. `then` is the weight below 100 that counts after it. */
function groupByEnd(entries: readonly HealthEntry[], now: number): EndGroup[] {
  const groups = new Map<number | undefined, EndGroup>();
  const inForce = entries.filter(({ until }) => until === undefined || until * 1_000 > now);
  for (const [index, { origin, weight, until }] of inForce.entries()) {
    if (inForce.findIndex((entry) => entry.origin === origin) !== index || (until === undefined && weight === 100)) continue;
    const automatic = inForce.find((entry) => entry.origin === origin && entry.until === undefined)?.weight ?? 100;
    const then = until === undefined || automatic === 100 || automatic === weight ? undefined : automatic;
    const group = groups.get(until) ?? { until, origins: [] };
    group.origins.push({ origin, weight, then });
    groups.set(until, group);
  }
  return [...groups.values()];
}

/** `singapore and tokyo 0 %, europe 100 %`. */
function joinWeights(weights: readonly { origin: string; weight: number }[]): string {
  const byWeight = new Map<number, string[]>();
  for (const { origin, weight } of weights) byWeight.set(weight, [...(byWeight.get(weight) ?? []), origin]);
  return [...byWeight].map(([weight, origins]) => `${joinNames(origins)} ${weight} %`).join(', ');
}

/** `a`, `a and b`, `a, b and c`. */
function joinNames(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}
