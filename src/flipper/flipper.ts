import { setMaxListeners } from 'node:events';
import type { FlagStore } from '../core/flag-store.ts';
import type { HoldReason } from '../core/flip-view.ts';
import { effectiveWeights } from '../core/live-record.ts';
import type { Evidence, OriginTrack } from '../core/origin-track.ts';
import type { SignalSource } from '../core/signal.ts';
import { type Clock, systemClock } from './clock.ts';
import { FlagKeeper } from './flag-keeper.ts';
import type { KeptFlag } from './flag-memory.ts';
import type { FlipperPolicy } from './flip-policy.ts';
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
  /** What a flipper before this one knew. Default nothing: the origins are proven and the store is read anew. */
  from?: FlipperMemory;
}

/** All that a flipper knows, as plain data. Evidence ages: a caller must not pass on what is older than a few intervals. */
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

/** Observes, decides, writes on change. `once` throws the store's error when it cannot write; `watch` reports it and tries again. */
export async function runFlipper(options: FlipperOptions): Promise<FlipperSummary> {
  const { mode, shadow, by, policy, signals, store, log, signal, clock = systemClock, random = Math.random, onStart, from } = options;
  // Every signal of every origin sleeps on it at the same time: many listeners are no leak here.
  setMaxListeners(0, signal);
  log({ event: 'start', mode, shadow, by, origins: policy.origins }, clock.now());
  // What an earlier run knew counts for the verdicts, but moves no weight before the origin has been probed again.
  const fresh = new Set(from === undefined ? policy.origins : []);
  let last = { monotonic: clock.monotonic(), now: clock.now() };
  /** True right after this process was frozen, or its machine suspended: evidence and record may have grown old meanwhile. */
  const noticePause = (): boolean => {
    const gaps = [clock.monotonic() - last.monotonic, clock.now() - last.now];
    last = { monotonic: clock.monotonic(), now: clock.now() };
    if (Math.max(...gaps) < pulseMs + pauseMs) return false;
    fresh.clear();
    keeper.doubt();
    return true;
  };
  const watch = openOriginsWatch({
    signals,
    health: policy.health,
    clock,
    random,
    signal,
    log: (event, at) => {
      // A probe that was on its way during the pause is as old as its start.
      if (event.event === 'probe' && !noticePause()) fresh.add(event.origin);
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
    isFresh: (origin) => fresh.has(origin),
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
    const pulse = async () => {
      while (!signal.aborted) {
        noticePause();
        keeper.consider();
        const dueInMs = keeper.dueInMs();
        await clock.sleep(dueInMs > 0 ? Math.min(dueInMs, pulseMs) : pulseMs, signal);
      }
    };
    await Promise.all([watch.watch(), pulse()]);
    await keeper.finish();
  } else {
    await watch.burst();
    await keeper.actNow(onceTries);
  }
  log({ event: 'stop' }, clock.now());
  const evidence = watch.evidence(clock.now());
  const { live } = keeper.kept;
  const weights = live === undefined ? {} : effectiveWeights(live);
  const stranded = policy.origins.filter((id) => evidence[id]?.verdict === 'unhealthy' && (weights[id] ?? 100) > 0);
  return { evidence, held: keeper.held?.reason, stranded, memory: readMemory() };
}
