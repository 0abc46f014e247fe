/**
 * A `fetch` for clients of the distribution: browsers, Node 20 and workers.
 *
 * @example
 * import { retryingFetch } from 'cloudfront-edge-failover/client';
 *
 * const [, , url = 'https://app.example.com/api/orders'] = process.argv;
 * const send = retryingFetch({ retries: 3, timeoutMs: 5_000 });
 * const answer = await send(url, { method: 'POST', headers: { 'Idempotency-Key': crypto.randomUUID() } });
 * console.log(answer.status);
 */
export { type RetryingFetchOptions, retryingFetch } from '../client/retrying-fetch.ts';
