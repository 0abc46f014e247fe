import { type Html, html } from './html.ts';
import { round } from './plot.ts';

/** Columns on both sides of a line: what went well stands on it, what failed hangs from it. */
export interface Columns {
  /** One per part of the axis: pieces from the line upwards, and what hangs below it. */
  parts: readonly { up: readonly number[]; down: number }[];
  /** Classes of the pieces, from the line upwards. */
  up: readonly string[];
  down: string;
  height: number;
  /** The highest value on either side, for charts that are to be compared. Default: that of these columns. */
  most?: number;
  least?: number;
}

/** Where the line is and how many pixels one unit has, so that the highest and the lowest column fit. */
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
