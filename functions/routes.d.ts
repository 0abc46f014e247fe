/** Written at build time from edge.config.ts by src/edge/routes-module.ts. */
declare module 'virtual:routes' {
  import type { OriginGroup } from 'cloudfront';
  /** False compiles the per-request origin group away. */
  export const perRequestFailover: boolean;
  /** True when no order is longer than two, so that a whole order is a group as it stands. */
  export const onlyPairs: boolean;
  /** True compiles the search in one table only: with few countries a second one costs more than it saves. */
  export const areFew: boolean;
  /** When they are few the countries, each followed by the digit of its route: `AT1BE1`. */
  export const countries: string;
  /** The countries A to L. */
  export const countriesToL: string;
  /** The countries M to Z. */
  export const countriesFromM: string;
  /** Characters of the longest record that the configured origins can need. */
  export const maxRecordLength: number;
  /** The different orders of origins, as long as they are, in the shape of an origin group; 0 is everybody's whom no country names. */
  export const routes: { [place: string]: OriginGroup };
}
