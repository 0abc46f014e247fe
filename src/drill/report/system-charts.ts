import { drawColumns } from '../page/columns.ts';
import { type Html, html } from '../page/html.ts';
import { drawPlot, formatOffset, percentAt, round } from '../page/plot.ts';
import { foldTable, formatHtmlTable } from '../page/table.ts';
import type { OriginLooks } from './count-looks.ts';
import type { DrillReport } from './drill-report.ts';
import { legend, originNames, per, piece, reportAxis } from './outcome-charts.ts';

/** Which origin answered what share, over the weight that the edge left the broken one. Pure. */
export function drawShares(report: DrillReport): Html {
  const { buckets, weights, summary, fromMs, toMs } = report;
  const ids = originNames(report);
  const height = 130;
  const parts = buckets.map(({ origins }) => {
    const total = Math.max(
      1,
      Object.values(origins).reduce((sum, count) => sum + count, 0),
    );
    return { up: ids.map((id) => (100 * (origins[id] ?? 0)) / total), down: 0 };
  });
  const x = (atMs: number) => round(10 * percentAt({ fromMs, toMs }, atMs));
  const y = (weight: number) => round(height * (1 - weight / 100));
  const line = weights.map(({ atMs, weight }, place) => (place === 0 ? `M${x(fromMs)} ${y(weight)}` : `H${x(atMs)}V${y(weight)}`)).join('');
  return html`<figure><figcaption><h3>Who answered</h3>
<p>Shares of the answers, a column for each ${per(report)}. The line is the weight that the record at the edge gave ${summary.broken}: how many of its own viewers it kept.</p>
${legend(ids.map((id, place) => ({ piece: piece(place), text: id })))}<ul class="legend"><li><svg aria-hidden="true"><line class="l3" x1="0" x2="100%" y1="50%" y2="50%"/></svg>weight of ${summary.broken}</li></ul></figcaption>
${drawPlot({
  id: 'shares',
  title: 'Share of answers by origin over time',
  desc: `Weights of ${summary.broken} at the edge: ${weights.map(({ weight }) => weight).join(', ')}.`,
  axis: reportAxis(report),
  height,
  grid: [
    { y: 0, text: '100 %' },
    { y: height / 2, text: '50 %' },
    { y: height, text: '0', isZero: true },
  ],
  drawing: html`${drawColumns({ parts, up: ids.map((_, place) => piece(place)), down: 'x', height, most: 100 })}<path class="l3" d="${line}H1000"/>`,
  flags: true,
})}
${foldTable(
  'Figures by origin',
  formatHtmlTable(
    ['time', ...ids],
    buckets.map(({ atMs, origins }) => [formatOffset(atMs), ...ids.map((id) => origins[id] ?? 0)]),
    ids.map((_, place) => place + 1),
  ),
)}</figure>`;
}

/** How long viewers waited, on a scale where each line is ten times the one below. Pure. */
export function drawLatency(report: DrillReport): Html {
  const { buckets } = report;
  const height = 150;
  const slowest = Math.max(10, ...buckets.map(({ maxMs }) => maxMs ?? 0));
  const decades = Math.ceil(Math.log10(slowest));
  const y = (ms: number) => round(height * (1 - Math.log10(Math.max(1, ms)) / decades));
  const line = (value: 'p50Ms' | 'p99Ms') => {
    let isOpen = false;
    return buckets
      .map((bucket, place) => {
        const ms = bucket[value];
        const start = isOpen ? `V${y(ms ?? 0)}` : `M${round((1_000 * place) / buckets.length)} ${y(ms ?? 0)}`;
        isOpen = ms !== null;
        // A lone point would be no line: each bucket is drawn from its beginning to its end.
        return ms === null ? '' : `${start}H${round((1_000 * (place + 1)) / buckets.length)}`;
      })
      .join('');
  };
  return html`<figure><figcaption><h3>How long viewers waited</h3>
<p>From sending a request to the end of its answer or to giving up, for each ${per(report)} by the time it was sent. Each line across is ten times the one below it.</p>
<ul class="legend"><li><svg aria-hidden="true"><line class="l1" x1="0" x2="100%" y1="50%" y2="50%"/></svg>p50, half of them were quicker</li>
<li><svg aria-hidden="true"><line class="l2" x1="0" x2="100%" y1="50%" y2="50%"/></svg>p99, one in a hundred was slower</li></ul></figcaption>
${drawPlot({
  id: 'latency',
  title: 'Latency over time',
  desc: `Percentiles of latency on a logarithmic scale; the slowest request took ${Math.round(slowest)} ms.`,
  axis: reportAxis(report),
  height,
  grid: Array.from({ length: decades + 1 }, (_, decade) => ({
    y: y(10 ** decade),
    text: decade < 3 ? `${10 ** decade} ms` : `${10 ** (decade - 3)} s`,
    isZero: decade === 0,
  })),
  drawing: html`<path class="l1" d="${line('p50Ms')}"/><path class="l2" d="${line('p99Ms')}"/>`,
  flags: true,
})}
${foldTable(
  'Figures of latency',
  formatHtmlTable(
    ['time', 'p50 ms', 'p99 ms', 'slowest ms'],
    buckets.map(({ atMs, p50Ms, p99Ms, maxMs }) => [
      formatOffset(atMs),
      ...[p50Ms, p99Ms, maxMs].map((ms) => (ms === null ? '-' : Math.round(ms))),
    ]),
    [1, 2, 3],
  ),
)}</figure>`;
}

/** What the flipper's looks found at each origin, and the verdict it drew. Pure. */
export function drawLooks(report: DrillReport): Html {
  const { looks } = report;
  return html`<figure><figcaption><h3>What the flipper's probes found</h3>
<p>Good looks stand on the line, bad ones hang from it. The band below is the verdict that they made: it turns only after several of a kind in a row.</p>
${legend([
  { piece: 'a', text: 'good look' },
  { piece: 'x', text: 'bad look' },
  { piece: 'band-healthy', text: 'verdict healthy (thin band)' },
  { piece: 'band-unhealthy', text: 'verdict unhealthy (thick band)' },
])}</figcaption>
${looks.map((origin, place) => drawOriginLooks(report, origin, place))}
${foldTable(
  'Figures of the probes: good / bad / without opinion',
  formatHtmlTable(
    ['time', ...looks.map(({ origin }) => origin)],
    report.buckets.map(({ atMs }, bucket) => [
      formatOffset(atMs),
      ...looks.map(({ buckets }) => {
        const { good = 0, bad = 0, none = 0 } = buckets[bucket] ?? {};
        return `${good} / ${bad} / ${none}`;
      }),
    ]),
    looks.map((_, column) => column + 1),
  ),
)}</figure>`;
}

function drawOriginLooks(report: DrillReport, { origin, good, bad, none, failures, buckets, verdicts }: OriginLooks, place: number): Html {
  const half = 24;
  const most = Math.max(1, ...buckets.map((bucket) => Math.max(bucket.good, bucket.bad)));
  const why = failures.map(({ class: name, looks }) => `${name} ${looks}`).join(', ');
  const said = `${good} good, ${bad} bad${why === '' ? '' : ` (${why})`}${none === 0 ? '' : `, ${none} without an opinion`}`;
  // Both sides alike, whatever was found: otherwise two origins could not be compared.
  const parts = buckets.map((bucket) => ({ up: [bucket.good], down: bucket.bad }));
  const height = half * 2;
  const drawing = drawColumns({ parts, up: ['a'], down: 'x', height, most, least: most });
  return html`<p class="name">${origin}: ${said}</p>${drawPlot({
    id: `looks-${place}`,
    title: `Health checks of ${origin} over time`,
    desc: `${said}. Verdicts: ${verdicts.map(({ atMs, verdict }) => `${verdict} at ${formatOffset(atMs)}`).join(', ')}.`,
    axis: reportAxis(report),
    height: height + 12,
    grid: [{ y: half, text: '0', isZero: true }],
    drawing,
    overlay: drawVerdicts(report, verdicts, height + 2),
    flags: place === 0,
  })}`;
}

function drawVerdicts({ fromMs, toMs }: DrillReport, verdicts: OriginLooks['verdicts'], y: number): Html {
  const first = { atMs: fromMs, verdict: 'unknown' };
  const all = [first, ...verdicts];
  return html`${all.map(({ atMs, verdict }, place) => {
    const from = percentAt({ fromMs, toMs }, atMs);
    const to = percentAt({ fromMs, toMs }, all[place + 1]?.atMs ?? toMs);
    const thick = verdict === 'unhealthy' ? 9 : 4;
    return html`<rect class="band-${verdict}" x="${from}%" width="${round(Math.max(0, to - from))}%" y="${y}" height="${thick}"><title>${verdict} from ${formatOffset(atMs)}</title></rect>`;
  })}`;
}
