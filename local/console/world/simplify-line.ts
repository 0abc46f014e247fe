/** A place in degrees: longitude, latitude. */
export type Place = readonly [number, number];

/**
 * Leaves out what lies nearer than `tolerance` degrees to the line that stays (Douglas and Peucker). Ends stay, so that lines which meet go on meeting: two countries
 * share their border's points, and no gap opens between them.
 */
export function simplifyLine(line: readonly Place[], tolerance: number): Place[] {
  const isKept = new Uint8Array(line.length);
  const parts: [number, number][] = [[0, line.length - 1]];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const [from, to] = part;
    isKept[from] = 1;
    isKept[to] = 1;
    const furthest = findFurthest(line, from, to);
    if (furthest.distance > tolerance) parts.push([from, furthest.at], [furthest.at, to]);
  }
  return line.filter((_, index) => isKept[index] === 1);
}

function findFurthest(line: readonly Place[], from: number, to: number): { at: number; distance: number } {
  const [ax, ay] = line[from] ?? [0, 0];
  const [bx, by] = line[to] ?? [0, 0];
  // A degree of longitude is the shorter the nearer to a pole.
  const narrow = Math.cos((ay * Math.PI) / 180);
  const [dx, dy] = [(bx - ax) * narrow, by - ay];
  const length = Math.hypot(dx, dy);
  let furthest = { at: from, distance: 0 };
  for (let at = from + 1; at < to; at++) {
    const [px = 0, py = 0] = line[at] ?? [];
    const [ex, ey] = [(px - ax) * narrow, py - ay];
    const distance = length === 0 ? Math.hypot(ex, ey) : Math.abs(ex * dy - ey * dx) / length;
    if (distance > furthest.distance) furthest = { at, distance };
  }
  return furthest;
}
