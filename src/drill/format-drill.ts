import { formatRecord } from '../text/format-record.ts';
import { markOrigins, type OriginMark } from '../text/palette.ts';
import { formatTable, paint } from '../text/terminal-text.ts';
import { formatMs } from '../text/time.ts';
import type { Rehearsal } from './drill.ts';
import { servedRecord } from './drill-record.ts';
import type { DrillMark, DrillPromise, DrillSummary } from './summarize-drill.ts';

export interface DrillLook {
  /** Region of each origin, by id, in the order of edge.config.ts. */
  regions: Readonly<Record<string, string>>;
  perRequestFailover: boolean;
  colour: boolean;
}

/** A drill for a terminal of 80 columns: what viewers got in each second, the times, the counts, the promises. */
export function formatDrill(summary: DrillSummary, look: DrillLook): string[] {
  const { regions, colour } = look;
  const marks = markOrigins(Object.keys(regions));
  const time = (ms: number | null) => (ms === null ? 'never' : formatMs(ms));
  const legend = marks.map(({ id, letter, terminal }) => `${paint(colour, terminal, letter)} ${id}`);
  return [
    `What viewers got in each second from the fault: ${[...legend, `${paint(colour, 'red', 'x')} failed`].join(', ')}`,
    ...drawSeconds(summary, marks, look),
    '',
    ...formatTable([
      ['detected', time(summary.detectedMs), 'from the fault to the verdict'],
      ['written', time(summary.writtenMs), 'from the first failed request to the flip'],
      ['moved', time(summary.movedMs), `from the fault to the last request at ${summary.broken}`],
      ['failback', time(summary.failbackMs), 'from the restore to the end of the failback'],
    ]),
    '',
    ...formatTable(
      [
        ['', 'requests', 'failed GET', 'failed POST', ...marks.map(({ id }) => id), 'p50', 'p99'],
        ...summary.phases.map(({ phase, requests, failed, regions: seen, p50Ms, p99Ms }) => [
          phase,
          String(requests),
          String(failed.GET),
          String(failed.POST),
          ...Object.values(regions).map((region) => String(seen[region] ?? 0)),
          formatMs(p50Ms),
          formatMs(p99Ms),
        ]),
      ],
      Array.from({ length: marks.length + 5 }, (_, index) => index + 1),
    ),
    ...explainFailures(summary, look),
    '',
    ...formatPromises(summary.promises, colour),
  ];
}

/** Why requests fail in the gap between the fault and the flip, which is expected; nothing where none did. */
function explainFailures({ phases, marks }: DrillSummary, { perRequestFailover }: DrillLook): string[] {
  const failed = phases.find(({ phase }) => phase === 'during')?.failed;
  const flip = marks.find(({ what }) => what === 'flip');
  if (failed === undefined || failed.POST === 0 || flip === undefined) return [];
  const why = perRequestFailover
    ? 'CloudFront repeats only GET, HEAD and OPTIONS at the second origin, since a POST that is sent twice may be carried out twice'
    : 'without an origin group CloudFront repeats no request at another origin';
  return [`The ${failed.POST} failed POST are expected: until the flip reached the edge, ${flip.second} s after the fault, ${why}.`];
}

/** One line per promise: result, promise, count. */
export function formatPromises(promises: readonly DrillPromise[], colour: boolean): string[] {
  const results = { kept: 'green', broken: 'red', skipped: 'dim' } as const;
  return promises.map(
    ({ promise, result, detail }) => `${paint(colour, results[result], result.padEnd(7))}  ${promise}: ${paint(colour, 'dim', detail)}`,
  );
}

/** The state of a running drill, for a line that is redrawn. `faultAt` is undefined before the fault. */
export function formatProgress({ outcomes, watch }: Rehearsal, faultAt: number | undefined, now: number): string {
  const failed = outcomes.filter(({ ok }) => !ok).length;
  const record = formatRecord(servedRecord(watch.records, now), { now });
  return `${formatDrillClock(faultAt, now)}  ${outcomes.length} requests, ${failed} failed; at the edge: ${record}`;
}

/** The one clock of a drill, counted from its fault: `+12.3 s`, `before` until then. */
export function formatDrillClock(faultAt: number | undefined, now: number): string {
  return (faultAt === undefined ? 'before' : `+${((now - faultAt) / 1_000).toFixed(1)} s`).padStart(8);
}

const width = 53;

const markTexts: Readonly<Record<DrillMark, string>> = {
  fault: 'breaks',
  unhealthy: 'detected',
  flip: 'flip',
  restore: 'restored',
  failback: 'all home',
};

function drawSeconds({ seconds, marks }: DrillSummary, origins: readonly OriginMark[], { regions, colour }: DrillLook): string[] {
  const most = Math.max(1, ...seconds.map(({ regions: seen, failed }) => Object.values(seen).reduce((sum, count) => sum + count, failed)));
  const bar = (count: number) => (count === 0 ? 0 : Math.max(1, Math.round((count / most) * width)));
  return seconds.map(({ second, regions: seen, failed }) => {
    const parts = origins.map(({ id, letter, terminal }) => {
      const length = bar(seen[regions[id] ?? ''] ?? 0);
      return { text: paint(colour, terminal, letter.repeat(length)), length };
    });
    const lost = { text: paint(colour, 'red', 'x'.repeat(bar(failed))), length: bar(failed) };
    const drawn = [...parts, lost];
    const room = ' '.repeat(Math.max(0, width - drawn.reduce((sum, { length }) => sum + length, 0)));
    const here = marks.filter((mark) => Math.floor(mark.second) === second).map(({ what }) => markTexts[what]);
    const mark = here.length === 0 ? '' : `${room} ${paint(colour, 'dim', here.join(', '))}`;
    return `${String(second).padStart(4)} s  ${drawn.map(({ text }) => text).join('')}${mark}`;
  });
}
