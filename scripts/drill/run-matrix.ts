import type { Propagation } from '../../local/edge/replica.ts';
import type { Io } from '../../src/cli/io.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import { formatCellProgress, formatCellResult } from '../../src/drill/matrix/format-matrix.ts';
import {
  type Cell,
  type CellResult,
  listCells,
  type Matrix,
  measureCell,
  runCells,
  summarizeMatrix,
} from '../../src/drill/matrix/matrix.ts';
import { openRehearsal } from './open-rehearsal.ts';

export interface CellOptions {
  /** With the drill's own times; see drill-config.ts. */
  config: EdgeConfig;
  broken: string;
  requestsPerSecond: number;
  /** How long viewers are watched under the fault. */
  outageMs: number;
  propagation: Partial<Propagation>;
  signal: AbortSignal;
}

export interface MatrixOptions extends Omit<CellOptions, 'signal'> {
  /** With their values, such as `slow:1500`. */
  faults: readonly string[];
}

const warmUpMs = 1_000;
const retryHeader = 'x-retry-attempt';
/** The time of an outage besides its own: opening, warming up, waiting for the last answers. */
const overheadMs = { other: 4_000, hang: 14_000 };

/**
 * Runs every fault under every setup, one after the other, and reports progress. `failure` ended it early; also Ctrl-C.
 */
export async function runMatrix({ faults, ...options }: MatrixOptions, io: Io): Promise<{ matrix: Matrix; failure: unknown }> {
  const { broken, requestsPerSecond, outageMs } = options;
  const planned = listCells(faults);
  const cells: CellResult[] = [];
  const startedAt = io.now();
  let drawing: NodeJS.Timeout | undefined;
  let failure: unknown;
  try {
    await runCells({
      cells: planned,
      runCell: (cell) => runCell(cell, { ...options, signal: io.signal }),
      expectMs: ({ fault }) => outageMs + (fault === 'hang' ? overheadMs.hang : overheadMs.other),
      onStart: (cell, place, leftMs) => {
        clearInterval(drawing);
        const endsAt = io.now() + leftMs;
        const draw = () => io.progress(formatCellProgress(cell, place, planned.length, endsAt - io.now()));
        draw();
        drawing = setInterval(draw, 1_000);
      },
      onResult: (result) => {
        cells.push(result);
        io.stderr(`${((io.now() - startedAt) / 1_000).toFixed(0).padStart(4)} s  ${formatCellResult(result)}`);
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

/** One outage without a restore, in its own local cloud, watched until every request sent during it has ended. */
export async function runCell({ fault, setup }: Cell, options: CellOptions): Promise<CellResult> {
  const { broken, outageMs } = options;
  const config = { ...options.config, perRequestFailover: setup.group, retryHeader: setup.retry ? retryHeader : undefined };
  const rehearsal = await openRehearsal({ ...options, config, flipper: setup.flag, retrying: setup.retry, note: () => undefined });
  try {
    await rehearsal.pause(warmUpMs);
    const brokenAt = Date.now();
    await rehearsal.setFault(broken, fault);
    await rehearsal.pause(outageMs);
    const endedAt = Date.now();
    const movedAt = rehearsal.watch.flipAway(broken)?.servedAt;
    await rehearsal.stopTraffic();
    const figures = measureCell(rehearsal.outcomes, { brokenAt, endedAt, movedAt });
    return {
      fault: fault.split(':', 1)[0] ?? fault,
      setup: setup.name,
      lagMs: rehearsal.lagMs(),
      ...figures,
      writes: setup.retry ? rehearsal.countWrites() : null,
    };
  } finally {
    await rehearsal.close();
  }
}
