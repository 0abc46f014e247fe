import { formatTable } from '../../text/format-table.ts';
import { paint } from '../../text/paint.ts';
import { formatMs } from '../format-ms.ts';
import { type CellResult, type MatrixMethod, type MethodFigures, matrixMethods, setups } from './cell.ts';
import { formatRecovery, formatShare } from './format-figures.ts';
import type { Matrix } from './matrix.ts';
import { lateMs } from './measure-cell.ts';

/** The matrix as text for a terminal of 80 columns: who failed and until when, how long the others waited, each count, the promises. */
export function formatMatrix(matrix: Matrix, colour: boolean): string[] {
  const { cells, planned, outageMs, promises } = matrix;
  const results = { held: 'green', broken: 'red', skipped: 'dim' } as const;
  const window = `${outageMs / 1_000} s`;
  return [
    ...(cells.length < planned ? [`interrupted: ${cells.length} of ${planned} outages were run`, ''] : []),
    `Failed of all requests sent in ${window} of outage, and when the last was sent`,
    ...drawGrid(cells, (figures) => {
      const { requests, failed, recovered } = figures;
      const text = `${formatShare(failed, requests)}${failed === 0 ? '' : ` ${formatRecovery(figures)}`}`;
      return paint(colour, failed === 0 ? 'green' : recovered ? 'yellow' : 'red', text);
    }),
    '',
    `p99 latency in ${window} of outage, and in its last ${lateMs / 1_000} s`,
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
    '',
    ...formatTable(
      promises.map(({ promise, result, detail }) => [paint(colour, results[result], result), promise, paint(colour, 'dim', detail)]),
    ),
  ];
}

/** One row per fault and method, one column per setup; a dot where nothing was run. */
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
