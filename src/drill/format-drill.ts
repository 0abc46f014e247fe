import { formatMs } from '../text/duration.ts';
import { formatTable } from '../text/format-table.ts';
import { paint } from '../text/paint.ts';
import type { Rehearsal } from './drill.ts';
import { servedRecord } from './drill-record.ts';
import type { DrillPromise, DrillSummary } from './summarize-drill.ts';

/** A drill for a terminal of 80 columns: what viewers got in each second, the times, the counts, the promises. */
export function formatDrill(summary: DrillSummary, regions: Readonly<Record<string, string>>, colour: boolean): string[] {
  const ids = Object.keys(regions);
  const time = (ms: number | null) => (ms === null ? 'never' : formatMs(ms));
  return [
    `What viewers got, one line per second: ${ids.map((id, place) => `${letter(place)} ${id}`).join(', ')}, x failed`,
    ...drawSeconds(summary, Object.values(regions), colour),
    '',
    ...formatTable([
      ['detected', time(summary.detectedMs), 'from the fault to the verdict'],
      ['written', time(summary.writtenMs), 'from the first failed request to the flip'],
      ['moved', time(summary.movedMs), `from the fault to the last request at ${summary.broken}`],
      ['failback', time(summary.failbackMs), 'from the restore to the end of the failback'],
    ]),
    '',
    ...formatTable([
      ['', 'requests', 'failed GET', 'failed POST', ...ids, 'p50', 'p99'],
      ...summary.phases.map(({ phase, requests, failed, regions: seen, p50Ms, p99Ms }) => [
        phase,
        String(requests),
        String(failed.GET),
        String(failed.POST),
        ...Object.values(regions).map((region) => String(seen[region] ?? 0)),
        formatMs(p50Ms),
        formatMs(p99Ms),
      ]),
    ]),
    '',
    ...formatPromises(summary.promises, colour),
  ];
}

/** One line per promise: result, promise, count. */
export function formatPromises(promises: readonly DrillPromise[], colour: boolean): string[] {
  const results = { kept: 'green', broken: 'red', skipped: 'dim' } as const;
  return formatTable(
    promises.map(({ promise, result, detail }) => [paint(colour, results[result], result), promise, paint(colour, 'dim', detail)]),
  );
}

/** The state of a running drill, for a line that is redrawn. */
export function formatProgress({ outcomes, watch, startedAt }: Rehearsal, now: number): string {
  const seconds = ((now - startedAt) / 1_000).toFixed(0);
  const failed = outcomes.filter(({ ok }) => !ok).length;
  return `${seconds} s  ${outcomes.length} requests  ${failed} failed  record at the edge: ${servedRecord(watch.records, now)}`;
}

const width = 60;

function drawSeconds({ seconds }: DrillSummary, regions: readonly string[], colour: boolean): string[] {
  const most = Math.max(1, ...seconds.map(({ regions: seen, failed }) => Object.values(seen).reduce((sum, count) => sum + count, failed)));
  const bar = (count: number) => (count === 0 ? 0 : Math.max(1, Math.round((count / most) * width)));
  return seconds.map(({ second, regions: seen, failed }) => {
    const parts = regions.map((region, place) => letter(place).repeat(bar(seen[region] ?? 0)));
    return `${String(second).padStart(4)} s  ${parts.join('')}${paint(colour, 'red', 'x'.repeat(bar(failed)))}`;
  });
}

function letter(place: number): string {
  return ['=', '-', '+', '*', 'o'][place % 5] as string;
}
