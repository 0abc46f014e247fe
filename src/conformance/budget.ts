import { classifyAwsError } from '../aws/aws-error.ts';
import type { CallService, ServiceName, ServiceOutput } from '../aws/call-service.ts';
import { backoffMs } from '../aws/retry.ts';
import { type CostItem, costItem, edgePrices, prices, sumUsd } from '../cost/prices.ts';
import { EdgeError } from '../errors.ts';
import type { ConformanceCase } from './conformance-case.ts';
import type { Pace } from './target.ts';

/** What a run counts. Calls of CloudFront's control plane, Lambda's and IAM's APIs are free. */
type Counted = 'store calls' | 'requests' | 'free calls';

export type CallCounts = Record<Counted, number>;

/** Calls of the data plane at once: enough to see a limit of tens a second, and $0.06. */
export const burstCalls = 60;

/** The most that the cases may use: more than that stops the run. */
export function planCounts(cases: readonly ConformanceCase[], pace: Pace): CallCounts {
  const counts: CallCounts = { 'store calls': 20, requests: 0, 'free calls': 600 };
  let measuresWrites = false;
  for (const { ask } of cases) {
    if (ask.kind === 'calls') {
      const stores = ask.calls.filter(({ op }) => op.startsWith('kvs:')).length;
      counts['store calls'] += stores;
      counts['free calls'] += 2 * (ask.calls.length - stores);
    }
    if (ask.kind === 'function') counts['free calls'] += 6;
    if (ask.kind === 'edge') counts.requests += ask.requests.length;
    if (ask.kind === 'measure' && ask.what === 'burst') counts['store calls'] += burstCalls;
    if (ask.kind === 'measure' && ask.what === 'publish') counts.requests += pace.maxSamples;
    if (ask.kind === 'measure' && /^(write|old-value|missing-key)$/.test(ask.what)) measuresWrites = true;
  }
  if (measuresWrites) {
    counts['store calls'] += 2 * pace.rounds;
    counts.requests += pace.rounds * pace.maxSamples;
  }
  // Throttled calls are sent again and count again.
  counts['store calls'] = Math.ceil(1.25 * counts['store calls']);
  return counts;
}

/** Seconds that an origin may take, at 128 MB: the slow ones answer after 2.5 s. */
const gigabyteSecondsOfRequest = 3 * 0.125;

/** What AWS charges for these counts, before any free tier, in the dearest of the price regions that are known. */
export function priceOf(counts: CallCounts): { items: CostItem[]; usd: number } {
  const items = [
    costItem('calls of the KeyValueStore API', prices.keyValueStoreCall, counts['store calls']),
    costItem('requests to CloudFront', edgePrices.india.request, counts.requests),
    costItem('runs of the functions', prices.functionRun, 2 * counts.requests),
    costItem('reads by the functions', prices.keyValueStoreRead, counts.requests),
    costItem('requests to Lambda', prices.lambdaRequest, 2 * counts.requests),
    costItem('Lambda duration', prices.lambdaGigabyteSecond, counts.requests * gigabyteSecondsOfRequest),
  ];
  return { items, usd: sumUsd(items) };
}

export type BoundedCall = (
  service: ServiceName,
  operation: string,
  input: Readonly<Record<string, unknown>>,
  options?: { retries?: boolean },
) => Promise<ServiceOutput>;

export interface Meter {
  counts: CallCounts;
  count(what: Counted): void;
}

/** CallCounts, and throws QUOTA rather than cost more than was planned. */
export function openMeter(limits: CallCounts): Meter {
  const counts: CallCounts = { 'store calls': 0, requests: 0, 'free calls': 0 };
  return {
    counts,
    count(what) {
      if (counts[what] >= limits[what])
        throw new EdgeError('QUOTA', `the run would need more than the ${limits[what]} ${what} of its plan`, {
          hint: 'AWS throttles this account: run it again later, or fewer cases with --only',
        });
      counts[what] += 1;
    },
  };
}

const maxThrottled = 8;

/** CallCounts each call and repeats one that did not happen: throttled, or never sent. */
export function openBoundedCall(call: CallService, meter: Meter, sleep: (ms: number) => Promise<unknown>): BoundedCall {
  return async (service, operation, input, { retries = true } = {}) => {
    for (let made = 1; ; made++) {
      meter.count(service === 'kvs' ? 'store calls' : 'free calls');
      try {
        return await call(service, operation, input);
      } catch (error) {
        const failure = classifyAwsError(error);
        if (!retries || (failure !== 'throttled' && failure !== 'unsent') || made >= maxThrottled) throw error;
        await sleep(backoffMs(made + 3, Math.random));
      }
    }
  };
}
