// The Equal Earth projection (Šavrič, Patterson, Jenny 2018, doi:10.1080/13658816.2018.1504949): areas are true, so that no country looks weightier than it is.

const [a1, a2, a3, a4] = [1.340264, -0.081106, 0.000893, 0.003796] as const;
const half = Math.sqrt(3) / 2;

/** Width of the map in its own units; its coordinates are whole numbers of them. */
export const mapWidth = 2_000;

/** Cut off below Antarctica's coast. */
export const mapHeight = 940;

/** The meridian at the left edge: through the Bering Strait, where the cut goes through no country's mainland. */
export const leftMeridian = -168.5;

const centre = leftMeridian + 180;
const scale = (mapWidth / 2) * ((half * a1) / Math.PI);
const top = 484;

/** A place on the map, from degrees; `longitude` lies within 180 of the map's centre. */
export function projectEqualEarth(longitude: number, latitude: number): { x: number; y: number } {
  const theta = Math.asin(half * Math.sin((latitude * Math.PI) / 180));
  const theta2 = theta * theta;
  const theta6 = theta2 ** 3;
  const lambda = ((longitude - centre) * Math.PI) / 180;
  const x = (lambda * Math.cos(theta)) / (half * (a1 + 3 * a2 * theta2 + theta6 * (7 * a3 + 9 * a4 * theta2)));
  const y = theta * (a1 + a2 * theta2 + theta6 * (a3 + a4 * theta2));
  return { x: Math.round(mapWidth / 2 + scale * x), y: Math.round(top - scale * y) };
}
