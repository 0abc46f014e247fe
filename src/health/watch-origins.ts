import type { HealthPolicy } from '../config/edge-config.ts';
import type { Clock } from './clock.ts';
import type { FlipperLog } from './flipper-event.ts';
import { clampTrack, type Evidence, freshTrack, type OriginTrack, trackSignal, wantsConfirmation } from './origin-track.ts';
import type { SignalSource } from './signal-source.ts';

export interface OriginsWatch {
  /** What is known at this time (epoch milliseconds), by origin. */
  evidence(now: number): Readonly<Record<string, Evidence>>;
  /** Looks at every signal now and then at its interval, each on its own so that none waits for another, until the signal is aborted. */
  watch(): Promise<void>;
  /** Looks at every signal in quick succession until its verdict is clear, or as often as both thresholds together. */
  burst(): Promise<void>;
  /** What to go on from in another process or invocation: plain data. */
  tracks(): Readonly<Record<string, OriginTrack>>;
}

export interface WatchOptions {
  signals: Readonly<Record<string, readonly SignalSource[]>>;
  health: HealthPolicy;
  clock: Clock;
  random: () => number;
  signal: AbortSignal;
  log: FlipperLog;
  /** Called after every look. */
  onLook: () => void;
  /** Tracks to go on from; those of origins whose signals have changed in number are begun anew. */
  from?: Readonly<Record<string, OriginTrack>>;
}

/** Part of the interval by which looks come early at random, so that several flippers do not probe in step. */
const jitter = 0.1;

/** Follows every origin through its signals; time and evidence stay in memory. */
export function openOriginsWatch({ signals, health, clock, random, signal, log, onLook, from }: WatchOptions): OriginsWatch {
  const tracks = new Map<string, OriginTrack>();
  const evidence: Record<string, Evidence> = {};
  for (const [origin, sources] of Object.entries(signals)) {
    const kept = from?.[origin];
    setTrack(origin, kept?.streaks.length === sources.length ? kept : freshTrack(sources.length, clock.now()));
  }

  function setTrack(origin: string, track: OriginTrack): void {
    tracks.set(origin, track);
    evidence[origin] = track.evidence;
  }

  async function lookOnce(origin: string, sources: readonly SignalSource[], index: number, source: SignalSource): Promise<boolean> {
    const { opinion, latencyMs, class: failure, detail } = await source.look(signal);
    const before = tracks.get(origin);
    if (signal.aborted || before === undefined) return false;
    const now = clock.now();
    const why = [failure, detail].filter((part) => part !== undefined).join(': ');
    log(
      {
        event: 'look',
        origin,
        signal: source.name,
        opinion,
        latencyMs,
        ...(failure === undefined ? {} : { class: failure }),
        ...(detail === undefined ? {} : { detail }),
      },
      now,
    );
    const required = sources.map((each) => each.required);
    const track = trackSignal(
      before,
      { signal: index, opinion, ...(why === '' ? {} : { why: `${source.name} ${why}` }) },
      required,
      source.thresholds ?? health,
      now,
    );
    setTrack(origin, track);
    const [from, to] = [before.evidence.verdict, track.evidence.verdict];
    if (from !== to) log({ event: 'verdict', origin, from, to, ...(to === 'unhealthy' && why !== '' ? { why } : {}) }, now);
    onLook();
    return source.isFresh && wantsConfirmation(track, index);
  }

  /** From start to start; a look that took longer than its interval is followed at once, but never by several. */
  async function follow(origin: string, sources: readonly SignalSource[], index: number, source: SignalSource): Promise<void> {
    let dueAt = clock.monotonic();
    while (!signal.aborted) {
      const isSoon = await lookOnce(origin, sources, index, source);
      dueAt = Math.max(clock.monotonic(), dueAt + (isSoon ? health.fastIntervalMs : health.intervalMs * (1 - jitter * random())));
      await clock.sleep(dueAt - clock.monotonic(), signal);
    }
  }

  async function settleOne(origin: string, sources: readonly SignalSource[], index: number, source: SignalSource): Promise<void> {
    const most = health.healthyThreshold + health.unhealthyThreshold;
    for (let looks = 1; !signal.aborted; looks++) {
      const startedAt = clock.monotonic();
      const isUndecided = await lookOnce(origin, sources, index, source);
      if (!isUndecided || looks >= most) return;
      await clock.sleep(startedAt + health.fastIntervalMs - clock.monotonic(), signal);
    }
  }

  async function each(work: typeof follow): Promise<void> {
    const all = Object.entries(signals).flatMap(([origin, sources]) =>
      sources.map((source, index) => work(origin, sources, index, source)),
    );
    await Promise.all(all);
  }

  // All origins at once: a time left in the future would pass for a bad look after a move that was already set back.
  const evidenceAt = (now: number) => {
    for (const [origin, track] of tracks) {
      const clamped = clampTrack(track, now);
      if (clamped !== track) setTrack(origin, clamped);
    }
    return evidence;
  };

  return { evidence: evidenceAt, watch: () => each(follow), burst: () => each(settleOne), tracks: () => Object.fromEntries(tracks) };
}
