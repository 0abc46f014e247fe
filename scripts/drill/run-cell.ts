import type { Propagation } from '../../local/edge/replica.ts';
import type { OriginFault } from '../../local/origin/origin-fault.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import type { Cell, CellResult } from '../../src/drill/matrix/cell.ts';
import { measureCell } from '../../src/drill/matrix/measure-cell.ts';
import { openRehearsal } from './open-rehearsal.ts';

export interface CellOptions {
  /** With the drill's own times; see drill-config.ts. */
  config: EdgeConfig;
  broken: string;
  fault: OriginFault;
  requestsPerSecond: number;
  /** How long viewers are watched under the fault. */
  outageMs: number;
  propagation: Partial<Propagation>;
  signal: AbortSignal;
}

const warmUpMs = 1_000;

/** One outage that nobody mends, on a local cloud of its own, under this setup: watched from the fault on, until every request sent meanwhile has ended. */
export async function runCell({ setup }: Cell, options: CellOptions): Promise<CellResult> {
  const { broken, fault, outageMs } = options;
  const config = { ...options.config, perRequestFailover: setup.group };
  const rehearsal = await openRehearsal({ ...options, config, flipper: setup.flag, tell: () => undefined });
  try {
    await rehearsal.pause(warmUpMs);
    const brokenAt = Date.now();
    await rehearsal.cloud.setFault(broken, fault);
    await rehearsal.pause(outageMs);
    const endedAt = Date.now();
    const movedAt = rehearsal.watch.flipAway(broken)?.servedAt;
    await rehearsal.stopTraffic();
    const figures = measureCell(rehearsal.outcomes, { brokenAt, endedAt, movedAt });
    return { fault: fault.kind, setup: setup.name, lagMs: rehearsal.lagMs(), ...figures };
  } finally {
    await rehearsal.close();
  }
}
