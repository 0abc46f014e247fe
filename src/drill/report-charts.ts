import { foldTable, formatHtmlTable, type Html, html } from '../text/html.ts';
import { markOrigins, paletteSize } from '../text/palette.ts';
import { type Counts, type OriginProbes, others } from './count-report.ts';
import { type Axis, type Columns, drawColumns, drawPlot, formatOffset, type Plot, percentAt, round, scaleColumns } from './page-parts.ts';
import type { DrillReport } from './report.ts';

/** The axis that all charts of a report share. */
function reportAxis({ fromMs, toMs, markers }: DrillReport): Axis {
  return { fromMs, toMs, marks: markers };
}

/** The drill in one picture: who answered, what failed, how the weight moved. Pure. */
export function drawOverview(report: DrillReport): Html {
  const { buckets, summary } = report;
  const ids = originNames(report);
  const parts = buckets.map(({ origins, methods }) => ({
    up: ids.map((id) => origins[id] ?? 0),
    down: sumCounts(Object.values(methods)).failed,
  }));
  const { ok, failed } = sumCounts(buckets.flatMap(({ methods }) => Object.values(methods)));
  return html`<figure class="overview"><figcaption>${legend([
    ...legendOfOrigins(ids, 'answered by '),
    { piece: 'x', text: 'failed, below the line' },
  ])}</figcaption>
${drawCounts(report, {
  id: 'overview',
  title: 'Requests by origin over time',
  desc: `${ok} answered, ${failed} failed. ${report.markers.map(({ label, atMs }) => `${label} at ${formatOffset(atMs)}`).join('; ')}.`,
  columns: { parts, up: ids.map((_, place) => piece(place)), down: 'x', height: 190 },
  flags: true,
})}
<p class="soft">Requests per ${per(report)} by the origin that answered. ${summary.broken} breaks at 0; the numbers are those of the timeline below.</p></figure>`;
}

/** Answered and failed requests of each method. Pure. */
export function drawMethods(report: DrillReport): Html {
  const { methods, buckets } = report;
  return html`<figure><figcaption><h3>Viewers' requests by method</h3>
<p>Each column is ${per(report)} of requests, by the time they were sent: answered ones above the line, failed ones below. The numbers are those of the timeline.</p>
${legend([
  { piece: 'a', text: 'answered' },
  { piece: 'x', text: 'failed: no complete answer, or a status of 500 or above' },
])}</figcaption>
${methods.map((method, place) => {
  const parts = buckets.map(({ methods: counts }) => ({ up: [counts[method]?.ok ?? 0], down: counts[method]?.failed ?? 0 }));
  const { ok, failed } = sumCounts(buckets.map(({ methods: counts }) => counts[method] ?? { ok: 0, failed: 0 }));
  return html`<p class="name">${method}: ${ok + failed} requests, ${failed} failed</p>${drawCounts(report, {
    id: `method-${place}`,
    title: `${method} requests over time`,
    desc: `${ok} answered, ${failed} failed.`,
    columns: { parts, up: ['a'], down: 'x', height: 96 },
    flags: true,
  })}`;
})}
${foldTable(
  'Figures by method',
  formatHtmlTable(
    ['time', ...methods.flatMap((method) => [`${method} answered`, `${method} failed`])],
    buckets.map(({ atMs, methods: counts }) => [
      formatOffset(atMs),
      ...methods.flatMap((method) => [counts[method]?.ok ?? 0, counts[method]?.failed ?? 0]),
    ]),
    methods.flatMap((_, place) => [1 + place * 2, 2 + place * 2]),
  ),
)}</figure>`;
}

/** Answered and failed requests of each country, by origin. Pure. */
export function drawCountries(report: DrillReport): Html {
  const { countries, buckets } = report;
  const ids = originNames(report);
  const busiest = (field: keyof Counts) =>
    buckets.reduce((most, bucket) => Math.max(most, ...Object.values(bucket.countries).map((counts) => counts[field])), 1);
  // One scale for all makes them comparable.
  const scale = { most: busiest('ok'), least: busiest('failed') };
  return html`<figure><figcaption><h3>Viewers' requests by country</h3>
<p>The same requests by the viewer's country and the origin that answered.</p>
${legend([...legendOfOrigins(ids, 'answered by '), { piece: 'x', text: 'failed' }])}</figcaption>
${countries.map((country, place) => {
  const of = buckets.map((bucket) => bucket.countries[country] ?? { ok: 0, failed: 0, origins: {} });
  const { ok, failed } = sumCounts(of);
  return html`<p class="name">${country}: ${ok + failed} requests, ${failed} failed</p>${drawCounts(report, {
    id: `country-${place}`,
    title: `Requests from ${country} over time`,
    desc: `${ok} answered, ${failed} failed.`,
    columns: {
      parts: of.map(({ origins, failed: down }) => ({ up: ids.map((id) => origins[id] ?? 0), down })),
      up: ids.map((_, origin) => piece(origin)),
      down: 'x',
      height: 48,
      ...scale,
    },
    flags: place === 0,
    times: place === countries.length - 1,
  })}`;
})}
${foldTable(
  'Figures by country: answered / failed',
  formatHtmlTable(
    ['time', ...countries],
    buckets.map((bucket) => [
      formatOffset(bucket.atMs),
      ...countries.map((country) => `${bucket.countries[country]?.ok ?? 0} / ${bucket.countries[country]?.failed ?? 0}`),
    ]),
    countries.map((_, place) => place + 1),
  ),
)}</figure>`;
}

/** The names that answers are counted under: every origin, and the others if there are any. */
function originNames({ origins, buckets }: DrillReport): string[] {
  return [...origins.map(({ id }) => id), ...(buckets.some((bucket) => (bucket.origins[others] ?? 0) > 0) ? [others] : [])];
}

/** The class of the pieces that an origin is drawn with. */
function piece(place: number): string {
  return `o${place % paletteSize}`;
}

export interface LegendEntry {
  piece: string;
  text: string;
  /** Written into the piece. */
  letter?: string;
}

export function legend(entries: readonly LegendEntry[]): Html {
  return html`<ul class="legend">${entries.map(
    ({ piece: name, text, letter }) =>
      html`<li><svg aria-hidden="true"><rect class="${name}" width="100%" height="100%" rx="2"/>${letter === undefined ? undefined : html`<text x="50%" y="11" text-anchor="middle">${letter}</text>`}</svg>${text}</li>`,
  )}</ul>`;
}

/** With the letter that each origin has everywhere. */
function legendOfOrigins(ids: readonly string[], prefix: string): LegendEntry[] {
  return markOrigins(ids).map(({ id, place, letter }) => ({ piece: piece(place), letter, text: `${prefix}${id}` }));
}

/** The time of one column: `1 s`, `5 min`. */
function per({ bucketMs }: DrillReport): string {
  return bucketMs < 60_000 ? `${bucketMs / 1_000} s` : `${bucketMs / 60_000} min`;
}

function drawCounts(
  report: DrillReport,
  { columns, ...plot }: Pick<Plot, 'id' | 'title' | 'desc' | 'flags' | 'times'> & { columns: Columns },
): Html {
  const { zero, most, least } = scaleColumns(columns);
  const { height } = columns;
  const grid = [
    { y: 0, text: String(most) },
    { y: zero, text: '0', isZero: true },
    ...(least * (height / (most + least)) < 14 ? [] : [{ y: height, text: String(least) }]),
  ];
  return drawPlot({ ...plot, axis: reportAxis(report), height, grid, drawing: drawColumns(columns) });
}

function sumCounts(counts: readonly { ok: number; failed: number }[]): { ok: number; failed: number } {
  return { ok: counts.reduce((sum, { ok }) => sum + ok, 0), failed: counts.reduce((sum, { failed }) => sum + failed, 0) };
}

/** Each origin's share of the answers, with the broken one's weight at the edge. Pure. */
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
  return html`<figure><figcaption><h3>Which origin answered</h3>
<p>Shares of the answers, one column per ${per(report)}. The line is the weight of ${summary.broken} at the edge: the share of its own viewers that it keeps.</p>
${legend(legendOfOrigins(ids, ''))}<ul class="legend"><li><svg aria-hidden="true"><line class="l3" x1="0" x2="100%" y1="50%" y2="50%"/></svg>weight of ${summary.broken}</li></ul></figcaption>
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

/** Latency of viewers' requests on a logarithmic scale. Pure. */
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
        // Drawn from the start of the bucket to its end: a lone point would not be visible.
        return ms === null ? '' : `${start}H${round((1_000 * (place + 1)) / buckets.length)}`;
      })
      .join('');
  };
  return html`<figure><figcaption><h3>How long viewers waited</h3>
<p>From sending a request to the end of its answer or to the timeout, per ${per(report)} by the time it was sent. Each grid line is ten times the one below it.</p>
<ul class="legend"><li><svg aria-hidden="true"><line class="l1" x1="0" x2="100%" y1="50%" y2="50%"/></svg>p50: half of them were faster</li>
<li><svg aria-hidden="true"><line class="l2" x1="0" x2="100%" y1="50%" y2="50%"/></svg>p99: one in a hundred was slower</li></ul></figcaption>
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

/** The flipper's probes of each origin and its verdicts. Pure. */
export function drawProbes(report: DrillReport): Html {
  const { probes } = report;
  return html`<figure><figcaption><h3>What the flipper's probes found</h3>
<p>Good probes are above the line, bad ones below. The band at the bottom is the verdict, which changes only after several probes.</p>
${legend([
  { piece: 'band-healthy', text: 'good probe' },
  { piece: 'x', text: 'bad probe' },
  { piece: 'band-healthy', text: 'verdict healthy (thin band)' },
  { piece: 'band-unhealthy', text: 'verdict unhealthy (thick band)' },
])}</figcaption>
${probes.map((origin, place) => drawOriginProbes(report, origin, place))}
${foldTable(
  'Figures of the probes: good / bad / without an opinion',
  formatHtmlTable(
    ['time', ...probes.map(({ origin }) => origin)],
    report.buckets.map(({ atMs }, bucket) => [
      formatOffset(atMs),
      ...probes.map(({ buckets }) => {
        const { good = 0, bad = 0, none = 0 } = buckets[bucket] ?? {};
        return `${good} / ${bad} / ${none}`;
      }),
    ]),
    probes.map((_, column) => column + 1),
  ),
)}</figure>`;
}

function drawOriginProbes(
  report: DrillReport,
  { origin, good, bad, none, failures, buckets, verdicts }: OriginProbes,
  place: number,
): Html {
  const half = 24;
  const most = Math.max(1, ...buckets.map((bucket) => Math.max(bucket.good, bucket.bad)));
  const why = failures.map(({ class: name, probes }) => `${name} ${probes}`).join(', ');
  const said = `${good} good, ${bad} bad${why === '' ? '' : ` (${why})`}${none === 0 ? '' : `, ${none} without an opinion`}`;
  // The same scale on both sides keeps origins comparable.
  const parts = buckets.map((bucket) => ({ up: [bucket.good], down: bucket.bad }));
  const height = half * 2;
  const drawing = drawColumns({ parts, up: ['band-healthy'], down: 'x', height, most, least: most });
  return html`<p class="name">${origin}: ${said}</p>${drawPlot({
    id: `probes-${place}`,
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

function drawVerdicts({ fromMs, toMs }: DrillReport, verdicts: OriginProbes['verdicts'], y: number): Html {
  const first = { atMs: fromMs, verdict: 'unknown' };
  const all = [first, ...verdicts];
  return html`${all.map(({ atMs, verdict }, place) => {
    const from = percentAt({ fromMs, toMs }, atMs);
    const to = percentAt({ fromMs, toMs }, all[place + 1]?.atMs ?? toMs);
    const thick = verdict === 'unhealthy' ? 9 : 4;
    return html`<rect class="band-${verdict}" x="${from}%" width="${round(Math.max(0, to - from))}%" y="${y}" height="${thick}"><title>${verdict} from ${formatOffset(atMs)}</title></rect>`;
  })}`;
}
