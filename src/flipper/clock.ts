import { setTimeout as wait } from 'node:timers/promises';

/** Time as the flipper sees it; tests bring their own. */
export interface Clock {
  /** Epoch milliseconds; may jump when the clock is set. */
  now(): number;
  /** Milliseconds that only ever go on, for durations. */
  monotonic(): number;
  /** Resolves after `ms`, or at once when the signal is aborted; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  sleep: (ms, signal) => wait(Math.max(0, ms), undefined, { signal }).catch(() => undefined),
};
