import { expect, it } from 'vitest';
import type { VerifyRow } from '../../../src/verify/samples.ts';
import { latencyFigures } from '../../../src/verify/samples.ts';
import { runRows } from '../../../src/verify/verify.ts';

const row = (who: string): VerifyRow => ({
  way: 'edge',
  who,
  outcome: 'ok',
  expected: [],
  went: [],
  statuses: [],
  samples: 1,
  latency: undefined,
  tls: undefined,
  notes: [],
});

it('keeps the order of the list, whichever is done first, with a limit on how many run at a time', async () => {
  let running = 0;
  let most = 0;
  const waiting: (() => void)[] = [];
  const checks = ['a', 'b', 'c', 'd', 'e'].map((who) => async () => {
    most = Math.max(most, ++running);
    await new Promise<void>((resolve) => waiting.push(resolve));
    running--;
    return row(who);
  });
  const done: number[] = [];
  const rows = runRows(checks, { concurrency: 2, signal: new AbortController().signal, onRow: (count) => done.push(count) });
  // The last one that waits goes first.
  for (let left = checks.length; left > 0; left--) {
    await expect.poll(() => waiting.length).toBeGreaterThan(0);
    waiting.pop()?.();
  }
  expect((await rows).map(({ who }) => who)).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect([most, done]).toEqual([2, [1, 2, 3, 4, 5]]);
});

it('returns what is there when it is stopped', async () => {
  const stop = new AbortController();
  const checks = ['a', 'b', 'c'].map((who) => async () => {
    if (who === 'b') stop.abort();
    return who === 'b' ? undefined : row(who);
  });
  expect((await runRows(checks, { concurrency: 1, signal: stop.signal, onRow: () => undefined })).map(({ who }) => who)).toEqual(['a']);
});

it.each([
  { samples: [7], figures: { p50Ms: 7, p95Ms: 7, maxMs: 7 } },
  { samples: [4, 1, 3, 2], figures: { p50Ms: 2, p95Ms: 4, maxMs: 4 } },
  { samples: Array.from({ length: 100 }, (_, n) => 100 - n), figures: { p50Ms: 50, p95Ms: 95, maxMs: 100 } },
])('takes percentiles by the nearest rank of $samples.length', ({ samples, figures }) => {
  expect(latencyFigures(samples)).toEqual(figures);
  expect(latencyFigures([])).toBeUndefined();
});
