import pMap, { pMapSkip } from 'p-map';
import { originIdOf } from '../config/origin-names.ts';
import { checkEdge, checkLock, checkOrigin, type EdgeCheck, isAddressKnown, type OriginCheck } from './checks.ts';
import type { Asker, Expected } from './expected-origins.ts';
import type { VerifyRow } from './samples.ts';

export interface VerifyTask {
  /** The viewers to simulate, where each may be answered, and how; undefined to leave the edge out. */
  edge: { askers: readonly Asker[]; expected: readonly Expected[]; check: EdgeCheck } | undefined;
  /** The origins to probe directly, and how. */
  origins: readonly string[];
  direct: OriginCheck;
  signal: AbortSignal;
  /** Rows done so far, and all of them. */
  onProgress: (done: number, total: number) => void;
}

const nothingExpected: Expected = { right: [], fallback: [], isRecordKnown: false };

/** Rows at the same time: the local edge has one for each country. */
const concurrency = 4;

/**
 * Sends requests through the edge as each viewer, to each origin directly, and to each origin without its secret
 * headers.
 */
export async function verify({ edge, origins, direct, signal, onProgress }: VerifyTask): Promise<{ rows: VerifyRow[]; total: number }> {
  const viaEdge = (edge?.askers ?? []).map(
    (asker, index) => async () => edge && checkEdge(asker, edge.expected[index] ?? nothingExpected, edge.check),
  );
  const directly = origins.map((id) => () => checkOrigin(id, direct));
  const withoutSecret = origins
    .filter((id) => isAddressKnown(originIdOf(direct.config.origins, id), direct.distribution))
    .map((id) => () => checkLock(id, direct));
  const checks = [...viaEdge, ...directly, ...withoutSecret];
  onProgress(0, checks.length);
  const rows = await runRows(checks, { concurrency, signal, onRow: (done) => onProgress(done, checks.length) });
  return { rows, total: checks.length };
}

/** Runs the checks and returns their rows in order. Checks that had not started before the signal have no row. */
export async function runRows(
  checks: readonly (() => Promise<VerifyRow | undefined>)[],
  { concurrency, signal, onRow }: { concurrency: number; signal: AbortSignal; onRow: (done: number) => void },
): Promise<VerifyRow[]> {
  let done = 0;
  return pMap(
    checks,
    async (check) => {
      if (signal.aborted) return pMapSkip;
      const row = await check();
      onRow(++done);
      return row ?? pMapSkip;
    },
    { concurrency },
  );
}
