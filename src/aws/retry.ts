import { setTimeout as sleepFor } from 'node:timers/promises';
import { EdgeError } from '../errors.ts';
import { formatDuration } from '../text/time.ts';
import { classifyAwsError } from './aws-error.ts';

export interface RetryOptions {
  sleep: (ms: number) => Promise<void>;
  /** From 0 up to, not including, 1. */
  random: () => number;
  /** One line per failed call that is repeated. */
  log: (line: string) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Calls before a failure of each kind is final. Each conflict lets one writer through; an unreachable host seldom comes
 * back.
 */
export const maxCalls = { conflict: 12, throttled: 6, unsent: 3, unknown: 4 } as const;

/**
 * Milliseconds to wait after the n-th failed call (from 1): random up to 100 ms, doubling, at most 2 s, so that
 * conflicting writers separate.
 */
export function backoffMs(failed: number, random: () => number): number {
  return Math.ceil(random() * Math.min(2_000, 50 * 2 ** Math.min(failed, 10)));
}

/** Repeats a call that is safe to repeat after temporary failures; throws the last error unchanged. */
export async function retryCall<T>(doing: string, call: () => Promise<T>, options: RetryOptions): Promise<T> {
  for (let made = 1; ; made++) {
    try {
      return await call();
    } catch (error) {
      const failure = classifyAwsError(error);
      if (failure === 'refused' || failure === 'bug' || failure === 'conflict' || made >= maxCalls[failure]) throw error;
      const waitMs = backoffMs(made, options.random);
      const { name } = (error instanceof EdgeError ? error.cause : error) as Error;
      options.log(`cannot ${doing} yet (${name}), again in ${waitMs} ms`);
      await options.sleep(waitMs);
      options.signal?.throwIfAborted();
    }
  }
}

/** How to wait for AWS to finish something. */
export interface PollOptions {
  /** NOT_READY after this long. */
  timeoutMs: number;
  /** One line for each unfinished check. */
  progress?: ((line: string) => void) | undefined;
  signal?: AbortSignal | undefined;
  sleep?: (ms: number) => Promise<void>;
  /** Epoch milliseconds. */
  now?: () => number;
}

/** One check: done with a value, or waiting with a message. */
export type PollStep<T> = { done: T } | { waiting: string };

const firstPauseMs = 100;

/**
 * Checks now, then after pauses that grow by half up to `maxPauseMs`, until it is done. NOT_READY names the last state.
 */
export async function poll<T>(check: () => Promise<PollStep<T>>, maxPauseMs: number, options: PollOptions): Promise<T> {
  const { timeoutMs, progress, signal, now = Date.now, sleep = (ms: number) => sleepFor(ms, undefined, { signal }) } = options;
  const startedAt = now();
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(maxPauseMs, pauseMs * 1.5)) {
    signal?.throwIfAborted();
    const seen = await check();
    if ('done' in seen) return seen.done;
    const waitedMs = now() - startedAt;
    if (waitedMs >= timeoutMs)
      throw new EdgeError('NOT_READY', `${seen.waiting}, unchanged after ${formatDuration(timeoutMs)}`, {
        hint: 'AWS continues: run the command again to wait for it',
      });
    progress?.(`${seen.waiting}, ${formatDuration(Math.max(1_000, waitedMs))}`);
    await sleep(Math.min(pauseMs, Math.max(1, timeoutMs - waitedMs)));
  }
}
