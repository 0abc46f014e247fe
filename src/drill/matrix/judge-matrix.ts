import type { DrillPromise } from '../judge-promises.ts';
import { type CellResult, type MatrixMethod, matrixMethods, type SetupName } from './cell.ts';

/** What is said of the design, judged by every outage that was run. Pure. */
export function judgeMatrix(cells: readonly CellResult[]): DrillPromise[] {
  const under = (...names: SetupName[]) => cells.filter(({ setup }) => names.includes(setup));
  return [
    judge(
      'without either, requests fail to the end',
      under('neither').filter(({ fault }) => fault !== 'slow'),
      matrixMethods,
      ({ failed, recovered }) => failed > 0 && !recovered,
    ),
    judge(
      'with both, no GET fails by refuse or 5xx',
      under('both').filter(({ fault }) => fault === 'refuse' || fault === '5xx'),
      ['GET'],
      ({ failed }) => failed === 0,
    ),
    judge('with the flag, everybody recovers', under('flag', 'both'), matrixMethods, ({ recovered }) => recovered),
  ];
}

function judge(
  promise: string,
  cells: readonly CellResult[],
  methods: readonly MatrixMethod[],
  isKept: (figures: CellResult['methods'][MatrixMethod]) => boolean,
): DrillPromise {
  const broken = cells.filter((cell) => !methods.every((method) => cell.methods[method].requests > 0 && isKept(cell.methods[method])));
  if (cells.length === 0) return { promise, result: 'skipped', detail: 'no outage put it to the test' };
  const where = broken.map(({ fault, setup }) => `${fault} with ${setup}`).join(', ');
  return {
    promise,
    result: broken.length === 0 ? 'held' : 'broken',
    detail: broken.length === 0 ? `in ${cells.length} outage${cells.length === 1 ? '' : 's'}` : `not in ${where}`,
  };
}
