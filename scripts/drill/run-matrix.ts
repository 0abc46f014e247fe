import type { Propagation } from '../../local/edge/replica.ts';
import { parseOriginFault } from '../../local/origin/origin-fault.ts';
import type { Io } from '../../src/cli/io.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import { type Cell, type CellResult, listCells, matrixMethods } from '../../src/drill/matrix/cell.ts';
import { formatRecovery, formatShare } from '../../src/drill/matrix/format-figures.ts';
import { type Matrix, summarizeMatrix } from '../../src/drill/matrix/matrix.ts';
import { runCells } from '../../src/drill/matrix/run-cells.ts';
import { formatDuration } from '../../src/text/duration.ts';
import { runCell } from './run-cell.ts';

export interface MatrixOptions {
  config: EdgeConfig;
  broken: string;
  /** Kinds of fault, with their values such as `slow:1500`. */
  faults: readonly string[];
  requestsPerSecond: number;
  outageMs: number;
  propagation: Partial<Propagation>;
}

/** How long an outage takes beside its own time: opening, warming up, and waiting for the answers that are still to come. */
const overheadMs = { other: 4_000, hang: 14_000 };

/** Runs every fault under every setup, one after the other, and tells how far it is. `failure` is what ended it early, Ctrl-C included. */
export async function runMatrix(options: MatrixOptions, io: Io): Promise<{ matrix: Matrix; failure: unknown }> {
  const { config, broken, faults, requestsPerSecond, outageMs, propagation } = options;
  const planned = listCells(faults);
  const cells: CellResult[] = [];
  const startedAt = io.now();
  let drawing: NodeJS.Timeout | undefined;
  let failure: unknown;
  try {
    await runCells({
      cells: planned,
      runCell: (cell) => {
        const fault = parseOriginFault(cell.fault);
        if (fault === undefined) throw new Error(`no fault: ${cell.fault}`);
        return runCell(cell, { config, broken, fault, requestsPerSecond, outageMs, propagation, signal: io.signal });
      },
      expectMs: ({ fault }) => outageMs + (fault === 'hang' ? overheadMs.hang : overheadMs.other),
      onStart: (cell, place, leftMs) => {
        clearInterval(drawing);
        const endsAt = io.now() + leftMs;
        const draw = () => io.progress(describeCell(cell, place, planned.length, endsAt - io.now()));
        draw();
        drawing = setInterval(draw, 1_000);
      },
      onResult: (result) => {
        cells.push(result);
        io.stderr(`${((io.now() - startedAt) / 1_000).toFixed(0).padStart(4)} s  ${describeResult(result)}`);
      },
      signal: io.signal,
      now: io.now,
    });
  } catch (error) {
    failure = error;
  } finally {
    clearInterval(drawing);
  }
  return { matrix: summarizeMatrix({ broken, outageMs, requestsPerSecond, planned: planned.length, cells }), failure };
}

function describeCell({ fault, setup }: Cell, place: number, total: number, leftMs: number): string {
  return `${place + 1} of ${total}: ${fault} with ${setup.name}; about ${formatDuration(Math.max(1_000, Math.round(leftMs / 1_000) * 1_000))} left, Ctrl-C keeps what is done`;
}

function describeResult({ fault, setup, methods }: CellResult): string {
  const said = matrixMethods.map((method) => {
    const figures = methods[method];
    const until = figures.failed === 0 ? '' : figures.recovered ? ` until ${formatRecovery(figures)}` : ' to the end';
    return `${method} ${formatShare(figures.failed, figures.requests)}${until}`;
  });
  return `${fault.padEnd(8)}  ${setup.padEnd(7)}  failed: ${said.join(', ')}`;
}
