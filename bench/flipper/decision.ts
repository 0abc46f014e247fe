import { decide } from '../../src/core/decide.ts';
import { parseLiveRecord } from '../../src/core/live-record.ts';
import { normalizeRecord } from '../../src/core/normalize-record.ts';
import { dayOne, healthy, policyFor, unhealthy } from '../../test/unit/core/policy.ts';
import { type BenchRow, benchRow } from '../bench-row.ts';

const batches = 100;
const rounds = 200;

/** One decision: the median of a hundred batches, so that what else the machine does in some of them does not count. */
export function benchDecision(): BenchRow[] {
  return [2, 10].flatMap((count) => {
    const ids = Array.from({ length: count }, (_, index) => `origin-${index}`);
    const orders = ids.map((_, index) => [...ids.slice(index), ...ids.slice(0, index)]);
    const policy = policyFor(orders);
    const well = Object.fromEntries(ids.map((id) => [id, healthy]));
    const ill = { ...well, [ids[0] ?? '']: unhealthy };
    const live = parseLiveRecord(new Map(), dayOne);
    const measure = (evidence: typeof well) => {
      const times = Array.from({ length: batches }, (_, batch) => {
        const startedAt = performance.now();
        for (let round = 0; round < rounds; round++) {
          const now = dayOne + batch * rounds + round;
          decide(normalizeRecord(live, policy.failover, now), evidence, policy, now);
        }
        return ((performance.now() - startedAt) * 1_000) / rounds;
      });
      return times.sort((a, b) => a - b)[batches / 2] ?? Number.NaN;
    };
    // The budget is for the sample's two origins.
    const budget = count === 2 ? 50 : undefined;
    return [
      benchRow(`one decision, ${count} origins, nothing to do`, measure(well), 'µs', budget),
      benchRow(`one decision, ${count} origins, one fails`, measure(ill), 'µs', budget),
    ];
  });
}
