import { percentile } from '../text/percentile.ts';
import type { Bounds } from './plan-rehearsal.ts';

/**
 * Where evidence comes from: a probe of the origin from here, a viewer's request through the edge, or a verdict of AWS.
 */
type EvidenceSource = 'direct' | 'edge' | 'alarm';

/** One observation. */
export interface Seen {
  source: EvidenceSource;
  /**
   * The origin that it is about; undefined for an answer of the edge that names no origin, and for the alarm of the
   * whole distribution.
   */
  origin: string | undefined;
  opinion: 'good' | 'bad' | 'none';
  latencyMs: number;
  detail?: string | undefined;
}

/** Why a rehearsal goes back before its end. */
type AbortCause =
  | 'errors'
  | 'latency'
  | 'alarm'
  | 'home'
  | 'edge'
  | 'no-evidence'
  | 'override-changed'
  | 'expired'
  | 'clock'
  | 'automation'
  | 'refused'
  | 'failed'
  | 'bug'
  | 'interrupted';

export interface Abort {
  cause: AbortCause;
  /** A sentence without its full stop. */
  message: string;
}

/** What one source has shown about one origin during a step. */
export interface SeenSummary {
  source: EvidenceSource;
  /** Null for answers that name no origin. */
  origin: string | null;
  asked: number;
  failed: number;
  /** Of good answers; null without any. */
  p50Ms: number | null;
  p95Ms: number | null;
}

/** Failures in a row that end a step before a percentage can be known. */
const maxInARow = 3;

/** With fewer checks one failure would be outside any bound. */
const minChecks = 20;

/** Of one source about one origin: in a long step, old good checks do not outweigh new bad ones. */
const judgedChecks = 300;

interface StepFacts {
  seen: readonly Seen[];
  bounds: Bounds;
  /** The origin that is evacuated. */
  home: string;
}

/** What has left its bounds; undefined while all is within them. Pure. */
export function judgeStep({ seen, bounds, home }: StepFacts): Abort | undefined {
  const alarm = seen.find(({ source, opinion }) => source === 'alarm' && opinion === 'bad');
  if (alarm !== undefined)
    return {
      cause: alarm.origin === home ? 'home' : 'alarm',
      message: `${alarm.origin ?? 'the distribution'}: ${alarm.detail ?? 'its alarm went off'}`,
    };
  for (const whole of groupSeen(seen)) {
    const group = whole.slice(-judgedChecks);
    const [first] = group;
    if (first === undefined || first.source === 'alarm') continue;
    const { source, origin } = first;
    const who = `${origin ?? 'a request'}${source === 'edge' ? ' through the edge' : ''}`;
    const latest = group.slice(-maxInARow);
    const isDown = latest.length === maxInARow && latest.every(({ opinion }) => opinion === 'bad');
    const { asked, failed, p95Ms } = describeGroup(group);
    const isAbove = asked >= minChecks && failed * 100 > bounds.maxErrorPercent * asked;
    if (isDown || isAbove) {
      const last = group.findLast(({ opinion }) => opinion === 'bad')?.detail;
      const what = isDown ? `failed ${maxInARow} times in a row` : `failed ${failed} of ${asked} checks`;
      return {
        cause: origin === home ? 'home' : 'errors',
        message: `${who} ${what}${last === undefined ? '' : `, last: ${last}`}`,
      };
    }
    // The origin that is left is not what the rehearsal is about, and its viewers get no slower by it.
    if (origin !== home && asked - failed >= minChecks && p95Ms !== null && p95Ms > bounds.maxLatencyMs)
      return {
        cause: 'latency',
        message: `${who} took ${p95Ms} ms for 95 % of ${asked - failed} answers, allowed: ${bounds.maxLatencyMs} ms`,
      };
  }
  return undefined;
}

/**
 * At the end of a step: an origin of which nothing good was seen has proven nothing, and an alarm without a state
 * neither.
 */
export function judgeEvidence(seen: readonly Seen[], fallbacks: readonly string[]): Abort | undefined {
  const silent = fallbacks.filter((id) => !seen.some(({ origin, opinion }) => origin === id && opinion === 'good'));
  if (silent.length > 0) return { cause: 'no-evidence', message: `no check has reached ${silent.join(', ')} during this step` };
  const alarm = seen.filter(({ source, origin }) => source === 'alarm' && origin === undefined);
  if (alarm.length === 0 || alarm.some(({ opinion }) => opinion === 'good')) return undefined;
  return { cause: 'no-evidence', message: `the alarm had no state during this step: ${alarm.at(-1)?.detail ?? 'no answer'}` };
}

/** Failures and latency by source and origin. */
export function summarizeSeen(seen: readonly Seen[]): SeenSummary[] {
  return groupSeen(seen).map(describeGroup);
}

/** Those with an opinion, in their order. */
function groupSeen(seen: readonly Seen[]): Seen[][] {
  const groups = new Map<string, Seen[]>();
  for (const one of seen) {
    if (one.opinion === 'none') continue;
    const key = `${one.source}/${one.origin ?? ''}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups.values()];
}

function describeGroup(group: readonly Seen[]): SeenSummary {
  const { source = 'direct', origin = null } = group[0] ?? {};
  const latencies = group.flatMap(({ opinion, latencyMs }) => (opinion === 'good' ? [latencyMs] : [])).sort((a, b) => a - b);
  return {
    source,
    origin,
    asked: group.length,
    failed: group.filter(({ opinion }) => opinion === 'bad').length,
    p50Ms: percentile(latencies, 0.5) ?? null,
    p95Ms: percentile(latencies, 0.95) ?? null,
  };
}
