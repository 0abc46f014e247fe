import { formatTable, paint } from '../text/terminal-text.ts';
import { formatDuration } from '../text/time.ts';
import type { LoadReport } from './load.ts';

/** Requests without an answer or with 5xx. */
export function countFailures({ statuses, errors }: Pick<LoadReport, 'statuses' | 'errors'>): number {
  const broken = Object.values(errors).reduce((sum, count) => sum + count, 0);
  const failed = Object.entries(statuses).reduce((sum, [status, count]) => sum + (status.startsWith('5') ? count : 0), 0);
  return broken + failed;
}

/** Rates, latency and counts. */
export function formatLoad(report: LoadReport, colour: boolean): string[] {
  const { answers, requestsPerSecond, latency, statuses, regions, errors, durationMs } = report;
  const number = (value: number) => value.toLocaleString('en', { maximumFractionDigits: 0 });
  const share = (count: number) => `${((100 * count) / answers).toFixed(1)}%`;
  const failures = countFailures(report);
  const rows = [
    ...Object.entries(statuses).map(([status, count]) => [
      'status',
      status.startsWith('5') ? paint(colour, 'red', status) : status,
      number(count),
      share(count),
    ]),
    ...Object.entries(regions).map(([region, count]) => ['x-region', region, number(count), share(count)]),
    ...Object.entries(errors).map(([reason, count]) => [paint(colour, 'red', 'error'), reason, number(count)]),
  ];
  return [
    `${number(answers)} answers in ${formatDuration(durationMs)}, ${number(requestsPerSecond)} a second`,
    ...(latency === undefined
      ? []
      : [`latency p50 ${latency.p50Ms} ms, p90 ${latency.p90Ms} ms, p99 ${latency.p99Ms} ms, max ${Math.round(latency.maxMs)} ms`]),
    ...(rows.length === 0 ? [] : ['', ...formatTable(rows, [2, 3])]),
    '',
    ...(report.gaveUp ? ['ended early: too many requests failed'] : []),
    failures === 0 ? 'no errors, no 5xx' : paint(colour, 'red', `${number(failures)} errors and 5xx`),
  ];
}
