import { describe, expect, it } from 'vitest';
import { healthKey, stateKey } from '../../../kvs/keys.ts';
import { formatStateRecord, type OriginMemory, type Override } from '../../../src/core/state-record.ts';
import { hashRecord } from '../../../src/core/stored-schema.ts';
import { describeValues, listNextEvents, type NextEvent } from '../../../src/failover/failover-status.ts';
import { describeNextEvent, formatStatus, formatWatchTitle } from '../../../src/failover/format-failover.ts';
import { wrapLine } from '../../../src/text/terminal-text.ts';

const now = Date.UTC(2026, 10, 30, 18, 0, 0);
const origins = ['singapore', 'europe'];
const policy = { ramp: [10, 25, 50, 100], rampStepMs: 120_000 };
const good = { kind: 'good' } as const;
const bad = { kind: 'bad', problem: 'status: 503' } as const;

/** What is read of a store with this record, where singapore was moved a minute ago. */
function statusOf(record: string, memory: Partial<OriginMemory> = {}, override?: Override) {
  const moved: OriginMemory = { verdict: 'unhealthy', since: now - 60_000, movedAt: now - 60_000, ...memory };
  const state = { sequence: 7, recordHash: hashRecord(record), automaticAt: now - 60_000, origins: { singapore: moved }, override };
  return describeValues(
    new Map([
      [healthKey, record],
      [stateKey, formatStateRecord(state)],
    ]),
    origins,
    now,
  );
}

const probed = (status: ReturnType<typeof statusOf>, probe: typeof good | typeof bad) => ({
  ...status,
  origins: status.origins.map((origin) => ({ ...origin, probe })),
});

describe('what comes next', () => {
  const inFourMinutes = now + 220_000;
  const override = { weights: { singapore: 0 }, until: now + 7_200_000, reason: 'ALB', by: 'ann' };
  const byHand = `singapore=0@${(now + 7_200_000) / 1_000}`;

  it.each<{ when: string; status: ReturnType<typeof statusOf>; events: NextEvent[] }>([
    { when: 'nothing is out', status: statusOf('ok'), events: [] },
    {
      when: 'the origin answers within its hold-down',
      status: probed(statusOf('singapore=0', { heldUntil: inFourMinutes }), good),
      events: [{ what: 'failback', origin: 'singapore', waitsFor: 'hold-down', at: inFourMinutes }],
    },
    {
      when: 'the origin still fails within its hold-down',
      status: probed(statusOf('singapore=0', { heldUntil: inFourMinutes }), bad),
      events: [{ what: 'failback', origin: 'singapore', waitsFor: 'health', at: inFourMinutes }],
    },
    {
      when: 'the hold-down is over',
      status: probed(statusOf('singapore=0', { heldUntil: now - 1 }), good),
      events: [{ what: 'failback', origin: 'singapore', waitsFor: 'flipper' }],
    },
    {
      when: 'the failback has begun',
      status: statusOf('singapore=25'),
      events: [{ what: 'failback-step', origin: 'singapore', from: 25, to: 50, at: now + 60_000 }],
    },
    {
      when: 'an override lies above',
      status: probed(statusOf(`${byHand};singapore=0`, { heldUntil: inFourMinutes }, override), good),
      events: [
        { what: 'override-ends', at: override.until },
        { what: 'failback', origin: 'singapore', waitsFor: 'override', at: override.until },
      ],
    },
  ])('when $when', ({ status, events }) => expect(listNextEvents(status, policy)).toEqual(events));

  it.each<{ event: NextEvent; says: string }>([
    {
      event: { what: 'failback', origin: 'singapore', waitsFor: 'hold-down', at: now + 220_000 },
      says: 'failback of singapore starts in 3m 40s, at 18:03:40 UTC (hold-down), if its health checks stay good',
    },
    {
      event: { what: 'failback', origin: 'singapore', waitsFor: 'health', at: now + 220_000 },
      says: 'failback of singapore waits for good health checks; it starts in 3m 40s, at 18:03:40 UTC at the earliest',
    },
    {
      event: { what: 'failback-step', origin: 'singapore', from: 10, to: 25, at: now },
      says: 'failback of singapore: 10 % → 25 % now',
    },
    { event: { what: 'override-ends', at: now + 7_200_000 }, says: 'the override ends in 2h, at 20:00 UTC' },
  ])('says $says', ({ event, says }) => expect(describeNextEvent(event, now)).toBe(says));
});

describe('formatStatus', () => {
  const status = probed(statusOf('singapore=0', { heldUntil: now + 220_000 }), bad);
  const whole = { ...status, next: listNextEvents(status, policy), edge: undefined };
  const look = { where: 'AWS account 111122223333, environment prod, store edge-health', colour: false, verbose: false };

  it('says where it looked, what counts, how old it is and what comes next', () => {
    expect(formatStatus(whole, look)).toEqual([
      'where      AWS account 111122223333, environment prod, store edge-health',
      'record     singapore 0 %, automatic',
      'origins',
      '  singapore    0 %  fails now: status: 503  recorded unhealthy 1m ago',
      '  europe     100 %  fails now: status: 503  no health result recorded yet',
      'override   none',
      'next       failback of singapore waits for good health checks; it starts in 3m 40s, at 18:03:40 UTC at the earliest',
      'flips      none yet',
      'edge       not asked: --edge https://<viewer domain> compares what it serves',
    ]);
  });

  it('has the record as it is stored under --verbose', () => {
    expect(formatStatus(whole, { ...look, verbose: true })).toContain('           stored as singapore=0');
  });

  it('keeps its columns on 80', () => {
    const lines = formatStatus(whole, look).flatMap((line) => wrapLine(line, 80));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines.filter((line) => line.startsWith('           '))).toHaveLength(1);
  });

  it('names rate and price of watching', () => {
    expect(formatWatchTitle({ at: now, everyMs: 10_000, usdPerHour: 0.36 })).toBe(
      'failover status at 18:00:00 UTC, again every 10s, about $0.36 an hour for reads of the store; Ctrl-C ends',
    );
    expect(formatWatchTitle({ at: now, everyMs: 2_000, usdPerHour: undefined })).not.toContain('$');
  });
});
