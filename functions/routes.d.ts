/** Written at build time from edge.config.ts by src/edge/routes-module.ts. */
declare module 'virtual:routes' {
  import type { OriginGroup } from 'cloudfront';
  /** False compiles the per-request origin group away. */
  export const perRequestFailover: boolean;
  /** True compiles `prefixedHealthKey` in. */
  export const hasKeyPrefix: boolean;
  /** The health record's key of a function that shares its store with another: `staging/health`. */
  export const prefixedHealthKey: string;
  /** True compiles the line in the access log in. */
  export const hasAccessLog: boolean;
  /** Percent of the requests whose line has the age of the store's copy; 0 compiles it away. */
  export const agePercent: number;
  /** True compiles `retryHeader` in. */
  export const canRetry: boolean;
  /** Lower-case name of the header with which a client marks a request that it tries again. */
  export const retryHeader: string;
  /** A value of `retryHeader` up to this text is that of a first attempt. */
  export const firstAttempt: string;
  /** True compiles `serviceOf` in. */
  export const hasServices: boolean;
  /**
   * The key of the service that has a path; empty when none has. Before a country, it is the name in `places`. With an
   * access log the service's name, whose place in `places` is the key.
   */
  export const serviceOf: (uri: string) => string;
  /** True compiles the shares of a route in. */
  export const hasShares: boolean;
  /** True compiles the viewer's subdivision in: `places` has names such as `US-CA`. */
  export const hasSubdivisions: boolean;
  /** True compiles `testerOrigin` in. */
  export const hasTester: boolean;
  /** The header or cookie of a tester. */
  export const testerName: string;
  export const testerInCookie: boolean;
  /** SHA-256 of the tester's secret, hex. */
  export const testerHash: string;
  /** The aliases of all origins, for a tester to choose from. */
  export const origins: string[];
  /** True compiles `ids` in: an origin's alias and its id in the distribution differ. */
  export const hasAliases: boolean;
  /** Id in the distribution by alias. */
  export const ids: { [alias: string]: string };
  /** True when no order is longer than two, so that a whole order is a group as it is. */
  export const onlyPairs: boolean;
  /**
   * The place in `routes` of every country and subdivision that a route names, with services after the service's key,
   * where `*` means all other countries. -1 for the methods that a per-request origin group may retry.
   */
  export const places: { [countryOrMethod: string]: number };
  /** Characters of the longest record that the configured origins can need. */
  export const maxRecordLength: number;
  /**
   * The different orders of origins, each whole, as aliases, in the shape of an origin group; 0 is the default order.
   */
  export const routes: { [place: string]: Route };
  /** As the helper of CloudFront takes it. */
  export interface Group {
    originIds: string[];
    failoverCriteria: OriginGroup['failoverCriteria'];
  }
  /**
   * Where several orders share the viewers: those below the position `upTo` of 65,536 have `group`, the others are
   * those of `next`.
   */
  export interface Share {
    upTo?: number;
    group?: Group;
    next?: Share;
  }
  type Route = Group & Share;
}
