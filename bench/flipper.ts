import { argv, exit, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { type BenchRow, formatBenchRows } from './bench-row.ts';
import { benchDecision } from './flipper/decision.ts';
import { benchDetection } from './flipper/detection.ts';
import { benchDay, benchMemory } from './flipper/endurance.ts';
import { benchGray, benchTotalOutage } from './flipper/gray.ts';
import { benchManyOrigins } from './flipper/many-origins.ts';
import { benchMonth } from './flipper/month.ts';

/**
 * The flipper's figures beside their budgets; about two minutes. One after the other: they would slow each other down.
 */
export async function benchFlipper(): Promise<BenchRow[]> {
  return [
    ...(await benchDetection()),
    ...(await benchGray()),
    ...(await benchTotalOutage()),
    ...benchDecision(),
    await benchDay(),
    await benchMemory(),
    ...(await benchMonth()),
    ...(await benchManyOrigins()),
  ];
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const rows = await benchFlipper();
  stdout.write(`${formatBenchRows(rows).join('\n')}\n`);
  exit(rows.some(({ ok }) => ok === false) ? 1 : 0);
}
