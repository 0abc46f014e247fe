import { formatTable, paint, wrapText } from '../text/terminal-text.ts';
import { formatDuration } from '../text/time.ts';
import type { Backtest, BacktestRow } from './backtest.ts';
import { outageMs, outageShare } from './traffic-series.ts';

/** A backtest for a terminal of at least 80 columns: today's settings first, then the grid. */
export function formatBacktest(result: Backtest, { colour, columns }: { colour: boolean; columns: number }): string[] {
  const { broken, rows, series, outages, failedInOutages, episodes, leftOut } = result;
  const say = (text: string) => wrapText(text, columns);
  const count = (value: number) => Math.round(value).toLocaleString('en');
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  const spanMs = (series.last + 1) * series.bucketMs;
  const from = series.fromMs === undefined ? 'no time' : new Date(series.fromMs).toISOString();
  const today = rows.find(({ isToday }) => isToday);
  return [
    ...say(
      `${count(series.requests)} requests that reached ${broken}, ${count(series.failed)} of them failed (5xx), from ${from} on, ${formatDuration(spanMs)} in all.`,
    ),
    ...say(
      `${outages} ${outages === 1 ? 'outage' : 'outages'}: at least ${percent(outageShare)} failed for at least ${formatDuration(outageMs)}; ${count(failedInOutages)} failed requests. ${episodes} ${episodes === 1 ? 'span' : 'spans'} with failures ran in virtual time${leftOut === 0 ? '' : `, ${leftOut} lesser ones did not`}.`,
    ),
    '',
    ...formatTable(
      [
        ['', 'every', 'in a row', 'rate', 'found', 'after', 'min lost', 'lost', 'false moves'].map((head) => paint(colour, 'bold', head)),
        ...rows.map((row) => [
          [row.isToday ? 'today' : '', row.dominatedBy === null ? '*' : ''].join(' ').trim(),
          formatDuration(row.intervalMs),
          String(row.unhealthyThreshold),
          percent(row.failureRate.share),
          `${row.found} of ${outages}`,
          row.detectedMs === null ? '-' : formatDuration(row.detectedMs),
          row.lostMinutes.toFixed(1),
          count(row.lost),
          String(row.falseMoves),
        ]),
      ],
      [1, 2, 3, 4, 5, 6, 7, 8],
    ),
    '',
    ...say(episodes === 0 ? 'The log has no span of failures, so it cannot compare settings.' : judgeToday(today, rows)),
    ...say(
      '* no row beats it. min lost: minutes in which all viewers fail, or as much of longer ones, until the flip has reached the edge; lost: failed requests until then; false moves: flips outside of every outage.',
    ),
    '',
    'What a log cannot show:',
    ...limits(result).flatMap((limit) => wrapText(`  - ${limit}`, columns, 4)),
  ];
}

function judgeToday(today: BacktestRow | undefined, rows: readonly BacktestRow[]): string {
  if (today === undefined) return '';
  const better = today.dominatedBy === null ? undefined : rows[today.dominatedBy];
  if (better === undefined) return "No row of the grid beats today's settings in minutes lost and false moves.";
  const { intervalMs, unhealthyThreshold, failureRate, lostMinutes, falseMoves, probesADay } = better;
  return `Today's settings are beaten by ${formatDuration(intervalMs)}, ${unhealthyThreshold} in a row, ${Math.round(failureRate.share * 100)} %: ${lostMinutes.toFixed(1)} instead of ${today.lostMinutes.toFixed(1)} minutes lost, ${falseMoves} instead of ${today.falseMoves} false moves, ${probesADay.toLocaleString('en')} instead of ${today.probesADay.toLocaleString('en')} probes a day.`;
}

function limits({ series }: Backtest): string[] {
  return [
    "Probes are not in it. Each simulated probe fails with the share of viewers' requests that failed at that moment; a real one asks /health alone.",
    'At night few requests come. A bucket with fewer than five counts only in part. A bucket without any has the share of the last one, for five minutes.',
    'An error of the application that every region has looks the same as an outage, and moving viewers would not help.',
    'After viewers have moved, the origin has no requests, and its failure is not in the log.',
    'A share below 2 % counts as calm. Late answers that succeeded are not failures.',
    ...(series.skipped === 0 ? [] : [`${series.skipped.toLocaleString('en')} lines have no time or status.`]),
  ];
}
