import { percentile } from '../../text/percentile.ts';
import type { ViewerOutcome } from '../drill-record.ts';
import type { DrillPromise } from '../summarize-drill.ts';

/** All outages that were run and the claims they test. */
export interface Matrix {
  broken: string;
  /** How long each outage was watched. */
  outageMs: number;
  requestsPerSecond: number;
  /** The number of outages planned; more than `cells` after an interruption. */
  planned: number;
  cells: CellResult[];
  /** All outages of a setup together. */
  totals: { setup: SetupName; method: MatrixMethod; requests: number; failed: number }[];
  promises: DrillPromise[];
}

/** Adds up and judges the outages. Pure. */
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

/** Ways to protect the same distribution: every combination of two switches, and both with clients that try again. */
export const setups = [
  { name: 'neither', says: 'every viewer goes to the home origin, up or down', group: false, flag: false, retry: false },
  { name: 'group', says: 'an origin group of CloudFront on each GET, HEAD and OPTIONS', group: true, flag: false, retry: false },
  { name: 'flag', says: 'the flipper moves all viewers by the health flag', group: false, flag: true, retry: false },
  { name: 'both', says: 'the flag, and a group for the seconds before it is at the edge', group: true, flag: true, retry: false },
  { name: 'retry', says: 'both, and clients that try again with retryHeader', group: true, flag: true, retry: true },
] as const;

type Setup = (typeof setups)[number];
export type SetupName = Setup['name'];

/** One method that an origin group covers and one that it does not. */
export const matrixMethods = ['GET', 'POST'] as const;
export type MatrixMethod = (typeof matrixMethods)[number];

/** One outage to run. */
export interface Cell {
  fault: string;
  setup: Setup;
}

/** One method's requests from the fault to the end of the outage. Times are milliseconds; null without a request. */
export interface MethodFigures {
  requests: number;
  failed: number;
  /** From the fault to the sending of the last request that failed; null when none failed. */
  lastFailedMs: number | null;
  /** No request failed at the end of the outage. */
  recovered: boolean;
  p50Ms: number | null;
  p99Ms: number | null;
  /** Of requests sent in the last seconds of the outage, when failover has ended. */
  lateP50Ms: number | null;
  lateP99Ms: number | null;
}

/** Writes with an `Idempotency-Key`, from the start of the traffic. */
export interface CellWrites {
  keys: number;
  /** Keys with more than one request at the origins. */
  reachedTwice: number;
  /** Keys with more than one request that an origin carried out, the answer lost or not. */
  carriedOutTwice: number;
}

/** The figures of one outage. */
export interface CellResult {
  fault: string;
  setup: SetupName;
  /** From the fault until the flip was at the edge; null without a flip. */
  movedMs: number | null;
  methods: Record<MatrixMethod, MethodFigures>;
  /** The delay of this process at p99: no latency is more exact. */
  lagMs: number;
  /** Null where clients do not try again. */
  writes: CellWrites | null;
  /** By second after the fault. */
  seconds: Record<MatrixMethod, { ok: number; failed: number }>[];
}

/** Every fault under every setup, or those of one fault. */
export function listCells(faults: readonly string[]): Cell[] {
  return faults.flatMap((fault) => setups.map((setup) => ({ fault, setup })));
}

export interface RunCellsOptions {
  cells: readonly Cell[];
  /** Rejects when `signal` is aborted. */
  runCell: (cell: Cell) => Promise<CellResult>;
  /** The expected time of a cell: some take twice as long as others, which the time left must include. */
  expectMs: (cell: Cell) => number;
  /** `leftMs` until all are done: the expected time at the pace so far. */
  onStart: (cell: Cell, place: number, leftMs: number) => void;
  onResult: (result: CellResult) => void;
  signal: AbortSignal;
  now: () => number;
}

/**
 * Runs the cells one after the other: they share one event loop, and parallel ones would disturb each other's
 * latencies. Throws the first failure; `onResult` has the results until then.
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

type MatrixPromiseId =
  | 'fails-without-either'
  | 'no-get-fails-with-both'
  | 'no-post-fails-with-retry'
  | 'no-post-twice-with-retry'
  | 'recovers-with-flag';

/** Checks the design's claims against every outage that was run. Pure. */
export function judgeMatrix(cells: readonly CellResult[]): DrillPromise<MatrixPromiseId>[] {
  /** Nothing answers, or every answer is an error: no first attempt was carried out. */
  const isWhole = ({ fault }: CellResult) => fault === 'refuse' || fault === '5xx';
  const under = (...names: SetupName[]) => cells.filter(({ setup }) => names.includes(setup));
  return [
    judge(
      'fails-without-either',
      'without either, requests fail to the end',
      under('neither').filter(({ fault }) => fault !== 'slow'),
      matrixMethods,
      ({ failed, recovered }) => failed > 0 && !recovered,
    ),
    judge(
      'no-get-fails-with-both',
      'with both, no GET fails under refuse or 5xx',
      under('both', 'retry').filter(isWhole),
      ['GET'],
      ({ failed }) => failed === 0,
    ),
    judge(
      'no-post-fails-with-retry',
      'with retries, no POST fails under refuse or 5xx',
      under('retry').filter(isWhole),
      ['POST'],
      ({ failed }) => failed === 0,
    ),
    judge(
      'no-post-twice-with-retry',
      'with retries, none of those POSTs is carried out twice',
      under('retry').filter(isWhole),
      ['POST'],
      (_, { writes }) => writes !== null && writes.keys > 0 && writes.carriedOutTwice === 0,
    ),
    judge(
      'recovers-with-flag',
      'with the flag, all viewers recover',
      under('flag', 'both', 'retry'),
      matrixMethods,
      ({ recovered }) => recovered,
    ),
  ];
}

function judge(
  id: MatrixPromiseId,
  promise: string,
  cells: readonly CellResult[],
  methods: readonly MatrixMethod[],
  isKept: (figures: MethodFigures, cell: CellResult) => boolean,
): DrillPromise<MatrixPromiseId> {
  const broken = cells.filter(
    (cell) => !methods.every((method) => cell.methods[method].requests > 0 && isKept(cell.methods[method], cell)),
  );
  if (cells.length === 0) return { id, promise, result: 'skipped', detail: 'no outage tested it' };
  const where = broken.map(({ fault, setup }) => `${fault} with ${setup}`).join(', ');
  return {
    id,
    promise,
    result: broken.length === 0 ? 'kept' : 'broken',
    detail: broken.length === 0 ? `in ${cells.length} outage${cells.length === 1 ? '' : 's'}` : `not in ${where}`,
  };
}

/** Viewers have recovered when no request failed for this long before the end of the outage. */
const quietMs = 2_000;
/** The last part of an outage, for `late` latencies. */
export const lateMs = 3_000;

/** An outage from `brokenAt` to `endedAt`, the end of watching. Epoch milliseconds. */
export interface Outage {
  brokenAt: number;
  endedAt: number;
  /** The flip that took all traffic away was at the edge. */
  movedAt: number | undefined;
}

/** Counts the requests sent during the outage, by method. Pure. */
export function measureCell(
  outcomes: readonly ViewerOutcome[],
  { brokenAt, endedAt, movedAt }: Outage,
): Omit<CellResult, 'fault' | 'setup' | 'lagMs' | 'writes'> {
  const sent = outcomes.filter(({ startedAt }) => startedAt >= brokenAt && startedAt < endedAt);
  const of = (method: MatrixMethod) => sent.filter((outcome) => outcome.method === method);
  // An outage of 12.03 s has twelve seconds, the last of them a little longer.
  const seconds = Array.from({ length: Math.max(1, Math.round((endedAt - brokenAt) / 1_000)) }, () => ({
    GET: { ok: 0, failed: 0 },
    POST: { ok: 0, failed: 0 },
  }));
  for (const method of matrixMethods)
    for (const { startedAt, ok } of of(method)) {
      const counts = seconds[Math.min(seconds.length - 1, Math.floor((startedAt - brokenAt) / 1_000))]?.[method];
      if (counts !== undefined) counts[ok ? 'ok' : 'failed']++;
    }
  return {
    movedMs: movedAt === undefined || movedAt >= endedAt ? null : movedAt - brokenAt,
    methods: { GET: measureMethod(of('GET'), brokenAt, endedAt), POST: measureMethod(of('POST'), brokenAt, endedAt) },
    seconds,
  };
}

function measureMethod(sent: readonly ViewerOutcome[], brokenAt: number, endedAt: number): MethodFigures {
  const failed = sent.filter(({ ok }) => !ok);
  const lastFailedAt = failed.length === 0 ? undefined : failed.reduce((last, { startedAt }) => Math.max(last, startedAt), 0);
  const times = sortTimes(sent);
  const late = sortTimes(sent.filter(({ startedAt }) => startedAt >= endedAt - lateMs));
  return {
    requests: sent.length,
    failed: failed.length,
    lastFailedMs: lastFailedAt === undefined ? null : lastFailedAt - brokenAt,
    recovered: lastFailedAt === undefined || lastFailedAt < endedAt - quietMs,
    p50Ms: percentile(times, 0.5) ?? null,
    p99Ms: percentile(times, 0.99) ?? null,
    lateP50Ms: percentile(late, 0.5) ?? null,
    lateP99Ms: percentile(late, 0.99) ?? null,
  };
}

function sortTimes(outcomes: readonly ViewerOutcome[]): number[] {
  return outcomes.map(({ ms }) => ms).sort((a, b) => a - b);
}
