import { svg } from './elements.ts';

/**
 * Colours and textures; an origin's place in edge.config.ts gives it one of each, so that two origins never look alike
 * without colour either.
 */
const colours = 8;
const textures = 4;

/** Class names of an origin's swatch. */
export function swatchClass(place: number): string {
  return `swatch colour-${place % colours} texture-${textureOf(place)}`;
}

/** The map's fill for one origin. `unit` is the size of a screen pixel in the map's units. */
export function originPattern(id: string, place: number, unit: number): SVGPatternElement {
  const size = 7 * unit;
  const ink = { class: 'texture', 'stroke-width': 1.6 * unit };
  const marks = [
    [],
    [svg('path', { ...ink, d: `M0 ${size / 2}h${size}` })],
    [svg('circle', { class: 'texture-dot', cx: size / 2, cy: size / 2, r: 1.5 * unit })],
    [svg('path', { ...ink, d: `M0 ${size / 2}h${size}M${size / 2} 0v${size}` })],
  ][textureOf(place)];
  return pattern(id, size, svg('rect', { width: size, height: size, class: `colour-${place % colours}` }), ...(marks ?? []));
}

/** The fill for countries whose viewers are shared: stripes as wide as the shares. */
export function sharedPattern(id: string, shares: readonly { place: number; share: number }[], unit: number): SVGPatternElement {
  const size = 14 * unit;
  let y = 0;
  const stripes = shares.map(({ place, share }) => {
    const height = (size * share) / 100;
    const stripe = svg('rect', { y, width: size, height, class: `colour-${place % colours}` });
    y += height;
    return stripe;
  });
  return pattern(id, size, ...stripes);
}

function pattern(id: string, size: number, ...children: SVGElement[]): SVGPatternElement {
  const attributes = { id, width: size, height: size, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(-45)' };
  return svg('pattern', attributes, ...children);
}

function textureOf(place: number): number {
  return (place + Math.floor(place / colours)) % textures;
}
