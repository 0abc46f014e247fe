import { formatTable, paint } from '../../text/terminal-text.ts';
import { formatDuration, formatMs } from '../../text/time.ts';
import { formatPromises } from '../format-drill.ts';
import { type Cell, type CellResult, lateMs, type Matrix, type MatrixMethod, type MethodFigures, matrixMethods, setups } from './matrix.ts';

/**
 * The matrix for a terminal of 80 columns: failures, latencies, counts, claims.
 */
export function formatMatrix(matrix: Matrix, colour: boolean): string[] {
  const { cells, planned, outageMs, promises } = matrix;
  const window = `${outageMs / 1_000} s`;
  return [
    ...(cells.length < planned ? [`interrupted: ${cells.length} of ${planned} outages were run`, ''] : []),
    `Share of requests that failed in ${window} of outage, and when the last was sent`,
    ...drawGrid(cells, (figures) => {
      const { requests, failed, recovered } = figures;
      const text = `${formatShare(failed, requests)}${failed === 0 ? '' : ` ${formatRecovery(figures)}`}`;
      return paint(colour, failed === 0 ? 'green' : recovered ? 'yellow' : 'red', text);
    }),
    '',
    `p99 latency in ${window} of outage, and in the last ${lateMs / 1_000} s of it`,
    ...drawGrid(cells, ({ p99Ms, lateP99Ms }) => `${formatMs(p99Ms)}, ${formatMs(lateP99Ms)}`),
    '',
    ...formatTable(
      [
        ['outage', '', '', 'requests', 'failed', 'share', 'until', 'p50', 'p99'],
        ...cells.flatMap(({ fault, setup, methods }) =>
          matrixMethods.map((method) => {
            const { requests, failed, p50Ms, p99Ms } = methods[method];
            const until = formatRecovery(methods[method]);
            return [
              fault,
              setup,
              method,
              String(requests),
              String(failed),
              formatShare(failed, requests),
              until,
              formatMs(p50Ms),
              formatMs(p99Ms),
            ];
          }),
        ),
      ],
      [3, 4, 5, 6, 7, 8],
    ),
    ...formatWrites(cells),
    '',
    ...formatPromises(promises, colour),
  ];
}

/** What became of the writes of clients that try again; nothing where none of them was run. */
function formatWrites(cells: readonly CellResult[]): string[] {
  const rows = cells.flatMap(({ fault, writes }) =>
    writes === null ? [] : [[fault, String(writes.keys), String(writes.reachedTwice), String(writes.carriedOutTwice)]],
  );
  if (rows.length === 0) return [];
  return [
    '',
    'Writes of clients that try again, by Idempotency-Key',
    ...formatTable([['outage', 'keys at an origin', 'reached one again', 'carried out twice'], ...rows], [1, 2, 3]),
  ];
}

/** One row per fault and method, one column per setup; a dot for an outage that was not run. */
function drawGrid(cells: readonly CellResult[], show: (figures: MethodFigures) => string): string[] {
  const faults = [...new Set(cells.map(({ fault }) => fault))];
  const at = (fault: string, setup: string, method: MatrixMethod) => {
    const cell = cells.find((each) => each.fault === fault && each.setup === setup);
    return cell === undefined ? '.' : show(cell.methods[method]);
  };
  return formatTable([
    ['', '', ...setups.map(({ name }) => name)],
    ...faults.flatMap((fault) =>
      matrixMethods.map((method) => [method === 'GET' ? fault : '', method, ...setups.map(({ name }) => at(fault, name, method))]),
    ),
  ]);
}

/** `0 %`, `<1 %`, `37 %`: rounding never turns some into none or all. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return 'none';
  if (part === 0 || part === whole) return part === 0 ? '0 %' : '100 %';
  const percent = Math.round((100 * part) / whole);
  return percent === 0 ? '<1 %' : percent === 100 ? '>99 %' : `${percent} %`;
}

/** When the failures ended: `-` without any, `never` if requests still failed at the end. */
export function formatRecovery({ lastFailedMs, recovered }: MethodFigures): string {
  return recovered ? formatMs(lastFailedMs) : 'never';
}

/** The running outage and the time left, for a line that is redrawn. */
export function formatCellProgress({ fault, setup }: Cell, place: number, total: number, leftMs: number): string {
  const left = formatDuration(Math.max(1_000, Math.round(leftMs / 1_000) * 1_000));
  return `${place + 1} of ${total}: ${fault} with ${setup.name}; about ${left} left, Ctrl-C keeps the results so far`;
}

/** One outage in one line. */
export function formatCellResult({ fault, setup, methods }: CellResult): string {
  const shares = matrixMethods.map((method) => {
    const figures = methods[method];
    const until = figures.failed === 0 ? '' : figures.recovered ? ` until ${formatRecovery(figures)}` : ' to the end';
    return `${method} ${formatShare(figures.failed, figures.requests)}${until}`;
  });
  return `${fault.padEnd(8)}  ${setup.padEnd(7)}  failed: ${shares.join(', ')}`;
}
