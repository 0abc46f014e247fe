import { describe, expect, it } from 'vitest';
import { listAudiences } from '../../../src/core/viewer-shares.ts';
import { findDisagreements, formatDisagreement, listExpectations, verifyEdge } from '../../../src/failover/verify-edge.ts';
import type { EdgeAnswer, EdgeView } from '../../../src/probe/edge-view.ts';

const audiences = listAudiences({
  defaultOrder: ['singapore', 'europe'],
  routes: [{ countries: ['DE', 'FR'], order: ['europe', 'singapore'] }],
});

/** An edge on a clock that the pauses move: `answer` says who serves a country at that time. */
function clockedEdge(answer: (country: string | undefined, at: number) => string | EdgeAnswer) {
  const clock = { now: 1_000 };
  const edge: EdgeView = {
    url: 'http://edge',
    canChooseCountry: true,
    ask: async (country) => {
      const found = answer(country, clock.now);
      return typeof found === 'string' ? { origins: [found] } : found;
    },
  };
  const options = {
    now: () => clock.now,
    sleep: async (ms: number) => {
      clock.now += ms;
    },
    writtenAt: 1_000,
    timeoutMs: 10_000,
  };
  return { edge, options, clock };
}

describe('listExpectations', () => {
  it('asks for every configured country and one that is not', () => {
    expect(listExpectations(audiences, { singapore: 0 }, true)).toEqual([
      { country: 'DE', allowed: ['europe'], covering: [] },
      { country: 'FR', allowed: ['europe'], covering: [] },
      { country: undefined, allowed: ['europe'], covering: [] },
    ]);
  });

  it('takes any origin that any viewer may get where the country cannot be chosen', () => {
    expect(listExpectations(audiences, {}, false)).toEqual([{ country: undefined, allowed: ['europe', 'singapore'], covering: [] }]);
    expect(listExpectations(audiences, { singapore: 0 }, false)).toEqual([{ country: undefined, allowed: ['europe'], covering: [] }]);
  });
});

it('an origin that serves what the first one fails is known apart from it', () => {
  expect(listExpectations(audiences, {}, true)[2]).toEqual({ country: undefined, allowed: ['singapore'], covering: ['europe'] });
});

describe('verifyEdge', () => {
  const expectations = listExpectations(audiences, { singapore: 0 }, true);

  it('measures from the write to the first round in which all agree for good', async () => {
    const { edge, options } = clockedEdge((country, at) => (at >= (country === 'FR' ? 3_000 : 2_000) ? 'europe' : 'singapore'));
    expect(await verifyEdge(edge, expectations, options)).toEqual({ propagationMs: 2_000 });
  });

  it('is not taken in by an edge that still alternates', async () => {
    const { edge, options } = clockedEdge((_, at) => (at < 2_000 && at !== 1_200 && at !== 1_300 ? 'singapore' : 'europe'));
    expect(await verifyEdge(edge, expectations, options)).toEqual({ propagationMs: 1_000 });
  });

  it('gives up after its time and names the viewers that are still wrong', async () => {
    const { edge, options, clock } = clockedEdge((country) => (country === 'DE' ? 'singapore' : 'europe'));
    const outcome = await verifyEdge(edge, expectations, options);
    expect('disagreements' in outcome && outcome.disagreements.map(formatDisagreement)).toEqual([
      'DE is answered by singapore, allowed: europe',
    ]);
    expect(clock.now).toBeGreaterThan(11_000);
    expect(clock.now).toBeLessThan(11_500);
  });

  it('takes an edge that does not answer for one that does not agree', async () => {
    const { edge } = clockedEdge(() => ({ problem: 'did not answer: ECONNREFUSED', failed: true }));
    const [first] = await findDisagreements(edge, expectations);
    expect(first && formatDisagreement(first)).toBe('DE: the edge did not answer: ECONNREFUSED');
  });
});
