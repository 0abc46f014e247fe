import { parseHealthRecord, recordSequence, weightAt } from '../../kvs/health-record.ts';
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
  signal?: AbortSignal | undefined;
}

/** When an edge location first obeyed a flip, or a later one. */
interface Obeyed {
  location: string;
  sequence: number;
  /** From the flip's write to the start of the first request that obeyed it; negative where the clocks of writer and edge differ. */
  propagationMs: number;
}

interface Counts {
  requests: number;
  failed: number;
}

export interface Timeline {
  requests: number;
  /** Requests with a line of the router. */
  decided: number;
  unreadable: number;
  /** The first few: `file:line: reason`. */
  unreadableExamples: string[];
  damaged: string[];
  /** By location and flip; none where the location's log begins after the flip. */
  obeyed: Obeyed[];
  /** Over all locations and flips; undefined without any. */
  propagation: { locations: number; minMs: number; p50Ms: number; p95Ms: number; p99Ms: number; maxMs: number } | undefined;
  byLocation: { location: string; p50Ms: number; p95Ms: number; maxMs: number }[];
  /** By chosen origin; failed is 5xx, GET, HEAD and OPTIONS apart from all other methods. */
  origins: { origin: string; safe: Counts; unsafe: Counts }[];
  /** Requests sent to an origin at weight 0 of the record that they name, while it left another one. */
  contradictions: number;
  contradictionExamples: string[];
  /** Requests whose flip the audit does not have any more. */
  unknownFlips: number;
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

// `checkout/singapore;#=0@000417;europe=25;31.65;retry;age=1200`: the record of up to twelve entries, then what applies.
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

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);
const maxExamples = 5;
/** A log has few locations and origins; more are no log of ours and must not fill the memory. */
const maxGroups = 2_000;

/** Reads logs once, in any order of their lines. Memory grows with locations and flips, not with lines. */
export async function readTimeline({ files, flips, distribution, signal }: TimelineOptions): Promise<Timeline> {
  const tally = openTally(flips);
  for (const { path } of files) {
    try {
      for await (const { requests, unreadable } of readRequests(path, { signal })) {
        for (const { at, reason } of unreadable) tally.addUnreadable(`${path}:${at}: ${reason}`);
        for (const request of requests) if (distribution === undefined || request.distribution === distribution) tally.add(request);
      }
    } catch (error) {
      if (signal?.aborted || !(error instanceof Error)) throw error;
      tally.addDamaged(`${path}: ${error.message.split('\n')[0]}`);
    }
  }
  return tally.report();
}

function openTally(flips: readonly AuditEntry[]) {
  const bySequence = new Map(flips.map((flip) => [flip.sequence, { ...flip, entries: parseHealthRecord(flip.to) ?? [] }]));
  /** The first request of a location under each flip; 0 for a record without a number. */
  const seen = new Map<string, Map<number, number>>();
  const origins = new Map<string, { safe: Counts; unsafe: Counts }>();
  const [unreadableExamples, damaged, contradictionExamples]: [string[], string[], string[]] = [[], [], []];
  let [requests, decided, unreadable, contradictions, unknownFlips] = [0, 0, 0, 0, 0];

  function check(request: LoggedRequest, { origin, sequence, by }: LoggedDecision, startedAt: number | undefined): void {
    const flip = sequence === undefined ? undefined : bySequence.get(sequence);
    if (sequence !== undefined && flip === undefined) unknownFlips++;
    if (flip === undefined || startedAt === undefined || by === 'tester') return;
    const at = startedAt / 1_000;
    const named = [...new Set(flip.entries.map((entry) => entry.origin))];
    // Where the record takes out every origin that it names, the edge may use the whole order.
    if (weightAt(flip.entries, origin, at) > 0 || named.every((other) => weightAt(flip.entries, other, at) === 0 && named.length > 1))
      return;
    contradictions++;
    if (contradictionExamples.length < maxExamples)
      contradictionExamples.push(`${new Date(startedAt).toISOString()} ${request.edgeLocation ?? '-'} ${origin} under flip ${sequence}`);
  }

  return {
    add(request: LoggedRequest): void {
      requests++;
      const decision = request.logData === undefined ? undefined : parseLogData(request.logData);
      if (decision === undefined) return;
      decided++;
      const counts = origins.get(decision.origin) ?? { safe: { requests: 0, failed: 0 }, unsafe: { requests: 0, failed: 0 } };
      if (origins.size < maxGroups) origins.set(decision.origin, counts);
      const kind = safeMethods.has(request.method) ? counts.safe : counts.unsafe;
      kind.requests++;
      if ((request.status ?? 0) >= 500) kind.failed++;
      const startedAt = request.at === undefined ? undefined : request.at - (request.durationMs ?? 0);
      check(request, decision, startedAt);
      const { edgeLocation: location } = request;
      if (startedAt === undefined || location === undefined) return;
      const firsts = seen.get(location) ?? new Map<number, number>();
      if (seen.size < maxGroups) seen.set(location, firsts);
      const sequence = decision.sequence ?? 0;
      if (firsts.size < maxGroups || firsts.has(sequence))
        firsts.set(sequence, Math.min(firsts.get(sequence) ?? Number.POSITIVE_INFINITY, startedAt));
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
        ...{ requests, decided, unreadable, unreadableExamples, damaged, obeyed },
        propagation: obeyed.length === 0 ? undefined : { locations: groups.size, ...timesOf(obeyed) },
        byLocation: [...groups].map(([location, own]) => ({ location, ...timesOf(own) })),
        origins: [...origins].map(([origin, counts]) => ({ origin, ...counts })),
        ...{ contradictions, contradictionExamples, unknownFlips },
      };
    },
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
  for (const each of obeyed) groups.set(each.location, [...(groups.get(each.location) ?? []), each]);
  return groups;
}

function timesOf(obeyed: readonly Obeyed[]) {
  const sorted = obeyed.map(({ propagationMs }) => propagationMs).sort((a, b) => a - b);
  const at = (share: number) => percentile(sorted, share) ?? 0;
  return { minMs: at(0), p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1) };
}
