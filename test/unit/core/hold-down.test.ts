import { describe, expect, it } from 'vitest';
import { holdDownFor, rememberOut } from '../../../src/core/decide.ts';
import { parseLiveRecord } from '../../../src/core/live-record.ts';
import { normalizeRecord } from '../../../src/core/normalize-record.ts';
import type { OriginMemory } from '../../../src/core/state-record.ts';
import { dayOne, defaults } from './policy.ts';

const { failover } = defaults;
const minute = 60_000;
const out: OriginMemory = { verdict: 'unhealthy', since: dayOne, movedAt: dayOne, flaps: 1, heldUntil: dayOne + 5 * minute };

/** The record as it was read at dayOne, normalized later. */
function normalizeAt(now: number, record: string, memory: Record<string, OriginMemory> = {}, automaticAt?: number) {
  const live = parseLiveRecord(new Map([['health', record]]), dayOne);
  const state = { sequence: 1, origins: memory, ...(automaticAt === undefined ? {} : { automaticAt }) };
  return normalizeRecord({ ...live, state }, failover, now);
}

describe('what is kept in memory, normalized', () => {
  it('drops an override at the second in which the edge does', () => {
    const record = `singapore=0@${dayOne / 1_000 + 60}`;
    expect(normalizeAt(dayOne + minute - 1, record).overrides).toHaveLength(1);
    expect(normalizeAt(dayOne + minute, record).overrides).toEqual([]);
  });

  it('has no time in the future, and leaves those of the past', () => {
    const hour = 60 * minute;
    const early = normalizeAt(dayOne - hour, 'singapore=0', { singapore: out }, dayOne);
    expect(early.state.automaticAt).toBe(dayOne - hour);
    expect(early.state.origins['singapore']).toEqual({
      ...out,
      since: dayOne - hour,
      movedAt: dayOne - hour,
      heldUntil: dayOne - hour + 5 * minute,
    });
    const late = normalizeAt(dayOne + hour, 'singapore=0', { singapore: out }, dayOne);
    expect(late.state).toEqual({ sequence: 1, automaticAt: dayOne, origins: { singapore: out } });
  });

  it('holds an origin that is out for no recorded reason as if it had just been taken out, and no other', () => {
    const { origins } = normalizeAt(dayOne, 'singapore=0').state;
    expect(origins).toEqual({
      singapore: { verdict: 'unknown', since: dayOne, movedAt: dayOne, flaps: 1, heldUntil: dayOne + holdDownFor(1, failover) },
    });
  });
});

describe('a hold-down', () => {
  it.each([
    [1, 5],
    [2, 10],
    [4, 40],
    [5, 60],
    [9, 60],
  ])('after %i times out lasts %i minutes', (flaps, minutes) => {
    expect(holdDownFor(flaps, failover)).toBe(minutes * minute);
  });

  it('forgives one flap for each whole half-life since its end, and never more than there were', () => {
    const flapsAfter = (ms: number, flaps = 3) => rememberOut({ ...out, flaps, heldUntil: dayOne - ms }, failover, dayOne).flaps;
    expect([flapsAfter(15 * minute - 1), flapsAfter(15 * minute), flapsAfter(30 * minute), flapsAfter(300 * minute)]).toEqual([4, 3, 2, 1]);
    // Still held: nothing is forgiven.
    expect(rememberOut({ ...out, flaps: 2, heldUntil: dayOne + minute }, failover, dayOne).flaps).toBe(3);
    expect(flapsAfter(0, 5)).toBe(5);
  });
});
