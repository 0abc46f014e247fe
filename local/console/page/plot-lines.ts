import type { Second } from '../wire.ts';

export interface PlotScale {
  width: number;
  height: number;
  /** Seconds from edge to edge. */
  seconds: number;
  /** Milliseconds at the top; latency is drawn by its logarithm, from 1 ms. */
  topMs: number;
}

/** The next round figure above every latency: 10, 100, 1,000 ms and so on. */
export function chooseTopMs(seconds: readonly Second[]): number {
  const most = Math.max(10, ...seconds.map(({ p99Ms }) => p99Ms ?? 0));
  return 10 ** Math.ceil(Math.log10(most) - 1e-9);
}

/** Where a moment is; 0 is the left edge. */
export function placeOf(at: number, now: number, { width, seconds }: PlotScale): number {
  return width - ((now - at) / (seconds * 1_000)) * width;
}

/** Height of a latency above the floor of the plot. */
export function heightOf(ms: number, { height, topMs }: PlotScale): number {
  return (Math.log10(Math.max(1, ms)) / Math.log10(topMs)) * height;
}

/** SVG path data of one line; seconds without requests leave a gap. */
export function drawLine(seconds: readonly Second[], pick: (second: Second) => number | null, now: number, scale: PlotScale): string {
  let path = '';
  let lastAt: number | undefined;
  for (const second of seconds) {
    const value = pick(second);
    if (value === null) continue;
    const joins = lastAt !== undefined && second.at - lastAt === 1_000;
    const x = placeOf(second.at + 500, now, scale).toFixed(1);
    path += `${joins ? 'L' : 'M'}${x} ${(scale.height - heightOf(value, scale)).toFixed(1)}`;
    // A lone second is a point, which only a line of its own makes visible.
    if (!joins) path += 'h.1';
    lastAt = second.at;
  }
  return path;
}
