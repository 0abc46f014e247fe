import { okRecord, parseHealthRecord, recordSequence, weightAt, withoutSequence } from '../../kvs/health-record.ts';
import type { AuditEntry } from '../core/audit.ts';
import { decodeField, type LoggedRequest } from '../log/logged-request.ts';
import type { LogFile } from '../log/read-log.ts';
import { readRequests } from '../log/read-requests.ts';
import { percentile } from '../text/percentile.ts';

export interface TimelineOptions {
  files: readonly LogFile[];
  /** The flips that the audit knows. */
  flips: readonly AuditEntry[];
  /** Only requests of this distribution, by its id or domain. Default: all. */
  distribution?: string | undefined;
  /** Epoch milliseconds: only requests that began at or after `from` and before `to`. Default: all. */
  from?: number | undefined;
  to?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** When an edge location first obeyed a flip, or a later one. */
interface Obeyed {
  location: string;
  sequence: number;
  /**
   * From the flip's write to the start of the first request that obeyed it; negative where the clocks of writer and
   * edge differ.
   */
  propagationMs: number;
}

interface Counts {
  requests: number;
  failed: number;
}

/**
 * `ok`: the record leaves every origin. A flip's kind: its record decided. `record`: the audit does not have the flip.
 */
export type RouteReason = 'ok' | 'retry' | 'tester' | AuditEntry['kind'] | 'record';

interface RouteGroup extends Counts {
  service: string | undefined;
  country: string | undefined;
  origin: string;
  reason: RouteReason;
  /** Of the flip; undefined for a record without a number. */
  sequence: number | undefined;
  /** A partial weight decided by the viewer's bucket. */
  isShare: boolean;
}

interface Times {
  minMs: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  maxMs: number;
}

export interface Timeline {
  requests: number;
  /** Requests with a line of the router. */
  decided: number;
  unreadable: number;
  /** The first few: `file:line: reason`. */
  unreadableExamples: string[];
  damaged: string[];
  /** The flips of the audit, the oldest first. */
  flips: Pick<AuditEntry, 'sequence' | 'at' | 'kind' | 'to' | 'reason' | 'by'>[];
  /** By location and flip; none where the location's log begins after the flip. */
  obeyed: Obeyed[];
  /** Over all locations and flips; undefined without any. */
  propagation: (Times & { locations: number }) | undefined;
  byLocation: (Times & { location: string })[];
  /**
   * By location, from the sampled ages: for how long at most a request used a copy of the store without a flip that had
   * been written.
   */
  lags: { location: string; samples: number; behindMs: number }[];
  /** By chosen origin; failed is 5xx, GET, HEAD and OPTIONS apart from all other methods. */
  origins: { origin: string; safe: Counts; unsafe: Counts }[];
  /** Which viewers went where and why, the most requests first. */
  routes: RouteGroup[];
  /** Requests by chosen origin over time, in steps of `stepMs`. */
  series: { stepMs: number; steps: { at: number; origins: Record<string, Counts> }[] };
  /** Requests sent to an origin at weight 0 of the record that they read, while it left another one. */
  contradictions: number;
  contradictionExamples: string[];
  /** Requests whose flip the audit does not have any more. */
  unknownFlips: number;
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);
const maxExamples = 5;
/** A log has few locations and origins; more are no log of ours and must not fill the memory. */
const maxGroups = 2_000;
const maxSteps = 600;

/** Reads logs once, in any order of their lines. Memory grows with locations and flips, not with lines. */
export async function readTimeline({ files, flips, distribution, from, to, signal }: TimelineOptions): Promise<Timeline> {
  const tally = openTally([...flips].sort((a, b) => a.sequence - b.sequence));
  for (const { path } of files) {
    try {
      for await (const { requests, unreadable } of readRequests(path, { signal })) {
        for (const { at, reason } of unreadable) tally.addUnreadable(`${path}:${at}: ${reason}`);
        for (const request of requests) {
          if (distribution !== undefined && request.distribution !== distribution) continue;
          const startedAt = startOf(request) ?? Number.NaN;
          if ((from !== undefined && !(startedAt >= from)) || (to !== undefined && !(startedAt < to))) continue;
          tally.add(request);
        }
      }
    } catch (error) {
      if (signal?.aborted || !(error instanceof Error)) throw error;
      tally.addDamaged(`${path}: ${error.message.split('\n')[0]}`);
    }
  }
  return tally.report();
}

function startOf({ at, durationMs }: LoggedRequest): number | undefined {
  return at === undefined ? undefined : at - (durationMs ?? 0);
}

/** Why the router chose the origin. */
export function reasonOf({ record, by }: LoggedDecision, flip: Pick<AuditEntry, 'kind'> | undefined): RouteReason {
  if (by !== undefined) return by;
  return withoutSequence(record) === okRecord ? 'ok' : (flip?.kind ?? 'record');
}

function openTally(flips: readonly AuditEntry[]) {
  const bySequence = new Map(flips.map((flip) => [flip.sequence, flip]));
  /**
   * The first request of a location under each flip of the audit; one that it does not have counts as the last before
   * it, and 0 is before all.
   */
  const seen = new Map<string, Map<number, number>>();
  const origins = new Map<string, { safe: Counts; unsafe: Counts }>();
  const routes = new Map<string, RouteGroup>();
  const lags = new Map<string, { samples: number; behindMs: number }>();
  const series = openSeries();
  const parsed = openCache(parseLogData);
  const entriesOf = openCache((record: string) => parseHealthRecord(record) ?? []);
  const [unreadableExamples, damaged, contradictionExamples]: [string[], string[], string[]] = [[], [], []];
  let [requests, decided, unreadable, contradictions, unknownFlips] = [0, 0, 0, 0, 0];

  function check(request: LoggedRequest, { origin, record, sequence, by }: LoggedDecision, startedAt: number | undefined): void {
    if (startedAt === undefined || by === 'tester') return;
    const entries = entriesOf(record);
    if (entries.length === 0) return;
    const at = startedAt / 1_000;
    const named = [...new Set(entries.map((entry) => entry.origin))];
    // Where the record takes out every origin that it names, the edge may use the whole order.
    if (weightAt(entries, origin, at) > 0 || named.every((other) => weightAt(entries, other, at) === 0 && named.length > 1)) return;
    contradictions++;
    if (contradictionExamples.length < maxExamples)
      contradictionExamples.push(
        `${new Date(startedAt).toISOString()} ${request.edgeLocation ?? '-'} ${origin} under ${sequence === undefined ? record : `flip ${sequence}`}`,
      );
  }

  function countRoute({ country }: LoggedRequest, decision: LoggedDecision, hasFailed: boolean): void {
    const { service, origin, sequence, bucket } = decision;
    const reason = reasonOf(decision, sequence === undefined ? undefined : bySequence.get(sequence));
    const isShare = bucket !== undefined;
    const key = `${service} ${country} ${origin} ${reason} ${sequence} ${isShare}`;
    const group = routes.get(key) ?? { ...{ service, country, origin, reason, sequence, isShare }, requests: 0, failed: 0 };
    if (routes.size < maxGroups) routes.set(key, group);
    group.requests++;
    if (hasFailed) group.failed++;
  }

  function countLag(location: string, startedAt: number, ageMs: number): void {
    const lag = lags.get(location) ?? { samples: 0, behindMs: 0 };
    if (lags.size < maxGroups) lags.set(location, lag);
    lag.samples++;
    // The store's time is that of the write or a little later, and known to a second.
    const next = flips.find(({ at }) => at > startedAt - ageMs + 1_000);
    if (next !== undefined) lag.behindMs = Math.max(lag.behindMs, startedAt - next.at);
  }

  return {
    add(request: LoggedRequest): void {
      requests++;
      const decision = request.logData === undefined ? undefined : parsed(request.logData);
      if (decision === undefined) return;
      decided++;
      const { origin, sequence = 0, ageMs } = decision;
      const hasFailed = (request.status ?? 0) >= 500;
      const counts = origins.get(origin) ?? { safe: { requests: 0, failed: 0 }, unsafe: { requests: 0, failed: 0 } };
      if (origins.size < maxGroups) origins.set(origin, counts);
      const kind = safeMethods.has(request.method) ? counts.safe : counts.unsafe;
      kind.requests++;
      if (hasFailed) kind.failed++;
      if (sequence > 0 && !bySequence.has(sequence)) unknownFlips++;
      const startedAt = startOf(request);
      check(request, decision, startedAt);
      countRoute(request, decision, hasFailed);
      if (startedAt === undefined) return;
      if (origins.has(origin)) series.add(startedAt, origin, hasFailed);
      const { edgeLocation: location } = request;
      if (location === undefined) return;
      if (ageMs !== undefined) countLag(location, startedAt, ageMs);
      const firsts = seen.get(location) ?? new Map<number, number>();
      if (seen.size < maxGroups) seen.set(location, firsts);
      const known = bySequence.has(sequence) ? sequence : (flips.findLast((flip) => flip.sequence < sequence)?.sequence ?? 0);
      firsts.set(known, Math.min(firsts.get(known) ?? Number.POSITIVE_INFINITY, startedAt));
    },
    addUnreadable(example: string): void {
      unreadable++;
      if (unreadableExamples.length < maxExamples) unreadableExamples.push(example);
    },
    addDamaged: (file: string) => damaged.push(file),
    report(): Timeline {
      const obeyed = [...seen].flatMap(([location, firsts]) => listObeyed(location, firsts, flips));
      const groups = groupByLocation(obeyed);
      return {
        ...{ requests, decided, unreadable, unreadableExamples, damaged },
        flips: flips.map(({ sequence, at, kind, to, reason, by }) => ({ sequence, at, kind, to, reason, by })),
        obeyed,
        propagation: obeyed.length === 0 ? undefined : { locations: groups.size, ...timesOf(obeyed) },
        byLocation: [...groups].map(([location, own]) => ({ location, ...timesOf(own) })),
        lags: [...lags].map(([location, lag]) => ({ location, ...lag })),
        origins: [...origins].map(([origin, counts]) => ({ origin, ...counts })),
        routes: [...routes.values()].sort((a, b) => b.requests - a.requests),
        series: series.report(),
        ...{ contradictions, contradictionExamples, unknownFlips },
      };
    },
  };
}

/** Steps of a second at first; twice as long whenever there are too many. */
function openSeries() {
  let stepMs = 1_000;
  let steps = new Map<number, Record<string, Counts>>();
  function stepOf(place: number): Record<string, Counts> {
    const step = steps.get(place) ?? (Object.create(null) as Record<string, Counts>);
    steps.set(place, step);
    return step;
  }
  function widen(): void {
    const old = steps;
    steps = new Map();
    stepMs *= 2;
    for (const [place, step] of old)
      for (const [origin, { requests, failed }] of Object.entries(step)) {
        const counts = countsOf(stepOf(Math.floor(place / 2)), origin);
        counts.requests += requests;
        counts.failed += failed;
      }
  }
  function countsOf(step: Record<string, Counts>, origin: string): Counts {
    const counts = step[origin] ?? { requests: 0, failed: 0 };
    step[origin] = counts;
    return counts;
  }
  return {
    add(at: number, origin: string, hasFailed: boolean): void {
      const counts = countsOf(stepOf(Math.floor(at / stepMs)), origin);
      counts.requests++;
      if (hasFailed) counts.failed++;
      while (steps.size > maxSteps) widen();
    },
    report(): Timeline['series'] {
      const sorted = [...steps].sort(([a], [b]) => a - b);
      return { stepMs, steps: sorted.map(([place, step]) => ({ at: place * stepMs, origins: { ...step } })) };
    },
  };
}

/** Few texts come again and again; a full cache begins again. */
function openCache<Value>(find: (text: string) => Value): (text: string) => Value {
  const known = new Map<string, Value>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    if (known.size >= maxGroups) known.clear();
    const value = find(text);
    // A text cut out of a chunk of the log would keep the whole chunk in memory.
    known.set(Buffer.from(text).toString(), value);
    return value;
  };
}

/** A location whose log has no request before it obeyed a flip says nothing about when it began to. */
function listObeyed(location: string, firsts: ReadonlyMap<number, number>, flips: readonly AuditEntry[]): Obeyed[] {
  return flips.flatMap(({ sequence, at }) => {
    const after = [...firsts].filter(([number]) => number >= sequence).map(([, first]) => first);
    const before = [...firsts].filter(([number]) => number < sequence).map(([, first]) => first);
    const first = Math.min(...after);
    if (after.length === 0 || !(Math.min(...before) < first)) return [];
    return [{ location, sequence, propagationMs: first - at }];
  });
}

function groupByLocation(obeyed: readonly Obeyed[]): Map<string, Obeyed[]> {
  const groups = new Map<string, Obeyed[]>();
  for (const each of obeyed) {
    const group = groups.get(each.location) ?? [];
    groups.set(each.location, group);
    group.push(each);
  }
  return groups;
}

function timesOf(obeyed: readonly Obeyed[]): Times {
  const sorted = obeyed.map(({ propagationMs }) => propagationMs).sort((a, b) => a - b);
  const at = (share: number) => percentile(sorted, share) ?? 0;
  return { minMs: at(0), p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1) };
}

/** What the router says of a request in the access log. */
export interface LoggedDecision {
  service: string | undefined;
  origin: string;
  /** As the router read it, with the number of its flip. */
  record: string;
  sequence: number | undefined;
  /** 0 to below 100, where a partial weight decided. */
  bucket: number | undefined;
  by: 'retry' | 'tester' | undefined;
  ageMs: number | undefined;
}

// `checkout/singapore;#=0@000417;europe=25;31.65;retry;age=1200`: the record of up to twelve entries, then what
// applies.
const line =
  /^(?:([a-z][a-z\d-]{0,62})\/)?([a-z][a-z\d-]{0,62});((?:#=0@\d{6};)?(?:ok|[a-z][a-z\d-]*=\d{1,3}(?:@\d{1,12})?(?:;[a-z][a-z\d-]*=\d{1,3}(?:@\d{1,12})?){0,11};?))(?:;(\d{1,2}(?:\.\d{1,20})?))?(?:;retry)?(?:;(tester))?(?:;age=(-?\d{1,15}|NaN))?$/;

/** Undefined for a text that is not the router's. */
export function parseLogData(text: string): LoggedDecision | undefined {
  if (text.length > 2_400) return undefined;
  const decoded = decodeField(text);
  const found = line.exec(decoded);
  if (found === null) return undefined;
  const [, service, origin = '', record = '', bucket, tester, age] = found;
  return {
    ...{ service, origin, record },
    sequence: recordSequence(record),
    bucket: Number(bucket) > 0 ? Number(bucket) : undefined,
    by: tester === undefined ? (/;retry(?:;|$)/.test(decoded) ? 'retry' : undefined) : 'tester',
    ageMs: age === undefined || age === 'NaN' ? undefined : Number(age),
  };
}
