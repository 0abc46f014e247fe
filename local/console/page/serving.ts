import type { AudienceState } from '../wire.ts';

/** Who serves an audience: percent by origin; `problem` when it is no origin at all, in the function's own words. */
export interface Serving {
  shares: Readonly<Record<string, number>>;
  problem: string | undefined;
}

/** By the methods that are not tried twice: where a GET is tried first is the same, what follows is for the moment of failure. */
export function servingOf({ post, shares }: Pick<AudienceState, 'post' | 'shares'>, origins: readonly string[]): Serving {
  if (shares !== null) {
    const odd = Object.keys(shares).find((id) => !origins.includes(id));
    return odd === undefined ? { shares, problem: undefined } : { shares: {}, problem: odd };
  }
  return origins.includes(post) ? { shares: { [post]: 100 }, problem: undefined } : { shares: {}, problem: post };
}

/** Countries with a code; viewers without one are an audience's too, but no country. */
export function countCountries({ countries }: Pick<AudienceState, 'countries'>): number {
  return countries.filter((code) => code !== null).length;
}
