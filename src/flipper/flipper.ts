import { setMaxListeners } from 'node:events';
import type { FlipperPolicy } from '../config/services.ts';
import type { FlagStore } from '../core/flag-store.ts';
import type { HoldReason } from '../core/flip-view.ts';
import { effectiveWeights } from '../core/live-record.ts';
import type { Evidence, OriginTrack } from '../core/origin-track.ts';
import type { SignalSource } from '../core/signal.ts';
import { type Clock, systemClock } from './clock.ts';
import { FlagKeeper } from './flag-keeper.ts';
import type { KeptFlag } from './flag-memory.ts';
import type { FlipperLog } from './flipper-event.ts';
import { openOriginsWatch } from './watch-origins.ts';

export interface FlipperOptions {
  /** `watch` goes on until the signal is aborted; `once` probes until the verdicts are clear, decides and ends. */
  mode: 'watch' | 'once';
  /** Reports what it would do, writes nothing. */
  shadow: boolean;
  /** Who writes, as the audit names it; unique among flippers. */
  by: string;
  policy: FlipperPolicy;
  /** Sources of evidence, by origin. */
  signals: Readonly<Record<string, readonly SignalSource[]>>;
  store: FlagStore;
  log: FlipperLog;
  /** SIGTERM and the like: ends between probes, lets a write finish. */
  signal: AbortSignal;
  /** Default: the system's. */
  clock?: Clock;
  /** Default: Math.random. */
  random?: () => number;
  /** Receives a function that reads what is known at any time, for a caller that may cut this flipper off. */
  onStart?: (readMemory: () => FlipperMemory) => void;
  /** What a flipper before this one knew. Default nothing: the origins are proven and the store is read again. */
  from?: FlipperMemory;
}

/**
 * All that a flipper knows, as plain data. Evidence ages: a caller must not pass on what is older than a few intervals.
 */
export interface FlipperMemory extends KeptFlag {
  tracks: Readonly<Record<string, OriginTrack>>;
}

export interface FlipperSummary {
  evidence: Readonly<Record<string, Evidence>>;
  /** What prevented a move at the end; undefined before the first decision. */
  held: HoldReason | undefined;
  /** Unhealthy origins whose viewers are still there at the end. */
  stranded: readonly string[];
  memory: FlipperMemory;
}

/** Tries to write before `once` gives up. */
const onceTries = 5;

/** How often `watch` checks whether something is due, and the delay of a check that shows a pause. */
const pulseMs = 5_000;
const pauseMs = 30_000;

/**
 * Observes, decides, writes on change. `once` throws the store's error when it cannot write; `watch` reports it and
 * tries again.
 */
export async function runFlipper(options: FlipperOptions): Promise<FlipperSummary> {
  const { mode, shadow, by, policy, store, log, signal, clock = systemClock, random = Math.random, onStart, from } = options;
  // Every signal of every origin sleeps on it at the same time: many listeners are no leak here.
  setMaxListeners(0, signal);
  log({ event: 'start', mode, shadow, by, origins: policy.origins }, clock.now());
  const freshness = new Freshness(clock, from === undefined ? policy.origins : []);
  const noticePause = () => freshness.noticePause(() => keeper.doubt());
  const watch = openOriginsWatch({
    signals: options.signals,
    health: policy.health,
    clock,
    random,
    signal,
    log: (event, at) => {
      // A probe that was on its way during the pause is as old as its start.
      if (event.event === 'probe' && !noticePause()) freshness.add(event.origin);
      log(event, at);
    },
    onProbe: () => {
      if (mode === 'watch') keeper.consider();
    },
    ...(from && { from: from.tracks }),
  });
  const keeper: FlagKeeper = new FlagKeeper({
    store,
    policy,
    evidence: watch.evidence,
    isFresh: (origin) => freshness.has(origin),
    by,
    shadow,
    clock,
    random,
    signal,
    log,
    ...(from && { from }),
  });
  const readMemory = (): FlipperMemory => ({ ...keeper.kept, tracks: watch.tracks() });
  onStart?.(readMemory);
  if (mode === 'watch') {
    await Promise.all([watch.watch(), pulse(keeper, noticePause, clock, signal)]);
    await keeper.finish();
  } else {
    await watch.burst();
    await keeper.actNow(onceTries);
  }
  log({ event: 'stop' }, clock.now());
  const evidence = watch.evidence(clock.now());
  return { evidence, held: keeper.held?.reason, stranded: findStranded(policy.origins, evidence, keeper), memory: readMemory() };
}

/** Lets the keeper act on what the clock brings, between probes. */
async function pulse(keeper: FlagKeeper, noticePause: () => boolean, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    noticePause();
    keeper.consider();
    const dueInMs = keeper.dueInMs();
    await clock.sleep(dueInMs > 0 ? Math.min(dueInMs, pulseMs) : pulseMs, signal);
  }
}

function findStranded(origins: readonly string[], evidence: Readonly<Record<string, Evidence>>, { kept: { live } }: FlagKeeper): string[] {
  const weights = live === undefined ? {} : effectiveWeights(live);
  return origins.filter((id) => evidence[id]?.verdict === 'unhealthy' && (weights[id] ?? 100) > 0);
}

/**
 * The origins that were probed since this process last woke. What an earlier run knew counts for the verdicts, but
 * moves no weight before the origin has been probed again.
 */
class Freshness {
  readonly #clock: Clock;
  readonly #probed: Set<string>;
  #last: { monotonic: number; now: number };

  constructor(clock: Clock, probed: readonly string[]) {
    this.#clock = clock;
    this.#probed = new Set(probed);
    this.#last = { monotonic: clock.monotonic(), now: clock.now() };
  }

  add(origin: string): void {
    this.#probed.add(origin);
  }

  has(origin: string): boolean {
    return this.#probed.has(origin);
  }

  /**
   * True right after this process was frozen or its machine suspended: evidence and record may have grown old
   * meanwhile.
   */
  noticePause(onPause: () => void): boolean {
    const [monotonic, now] = [this.#clock.monotonic(), this.#clock.now()];
    const gapMs = Math.max(monotonic - this.#last.monotonic, now - this.#last.now);
    this.#last = { monotonic, now };
    if (gapMs < pulseMs + pauseMs) return false;
    this.#probed.clear();
    onPause();
    return true;
  }
}
