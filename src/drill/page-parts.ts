import { type Html, html } from '../text/html.ts';
import { formatPaletteCss, formatPrintCss, paletteSize } from '../text/palette.ts';

/** The time range of a chart in milliseconds from the fault, and its marks. */
export interface Axis {
  fromMs: number;
  toMs: number;
  marks: readonly Mark[];
}

interface Mark {
  kind: string;
  atMs: number;
  label: string;
}

export interface Plot {
  /** Unique in its page. */
  id: string;
  title: string;
  /** The content in words, for screen readers. */
  desc: string;
  axis: Axis;
  /** Height of what is drawn, in pixels. */
  height: number;
  /** Lines across, with the text at their left. */
  grid: readonly { y: number; text: string; isZero?: boolean }[];
  /** Drawn 1,000 units wide and as high as the plot. */
  drawing: Html;
  /** Drawn on top, unscaled: positions in per cent. */
  overlay?: Html;
  /** Numbers the marks at the top. Default false: lines only. */
  flags?: boolean;
  /** Writes the time below. Default true. */
  times?: boolean;
}

const flagHeight = 18;
/** Rows of flags in a chart; a mark without a place stays a line. */
const maxFlagRows = 4;
/** Flags closer than this share of the width would cover each other on a narrow screen. */
const flagRoom = 0.062;

/** A chart as an SVG of the full width, with the same text size at every width. Pure. */
export function drawPlot({ id, title, desc, axis, height, grid, drawing, overlay, flags = false, times = true }: Plot): Html {
  const places = flags ? placeFlags(axis) : [];
  const top = flags ? flagHeight * (Math.max(0, ...places.map((row) => row ?? 0)) + 1) + 4 : 4;
  const total = top + height + (times ? 20 : 6);
  return html`<svg class="plot" role="img" aria-labelledby="${id}-title ${id}-desc" height="${total}">
<title id="${id}-title">${title}</title><desc id="${id}-desc">${desc}</desc>
<svg y="${top}" height="${height}" width="100%" overflow="visible">
${grid.map(({ y, text, isZero }) => html`<line class="${isZero ? 'zero' : 'grid'}" x1="0" x2="100%" y1="${y}" y2="${y}"/><text x="-6" y="${y + 4}" text-anchor="end">${text}</text>`)}
<svg width="100%" height="${height}" viewBox="0 0 1000 ${height}" preserveAspectRatio="none">${drawing}</svg>
${overlay}${times ? drawTimes(axis, height) : undefined}
</svg>
${axis.marks.map((mark, place) => drawMark(mark, axis, { number: place + 1, row: places[place], top, bottom: top + height }))}
</svg>`;
}

/** A place on the axis in per cent of its length, from 0 to 100. */
export function percentAt({ fromMs, toMs }: Pick<Axis, 'fromMs' | 'toMs'>, atMs: number): number {
  return round(Math.min(100, Math.max(0, (100 * (atMs - fromMs)) / Math.max(1, toMs - fromMs))));
}

/** Two decimals: more would be invisible. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** For each flag the lowest row in which it covers no other; undefined if there is none. */
function placeFlags({ fromMs, toMs, marks }: Axis): (number | undefined)[] {
  const ends = Array.from({ length: maxFlagRows }, () => Number.NEGATIVE_INFINITY);
  return marks.map(({ atMs }) => {
    const at = (atMs - fromMs) / Math.max(1, toMs - fromMs);
    const row = ends.findIndex((end) => end <= at);
    if (row === -1) return undefined;
    ends[row] = at + flagRoom;
    return row;
  });
}

/** A line, with its number where it has a row. */
function drawMark(
  { kind, atMs, label }: Mark,
  axis: Axis,
  { number, row, top, bottom }: { number: number; row: number | undefined; top: number; bottom: number },
): Html {
  const x = `${percentAt(axis, atMs)}%`;
  const draw = (from: number) => html`<line class="mark ${kind}" x1="${x}" x2="${x}" y1="${from}" y2="${bottom}"/>`;
  if (row === undefined) return html`<g><title>${number}: ${label}</title>${draw(top)}</g>`;
  const y = top - 4 - flagHeight * row - flagHeight / 2;
  return html`<g class="flag ${kind}"><title>${number}: ${label}</title>${draw(y)}<circle cx="${x}" cy="${y}" r="8"/><text x="${x}" y="${y + 3.5}">${number}</text></g>`;
}

const stepsMs = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400].map((s) => s * 1_000);

/** Up to eight times at whole steps from the fault. */
function drawTimes(axis: Axis, height: number): Html {
  const { fromMs, toMs } = axis;
  const stepMs = stepsMs.find((step) => (toMs - fromMs) / step <= 7) ?? Math.ceil((toMs - fromMs) / 7 / 86_400_000) * 86_400_000;
  const first = Math.ceil(fromMs / stepMs) * stepMs;
  const times = Array.from({ length: Math.floor((toMs - first) / stepMs) + 1 }, (_, place) => first + place * stepMs);
  return html`${times.map((atMs) => html`<text x="${percentAt(axis, atMs)}%" y="${height + 15}" text-anchor="middle">${formatOffset(atMs)}</text>`)}`;
}

/** Time from the fault, such as `-2 s`, `0`, `1:30`, `2:00:00`. */
export function formatOffset(atMs: number): string {
  if (atMs === 0) return '0';
  const seconds = Math.abs(atMs) / 1_000;
  const sign = atMs < 0 ? '-' : '';
  if (seconds < 60) return `${sign}${round(Math.round(seconds * 10) / 10)} s`;
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${sign}${h}:${two(m)}:${two(s)}` : `${sign}${m}:${two(s)}`;
}

/** Columns on both sides of a line: good counts above, bad ones below. */
export interface Columns {
  /** One per part of the axis: pieces from the line upwards, and one below it. */
  parts: readonly { up: readonly number[]; down: number }[];
  /** Classes of the pieces, from the line upwards. */
  up: readonly string[];
  down: string;
  height: number;
  /** The highest value on either side, for comparable charts. Default: that of these columns. */
  most?: number;
  least?: number;
}

/** The place of the line and the pixels per unit with which the highest and the lowest column fit. */
export function scaleColumns(columns: Columns): { zero: number; perUnit: number; most: number; least: number } {
  const { parts, height } = columns;
  const most = columns.most ?? Math.max(1, ...parts.map(({ up }) => up.reduce((sum, value) => sum + value, 0)));
  const least = columns.least ?? Math.max(0, ...parts.map(({ down }) => down));
  const perUnit = height / (most + least);
  return { zero: round(most * perUnit), perUnit, most, least };
}

/** One path for each piece: a hundred columns cost a few hundred bytes. */
export function drawColumns(columns: Columns): Html {
  const { parts, up, down } = columns;
  const { zero, perUnit } = scaleColumns(columns);
  const width = 1_000 / Math.max(1, parts.length);
  const paths = up.map(() => '');
  let below = '';
  for (const [place, part] of parts.entries()) {
    const x = round(place * width + width * 0.08);
    const box = (y: number, height: number) => `M${x} ${round(y)}h${round(width * 0.84)}v${round(height)}h-${round(width * 0.84)}z`;
    let y = zero;
    for (const [piece, value] of part.up.entries()) {
      if (value > 0) paths[piece] += box(y - value * perUnit, value * perUnit);
      y -= value * perUnit;
    }
    if (part.down > 0) below += box(zero, part.down * perUnit);
  }
  return html`${paths.map((d, piece) => html`<path class="${up[piece]}" d="${d}"/>`)}<path class="${down}" d="${below}"/>`;
}

/**
 * One style sheet for every page: light or dark by the reader's setting, light on paper. Series differ in place and
 * form first, in colour second.
 */
export const style = `
${formatPaletteCss()}:root { --paper: var(--page); --card: var(--panel); --line: var(--rule); --grid: var(--rule); --bad-tint: var(--bad-ground); --warn-tint: var(--warn-ground); --good-tint: var(--good-ground); --mark: var(--ink); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0.4rem 0 0.6rem; }
h2 { font-size: 1.2rem; margin: 2.6rem 0 0.6rem; padding-top: 0.9rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.4rem 0 0.1rem; }
p { margin: 0.3rem 0 0.7rem; max-width: 46rem; }
.soft, figcaption p, small { color: var(--soft); }
.pill { display: inline-block; padding: 0.1rem 0.7rem; border: 1px solid currentColor; border-radius: 1rem; font-weight: 600; font-size: 0.9rem; }
.note { max-width: none; padding: 0.6rem 0.9rem; border-left: 3px solid var(--accent); background: var(--panel); font-size: 0.92rem; }
.kept { color: var(--good); } .broken { color: var(--bad); } .skipped { color: var(--soft); } .late { color: var(--warn); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.2rem, 1fr)); gap: 0.7rem; margin: 1.2rem 0; padding: 0; list-style: none; }
.tiles li { background: var(--card); border: 1px solid var(--line); border-radius: 0.5rem; padding: 0.6rem 0.8rem; }
.tiles b { display: block; font-size: 1.45rem; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tiles b:not(:first-child) { margin-top: 0.4rem; } .tiles span { color: var(--soft); font-size: 0.85rem; display: block; line-height: 1.35; }
figure { margin: 1.2rem 0 1.6rem; }
figcaption p { margin: 0 0 0.3rem; font-size: 0.92rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.1rem 1.1rem; list-style: none; margin: 0 0 0.5rem; padding: 0; font-size: 0.85rem; color: var(--soft); }
.legend svg { width: 1.25rem; height: 0.85rem; margin-right: 0.4rem; vertical-align: -0.08rem; } .legend text { fill: var(--panel); font: 700 0.66rem system-ui, sans-serif; }
.plot { display: block; width: calc(100% - 3.4rem); margin-left: 3.4rem; overflow: visible; }
.plot text { font-size: 11px; fill: var(--soft); font-variant-numeric: tabular-nums; }
.plot .zero { stroke: var(--soft); stroke-width: 1; } .plot .grid { stroke: var(--grid); stroke-width: 1; }
.plot .mark { stroke: var(--mark); stroke-width: 1; opacity: 0.75; }
.plot .mark.written, .plot .mark.verdict { stroke-dasharray: 2 3; } .plot .mark.ramp, .plot .mark.flip { stroke-dasharray: 5 4; opacity: 0.5; }
.plot .mark.fault, .plot .mark.restored { stroke-width: 2; opacity: 0.9; }
.plot .flag circle { fill: var(--paper); stroke: var(--mark); } .plot .flag text { fill: var(--ink); font-size: 10px; font-weight: 600; text-anchor: middle; }
.plot .flag.fault circle { fill: var(--bad); stroke: var(--bad); } .plot .flag.fault text { fill: var(--paper); }
${Array.from({ length: paletteSize }, (_, place) => `.o${place} { fill: var(--origin-${place}); }`).join(' ')} .a { fill: var(--field); } .x { fill: var(--bad); }
.l1, .l2, .l3 { fill: none; stroke-width: 2; vector-effect: non-scaling-stroke; }
.l1 { stroke: var(--accent); } .l2 { stroke: var(--bad); stroke-dasharray: 6 3; } .l3 { stroke: var(--ink); stroke-width: 1.5; }
.band-healthy { fill: var(--good); } .band-unhealthy { fill: var(--bad); } .band-unknown { fill: var(--grid); }
.name { font-weight: 600; font-size: 0.92rem; margin: 0.5rem 0 0; }
.scroll { overflow-x: auto; margin: 0.4rem 0; }
table { border-collapse: collapse; font-size: 0.88rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.28rem 0.9rem 0.28rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; } thead th { color: var(--soft); white-space: nowrap; } .n { text-align: right; white-space: nowrap; } .t { white-space: nowrap; }
.grid-table td, .grid-table th { padding: 0.35rem 0.6rem; } .grid-table td { border: 1px solid var(--line); min-width: 6rem; }
.grid-table td small { display: block; } .fail { background: var(--bad-tint); } .slow { background: var(--warn-tint); } .fine { background: var(--good-tint); }
details { margin: 0.5rem 0; font-size: 0.9rem; } summary { cursor: pointer; color: var(--soft); }
code, pre { font: 0.86rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; } pre { background: var(--card); border: 1px solid var(--line); border-radius: 0.4rem; padding: 0.7rem 0.9rem; overflow-x: auto; }
.num { display: inline-flex; width: 1.35rem; height: 1.35rem; border: 1px solid var(--ink); border-radius: 50%; align-items: center; justify-content: center; font-size: 0.72rem; font-weight: 600; }
.num.fault { background: var(--bad); border-color: var(--bad); color: var(--paper); }
.panels { display: grid; grid-template-columns: repeat(4, 1fr); gap: 0.9rem 0.7rem; } .panels .plot { width: 100%; margin: 0; }
.panels p { margin: 0; font-size: 0.8rem; } .panels .row { grid-column: 1 / -1; margin: 0.5rem 0 0; font-weight: 600; font-size: 0.95rem; }
@media (max-width: 36rem) {
  main { padding: 1rem 0.8rem 3rem; } h1 { font-size: 1.4rem; } .plot { width: calc(100% - 2.7rem); margin-left: 2.7rem; } .panels { gap: 0.6rem 0.35rem; } .panels p { font-size: 0.7rem; }
  .grid-table { table-layout: fixed; width: 100%; font-size: 0.8rem; } .grid-table td, .grid-table th { padding: 0.25rem 0.3rem; min-width: 0; }
}
@media print {
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 11pt; } main { max-width: none; padding: 0; } details { display: none; } figure, .tiles li, tr { break-inside: avoid; } h2, h3 { break-after: avoid; }
}
${formatPrintCss()}`;
