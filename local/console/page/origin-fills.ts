import { markOrigins, type OriginMark, paletteSize } from '../../../src/text/palette.ts';
import { element, svg } from './elements.ts';

/** Readers who ask for more contrast get textures beside colours. */
export const wantsTexture = matchMedia('(prefers-contrast: more), (forced-colors: active)');

/** The class that sets `--c` to an origin's colour. */
export function originClass(place: number): string {
  return `origin-${place % paletteSize}`;
}

/** The colour chip of an origin with its letter. */
export function originChip({ place, letter }: OriginMark): HTMLElement {
  return element('span', { class: `chip ${originClass(place)}`, 'aria-hidden': 'true' }, letter);
}

export function markOf(id: string, ids: readonly string[]): OriginMark {
  return markOrigins(ids).find((mark) => mark.id === id) ?? (markOrigins([id])[0] as OriginMark);
}

/** A share of an audience. */
interface Part {
  place: number;
  share: number;
}

/** The map's fill: the origin's colour, softened, or a mixture by the shares. */
export function softFill(parts: readonly Part[]): string {
  const soft = ({ place }: Part) => `color-mix(in oklab, var(--origin-${place % paletteSize}) 64%, var(--panel))`;
  let [total, fill] = [0, ''];
  for (const part of parts) {
    total += part.share;
    fill = fill === '' ? soft(part) : `color-mix(in oklab, ${soft(part)} ${Math.round((100 * part.share) / total)}%, ${fill})`;
  }
  return fill;
}

/**
 * The same as a pattern, for more contrast: the origin's texture, or stripes as wide as the shares. `unit` is the size
 * of a screen pixel.
 */
export function texturePattern(id: string, parts: readonly Part[], unit: number): SVGPatternElement {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return originPattern(id, only.place, unit);
  const size = 14 * unit;
  let y = 0;
  const stripes = parts.map(({ place, share }) => {
    const height = (size * share) / 100;
    const stripe = svg('rect', { y, width: size, height, class: originClass(place) });
    y += height;
    return stripe;
  });
  return pattern(id, size, ...stripes);
}

function originPattern(id: string, place: number, unit: number): SVGPatternElement {
  const size = 7 * unit;
  const ink = { class: 'texture', 'stroke-width': 1.6 * unit };
  const marks = {
    plain: [],
    lines: [svg('path', { ...ink, d: `M0 ${size / 2}h${size}` })],
    dots: [svg('circle', { class: 'texture-dot', cx: size / 2, cy: size / 2, r: 1.5 * unit })],
    cross: [svg('path', { ...ink, d: `M0 ${size / 2}h${size}M${size / 2} 0v${size}` })],
  }[markOrigins(Array.from({ length: place + 1 }, (_, each) => String(each)))[place]?.texture ?? 'plain'];
  return pattern(id, size, svg('rect', { width: size, height: size, class: originClass(place) }), ...marks);
}

function pattern(id: string, size: number, ...children: SVGElement[]): SVGPatternElement {
  const attributes = { id, width: size, height: size, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(-45)' };
  return svg('pattern', attributes, ...children);
}
