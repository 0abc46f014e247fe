import pMap, { pMapSkip } from 'p-map';
import type { VerifyRow } from './verify-row.ts';

/** Makes the rows, so many at a time, in the order that they are listed. Those that were not reached before the signal are not there. */
export async function runRows(
  checks: readonly (() => Promise<VerifyRow | undefined>)[],
  { atOnce, signal, onRow }: { atOnce: number; signal: AbortSignal; onRow: (done: number) => void },
): Promise<VerifyRow[]> {
  let done = 0;
  const rows = await pMap(
    checks,
    async (check) => {
      if (signal.aborted) return pMapSkip;
      const row = await check();
      onRow(++done);
      return row ?? pMapSkip;
    },
    { concurrency: atOnce },
  );
  return rows;
}
