import { describe, expect, it } from 'vitest';
import { planFlip } from '../../../src/core/flip.ts';
import type { LiveRecord } from '../../../src/core/live-record.ts';
import { learnRecord } from '../../../src/core/normalize-record.ts';
import type { OriginMemory } from '../../../src/core/state-record.ts';
import { dayOne, defaults } from './policy.ts';

const hour = 3_600_000;
const out: OriginMemory = { verdict: 'unhealthy', since: dayOne, movedAt: dayOne, flaps: 2, heldUntil: dayOne + 600_000 };

/** A store after an automatic flip at `dayOne`. */
const values = new Map(
  planFlip(
    { etag: 'E', values: new Map() },
    { kind: 'automatic', weights: { singapore: 0 }, memory: { singapore: out } },
    { at: dayOne, reason: 'a reason', by: 'a test', origins: ['singapore', 'europe'] },
  )?.puts.map(({ key, value }) => [key, value]),
);
const learn = (now: number, known?: LiveRecord, from = values) => learnRecord(from, known, defaults.failover, now);
const byHand = (record: string) => new Map([...values, ['health', record]]);

describe('learning the live record', () => {
  it('takes what the state remembers', () => {
    expect(learn(dayOne + hour)).toMatchObject({ automatic: { singapore: 0 }, edited: false, state: { origins: { singapore: out } } });
  });

  it('starts the clocks again for a record changed by hand, and only once', () => {
    const first = learn(dayOne + hour, undefined, byHand('singapore=25'));
    expect(first.state.origins['singapore']).toMatchObject({ movedAt: dayOne + hour, heldUntil: dayOne + hour + 600_000, flaps: 2 });
    const again = learn(dayOne + hour + 5_000, first, byHand('singapore=25'));
    expect(again.state.origins['singapore']).toEqual(first.state.origins['singapore']);
    const other = learn(dayOne + hour + 9_000, again, byHand('singapore=50'));
    expect(other.state.origins['singapore']).toMatchObject({ movedAt: dayOne + hour + 9_000 });
  });

  it('keeps a hold-down that it put right when the clock was set back', () => {
    const first = learn(dayOne - hour);
    expect(first.state.origins['singapore']).toMatchObject({ movedAt: dayOne - hour, heldUntil: dayOne - hour + 600_000 });
    expect(learn(dayOne - hour + 60_000, first).state).toEqual(first.state);
  });

  it('keeps its own memory of an origin that the state had no room for', () => {
    const known = learn(dayOne);
    const short = new Map([...values, ['state', JSON.stringify({ sequence: 2, recordHash: 'f00', origins: {} })]]);
    expect(learn(dayOne + 1, known, short).state.sequence).toBe(2);
    expect(learn(dayOne + 1, known, short).state.origins['singapore']?.flaps).toBe(2);
    expect(learn(dayOne + 1, undefined, short).state.origins['singapore']?.flaps).toBe(1);
  });

  it('forgets its own memory of an origin whose weight another writer has changed', () => {
    const changed = new Map([
      ['health', 'singapore=25'],
      ['state', JSON.stringify({ sequence: 2, recordHash: 'f00', origins: {} })],
    ]);
    expect(learn(dayOne + 1, learn(dayOne), changed).state.origins['singapore']?.flaps).toBe(1);
  });

  it('holds an origin that is out for unknown reasons as if it had just been taken out', () => {
    const lost = new Map([['health', 'singapore=0']]);
    expect(learn(dayOne, undefined, lost).state.origins['singapore']).toMatchObject({ movedAt: dayOne, heldUntil: dayOne + 300_000 });
  });
});
