// npm run bench -- harness [rounds]: how long a test harness of the built package takes to start, and to assert a
// failover.
import { execFileSync } from 'node:child_process';
import { argv, execPath, stdout } from 'node:process';
import { pathToFileURL } from 'node:url';
import type * as Local from '../api/local.ts';
import { percentile } from '../src/text/percentile.ts';
import sample from '../test/fixtures/sample/edge.config.ts';
import { type BenchRow, benchRow, formatBenchRows } from './bench-row.ts';

const rounds = Number(argv[2] ?? 5);
const budgets = { startMs: 2_000, failoverMs: 5_000 };
const viewer = { country: 'US', method: 'POST' };

execFileSync(execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
const { createTestHarness } = (await import(pathToFileURL('dist/api/local.js').href)) as typeof Local;

const figures = { start: [] as number[], refuse: [] as number[], hang: [] as number[], close: [] as number[] };
for (let round = 0; round < rounds; round++) {
  for (const fault of ['refuse', 'hang'] as const) {
    const openedAt = performance.now();
    const harness = await createTestHarness({ config: sample });
    const brokenAt = performance.now();
    await harness.breakOrigin('singapore', fault);
    await harness.untilWeight('singapore', 0);
    await harness.assertAnsweredBy('europe', '/', viewer);
    const closedAt = performance.now();
    await harness.close();
    figures.start.push(brokenAt - openedAt);
    figures[fault].push(closedAt - brokenAt);
    figures.close.push(performance.now() - closedAt);
  }
}

const rows: BenchRow[] = [
  ...describe('start, with every origin found healthy', figures.start, budgets.startMs),
  ...describe('failover asserted, connections refused', figures.refuse, budgets.failoverMs),
  ...describe('failover asserted, no answers', figures.hang, budgets.failoverMs),
  ...describe('close', figures.close),
];
stdout.write(`${formatBenchRows(rows).join('\n')}\n`);

function describe(name: string, times: readonly number[], budget?: number): BenchRow[] {
  const sorted = times.toSorted((one, other) => one - other);
  return [
    benchRow(`${name}, median`, percentile(sorted, 0.5) ?? Number.NaN, 'ms', budget),
    benchRow(`${name}, slowest`, sorted.at(-1) ?? Number.NaN, 'ms'),
  ];
}
