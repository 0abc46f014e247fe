import type { Weights } from './state-record.ts';

/** Viewers who share an order of origins. */
export interface Audience {
  /** The service whose paths they ask for; undefined where all paths are one service. */
  service?: string;
  /** Their countries; none for viewers of every country that no route names. */
  countries: readonly string[];
  order: readonly string[];
}

/** Percent of an audience's viewers by origin; an origin without any is not there. */
export type Shares = ReadonlyMap<string, number>;

interface Routed {
  routes: readonly Pick<Audience, 'countries' | 'order'>[];
  defaultOrder: readonly string[];
  services?: readonly { name: string; order: readonly string[]; routes: readonly Pick<Audience, 'countries' | 'order'>[] }[] | undefined;
}

/** Every audience of the configuration, service by service; viewers of all other countries come last. */
export function listAudiences({ routes, defaultOrder, services }: Routed): Audience[] {
  if (services === undefined) return [...routes, { countries: [], order: defaultOrder }];
  return services.flatMap(({ name: service, order, routes: own }) =>
    listAudiences({ routes: own, defaultOrder: order }).map((audience) => ({ ...audience, service })),
  );
}

/** Where the router sends an audience under these weights, counted over its hundred buckets; an origin without a weight has 100. */
export function countShares(order: readonly string[], weights: Weights): Shares {
  const shares = new Map<string, number>();
  for (let bucket = 0; bucket < 100; bucket++) {
    // When no origin is left for a bucket, the router keeps the whole order and its first origin serves.
    const origin = order.find((id) => (weights[id] ?? 100) > bucket) ?? order[0];
    if (origin !== undefined) shares.set(origin, (shares.get(origin) ?? 0) + 1);
  }
  return shares;
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
    .map((audience) => ({ audience, before: countShares(audience.order, before), after: countShares(audience.order, after) }))
    .filter((move) => [...move.after].some(([origin, share]) => move.before.get(origin) !== share));
}

/** The origins that more viewers reach after these moves than before, each once. */
export function listGainers(moves: readonly AudienceMove[]): string[] {
  const gainers = moves.flatMap(({ before, after }) =>
    [...after].filter(([origin, share]) => share > (before.get(origin) ?? 0)).map(([origin]) => origin),
  );
  return [...new Set(gainers)];
}

/** `singapore`, or `singapore 25%, europe 75%`. */
export function formatShares(shares: Shares): string {
  if (shares.size === 1) return [...shares.keys()].join('');
  return [...shares].map(([origin, share]) => `${origin} ${share}%`).join(', ');
}

/** `US, IN`, at most six by name, or `other countries`; after the service, if there is one: `api: US, IN`. */
export function formatAudience({ service, countries }: Audience): string {
  if (service !== undefined) return `${service}: ${formatAudience({ countries, order: [] })}`;
  if (countries.length === 0) return 'other countries';
  return countries.length <= 6 ? countries.join(', ') : `${countries.slice(0, 5).join(', ')} and ${countries.length - 5} more`;
}
