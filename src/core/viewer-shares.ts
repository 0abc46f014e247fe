import type { Weights } from './state-record.ts';

/** Viewers who share an order of origins. */
export interface Audience {
  /** The service whose paths they ask for; undefined where all paths are one service. */
  service?: string;
  /** Their countries; none for viewers of every country that no route names. */
  countries: readonly string[];
  order: readonly string[];
  /** Parts of them with an order of their own each; `order` is that of the largest part. Absent: all have one order. */
  slices?: readonly { percent: number; order: readonly string[] }[];
}

/** Percent of an audience's viewers by origin; an origin without any is not there. */
export type Shares = ReadonlyMap<string, number>;

type Ordered = Pick<Audience, 'order' | 'slices'>;
type Routes = readonly (Ordered & Pick<Audience, 'countries'>)[];

interface Routed {
  routes: Routes;
  defaultOrder: readonly string[];
  defaultSlices?: Audience['slices'];
  services?: readonly (Ordered & { name: string; routes: Routes })[] | undefined;
}

/** Every audience of the configuration, service by service; viewers of all other countries come last. */
export function listAudiences({ routes, defaultOrder, defaultSlices: slices, services }: Routed): Audience[] {
  if (services === undefined) return [...routes, { countries: [], order: defaultOrder, ...(slices !== undefined && { slices }) }];
  return services.flatMap(({ name: service, order, slices: own, routes: named }) =>
    listAudiences({ routes: named, defaultOrder: order, ...(own !== undefined && { defaultSlices: own }) }).map((audience) => ({
      ...audience,
      service,
    })),
  );
}

/**
 * Where the router sends an audience under these weights, counted over its hundred buckets; an origin without a weight
 * has 100.
 */
export function countShares({ order: whole, slices = [{ percent: 100, order: whole }] }: Ordered, weights: Weights): Shares {
  const shares = new Map<string, number>();
  for (const { percent, order } of slices) {
    // A viewer's bucket does not depend on its slice, so each slice has all buckets.
    for (let bucket = 0; bucket < 100; bucket++) {
      // When no origin is left for a bucket, the router keeps the whole order and its first origin serves.
      const origin = order.find((id) => (weights[id] ?? 100) > bucket) ?? order[0];
      if (origin !== undefined) shares.set(origin, (shares.get(origin) ?? 0) + percent);
    }
  }
  // In hundredths until here: whole numbers add up without an error.
  return new Map([...shares].map(([origin, share]) => [origin, share / 100]));
}

/** An audience whose viewers are served by others than before. */
export interface AudienceMove {
  audience: Audience;
  before: Shares;
  after: Shares;
}

/** The audiences that a change of weights moves. */
export function listMoves(audiences: readonly Audience[], before: Weights, after: Weights): AudienceMove[] {
  return audiences
    .map((audience) => ({ audience, before: countShares(audience, before), after: countShares(audience, after) }))
    .filter((move) => [...move.after].some(([origin, share]) => move.before.get(origin) !== share));
}

/** The origins that more viewers reach after these moves than before, each once. */
export function listGainers(moves: readonly AudienceMove[]): string[] {
  const gainers = moves.flatMap(({ before, after }) =>
    [...after].filter(([origin, share]) => share > (before.get(origin) ?? 0)).map(([origin]) => origin),
  );
  return [...new Set(gainers)];
}

/** `singapore`, or `singapore 25 %, europe 75 %`. */
export function formatShares(shares: Shares): string {
  if (shares.size === 1) return [...shares.keys()].join('');
  return [...shares].map(([origin, share]) => `${origin} ${share} %`).join(', ');
}

/** `US, IN`, at most six by name, or `other countries`; after the service, if there is one: `api: US, IN`. */
export function formatAudience({ service, countries }: Audience): string {
  if (service !== undefined) return `${service}: ${formatAudience({ countries, order: [] })}`;
  if (countries.length === 0) return 'other countries';
  return countries.length <= 6 ? countries.join(', ') : `${countries.slice(0, 5).join(', ')} and ${countries.length - 5} more`;
}
