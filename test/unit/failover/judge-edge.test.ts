import { describe, expect, it } from 'vitest';
import { type EdgeFacts, judgeEdge, worstState } from '../../../src/failover/verify-edge.ts';
import type { EdgeAnswer } from '../../../src/probe/edge-view.ts';

const from = (origin: string, status = 200): EdgeAnswer => ({ origins: [origin], status });
const toSingapore = { country: 'IN', allowed: ['singapore'], covering: ['europe'] };
const toEurope = { country: 'IN', allowed: ['europe'], covering: [] };
const base: Omit<EdgeFacts, 'answers'> = {
  expectations: [toSingapore],
  before: [],
  sinceWriteMs: undefined,
  good: new Set(['singapore', 'europe']),
};
const moved = { expectations: [toEurope], before: [[toSingapore]], sinceWriteMs: 4_000 };

describe('what a viewer gets', () => {
  it.each<{ when: string; answer: EdgeAnswer; facts?: Partial<EdgeFacts>; state: string; says?: string }>([
    { when: 'the right origin', answer: from('singapore'), state: 'agrees' },
    { when: 'an error of the right origin', answer: from('singapore', 503), state: 'failing', says: '503' },
    { when: 'nothing in time', answer: { problem: 'did not answer', failed: true }, state: 'failing' },
    { when: 'a page without a region', answer: { problem: 'answered 403 without a region', failed: false }, state: 'unknown', says: '403' },
    { when: 'another origin', answer: from('europe'), state: 'disagrees' },
    { when: 'the second origin while the first is dead', answer: from('europe'), facts: { good: new Set(['europe']) }, state: 'covering' },
    { when: 'an origin that is in no order', answer: from('mars'), facts: { good: new Set() }, state: 'disagrees' },
    { when: 'the old origin 4 s after a write', answer: from('singapore'), facts: moved, state: 'propagating', says: '4s since the write' },
    {
      when: 'an error of the old origin 4 s after a write',
      answer: from('singapore', 502),
      facts: moved,
      state: 'failing',
      says: '4s since the write',
    },
    { when: 'the old origin long after it', answer: from('singapore'), facts: { ...moved, sinceWriteMs: undefined }, state: 'disagrees' },
    { when: 'the new origin', answer: from('europe'), facts: moved, state: 'agrees' },
    {
      when: 'anything where the function chooses nothing',
      answer: from('mars'),
      facts: { expectations: [{ country: 'IN', allowed: [] }] },
      state: 'agrees',
    },
  ])('is $when: $state', ({ answer, facts = {}, state, says = '' }) => {
    const [viewer] = judgeEdge({ ...base, ...facts, answers: [answer] });
    expect(viewer?.state).toBe(state);
    expect(viewer?.detail).toContain(says);
    expect(viewer?.detail === '').toBe(state === 'agrees');
  });

  it('counts at its worst', () => {
    const facts = { ...base, expectations: [toSingapore, toSingapore, toSingapore], good: new Set<string>() };
    expect(worstState(judgeEdge({ ...facts, answers: [from('singapore'), from('europe'), from('singapore', 500)] }))).toBe('failing');
    expect(worstState(judgeEdge({ ...facts, answers: [from('singapore'), from('europe'), from('singapore')] }))).toBe('covering');
    expect(worstState([])).toBe('agrees');
  });
});
