import type { DrillPromise } from '../judge-promises.ts';
import { type CellResult, type MatrixMethod, matrixMethods, type SetupName, setups } from './cell.ts';
import { judgeMatrix } from './judge-matrix.ts';

/** Every outage that was run, and what it proves. */
export interface Matrix {
  broken: string;
  /** How long each outage was watched. */
  outageMs: number;
  requestsPerSecond: number;
  /** Outages that were to be run; more than `cells` when it was interrupted. */
  planned: number;
  cells: CellResult[];
  /** All outages of a setup together. */
  totals: { setup: SetupName; method: MatrixMethod; requests: number; failed: number }[];
  promises: DrillPromise[];
}

/** Adds up and judges what was run. Pure. */
export function summarizeMatrix(run: Pick<Matrix, 'broken' | 'outageMs' | 'requestsPerSecond' | 'planned' | 'cells'>): Matrix {
  const { cells } = run;
  const totals = setups.flatMap(({ name: setup }) => {
    const of = cells.filter((cell) => cell.setup === setup);
    const sum = (method: MatrixMethod, field: 'requests' | 'failed') => of.reduce((all, cell) => all + cell.methods[method][field], 0);
    return of.length === 0
      ? []
      : matrixMethods.map((method) => ({ setup, method, requests: sum(method, 'requests'), failed: sum(method, 'failed') }));
  });
  return { ...run, totals, promises: judgeMatrix(cells) };
}
