import { healthKey } from '../../kvs/keys.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import { effectiveWeights, parseLiveRecord } from '../core/live-record.ts';
import type { Audience } from '../core/viewer-shares.ts';
import type { Asked } from '../edge/ask/ask.ts';
import type { EdgeView } from '../probe/edge-view.ts';
import { expectByFunction, listAskers } from '../verify/expected-origins.ts';
import { type Expectation, listExpectations } from './verify-edge.ts';

/** `sample`: one country of each audience, since all of them take the same way through the router. */
export type Scope = 'all' | 'sample';

/** What LIVE does with these viewers under each record; a string says why that cannot be known. */
export type ExpectByLive = (records: readonly string[], viewers: ViewerChoice) => Promise<Expectation[][] | string>;

export interface ViewerChoice {
  routes: EdgeConfig['routes'];
  canChooseCountry: boolean;
}

export interface ExpectedAtEdge {
  /** By record, then by viewer. */
  expectations: Expectation[][];
  by: 'LIVE' | 'edge.config.ts';
  /** Why it is not by LIVE. */
  note?: string;
}

/** Who should answer whom under each record: by running the LIVE function, since the working tree may be another; by configuration where that is not possible. */
export async function expectAtEdge(
  { audiences, expectByLive }: { audiences: readonly Audience[]; expectByLive?: ExpectByLive | undefined },
  { canChooseCountry }: Pick<EdgeView, 'canChooseCountry'>,
  records: readonly string[],
  scope: Scope,
  now: number,
): Promise<ExpectedAtEdge> {
  const asked = scope === 'all' ? audiences : sampleAudiences(audiences);
  const routes = asked
    .filter(({ countries }) => countries.length > 0)
    .map(({ countries, order }) => ({ countries: [...countries], order: [...order] }));
  const found = (await expectByLive?.(records, { routes, canChooseCountry })) ?? 'LIVE was not read';
  if (typeof found !== 'string') return { expectations: found, by: 'LIVE' };
  const expectations = records.map((record) => {
    const weights = effectiveWeights(parseLiveRecord(new Map([[healthKey, record]]), now));
    return listExpectations(asked, weights, canChooseCountry);
  });
  return { expectations, by: 'edge.config.ts', note: `compared with edge.config.ts: ${found}` };
}

/** Whom the edge is asked for, in the order of the expectations. */
export function sampleAudiences(audiences: readonly Audience[]): Audience[] {
  return audiences.map(({ countries, order }) => ({ countries: countries.slice(0, 1), order }));
}

/** By running this function. */
export async function expectByCode(
  asked: Asked,
  records: readonly string[],
  { routes, canChooseCountry }: ViewerChoice,
  path: string,
): Promise<Expectation[][]> {
  const askers = listAskers({ routes }, { isLocal: canChooseCountry, country: undefined, path });
  return Promise.all(
    records.map(async (record) => {
      const expected = await expectByFunction(asked, record, askers);
      return askers.map(({ viewers }, index): Expectation => {
        const { right = [], fallback = [] } = expected[index] ?? {};
        const [viewer] = viewers;
        return { country: canChooseCountry ? viewer?.country : undefined, ip: viewer?.ip, allowed: right, covering: fallback };
      });
    }),
  );
}
