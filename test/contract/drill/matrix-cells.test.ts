import { expect, it } from 'vitest';
import { drillConfig } from '../../../scripts/drill/drill-config.ts';
import { runCell } from '../../../scripts/drill/run-matrix.ts';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { setups } from '../../../src/drill/matrix/matrix.ts';

const config = drillConfig(
  parseEdgeConfig({
    origins: { singapore: { region: 'ap-southeast-1' }, europe: { region: 'eu-central-1' } },
    defaultOrder: ['singapore', 'europe'],
  }),
);

it('loses requests without flag and group, no GET with both, and no POST of clients that try again', async () => {
  const run = (name: string) => {
    const setup = setups.find((each) => each.name === name);
    if (setup === undefined) throw new Error(name);
    const options = {
      config,
      broken: 'singapore',
      fault: { kind: 'refuse' as const },
      requestsPerSecond: 30,
      outageMs: 3_000,
      propagation: {},
    };
    return runCell({ fault: 'refuse', setup }, { ...options, signal: new AbortController().signal });
  };
  const [neither, both] = await Promise.all([run('neither'), run('both')]);
  // Alone: an attempt that a busy machine makes too slow is one more attempt.
  const retry = await run('retry');
  for (const { methods } of [neither, both, retry]) expect(Math.min(methods.GET.requests, methods.POST.requests)).toBeGreaterThan(10);
  // The home of all viewers is singapore in this configuration.
  expect(neither.methods.GET.failed).toBe(neither.methods.GET.requests);
  expect(neither.methods.POST).toMatchObject({ failed: neither.methods.POST.requests, recovered: false });
  expect(neither.movedMs).toBeNull();
  expect(both.methods.GET).toMatchObject({ failed: 0, lastFailedMs: null, recovered: true });
  expect(both.methods.POST.failed).toBeGreaterThan(0);
  // From the first second on, long before the flip, and each write once.
  expect([retry.methods.GET.failed, retry.methods.POST.failed]).toEqual([0, 0]);
  expect(retry.writes).toMatchObject({ carriedOutTwice: 0 });
  expect(retry.writes?.keys).toBeGreaterThanOrEqual(retry.methods.POST.requests);
  expect([neither.writes, both.writes]).toEqual([null, null]);
});
