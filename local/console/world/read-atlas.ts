import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Place, simplifyLine } from './simplify-line.ts';

/** One country's rings in degrees; the first ring of a polygon is its coast. */
export interface Country {
  /** ISO 3166-1 alpha-2; undefined for land that has no code, such as Kosovo. */
  code: string | undefined;
  polygons: Place[][][];
}

/** TopoJSON as world-atlas writes it (github.com/topojson/topojson-specification): lines as steps on a grid, countries as numbers of lines. */
interface Atlas {
  transform: { scale: Place; translate: Place };
  arcs: Place[][];
  objects: { countries: { geometries: { type: 'Polygon' | 'MultiPolygon'; id?: string; arcs: unknown }[] } };
}

const require = createRequire(import.meta.url);

/** Degrees that a simplified border may be off: less than a screen shows. */
const tolerance = 0.14;

/** Natural Earth's countries at 1:50 million (public domain), as the package world-atlas has them, simplified. */
export async function readAtlas(): Promise<Country[]> {
  const path = require.resolve('world-atlas/countries-50m.json');
  const { arcs, transform, objects } = JSON.parse(await readFile(path, 'utf8')) as Atlas;
  const lines = arcs.map((arc) => simplifyLine(unpackArc(arc, transform), tolerance));
  // The number of a line read backwards is its bitwise complement; neighbours share the point where lines meet.
  const joinRing = (numbers: readonly number[]) =>
    numbers.flatMap((number, place) => {
      const line = number < 0 ? (lines[~number] ?? []).toReversed() : (lines[number] ?? []);
      return place === 0 ? line : line.slice(1);
    });
  return objects.countries.geometries.map(({ type, id, arcs: numbers }) => {
    const polygons = (type === 'Polygon' ? [numbers] : numbers) as number[][][];
    return { code: id === undefined ? undefined : parseNumericCode(id), polygons: polygons.map((rings) => rings.map(joinRing)) };
  });
}

function unpackArc(arc: readonly Place[], { scale, translate }: Atlas['transform']): Place[] {
  let [x, y] = [0, 0];
  return arc.map(([dx, dy]) => {
    x += dx;
    y += dy;
    return [x * scale[0] + translate[0], y * scale[1] + translate[1]];
  });
}

/** ISO 3166-1 numeric to alpha-2: `356` is `IN`. To Unicode's locale data one is an alias of the other. */
function parseNumericCode(id: string): string | undefined {
  const code = new Intl.Locale(`und-${id.padStart(3, '0')}`).region;
  return code !== undefined && /^[A-Z]{2}$/.test(code) ? code : undefined;
}
