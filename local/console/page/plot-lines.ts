import type { Second } from '../wire.ts';

export interface PlotScale {
  width: number;
  height: number;
  /** From edge to edge. */
  spanMs: number;
  /** The time of one column. */
  stepMs: number;
}

/** The next round figure above every latency: 10, 100, 1,000 ms and so on. */
export function chooseTopMs(seconds: readonly Second[]): number {
  const most = Math.max(10, ...seconds.map(({ p99Ms }) => p99Ms ?? 0));
  return 10 ** Math.ceil(Math.log10(most) - 1e-9);
}

/** The next of 1, 2 and 5 times a power of ten at or above a count: the top of an axis. */
export function chooseTop(most: number): number {
  if (most <= 4) return 4;
  const power = 10 ** Math.floor(Math.log10(most) + 1e-9);
  return [1, 2, 5, 10].map((step) => step * power).find((top) => top >= most) ?? most;
}

/** Where a moment is; 0 is the left edge. */
export function placeOf(at: number, now: number, { width, spanMs }: PlotScale): number {
  return width - ((now - at) / spanMs) * width;
}

/** Height of a latency above the floor of the plot, by its logarithm from 1 ms. */
export function heightOf(ms: number, height: number, topMs: number): number {
  return (Math.log10(Math.max(1, ms)) / Math.log10(topMs)) * height;
}

/** SVG path data of one line of latency; steps without requests leave a gap. */
export function drawLine(
  seconds: readonly Second[],
  pick: (second: Second) => number | null,
  now: number,
  scale: PlotScale & { topMs: number },
): string {
  let path = '';
  let lastAt: number | undefined;
  for (const second of seconds) {
    const value = pick(second);
    if (value === null) continue;
    const joins = lastAt !== undefined && second.at - lastAt === scale.stepMs;
    const x = placeOf(second.at + scale.stepMs / 2, now, scale).toFixed(1);
    path += `${joins ? 'L' : 'M'}${x} ${(scale.height - heightOf(value, scale.height, scale.topMs)).toFixed(1)}`;
    // A lone step is a point, which only a line of its own makes visible.
    if (!joins) path += 'h.1';
    lastAt = second.at;
  }
  return path;
}

/**
 * SVG path data per series of stacked columns, the first series at the floor. A count that is not 0 is at least a pixel
 * high.
 */
export function drawStack(
  seconds: readonly Second[],
  series: readonly ((second: Second) => number)[],
  now: number,
  scale: PlotScale & { top: number },
): string[] {
  const paths = series.map(() => '');
  const width = (scale.width * scale.stepMs) / scale.spanMs;
  for (const second of seconds) {
    const x = placeOf(second.at, now, scale);
    if (x + width < 0) continue;
    const left = Math.max(0, x);
    const wide = Math.min(scale.width, x + width - Math.min(1, width / 4)) - left;
    if (wide <= 0) continue;
    let y = scale.height;
    for (const [place, count] of series.entries()) {
      const value = count(second);
      if (value <= 0) continue;
      const tall = Math.max(1.5, (value / scale.top) * scale.height);
      y -= tall;
      paths[place] += `M${left.toFixed(1)} ${y.toFixed(1)}h${wide.toFixed(1)}v${tall.toFixed(1)}h-${wide.toFixed(1)}z`;
    }
  }
  return paths;
}

/**
 * For each label the lowest row in which it covers no other; undefined where every row is taken. Places of the left
 * edges and widths in pixels.
 */
export function placeLabels(labels: readonly { x: number; width: number }[], rows: number): (number | undefined)[] {
  const taken = Array.from({ length: rows }, (): { x: number; width: number }[] => []);
  return labels.map((label) => {
    const row = taken.findIndex((others) => others.every(({ x, width }) => x + width <= label.x || label.x + label.width <= x));
    if (row === -1) return undefined;
    taken[row]?.push(label);
    return row;
  });
}
