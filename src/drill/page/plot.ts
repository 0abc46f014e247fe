import { type Html, html } from '../../text/html.ts';

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
