import { describe, expect, it } from 'vitest';
import { buildWorld } from '../../../../local/console/build-world.ts';
import { everyCountry } from '../../../../src/config/countries.ts';

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
  it('has a shape or a dot for each of the 249 countries, and otherwise only land without a code', () => {
    const known = new Set([...Object.keys(world.shapes), ...Object.keys(world.dots)]);
    expect(everyCountry.filter((code) => code !== undefined && !known.has(code))).toEqual([]);
    expect([...known].filter((code) => code !== '' && !everyCountry.includes(code))).toEqual([]);
  });

  it('writes every shape as closed rings of whole steps', () => {
    for (const [code, d] of Object.entries(world.shapes)) expect(d, code).toMatch(/^(M-?\d+ -?\d+l[-\d ]+z)+$/);
  });

  it('keeps countries within its edges, Antarctica aside, and lets no coast jump across the map', () => {
    for (const [code, d] of Object.entries(world.shapes)) {
      const rings = ringsOf(d);
      for (const { x, y } of rings.flat()) {
        expect(x, code).toBeGreaterThanOrEqual(-10);
        expect(x, code).toBeLessThanOrEqual(world.width + 10);
        expect(y, code).toBeGreaterThanOrEqual(0);
        if (code !== 'AQ') expect(y, code).toBeLessThan(world.height);
      }
      // A coast drawn on both sides of the edge would jump across the whole map.
      const jumps = rings.flatMap((ring) => ring.slice(1).map(({ x }, index) => Math.abs(x - (ring[index]?.x ?? 0))));
      if (code !== 'AQ') expect(Math.max(...jumps), code).toBeLessThan(300);
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

  it('is smaller than 80 kB, so that the whole page stays below 150 kB', () => {
    expect(JSON.stringify(world).length).toBeLessThan(80_000);
  });
});
