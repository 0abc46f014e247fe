import { formatTable, paint, wrapText } from '../text/terminal-text.ts';
import { formatDuration } from '../text/time.ts';
import { pageOf, typed } from '../text/typed.ts';
import type { Backtest, BacktestRow } from './backtest.ts';
import { outageWords } from './outage-kind.ts';
import { type OutagePrediction, type Prediction, type WayCost, ways } from './predict.ts';
import { outageMs, outageShare } from './traffic-series.ts';

const flippers = { watch: 'as a process', lambda: 'in Lambda', once: 'run once every 5 minutes' } as const;
const wayNames = ['this config', 'group alone', 'Route 53', 'Global Acc.', 'none'];
const never = 'never';

/** A prediction for a terminal of at least 80 columns: times, requests lost, and what the figures rest on. */
export function formatPrediction(prediction: Prediction, { colour, columns }: { colour: boolean; columns: number }): string[] {
  const { broken, outageMs, rate, postShare, kinds, outages, seed, flipper } = prediction;
  const bold = (text: string) => paint(colour, 'bold', text);
  const say = (text: string) => wrapText(text, columns);
  return [
    ...say(
      `One outage of ${broken} on AWS, ${formatDuration(outageMs)} long, at ${formatCount(rate)} requests a second of its viewers, ${Math.round(postShare * 100)} % of them POST`,
    ),
    ...say(`The flipper ${flippers[flipper]} went through ${formatCount(outages)} outages in virtual time, seed ${seed}.`),
    '',
    ...formatTimes(kinds, bold),
    '',
    ...formatRequests(`POST lost`, kinds, 'POST', bold),
    '',
    ...formatRequests(`GET lost`, kinds, 'GET', bold),
    '',
    ...say(
      '~ slow by a second or more, not lost. group alone: CloudFront origin groups without the flag; a behavior with one cannot allow POST at all, so its POST requests have no failover.',
    ),
    ...formatNotes(prediction).flatMap(say),
    '',
    bold('what the figures rest on'),
    ...prediction.assumptions.flatMap(({ what, value, from, source }) => wrapText(`  ${what}: ${value} (${from}; ${source})`, columns, 4)),
  ];
}

function formatTimes(kinds: readonly OutagePrediction[], bold: (text: string) => string): string[] {
  const time = (ms: number | null) => (ms === null ? never : formatDuration(ms));
  return formatTable(
    [
      ['', 'detected', '', 'written', 'moved', '', 'failback'].map(bold),
      ['outage', 'p50', 'p95', 'after p50', 'p50', 'p95', 'p50'].map(bold),
      ...kinds.map(({ kind, detectedMs, writeMs, movedMs, failbackMs }) => [
        kind,
        time(detectedMs.p50),
        time(detectedMs.p95),
        writeMs.p50 === null ? '-' : `+${formatDuration(writeMs.p50)}`,
        time(movedMs.p50),
        time(movedMs.p95),
        failbackMs.p50 === null ? '-' : formatDuration(failbackMs.p50),
      ]),
    ],
    [1, 2, 3, 4, 5, 6],
  );
}

function formatRequests(
  title: string,
  kinds: readonly OutagePrediction[],
  method: 'GET' | 'POST',
  bold: (text: string) => string,
): string[] {
  return formatTable(
    [[title, ...wayNames].map(bold), ...kinds.map(({ kind, ways: costs }) => [kind, ...costs.map((cost) => formatLost(cost, method))])],
    ways.map((_, place) => place + 1),
  );
}

function formatLost({ failed, slow }: WayCost, method: 'GET' | 'POST'): string {
  return failed[method] === 0 && slow[method] > 0 ? `~${formatCount(slow[method])}` : formatCount(failed[method]);
}

function formatNotes({ broken, hasSecond, kinds }: Prediction): string[] {
  const unseen = kinds.filter(({ detectedShare }) => detectedShare === 0).map(({ kind }) => kind);
  return [
    ...(hasSecond ? [] : [`No order has another origin for the viewers of ${broken}: nothing can move them.`]),
    ...(unseen.length === 0
      ? []
      : [
          `never: the signals of ${broken} do not see ${unseen.join(', ')} within the outage (health in edge.config.ts, ${pageOf('detection.md')}).`,
        ]),
  ];
}

/** Two sentences for a reader that has just watched quicker times. */
export function formatOnAws({ broken, kinds, rate, postShare, hasSecond }: Prediction): string[] {
  return kinds.flatMap(({ kind, detectedMs, movedMs, failbackMs, ways: [own] }) => {
    const begin = `On AWS, with this configuration: where ${broken} ${outageWords[kind]},`;
    if (detectedMs.p50 === null) return [`${begin} the flipper does not detect it.`];
    const detected = `the flipper detects it after ${formatDuration(detectedMs.p50)} (p95 ${detectedMs.p95 === null ? never : formatDuration(detectedMs.p95)})`;
    if (!hasSecond || movedMs.p50 === null || own === undefined) return [`${begin} ${detected}, and viewers cannot leave.`];
    const tail = movedMs.p95 === null ? never : formatDuration(movedMs.p95);
    const lost = own.failed.POST + own.failed.GET;
    return [
      `${begin} ${detected}; half of the viewers have left after ${formatDuration(movedMs.p50)}, 95 % after ${tail}${failbackMs.p50 === null ? '' : `, and are back ${formatDuration(failbackMs.p50)} after the restore`}.`,
      `At ${formatCount(rate)} requests a second, ${Math.round(postShare * 100)} % POST, it loses ${formatCount(own.failed.POST)} POST${own.failed.GET > 0 ? ` and ${formatCount(own.failed.GET)} GET` : ''}${own.slow.GET > 0 ? ` and delays ${formatCount(own.slow.GET)} GET` : ''}${lost === 0 ? '' : ', until the flip has reached the edge'}. Sources and other ways: ${typed('predict')}`,
    ];
  });
}

/** Whole up to ten million, then as `17.3M`, so that a table keeps its width. */
function formatCount(count: number): string {
  const compact = { notation: 'compact', maximumFractionDigits: 1 } as const;
  return Math.round(count).toLocaleString('en', count < 10_000_000 ? {} : compact);
}

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
