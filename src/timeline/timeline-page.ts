import { findLocationCountry } from '../log/location-country.ts';
import { formatHtmlPage, formatHtmlTable, type Html, html } from '../text/html.ts';
import { formatPaletteCss, formatPrintCss, markOrigins, type OriginMark, paletteSize } from '../text/palette.ts';
import { describeReason, formatSeconds } from './format-timeline.ts';
import type { Timeline } from './timeline.ts';

/** The world as SVG path data by country code. */
export interface WorldMap {
  width: number;
  height: number;
  shapes: Readonly<Record<string, string>>;
  dots: Readonly<Record<string, readonly [number, number]>>;
}

const maxRows = 200;
/** Colours of the map, by the time from a flip's write until the location obeyed it. */
const speeds = [
  { name: 'fast', upToMs: 30_000, words: 'within 30 s' },
  { name: 'middle', upToMs: 75_000, words: 'within 75 s' },
  { name: 'slow', upToMs: Number.POSITIVE_INFINITY, words: 'later than 75 s' },
] as const;

/**
 * The timeline as one page: no script, no request, every text of the log escaped. `origins` in the order of
 * edge.config.ts.
 */
export function formatTimelinePage(timeline: Timeline, { origins, world }: { origins: readonly string[]; world: WorldMap }): string {
  const logged = timeline.origins.map(({ origin }) => origin).filter((origin) => !origins.includes(origin));
  const marks = markOrigins([...origins, ...logged.sort()]);
  const { requests, decided, propagation } = timeline;
  const body = html`<h1>Which viewers went where, and when each edge location followed</h1>
<p>${requests} requests, ${decided} with a line of the router.
${propagation && html` A flip reached half of ${propagation.locations} edge locations within ${formatSeconds(propagation.p50Ms)}, 95 % within ${formatSeconds(propagation.p95Ms)}.`}</p>
${showChart(timeline, marks)}
${showMap(timeline, world)}
<h2>Flips</h2>
${formatHtmlTable(
  ['number', 'written', 'kind', 'record', 'reason', 'by', 'first location', 'last location'],
  timeline.flips.slice(-maxRows).map((flip) => {
    const own = timeline.obeyed.filter(({ sequence }) => sequence === flip.sequence).map(({ propagationMs }) => propagationMs);
    const at = own.length === 0 ? ['-', '-'] : [formatSeconds(Math.min(...own)), formatSeconds(Math.max(...own))];
    return [flip.sequence, formatIso(flip.at), flip.kind, flip.to, flip.reason, flip.by, ...at];
  }),
)}
<h2>Answered with 5xx</h2>
${formatHtmlTable(
  ['origin', 'GET, HEAD, OPTIONS', 'failed', 'others', 'failed'],
  timeline.origins.map(({ origin, safe, unsafe }) => [origin, safe.requests, safe.failed, unsafe.requests, unsafe.failed]),
  [1, 2, 3, 4],
)}
<h2>Sent where and why</h2>
${formatHtmlTable(
  ['service', 'country', 'origin', 'why', 'requests', 'failed'],
  timeline.routes
    .slice(0, maxRows)
    .map((each) => [each.service ?? '-', each.country ?? '-', each.origin, describeReason(each), each.requests, each.failed]),
  [4, 5],
)}
${timeline.routes.length > maxRows ? html`<p>${timeline.routes.length - maxRows} more rows are in --json.</p>` : undefined}
${
  timeline.lags.length === 0
    ? undefined
    : html`<h2>Behind the store at most</h2>
${formatHtmlTable(
  ['location', 'time', 'samples'],
  timeline.lags.slice(0, maxRows).map(({ location, behindMs, samples }) => [location, formatSeconds(behindMs), samples]),
  [1, 2],
)}`
}
${
  timeline.contradictions === 0
    ? undefined
    : html`<h2>Not as the record says</h2><p>${timeline.contradictions} requests.</p><ul>${timeline.contradictionExamples.map((each) => html`<li>${each}</li>`)}</ul>`
}`;
  return formatHtmlPage('Timeline', formatPaletteCss() + formatPrintCss() + style, body);
}

const chart = { width: 960, height: 260, failures: 60, top: 26 };

/** Requests by origin, stacked; above them the failures, and a line for each flip. */
function showChart({ series, flips }: Timeline, marks: readonly OriginMark[]): Html {
  const { stepMs, steps } = series;
  const from = steps[0]?.at;
  if (from === undefined) return html`<p>No request has a time.</p>`;
  const to = (steps.at(-1)?.at ?? from) + stepMs;
  const x = (at: number) => round(((at - from) / (to - from)) * chart.width);
  const total = (each: (typeof steps)[number], field: 'requests' | 'failed') =>
    Object.values(each.origins).reduce((sum, counts) => sum + counts[field], 0);
  const most = Math.max(1, ...steps.map((each) => total(each, 'requests')));
  const mostFailed = Math.max(1, ...steps.map((each) => total(each, 'failed')));
  const ground = chart.top + chart.failures + chart.height;
  const width = Math.max(1, round((stepMs / (to - from)) * chart.width));
  const paths = marks.map(() => '');
  let failures = '';
  for (const step of steps) {
    let level = ground;
    for (const [place, { id }] of marks.entries()) {
      const height = round(((step.origins[id]?.requests ?? 0) / most) * chart.height);
      if (height > 0) paths[place] += `M${x(step.at)} ${round(level)}h${width}v-${height}h-${width}z`;
      level -= height;
    }
    const height = round((total(step, 'failed') / mostFailed) * (chart.failures - 8));
    if (height > 0) failures += `M${x(step.at)} ${chart.top + chart.failures - 4}h${width}v-${height}h-${width}z`;
  }
  const shown = flips.filter(({ at }) => at >= from && at < to).slice(-40);
  return html`<figure><figcaption><h2>Requests by origin</h2>
<ul class="legend">${marks.map(({ place, letter, id }) => html`<li><svg aria-hidden="true" width="14" height="14"><rect width="14" height="14" class="o${place % paletteSize}"/></svg> ${letter} ${id}</li>`)}<li><svg aria-hidden="true" width="14" height="14"><rect width="14" height="14" class="bad"/></svg> answered with 5xx, at most ${mostFailed} in ${formatSeconds(stepMs)}</li></ul></figcaption>
<svg class="plot" role="img" aria-label="Requests by origin from ${formatIso(from)} to ${formatIso(to)}, at most ${most} in ${formatSeconds(stepMs)}; failures above, flips as lines. The tables below have the figures." viewBox="0 0 ${chart.width} ${ground + 20}">
${marks.map(({ place }) => html`<path class="o${place % paletteSize}" d="${paths[place] ?? ''}"/>`)}
<path class="bad" d="${failures}"/>
${shown.map(({ at, sequence, kind }, index) => html`<g class="flip"><line x1="${x(at)}" x2="${x(at)}" y1="14" y2="${ground}"/><text x="${Math.min(x(at) + 3, chart.width - 90)}" y="${index % 2 === 0 ? 11 : 24}">${sequence} ${kind}</text></g>`)}
<line class="zero" x1="0" x2="${chart.width}" y1="${ground}" y2="${ground}"/>
<text x="0" y="${ground + 15}">${formatIso(from)}</text><text x="${chart.width}" y="${ground + 15}" text-anchor="end">${formatIso(to)}</text>
</svg></figure>`;
}

/** Each country in the colour of its slowest edge location, beside a table of all locations. */
function showMap({ byLocation }: Timeline, { width, height, shapes, dots }: WorldMap): Html {
  const slowest = new Map<string, number>();
  for (const { location, maxMs } of byLocation) {
    const country = findLocationCountry(location) ?? '';
    slowest.set(country, Math.max(slowest.get(country) ?? Number.NEGATIVE_INFINITY, maxMs));
  }
  const classOf = (country: string) => {
    const ms = country === '' ? undefined : slowest.get(country);
    return ms === undefined ? 'land' : (speeds.find(({ upToMs }) => ms <= upToMs)?.name ?? 'slow');
  };
  const found = Object.entries(dots).filter(([country]) => classOf(country) !== 'land');
  return html`<figure><figcaption><h2>When each edge location obeyed a flip</h2>
<ul class="legend">${speeds.map(({ name, words }) => html`<li><svg aria-hidden="true" width="14" height="14"><rect width="14" height="14" class="${name}"/></svg> ${words}</li>`)}<li>the slowest location of each country</li></ul></figcaption>
<svg class="plot map" role="img" aria-label="The countries of ${byLocation.length} edge locations by the time until they obeyed a flip. The table below has the figures." viewBox="0 0 ${width} ${height}">
${['land', ...speeds.map(({ name }) => name)].map(
  (name) =>
    html`<path class="${name}" d="${Object.entries(shapes)
      .filter(([country]) => classOf(country) === name)
      .map(([, path]) => path)
      .join('')}"/>`,
)}
${found.map(([country, [x, y]]) => html`<circle class="${classOf(country)}" cx="${x}" cy="${y}" r="9"/>`)}
</svg></figure>
${formatHtmlTable(
  ['location', 'country', 'p50', 'p95', 'p99', 'longest'],
  byLocation
    .slice(0, maxRows)
    .map(({ location, p50Ms, p95Ms, p99Ms, maxMs }) => [
      location,
      findLocationCountry(location) ?? '-',
      ...[p50Ms, p95Ms, p99Ms, maxMs].map(formatSeconds),
    ]),
  [2, 3, 4, 5],
)}`;
}

function formatIso(at: number): string {
  return Math.abs(at) <= 8.64e15 ? new Date(at).toISOString().replace('.000Z', 'Z') : '-';
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

const style = `
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 64rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.2rem; margin: 2rem 0 0.5rem; }
figure { margin: 0; } .plot { display: block; width: 100%; height: auto; background: var(--panel); border: 1px solid var(--rule); border-radius: 0.5rem; }
.plot text { font-size: 11px; fill: var(--soft); } .flip line { stroke: var(--ink); stroke-dasharray: 4 3; } .plot .flip text { fill: var(--ink); }
.zero { stroke: var(--soft); } .bad { fill: var(--bad); } .land { fill: var(--land); }
.fast { fill: var(--good); } .middle { fill: var(--warn); } .slow { fill: var(--bad); }
.legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; list-style: none; padding: 0; margin: 0 0 0.5rem; color: var(--soft); font-size: 0.88rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: 0.88rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.28rem 0.9rem 0.28rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; } thead th { color: var(--soft); white-space: nowrap; }
.n { text-align: right; white-space: nowrap; }
${Array.from({ length: paletteSize }, (_, place) => `.o${place} { fill: var(--origin-${place}); }`).join('\n')}
`;
