import { describe, expect, it } from 'vitest';
import { formatPaletteCss, markOrigins, paletteSize, type Shade, stateColours, surfaceColours } from '../../../src/text/palette.ts';

const schemes = ['light', 'dark'] as const;
const marks = markOrigins(Array.from({ length: paletteSize }, (_, place) => `origin-${place}`));

const channels = (colour: string) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
const linear = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);

/** WCAG 2: contrast of two colours, from 1 to 21. */
function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [one, other]
    .map((colour) => {
      const [r = 0, g = 0, b = 0] = channels(colour).map(linear);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    })
    .toSorted((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** How a dichromat sees linear RGB (Viénot 1999), or as it is. */
const eyes = {
  normal: ([r = 0, g = 0, b = 0]: number[]) => [r, g, b],
  protan: ([r = 0, g = 0, b = 0]: number[]) => [0.11238 * r + 0.88762 * g, 0.11238 * r + 0.88762 * g, 0.00401 * r - 0.00401 * g + b],
  deutan: ([r = 0, g = 0, b = 0]: number[]) => [0.29275 * r + 0.70725 * g, 0.29275 * r + 0.70725 * g, -0.02234 * r + 0.02234 * g + b],
} as const;

/** Distance in OKLab: about 0.02 is the least that one sees side by side. */
function distance(one: string, other: string, eye: keyof typeof eyes): number {
  const lab = (colour: string) => {
    const [r = 0, g = 0, b = 0] = eyes[eye](channels(colour).map(linear)).map((value) => Math.max(0, value));
    const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
    const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
    const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
    return [
      0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
      1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
      0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
    ];
  };
  const [a, b] = [lab(one), lab(other)];
  return Math.hypot(...a.map((value, place) => value - (b[place] ?? 0)));
}

describe.each(schemes)('the palette on a %s page', (scheme) => {
  const on = (shade: Shade) => shade[scheme];
  const grounds = [surfaceColours.page, surfaceColours.panel, surfaceColours.raised].map(on);

  it('has texts with a contrast of at least 4.5 on every ground', () => {
    for (const ink of [surfaceColours.ink, surfaceColours.soft, surfaceColours.accent])
      for (const ground of grounds) expect(contrast(on(ink), ground), `${on(ink)} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    for (const [name, state] of Object.entries(stateColours))
      for (const ground of [...grounds, on(state.ground)]) expect(contrast(on(state.ink), ground), name).toBeGreaterThanOrEqual(4.5);
    for (const state of Object.values(stateColours)) expect(contrast(on(surfaceColours.ink), on(state.ground))).toBeGreaterThanOrEqual(4.5);
  });

  it('has origins and the borders of fields with a contrast of at least 3 on a panel', () => {
    for (const { colour, place } of marks) expect(contrast(on(colour), on(surfaceColours.panel)), String(place)).toBeGreaterThanOrEqual(3);
    expect(contrast(on(surfaceColours.field), on(surfaceColours.panel))).toBeGreaterThanOrEqual(3);
  });

  it.each(['normal', 'protan', 'deutan'] as const)('has five origins that differ for a %s eye', (eye) => {
    const five = marks.slice(0, 5);
    for (const one of five)
      for (const other of five.slice(one.place + 1))
        expect(distance(on(one.colour), on(other.colour), eye), `${one.place} ${other.place}`).toBeGreaterThanOrEqual(0.04);
    expect(distance(on(marks[0]?.colour as Shade), on(marks[1]?.colour as Shade), eye)).toBeGreaterThanOrEqual(0.1);
  });

  it('has no origin in the colour of a state', () => {
    for (const { colour, place } of marks)
      for (const [name, { ink }] of Object.entries(stateColours))
        expect(distance(on(colour), on(ink), 'normal'), `${place} ${name}`).toBeGreaterThanOrEqual(0.06);
  });
});

it('gives each origin the first free letter of its name', () => {
  const letters = (...ids: string[]) => markOrigins(ids).map(({ letter }) => letter);
  expect(letters('singapore', 'europe')).toEqual(['S', 'E']);
  expect(letters('sydney', 'singapore', 'spain')).toEqual(['S', 'I', 'P']);
  expect(letters('a', 'a1', 'a-2')).toEqual(['A', 'B', 'C']);
  expect(new Set(letters(...Array.from({ length: 26 }, (_, n) => `origin-${n}`))).size).toBe(26);
});

it('writes every colour once for light and once for dark', () => {
  const css = formatPaletteCss();
  expect(css.match(/--origin-7: #[\da-f]{6};/g)?.length).toBe(2);
  expect(css).toMatch(/prefers-color-scheme: dark[\s\S]*--page: #0d0f13/);
});
