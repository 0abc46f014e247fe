import { setMaxListeners } from 'node:events';
import type { HealthPolicy } from '../config/edge-config.ts';
import {
  clampTrack,
  type Evidence,
  freshTrack,
  isSettled,
  type OriginTrack,
  trackSignal,
  wantsConfirmation,
} from '../core/origin-track.ts';
import type { SignalSource } from '../core/signal.ts';
import type { Clock } from './clock.ts';
import type { FlipperLog } from './flipper-event.ts';

export interface OriginsWatch {
  /** What is known at this time (epoch milliseconds), by origin. */
  evidence(now: number): Readonly<Record<string, Evidence>>;
  /** Probes every signal now and then at its interval, until `signal` is aborted. No signal waits for another. */
  watch(): Promise<void>;
  /**
   * Probes every signal in quick succession until its verdict is clear, or for twice as many probes as a failure rate
   * needs.
   */
  burst(): Promise<void>;
  /** Plain data from which another process or invocation can go on. */
  tracks(): Readonly<Record<string, OriginTrack>>;
}

export interface WatchOptions {
  signals: Readonly<Record<string, readonly SignalSource[]>>;
  health: HealthPolicy;
  clock: Clock;
  random: () => number;
  signal: AbortSignal;
  log: FlipperLog;
  /** Called after every probe. */
  onProbe: () => void;
  /** Tracks to go on from; an origin whose number of signals has changed starts again. */
  from?: Readonly<Record<string, OriginTrack>>;
}

/** Part of the interval by which probes come early at random, so that several flippers do not probe in step. */
const jitter = 0.1;

/** A burst ends after the probes that this many failure rates need, whatever it found. */
const mostWindows = 2;

function openHurry(): AbortController {
  const hurry = new AbortController();
  // Every signal of every origin sleeps on it at the same time: many listeners are no leak here.
  setMaxListeners(0, hurry.signal);
  return hurry;
}

/** The signals that a verdict is made of. */
function votersOf(sources: readonly SignalSource[]): readonly SignalSource[] {
  const present = sources.filter(({ isAbsent }) => isAbsent !== true);
  return present.length > 0 ? present : sources;
}

/** Follows every origin through its signals; time and evidence stay in memory. */
export function openOriginsWatch({ signals, health, clock, random, signal, log, onProbe, from }: WatchOptions): OriginsWatch {
  const tracks = new Map<string, OriginTrack>();
  const evidence: Record<string, Evidence> = {};
  /** Cuts every pause between two probes short. */
  let hurry = openHurry();
  signal.addEventListener('abort', () => hurry.abort(), { once: true });
  for (const [origin, sources] of Object.entries(signals)) {
    const kept = from?.[origin];
    const { length } = votersOf(sources);
    setTrack(origin, kept?.streaks.length === length ? kept : freshTrack(length, clock.now()));
  }

  function setTrack(origin: string, track: OriginTrack): void {
    const wasHopeless = isHopeless();
    tracks.set(origin, track);
    evidence[origin] = track.evidence;
    if (wasHopeless || !isHopeless()) return;
    hurry.abort();
    hurry = openHurry();
  }

  /** No origin is healthy, and one is not just unknown: viewers wait for the first that recovers. */
  function isHopeless(): boolean {
    let hasUnhealthy = false;
    for (const { verdict } of Object.values(evidence)) {
      if (verdict === 'healthy') return false;
      hasUnhealthy ||= verdict === 'unhealthy';
    }
    return hasUnhealthy;
  }

  async function probeOnce(origin: string, voters: readonly SignalSource[], source: SignalSource): Promise<boolean> {
    const index = voters.indexOf(source);
    const { opinion, latencyMs, class: failure, detail } = await source.probe(signal);
    const before = tracks.get(origin);
    if (signal.aborted || before === undefined) return false;
    const now = clock.now();
    const why = [failure, detail].filter((part) => part !== undefined).join(': ');
    log(
      {
        event: 'probe',
        origin,
        signal: source.name,
        opinion,
        latencyMs,
        ...(failure === undefined ? {} : { class: failure }),
        ...(detail === undefined ? {} : { detail }),
      },
      now,
    );
    if (index < 0) return false;
    const required = voters.map((each) => each.required);
    const thresholds = source.thresholds ?? health;
    const track = trackSignal(
      before,
      { signal: index, opinion, ...(why === '' ? {} : { why: `${source.name} ${why}` }) },
      required,
      thresholds,
      now,
    );
    setTrack(origin, track);
    const [from, to] = [before.evidence.verdict, track.evidence.verdict];
    if (from !== to) log({ event: 'verdict', origin, from, to, ...(to === 'unhealthy' && why !== '' ? { why } : {}) }, now);
    onProbe();
    return source.isFresh && (isHopeless() || wantsConfirmation(track, index));
  }

  /**
   * Intervals are from start to start. A probe that took longer than its interval is followed by one at once, but never
   * by several.
   */
  async function follow(origin: string, voters: readonly SignalSource[], source: SignalSource): Promise<void> {
    let dueAt = clock.monotonic();
    while (!signal.aborted) {
      const isSoon = await probeOnce(origin, voters, source);
      dueAt = Math.max(clock.monotonic(), dueAt + (isSoon ? health.fastIntervalMs : health.intervalMs * (1 - jitter * random())));
      if (!signal.aborted) await clock.sleep(dueAt - clock.monotonic(), hurry.signal);
      dueAt = Math.min(dueAt, clock.monotonic());
    }
  }

  async function settleOne(origin: string, voters: readonly SignalSource[], source: SignalSource): Promise<void> {
    const most = Math.max(health.healthyThreshold + health.unhealthyThreshold, mostWindows * health.failureRate.minimum);
    for (let probes = 1; !signal.aborted; probes++) {
      const startedAt = clock.monotonic();
      await probeOnce(origin, voters, source);
      const track = tracks.get(origin);
      if (!source.isFresh || probes >= most || track === undefined || isSettled(track, voters.indexOf(source))) return;
      await clock.sleep(startedAt + health.fastIntervalMs - clock.monotonic(), signal);
    }
  }

  async function each(work: typeof follow): Promise<void> {
    const all = Object.entries(signals).flatMap(([origin, sources]) => sources.map((source) => work(origin, votersOf(sources), source)));
    await Promise.all(all);
  }

  // All origins at once: a time left in the future would count as a bad probe after a move whose time was already set
  // back.
  const evidenceAt = (now: number) => {
    for (const [origin, track] of tracks) {
      const clamped = clampTrack(track, now);
      if (clamped !== track) setTrack(origin, clamped);
    }
    return evidence;
  };

  return { evidence: evidenceAt, watch: () => each(follow), burst: () => each(settleOne), tracks: () => Object.fromEntries(tracks) };
}
