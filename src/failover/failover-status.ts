import { parseHealthRecord } from '../../kvs/health-record.ts';
import { auditKey, auditPlaces, reportsKey, stateKey } from '../../kvs/keys.ts';
import { type AuditEntry, auditHistory, replayAudit } from '../core/audit.ts';
import type { FlagStore } from '../core/flag-store.ts';
import { flipKeys } from '../core/flip.ts';
import { effectiveWeights, overrideInForce, parseLiveRecord } from '../core/live-record.ts';
import type { FailbackPolicy } from '../core/policy.ts';
import { judgeReport, parseReports, type Report } from '../core/reports.ts';
import { type OriginMemory, type Override, parseStateRecord } from '../core/state-record.ts';
import type { Audience } from '../core/viewer-shares.ts';
import { someIp } from '../edge/ask/ask.ts';
import { EdgeError } from '../errors.ts';
import type { EdgeAnswer, EdgeView } from '../probe/edge-view.ts';
import type { OriginProbe } from '../probe/probe-origin.ts';
import {
  type EdgeState,
  type ExpectByLive,
  expectAtEdge,
  judgeEdge,
  propagationMs,
  sampleAudiences,
  type ViewerAtEdge,
  worstState,
} from './verify-edge.ts';

/**
 * What the store says, what the origins answer now, and whether the edge does what the store says. Times are epoch
 * milliseconds.
 */
export interface FailoverStatus {
  at: number;
  /** The record as the edge reads it. */
  record: string;
  /** False when the edge cannot parse the record and acts as for `ok`. */
  isReadable: boolean;
  /** The record was changed by hand since the last flip. */
  edited: boolean;
  origins: OriginStatus[];
  override: Override | undefined;
  /** The newest first. */
  lastFlips: AuditEntry[];
  /** What will change without an operator, the soonest first. */
  next: NextEvent[];
  /** What monitors outside report and has not expired; absent without any. */
  reports?: Report[];
  /** Undefined when the edge was not asked. */
  edge: EdgeStatus | undefined;
  /** Why the edge cannot be asked, where no option changes that. */
  edgeNotAsked?: string;
}

export interface OriginStatus {
  id: string;
  weight: number;
  /** The flipper's, as of `recordedAt`. */
  verdict: OriginMemory['verdict'];
  since: number | undefined;
  /** When a flipper last wrote its verdicts; undefined when none ever did. */
  recordedAt: number | undefined;
  /** The automatic weight, which counts when no override is in force. */
  automatic: number;
  /** When automation last moved its weight, and the end of its hold-down. */
  movedAt?: number;
  heldUntil?: number;
  /** What the origin answers now; absent when it was not probed. */
  probe?: OriginProbe;
}

/**
 * What will change next without an operator. `at` is epoch milliseconds, the earliest moment; absent where only health
 * decides it.
 */
export type NextEvent =
  | { what: 'override-ends'; at: number }
  /** `waitsFor`: the hold-down, or good health checks after it. */
  | { what: 'failback'; origin: string; at?: number; waitsFor: 'hold-down' | 'health' | 'flipper' | 'override' }
  | { what: 'failback-step'; origin: string; from: number; to: number; at: number };

/** What a status knows. */
interface Known {
  at: number;
  origins: readonly { id: string; automatic: number; movedAt?: number; heldUntil?: number; probe?: { kind: string } }[];
  override: Override | undefined;
}

type Ramp = Pick<FailbackPolicy, 'ramp' | 'rampStepMs'>;

interface EdgeStatus {
  url: string;
  state: EdgeState;
  /** What the answers are compared with. */
  expectedBy: 'LIVE' | 'edge.config.ts';
  note?: string;
  viewers: ViewerAtEdge[];
  /** What is not as it should be, a line each. */
  disagreements: string[];
}

export interface StatusContext {
  origins: readonly string[];
  audiences: readonly Audience[];
  /** Those of the service that has the path for which the edge is asked. Default all. */
  edgeAudiences?: readonly Audience[] | undefined;
  edge: EdgeView | undefined;
  /** Why it cannot be asked, where no option changes that. */
  edgeNotAsked?: string | undefined;
  expectByLive?: ExpectByLive | undefined;
  probeOrigin?: ((origin: string) => Promise<OriginProbe>) | undefined;
  /** The steps of a failback. Default: not predicted. */
  failback?: Pick<FailbackPolicy, 'ramp' | 'rampStepMs'> | undefined;
  now: () => number;
}

const shownFlips = 5;

/**
 * One API call as long as the store has no more than 50 keys. The origins and the edge, once per audience, are asked at
 * the same time.
 */
export async function readStatus(store: FlagStore, context: StatusContext): Promise<FailoverStatus> {
  const { origins, edge, probeOrigin, now } = context;
  const [values, probes, answers] = await Promise.all([
    readFlips(store, shownFlips),
    Promise.all(origins.map(async (id): Promise<[string, OriginProbe | undefined]> => [id, await probeOrigin?.(id)])),
    edge && askAudiences(edge, context.edgeAudiences ?? context.audiences),
  ]);
  const status = describeValues(values, origins, now());
  const probed = new Map(probes);
  const seen = {
    ...status,
    origins: status.origins.map((origin) => {
      const found = probed.get(origin.id);
      return found === undefined ? origin : { ...origin, probe: found };
    }),
  };
  return {
    ...seen,
    next: listNextEvents(seen, context.failback),
    edge: edge && answers && (await compareEdge(edge, answers, status, probed, context)),
    ...(context.edgeNotAsked !== undefined && { edgeNotAsked: context.edgeNotAsked }),
  };
}

/**
 * One country for its audience: `status` must answer at once, and every country of an audience takes the same way
 * through the router.
 */
function askAudiences(edge: EdgeView, audiences: readonly Audience[]): Promise<EdgeAnswer[]> {
  const countries = edge.canChooseCountry ? sampleAudiences(audiences).map((audience) => audience.countries[0]) : [undefined];
  return Promise.all(countries.map((country) => edge.ask(country, someIp)));
}

async function compareEdge(
  edge: EdgeView,
  answers: readonly EdgeAnswer[],
  { at, record, lastFlips }: Omit<FailoverStatus, 'edge' | 'next'>,
  probes: ReadonlyMap<string, OriginProbe | undefined>,
  context: StatusContext,
): Promise<EdgeStatus> {
  const recent = lastFlips.filter((flip) => at - flip.at < propagationMs);
  const replaced = recent.flatMap(({ from }) => from ?? []);
  const { expectations, by, note } = await expectAtEdge(context, edge, [record, ...replaced], 'sample', at);
  const [expected = [], ...before] = expectations;
  const [last] = recent;
  const viewers = judgeEdge({
    answers,
    expectations: expected,
    before,
    sinceWriteMs: last && Math.max(0, at - last.at),
    good: new Set([...probes].flatMap(([id, probe]) => (probe?.kind === 'good' ? id : []))),
  });
  const disagreements = viewers.flatMap(({ country, state, detail }) => (state === 'agrees' ? [] : `${country ?? 'others'}: ${detail}`));
  return { url: edge.url, state: worstState(viewers), expectedBy: by, ...(note === undefined ? {} : { note }), viewers, disagreements };
}

/**
 * What the values of a store say at a time (epoch milliseconds): the status without the edge's part and what comes
 * next.
 */
export function describeValues(
  values: ReadonlyMap<string, string>,
  origins: readonly string[],
  at: number,
): Omit<FailoverStatus, 'edge' | 'next'> {
  const live = parseLiveRecord(values, at, origins);
  const weights = effectiveWeights(live);
  const { automaticAt, lastFlip } = live.state;
  // The kinds of flips that write verdicts.
  const recordedAt = lastFlip?.kind === 'edit' || lastFlip?.kind === 'automatic' ? lastFlip.at : automaticAt;
  const reports = parseReports(values.get(reportsKey)).filter((report) => judgeReport(report, at).opinion !== 'none');
  return {
    at,
    record: live.text,
    isReadable: parseHealthRecord(live.text) !== undefined,
    edited: live.edited,
    origins: origins.map((id) => {
      const memory = live.state.origins[id];
      const { verdict = 'unknown', since, movedAt, heldUntil } = memory ?? {};
      return {
        id,
        weight: weights[id] ?? 100,
        automatic: live.automatic[id] ?? 100,
        verdict,
        since,
        recordedAt,
        ...(movedAt !== undefined && { movedAt }),
        ...(heldUntil !== undefined && { heldUntil }),
      };
    }),
    override: overrideInForce(live),
    lastFlips: auditHistory(values).slice(0, shownFlips),
    ...(reports.length > 0 && { reports }),
  };
}

/**
 * Record, state and at least the last `count` flips, by their keys. One API call while the store has at most 50 keys. A
 * larger store has code of many published versions or a team's own keys. Then the keys are read by name, so no other
 * key in the store can hide them.
 */
async function readFlips(store: FlagStore, count = auditPlaces): Promise<ReadonlyMap<string, string>> {
  const { values: listed, complete } = await store.list(1).catch((error: unknown) => {
    // The flipper's role may not list, but it may read each key by its name.
    if (error instanceof EdgeError && error.code === 'ACCESS_DENIED') return { values: new Map<string, string>(), complete: false };
    throw error;
  });
  if (complete) return listed;
  const { values: current } = await store.read(flipKeys);
  const { sequence } = parseStateRecord(current.get(stateKey));
  const newest = Array.from({ length: Math.min(count, auditPlaces, sequence) }, (_, back) => auditKey(sequence - back));
  const { values: flips } = await store.read([reportsKey, ...newest].filter((key) => !listed.has(key)));
  return new Map([...listed, ...current, ...flips]);
}

/** Every flip of the audit, the newest first, and the sequences that do not follow from the flip before them. */
export async function readFlipHistory(store: FlagStore): Promise<{ flips: AuditEntry[]; gaps: number[] }> {
  const flips = auditHistory(await readFlips(store));
  return { flips, gaps: replayAudit(flips).gaps };
}

/** The soonest first. `policy` gives the steps of a failback; without it they are not predicted. */
export function listNextEvents({ at, origins, override }: Known, policy?: Ramp): NextEvent[] {
  const events: NextEvent[] = override === undefined ? [] : [{ what: 'override-ends', at: override.until }];
  for (const { id, automatic, heldUntil = 0, movedAt = 0, probe } of origins) {
    if (automatic === 0) {
      const earliest = Math.max(heldUntil, override?.weights[id] === 0 ? override.until : 0);
      const isBad = probe !== undefined && probe.kind !== 'good';
      const waitsFor = isBad ? 'health' : earliest > heldUntil ? 'override' : heldUntil > at ? 'hold-down' : 'flipper';
      events.push({ what: 'failback', origin: id, waitsFor, ...(earliest > at && { at: earliest }) });
    } else if (automatic < 100 && policy !== undefined) {
      const to = policy.ramp.find((step) => step > automatic) ?? 100;
      events.push({ what: 'failback-step', origin: id, from: automatic, to, at: Math.max(at, movedAt + policy.rampStepMs) });
    }
  }
  return events.sort((a, b) => (a.at ?? Number.POSITIVE_INFINITY) - (b.at ?? Number.POSITIVE_INFINITY));
}
