import { type Columns, drawColumns, scaleColumns } from '../page/columns.ts';
import { type Html, html } from '../page/html.ts';
import { type Axis, drawPlot, formatOffset, type Plot } from '../page/plot.ts';
import { foldTable, formatHtmlTable } from '../page/table.ts';
import { type Counts, others } from './count-outcomes.ts';
import type { DrillReport } from './drill-report.ts';

/** Classes of the pieces that origins are drawn with, home first. */
const pieces = ['a', 'b', 'c', 'd', 'e', 'f'];

/** The axis that all charts of a report share. */
export function reportAxis({ fromMs, toMs, markers }: DrillReport): Axis {
  return { fromMs, toMs, marks: markers };
}

/** Answered and failed requests of each method. Pure. */
export function drawMethods(report: DrillReport): Html {
  const { methods, buckets } = report;
  return html`<figure><figcaption><h3>Viewers' requests by method</h3>
<p>Each column is ${per(report)} of requests, by the time they were sent. Answered ones stand on the line, failed ones hang from it. The numbers are those of the timeline.</p>
${legend([
  { piece: 'a', text: 'answered' },
  { piece: 'x', text: 'failed: no complete answer, or a status of 500 and above' },
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

/** Who answered each country's viewers, and whom nobody did. Pure. */
export function drawCountries(report: DrillReport): Html {
  const { countries, buckets } = report;
  const ids = originNames(report);
  const busiest = (field: keyof Counts) =>
    buckets.reduce((most, bucket) => Math.max(most, ...Object.values(bucket.countries).map((counts) => counts[field])), 1);
  // One scale for all, so that any two can be compared.
  const scale = { most: busiest('ok'), least: busiest('failed') };
  return html`<figure><figcaption><h3>Viewers' requests by country</h3>
<p>The same requests, by where their viewer is and which origin answered.</p>
${legend([...ids.map((id, place) => ({ piece: piece(place), text: `answered by ${id}` })), { piece: 'x', text: 'failed' }])}</figcaption>
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

/** The names that answers are counted under: every origin, and the rest where there is one. */
export function originNames({ origins, buckets }: DrillReport): string[] {
  return [...origins.map(({ id }) => id), ...(buckets.some((bucket) => (bucket.origins[others] ?? 0) > 0) ? [others] : [])];
}

export function piece(place: number): string {
  return pieces[place % pieces.length] ?? 'a';
}

export function legend(entries: readonly { piece: string; text: string }[]): Html {
  return html`<ul class="legend">${entries.map(
    ({ piece: name, text }) => html`<li><svg aria-hidden="true"><rect class="${name}" width="100%" height="100%"/></svg>${text}</li>`,
  )}</ul>`;
}

/** `1 s`, `5 min`: what one column stands for. */
export function per({ bucketMs }: DrillReport): string {
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
