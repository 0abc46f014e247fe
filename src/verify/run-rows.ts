import type { VerifyRow } from './verify-row.ts';

/** Makes the rows, so many at a time, in the order that they are listed. Those that were not reached before the signal are not there. */
export async function runRows(
  checks: readonly (() => Promise<VerifyRow | undefined>)[],
  { atOnce, signal, onRow }: { atOnce: number; signal: AbortSignal; onRow: (done: number) => void },
): Promise<VerifyRow[]> {
  const rows: (VerifyRow | undefined)[] = [];
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < checks.length && !signal.aborted) {
      const index = next++;
      rows[index] = await checks[index]?.();
      onRow(++done);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return rows.filter((row) => row !== undefined);
}
