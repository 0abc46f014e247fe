import type { Cell, CellResult } from './cell.ts';

export interface RunCellsOptions {
  cells: readonly Cell[];
  /** Rejects when `signal` is aborted. */
  runCell: (cell: Cell) => Promise<CellResult>;
  /** How long a cell is expected to take: what makes the time left honest when some take twice as long as others. */
  expectMs: (cell: Cell) => number;
  /** `leftMs` until all are done, by the pace so far and by what was expected before there is one. */
  onStart: (cell: Cell, place: number, leftMs: number) => void;
  onResult: (result: CellResult) => void;
  signal: AbortSignal;
  now: () => number;
}

/**
 * Runs the cells one after the other: they share one process and its event loop, and several at a time made each other's latencies on a busy machine.
 * The first failure ends it and is thrown; what was done by then is with `onResult`.
 */
export async function runCells({ cells, runCell, expectMs, onStart, onResult, signal, now }: RunCellsOptions): Promise<void> {
  const startedAt = now();
  const expected = (list: readonly Cell[]) => list.reduce((sum, cell) => sum + expectMs(cell), 0);
  for (const [place, cell] of cells.entries()) {
    signal.throwIfAborted();
    const pace = place === 0 ? 1 : (now() - startedAt) / expected(cells.slice(0, place));
    onStart(cell, place, pace * expected(cells.slice(place)));
    onResult(await runCell(cell));
  }
}
