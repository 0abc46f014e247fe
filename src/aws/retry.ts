import { EdgeError } from '../errors.ts';
import { classifyAwsError } from './aws-error.ts';

export interface RetryOptions {
  sleep: (ms: number) => Promise<void>;
  /** From 0 up to, not including, 1. */
  random: () => number;
  /** One line per failed call that is tried again. */
  log: (line: string) => void;
  signal?: AbortSignal | undefined;
}

/** Calls in all before a failure of each kind is final. Conflicts end in one writer's favour each time; an unreachable host seldom comes back. */
export const maxCalls = { conflict: 12, throttled: 6, unsent: 3, unknown: 4 } as const;

/** Milliseconds to wait after the n-th failed call (from 1): random up to 50 ms, doubling, at most 2 s, so that writers who clashed part. */
export function backoffMs(failed: number, random: () => number): number {
  return Math.ceil(random() * Math.min(2_000, 50 * 2 ** Math.min(failed, 10)));
}

/** Makes a call that may be repeated without harm, again after a passing failure; throws the last error as it was. */
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
