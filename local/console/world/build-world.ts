import type { WorldShapes } from '../wire.ts';
import { leftMeridian, mapHeight, mapWidth, projectEqualEarth } from './equal-earth.ts';
import { farPlaces } from './far-places.ts';
import { readAtlas } from './read-atlas.ts';
import type { Place } from './simplify-line.ts';

type Point = { x: number; y: number };

/** A country narrower than this both ways gets a dot besides its shape: nobody could see or hit it. */
const smallUnits = 14;

/** The map of the world: each country as one SVG path, a dot, or both. Takes about a third of a second, most of it reading. */
export async function buildWorld(): Promise<WorldShapes> {
  const shapes = new Map<string, { d: string; points: Point[] }>();
  for (const { code, polygons } of await readAtlas()) {
    for (const rings of polygons) {
      const drawn = rings.map(projectRing).filter((ring) => ring.length > 2);
      const owner = findFarPlace(rings[0] ?? []) ?? code ?? '';
      const shape = shapes.get(owner) ?? { d: '', points: [] };
      shapes.set(owner, {
        d: shape.d + drawn.map(formatRing).join(''),
        points: largest(shape.points, drawn[0] ?? rings.flatMap(projectRing)),
      });
    }
  }
  const dots = new Map<string, Point>();
  for (const [code, { points }] of shapes) if (isSmall(points)) dots.set(code, middle(points));
  for (const [code, { longitude, latitude }] of Object.entries(farPlaces))
    if (!shapes.has(code)) dots.set(code, projectEqualEarth(intoMap(longitude), latitude));
  return {
    width: mapWidth,
    height: mapHeight,
    shapes: Object.fromEntries([...shapes].filter(([, { d }]) => d !== '').map(([code, { d }]) => [code, d])),
    dots: Object.fromEntries([...dots].map(([code, { x, y }]) => [code, [x, y]])),
  };
}

/** A coast on both sides of the map's edge is drawn whole on the side where its first point is, unless it goes around the pole. */
function projectRing(ring: readonly Place[]): Point[] {
  const longitudes: number[] = [];
  for (const [longitude] of ring) longitudes.push(near(longitude, longitudes.at(-1) ?? intoMap(longitude)));
  const isAroundPole = Math.abs((longitudes.at(-1) ?? 0) - (longitudes[0] ?? 0)) > 180;
  const shift = isAroundPole ? 0 : wholeTurns(longitudes);
  const points: Point[] = [];
  for (const [index, [longitude, latitude]] of ring.entries()) {
    const point = projectEqualEarth(isAroundPole ? intoMap(longitude) : (longitudes[index] ?? 0) + shift, latitude);
    const last = points.at(-1);
    if (last === undefined || last.x !== point.x || last.y !== point.y) points.push(point);
  }
  return points;
}

/** The same meridian, numbered so that it lies within the map. */
function intoMap(longitude: number): number {
  return longitude < leftMeridian ? longitude + 360 : longitude;
}

/** The same meridian, numbered so that it is at most half around the world from another. */
function near(longitude: number, other: number): number {
  return longitude + 360 * Math.round((other - longitude) / 360);
}

/** What brings most of a ring into the map. */
function wholeTurns(longitudes: readonly number[]): number {
  const mean = longitudes.reduce((sum, longitude) => sum + longitude, 0) / longitudes.length;
  return mean > leftMeridian + 360 ? -360 : mean < leftMeridian ? 360 : 0;
}

function findFarPlace(coast: readonly Place[]): string | undefined {
  const far = Object.entries(farPlaces).find(([, { longitude, latitude, reach }]) =>
    coast.every(([x, y]) => Math.abs(near(x, longitude) - longitude) <= reach && Math.abs(y - latitude) <= reach),
  );
  return far?.[0];
}

/** In steps from point to point, which are shorter to write than places. */
function formatRing([first, ...rest]: readonly Point[]): string {
  if (first === undefined) return '';
  let last = first;
  const steps = rest.map(({ x, y }) => {
    const step = `${x - last.x} ${y - last.y}`;
    last = { x, y };
    return step;
  });
  return `M${first.x} ${first.y}l${steps.join(' ').replaceAll(' -', '-')}z`;
}

function extent(points: readonly Point[]): { left: number; right: number; top: number; bottom: number } {
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

function isSmall(points: readonly Point[]): boolean {
  const { left, right, top, bottom } = extent(points);
  return right - left < smallUnits && bottom - top < smallUnits;
}

function middle(points: readonly Point[]): Point {
  const { left, right, top, bottom } = extent(points);
  return { x: Math.round((left + right) / 2), y: Math.round((top + bottom) / 2) };
}

function largest(one: Point[], other: Point[]): Point[] {
  const size = (points: readonly Point[]) => {
    const { left, right, top, bottom } = extent(points);
    return points.length === 0 ? -1 : (right - left) * (bottom - top);
  };
  return size(other) > size(one) ? other : one;
}
