import { describe, expect, it } from 'vitest';
import { buildWorld } from '../../../../local/console/world/build-world.ts';
import { simplifyLine } from '../../../../local/console/world/simplify-line.ts';
import { everyCountry } from '../../../../src/config/iso-countries.ts';

const world = await buildWorld();

/** The rings of a path: an absolute point after M, then steps. */
function ringsOf(d: string): { x: number; y: number }[][] {
  const rings = d.split('M').slice(1);
  return rings.map((ring) => {
    const numbers = [...ring.matchAll(/-?\d+/g)].map(Number);
    let [x, y] = [0, 0];
    return Array.from({ length: numbers.length / 2 }, (_, index) => {
      x += numbers[2 * index] ?? 0;
      y += numbers[2 * index + 1] ?? 0;
      return { x, y };
    });
  });
}

function middleOf(code: string): { x: number; y: number } {
  const points = ringsOf(world.shapes[code] ?? '').flat();
  const mean = (pick: (point: { x: number; y: number }) => number) => points.reduce((sum, point) => sum + pick(point), 0) / points.length;
  return { x: mean(({ x }) => x), y: mean(({ y }) => y) };
}

describe('the map of the world', () => {
  it('has a shape or a dot for each of the 249 countries, and nothing else but land without a code', () => {
    const known = new Set([...Object.keys(world.shapes), ...Object.keys(world.dots)]);
    expect(everyCountry.filter((code) => code !== undefined && !known.has(code))).toEqual([]);
    expect([...known].filter((code) => code !== '' && !everyCountry.includes(code))).toEqual([]);
  });

  it('writes every shape as closed rings of whole steps', () => {
    for (const [code, d] of Object.entries(world.shapes)) expect(d, code).toMatch(/^(M-?\d+ -?\d+l[-\d ]+z)+$/);
  });

  it('keeps countries within its edges, Antarctica aside, and cuts none in two', () => {
    for (const [code, d] of Object.entries(world.shapes)) {
      const rings = ringsOf(d);
      for (const { x, y } of rings.flat()) {
        expect(x, code).toBeGreaterThanOrEqual(-10);
        expect(x, code).toBeLessThanOrEqual(world.width + 10);
        expect(y, code).toBeGreaterThanOrEqual(0);
        if (code !== 'AQ') expect(y, code).toBeLessThan(world.height);
      }
      // A coast on both sides of the edge would leap across the whole map.
      const leaps = rings.flatMap((ring) => ring.slice(1).map(({ x }, index) => Math.abs(x - (ring[index]?.x ?? 0))));
      if (code !== 'AQ') expect(Math.max(...leaps), code).toBeLessThan(300);
    }
    for (const [x, y] of Object.values(world.dots)) {
      expect(x).toBeGreaterThan(0);
      expect(x).toBeLessThan(world.width);
      expect(y).toBeGreaterThan(0);
      expect(y).toBeLessThan(world.height);
    }
  });

  it.each([
    { one: 'US', is: 'left of', other: 'FR' },
    { one: 'FR', is: 'left of', other: 'IN' },
    { one: 'IN', is: 'left of', other: 'NZ' },
    { one: 'NO', is: 'above', other: 'ZA' },
    { one: 'GF', is: 'left of', other: 'FR' },
    { one: 'FR', is: 'above', other: 'GF' },
    { one: 'SJ', is: 'above', other: 'NO' },
  ])('has $one $is $other', ({ one, is, other }) => {
    const [a, b] = [middleOf(one), middleOf(other)];
    if (is === 'left of') expect(a.x).toBeLessThan(b.x);
    else expect(a.y).toBeLessThan(b.y);
  });

  it('shows a small country as a dot where it is: Singapore below Malaysia’s mainland, Gibraltar beside Spain', () => {
    const [x = 0, y = 0] = world.dots['SG'] ?? [];
    expect(Math.hypot(x - middleOf('MY').x, y - middleOf('MY').y)).toBeLessThan(80);
    const [gx = 0, gy = 0] = world.dots['GI'] ?? [];
    expect(Math.hypot(gx - middleOf('ES').x, gy - middleOf('ES').y)).toBeLessThan(60);
    expect(world.dots['FR']).toBeUndefined();
  });

  it('is small enough to be sent with everything else', () => {
    expect(JSON.stringify(world).length).toBeLessThan(80_000);
  });
});

describe('a simplified line', () => {
  it('keeps its ends and what stands out, and drops what does not', () => {
    const line = [
      [0, 0],
      [1, 0.01],
      [2, 1],
      [3, 0.01],
      [4, 0],
    ] as const;
    expect(simplifyLine(line, 0.1)).toEqual([
      [0, 0],
      [1, 0.01],
      [2, 1],
      [3, 0.01],
      [4, 0],
    ]);
    expect(simplifyLine(line, 0.7)).toEqual([
      [0, 0],
      [2, 1],
      [4, 0],
    ]);
    expect(simplifyLine(line, 2)).toEqual([
      [0, 0],
      [4, 0],
    ]);
  });
});
