import { healthKey } from '../../kvs/keys.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import { effectiveWeights, parseLiveRecord } from '../core/live-record.ts';
import type { Weights } from '../core/state-record.ts';
import { type Audience, countShares } from '../core/viewer-shares.ts';
import type { EdgeView } from '../probe/edge-view.ts';

/** `sample`: one country of each audience, since all of them take the same way through the router. */
type ViewerScope = 'all' | 'sample';

/** What LIVE does with these viewers under each record; a string says why that cannot be known. */
export type ExpectByLive = (records: readonly string[], viewers: ViewerChoice) => Promise<EdgeExpectation[][] | string>;

export interface ViewerChoice {
  routes: EdgeConfig['routes'];
  canChooseCountry: boolean;
  /** Some orders depend on the viewer's address. */
  isShared: boolean;
}

export interface ExpectedAtEdge {
  /** By record, then by viewer. */
  expectations: EdgeExpectation[][];
  by: 'LIVE' | 'edge.config.ts';
  /** Why it is not by LIVE. */
  note?: string;
}

export interface EdgeAudiences {
  audiences: readonly Audience[];
  /** Those of the service that has the path for which the edge is asked. Default all. */
  edgeAudiences?: readonly Audience[] | undefined;
}

/**
 * Which origin should answer each viewer under each record: by running the LIVE function, since the working tree may be
 * another; by configuration where that is not possible.
 */
export async function expectAtEdge(
  { audiences, edgeAudiences = audiences, expectByLive }: EdgeAudiences & { expectByLive?: ExpectByLive | undefined },
  { canChooseCountry }: Pick<EdgeView, 'canChooseCountry'>,
  records: readonly string[],
  scope: ViewerScope,
  now: number,
): Promise<ExpectedAtEdge> {
  const asked = scope === 'all' ? edgeAudiences : sampleAudiences(edgeAudiences);
  const routes = asked
    .filter(({ countries }) => countries.length > 0)
    .map(({ countries, order }) => ({ countries: [...countries], order: [...order] }));
  const isShared = asked.some(({ slices }) => slices !== undefined);
  const found = (await expectByLive?.(records, { routes, canChooseCountry, isShared })) ?? 'LIVE was not read';
  if (typeof found !== 'string') return { expectations: found, by: 'LIVE' };
  const expectations = records.map((record) => {
    const weights = effectiveWeights(parseLiveRecord(new Map([[healthKey, record]]), now));
    return listExpectations(asked, weights, canChooseCountry);
  });
  return { expectations, by: 'edge.config.ts', note: `compared with edge.config.ts: ${found}` };
}

/** The viewers to ask the edge for, in the order of the expectations. */
export function sampleAudiences(audiences: readonly Audience[]): Audience[] {
  return audiences.map(({ countries, order, slices }) => ({
    countries: countries.slice(0, 1),
    order,
    ...(slices !== undefined && { slices }),
  }));
}

/** The viewer to ask for, and the origins that may answer. */
export interface EdgeExpectation {
  /** Undefined for a viewer of unknown or unlisted country. */
  country: string | undefined;
  /** The viewer's address, on which a partial weight depends; undefined for whatever this machine has. */
  ip?: string | undefined;
  /** Empty when the function chooses no origin by its id, and any is right. */
  allowed: readonly string[];
  /** Those that serve a request which the first one fails. */
  covering?: readonly string[];
}

/**
 * What each viewer may get under these weights: every configured country and one without, or any viewer when the
 * country cannot be chosen.
 */
export function listExpectations(audiences: readonly Audience[], weights: Weights, canChooseCountry: boolean): EdgeExpectation[] {
  const each = audiences.map((audience) => {
    const { countries, order } = audience;
    const allowed = [...countShares(audience, weights).keys()];
    return { countries, allowed, covering: order.filter((origin) => !allowed.includes(origin) && weights[origin] !== 0) };
  });
  if (!canChooseCountry) {
    const allowed = [...new Set(each.flatMap((one) => one.allowed))];
    const covering = [...new Set(each.flatMap((one) => one.covering))].filter((origin) => !allowed.includes(origin));
    return [{ country: undefined, allowed, covering }];
  }
  return each.flatMap(({ countries, allowed, covering }) =>
    (countries.length === 0 ? [undefined] : countries).map((country) => ({ country, allowed, covering })),
  );
}
