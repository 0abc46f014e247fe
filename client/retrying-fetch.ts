/** All times in milliseconds. */
export interface RetryingFetchOptions {
  /** Header of a retry, with its number from 1: `retryHeader` of edge.config.ts. Default `x-retry-attempt`. */
  header?: string | undefined;
  /** Retries after the first attempt. Default 3. */
  retries?: number | undefined;
  /** An attempt whose answer has not begun by then is ended. Default: no limit. */
  timeoutMs?: number | undefined;
  /** The wait before the first retry is a random part of this; it doubles with each retry. Default 200. */
  waitMs?: number | undefined;
  /** The longest wait. An answer whose Retry-After asks for more is returned. Default 5,000. */
  maxWaitMs?: number | undefined;
  /** Default: the global one. */
  fetch?: typeof fetch | undefined;
  /** From 0 to below 1. Default Math.random. */
  random?: (() => number) | undefined;
  /** Ends early when the signal is aborted. Default: setTimeout. */
  sleep?: ((ms: number, signal?: AbortSignal | null) => Promise<unknown>) | undefined;
}

/** Ends early when the signal is aborted: the next attempt then fails with its reason. */
const pause = (ms: number, signal?: AbortSignal | null) =>
  new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms * (!signal?.aborted as never));
    signal?.addEventListener('abort', end);
  });

/**
 * A `fetch` that sends a request again after a failed connection and after 502, 503 and 504: any but POST and PATCH,
 * and those with an `Idempotency-Key`. It never repeats a stream in `init`, nor a request whose answer has begun and
 * breaks off. One kilobyte: casts in place of conversions.
 */
export function retryingFetch({
  header = 'x-retry-attempt',
  retries = 3,
  timeoutMs,
  waitMs = 200,
  maxWaitMs = 5_000,
  fetch: send = fetch,
  random = Math.random,
  sleep = pause,
}: RetryingFetchOptions = {}): typeof fetch {
  // A name that is none is an error now, not in an outage.
  new Headers([[header, '']]);
  return async (input, init) => {
    const request = input as Request;
    const headers = new Headers(init?.headers ?? request.headers);
    const signal = init?.signal ?? request.signal;
    // CloudFront takes seven methods; all but these two are idempotent. Every stream needs `duplex`.
    const isRepeatable = headers.has('idempotency-key') || !/^p(os|at)/i.test(init?.method ?? request.method);
    const last = (isRepeatable && !(init as { duplex?: string } | undefined)?.duplex && retries) || 0;
    for (let attempt = 0; ; headers.set(header, ++attempt as never)) {
      let ms = random() * Math.min(maxWaitMs, waitMs * 2 ** attempt);
      const stop = new AbortController();
      const timer = timeoutMs && setTimeout(() => stop.abort(new DOMException('no answer', 'TimeoutError')), timeoutMs);
      try {
        const response = await send((last && request.clone?.()) || input, {
          ...init,
          headers,
          signal: AbortSignal.any([stop.signal, signal ?? stop.signal]),
        });
        const after = response.headers.get('retry-after') as never;
        ms = Math.max(ms, after * 1_000 || Date.parse(after) - Date.now() || 0);
        if (attempt >= last || !/50[234]/.test(response.status as never) || ms > maxWaitMs) return response;
      } catch (error) {
        if (attempt >= last || signal?.aborted) throw error;
      } finally {
        clearTimeout(timer);
      }
      // Frees the connection of an answer that nothing will read.
      stop.abort();
      await sleep(ms, signal);
    }
  };
}
