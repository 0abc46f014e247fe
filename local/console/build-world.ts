import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type GeoContext, geoEqualEarth, geoPath } from 'd3-geo';
import { feature } from 'topojson-client';
import { presimplify, simplify, sphericalTriangleArea } from 'topojson-simplify';
import type { GeometryCollection, Topology } from 'topojson-specification';
import type { WorldShapes } from './wire.ts';

const require = createRequire(import.meta.url);

/** The map's own units; its coordinates are whole numbers. It is cut off below Antarctica's coast. */
const width = 2_000;
const height = 940;
/** The meridian at the left edge: through the Bering Strait, where the cut crosses no mainland. */
const leftMeridian = -168.5;

/** Points that change a coast by less than this area (steradians) are left out: too small for a screen. */
const minArea = 6e-6;
/** A country smaller than this in both directions also gets a dot, to be visible and clickable. */
const smallUnits = 14;

/**
 * Countries of ISO's list that Natural Earth draws as part of another or not at all: a centre in degrees, and how far
 * around it land is theirs. Without land there the country is a dot.
 */
const farPlaces: Readonly<Record<string, { longitude: number; latitude: number; reach: number }>> = {
  BQ: { longitude: -68.3, latitude: 12.2, reach: 0.3 },
  BV: { longitude: 3.4, latitude: -54.4, reach: 0.5 },
  CC: { longitude: 96.9, latitude: -12.2, reach: 1 },
  CX: { longitude: 105.6, latitude: -10.5, reach: 1 },
  GF: { longitude: -53.1, latitude: 3.9, reach: 3 },
  GI: { longitude: -5.35, latitude: 36.14, reach: 0.05 },
  GP: { longitude: -61.5, latitude: 16.2, reach: 0.5 },
  MQ: { longitude: -61, latitude: 14.65, reach: 0.4 },
  RE: { longitude: 55.5, latitude: -21.1, reach: 1 },
  SJ: { longitude: 19, latitude: 78.5, reach: 14 },
  TK: { longitude: -171.8, latitude: -9.2, reach: 1 },
  TV: { longitude: 179.2, latitude: -8.5, reach: 1 },
  UM: { longitude: 166.6, latitude: 19.3, reach: 0.5 },
  YT: { longitude: 45.15, latitude: -12.8, reach: 0.4 },
};

/** Longitude and latitude of each AWS region, to the nearest degree. */
const regions: Readonly<Record<string, readonly [number, number]>> = {
  'af-south-1': [18, -34],
  'ap-east-1': [114, 22],
  'ap-east-2': [121, 25],
  'ap-northeast-1': [140, 36],
  'ap-northeast-2': [127, 37],
  'ap-northeast-3': [135, 35],
  'ap-south-1': [73, 19],
  'ap-south-2': [78, 17],
  'ap-southeast-1': [104, 1],
  'ap-southeast-2': [151, -34],
  'ap-southeast-3': [107, -6],
  'ap-southeast-4': [145, -38],
  'ap-southeast-5': [102, 3],
  'ap-southeast-7': [100, 14],
  'ca-central-1': [-74, 45],
  'ca-west-1': [-114, 51],
  'eu-central-1': [9, 50],
  'eu-central-2': [9, 47],
  'eu-north-1': [18, 59],
  'eu-south-1': [9, 45],
  'eu-south-2': [-1, 42],
  'eu-west-1': [-6, 53],
  'eu-west-2': [0, 52],
  'eu-west-3': [2, 49],
  'il-central-1': [35, 32],
  'me-central-1': [54, 24],
  'me-south-1': [51, 26],
  'mx-central-1': [-100, 21],
  'sa-east-1': [-47, -24],
  'us-east-1': [-78, 39],
  'us-east-2': [-83, 40],
  'us-gov-east-1': [-83, 40],
  'us-gov-west-1': [-120, 45],
  'us-west-1': [-122, 37],
  'us-west-2': [-120, 45],
};

type Atlas = Topology<{ countries: GeometryCollection }>;
type Polygon = readonly (readonly (readonly number[])[])[];
type Bounds = [[number, number], [number, number]];

/** Equal areas, so that no country looks larger than it is. */
const projection = geoEqualEarth()
  .rotate([-(leftMeridian + 180), 0])
  .precision(0)
  .fitWidth(width, { type: 'Sphere' });
projection.translate([width / 2, 484]);

/** The map of the world from Natural Earth's countries at 1:50 million: each country is an SVG path, a dot, or both. */
export async function buildWorld(): Promise<WorldShapes> {
  const polygons = new Map<string, Polygon[]>();
  for (const { code, polygon } of await readCountries()) {
    const owner = findFarPlace(polygon[0] ?? []) ?? code;
    polygons.set(owner, [...(polygons.get(owner) ?? []), polygon]);
  }
  const shapes = [...polygons].map(([code, own]) => ({ code, ...drawCountry(own) }));
  const dots = shapes.filter(({ bounds }) => isSmall(bounds)).map(({ code, bounds }) => [code, middle(bounds)] as const);
  const missing = Object.entries(farPlaces).filter(([code]) => !polygons.has(code));
  return {
    width,
    height,
    regions: Object.fromEntries(Object.entries(regions).map(([id, [x, y]]) => [id, roundPoint(projection([x, y]) ?? [0, 0])])),
    shapes: Object.fromEntries(shapes.filter(({ path }) => path !== '').map(({ code, path }) => [code, path])),
    dots: Object.fromEntries([
      ...dots,
      ...missing.map(([code, { longitude, latitude }]) => [code, roundPoint(projection([longitude, latitude]) ?? [0, 0])]),
    ]),
  };
}

async function readCountries(): Promise<{ code: string; polygon: Polygon }[]> {
  const atlas = JSON.parse(await readFile(require.resolve('world-atlas/countries-50m.json'), 'utf8')) as Atlas;
  const simplified = simplify(presimplify(atlas, sphericalTriangleArea), minArea);
  return feature(simplified, simplified.objects.countries).features.flatMap(({ id, geometry }) => {
    const code = id === undefined ? '' : parseNumericCode(String(id));
    if (geometry.type === 'Polygon') return [{ code, polygon: geometry.coordinates }];
    return geometry.type === 'MultiPolygon' ? geometry.coordinates.map((polygon) => ({ code, polygon })) : [];
  });
}

/**
 * ISO 3166-1 numeric to alpha-2: `356` is `IN`; empty for land without a code, such as Kosovo. Unicode's data has them
 * as aliases.
 */
function parseNumericCode(id: string): string {
  const code = new Intl.Locale(`und-${id.padStart(3, '0')}`).region;
  return code !== undefined && /^[A-Z]{2}$/.test(code) ? code : '';
}

function findFarPlace(coast: Polygon[number]): string | undefined {
  const far = Object.entries(farPlaces).find(([, { longitude, latitude, reach }]) =>
    coast.every(([x = 0, y = 0]) => Math.abs(((x - longitude + 540) % 360) - 180) <= reach && Math.abs(y - latitude) <= reach),
  );
  return far?.[0];
}

/** A country's path, and the bounds of its largest part. */
function drawCountry(polygons: readonly Polygon[]): { path: string; bounds: Bounds } {
  const measure = geoPath(projection);
  const writer = new StepWriter();
  const draw = geoPath(projection, writer);
  let bounds: Bounds = [
    [0, 0],
    [0, 0],
  ];
  let largest = -1;
  for (const polygon of polygons) {
    const shape = { type: 'Polygon' as const, coordinates: polygon as [number, number][][] };
    draw(shape);
    const area = measure.area(shape);
    if (area > largest) bounds = measure.bounds(shape);
    largest = Math.max(area, largest);
  }
  return { path: writer.text, bounds };
}

/**
 * Writes rings as whole-number steps from point to point, which are shorter than coordinates. Drops rings without area.
 */
class StepWriter implements GeoContext {
  text = '';
  #ring: [number, number][] = [];

  beginPath(): void {}

  moveTo(x: number, y: number): void {
    this.#ring = [roundPoint([x, y])];
  }

  lineTo(x: number, y: number): void {
    const point = roundPoint([x, y]);
    const last = this.#ring.at(-1);
    if (last === undefined || last[0] !== point[0] || last[1] !== point[1]) this.#ring.push(point);
  }

  arc(): void {}

  closePath(): void {
    const [first, ...rest] = this.#ring;
    if (first === undefined || rest.length < 2) return;
    let [x, y] = first;
    const steps = rest.map(([nextX, nextY]) => {
      const step = `${nextX - x} ${nextY - y}`;
      [x, y] = [nextX, nextY];
      return step;
    });
    this.text += `M${first[0]} ${first[1]}l${steps.join(' ').replaceAll(' -', '-')}z`;
  }
}

function isSmall([[left, top], [right, bottom]]: Bounds): boolean {
  return right - left < smallUnits && bottom - top < smallUnits;
}

function middle([[left, top], [right, bottom]]: Bounds): [number, number] {
  return roundPoint([(left + right) / 2, (top + bottom) / 2]);
}

function roundPoint([x, y]: readonly [number, number]): [number, number] {
  return [Math.round(x), Math.round(y)];
}
