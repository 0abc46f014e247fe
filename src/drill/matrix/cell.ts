/** Ways to protect the same distribution, from none to ours; two switches make them. */
export const setups = [
  { name: 'neither', says: 'every viewer goes to the home origin, whatever becomes of it', group: false, flag: false },
  { name: 'group', says: 'an origin group on each GET, HEAD and OPTIONS, as CloudFront has it by itself', group: true, flag: false },
  { name: 'flag', says: 'the flipper moves everybody by the health flag', group: false, flag: true },
  { name: 'both', says: 'the flag, and a group for the seconds before it has moved', group: true, flag: true },
] as const;

type Setup = (typeof setups)[number];
export type SetupName = Setup['name'];

/** The methods that are told apart: one that an origin group covers, and one that it does not. */
export const matrixMethods = ['GET', 'POST'] as const;
export type MatrixMethod = (typeof matrixMethods)[number];

/** One outage to be run. */
export interface Cell {
  fault: string;
  setup: Setup;
}

/** What one method's viewers saw from the fault to the end of the outage. Times in milliseconds; null for what there is nothing to tell of. */
export interface MethodFigures {
  requests: number;
  failed: number;
  /** From the fault until the last request that was to fail was sent; null when none failed. */
  lastFailedMs: number | null;
  /** Nobody failed any more by the end of the outage. */
  recovered: boolean;
  p50Ms: number | null;
  p99Ms: number | null;
  /** Of requests sent in the last seconds of the outage, when whatever was going to help has helped. */
  lateP50Ms: number | null;
  lateP99Ms: number | null;
}

/** What one outage came to. */
export interface CellResult {
  fault: string;
  setup: SetupName;
  /** From the fault until the flip was at the edge; null when there was none. */
  movedMs: number | null;
  methods: Record<MatrixMethod, MethodFigures>;
  /** How late this process ran, 99 % of the time at most: latencies are no more exact than that. */
  lagMs: number;
  /** By second after the fault. */
  seconds: Record<MatrixMethod, { ok: number; failed: number }>[];
}

/** Every fault under every setup, or those of one fault. */
export function listCells(faults: readonly string[]): Cell[] {
  return faults.flatMap((fault) => setups.map((setup) => ({ fault, setup })));
}
