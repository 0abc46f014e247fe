import { setTimeout as sleepFor } from 'node:timers/promises';
import { EdgeError } from '../errors.ts';
import { formatDuration } from '../text/duration.ts';

/** How to wait for AWS to finish something. */
export interface PollOptions {
  /** NOT_READY after this long. */
  timeoutMs: number;
  /** One line for each look that found it unfinished. */
  progress?: ((line: string) => void) | undefined;
  signal?: AbortSignal | undefined;
  sleep?: (ms: number) => Promise<void>;
  /** Epoch milliseconds. */
  now?: () => number;
}

/** One look: done with a value, or still waiting, with what to say. */
export type Look<T> = { done: T } | { waiting: string };

const firstPauseMs = 100;

/** Looks at once, then again after pauses that grow by half up to `maxPauseMs`, until it is done. NOT_READY names what was last seen. */
export async function poll<T>(look: () => Promise<Look<T>>, maxPauseMs: number, options: PollOptions): Promise<T> {
  const { timeoutMs, progress, signal, now = Date.now, sleep = (ms: number) => sleepFor(ms, undefined, { signal }) } = options;
  const startedAt = now();
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(maxPauseMs, pauseMs * 1.5)) {
    signal?.throwIfAborted();
    const seen = await look();
    if ('done' in seen) return seen.done;
    const waitedMs = now() - startedAt;
    if (waitedMs >= timeoutMs)
      throw new EdgeError('NOT_READY', `${seen.waiting}, still so after ${formatDuration(timeoutMs)}`, {
        hint: 'AWS continues without this command; run it again to wait',
      });
    progress?.(`${seen.waiting}, ${formatDuration(Math.max(1_000, waitedMs))}`);
    await sleep(Math.min(pauseMs, Math.max(1, timeoutMs - waitedMs)));
  }
}
