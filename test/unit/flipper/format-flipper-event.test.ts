import { describe, expect, it } from 'vitest';
import type { FlipperEvent } from '../../../src/flipper/flipper-event.ts';
import { formatEventJson, formatEventText } from '../../../src/flipper/format-flipper-event.ts';
import { dayOne } from '../core/policy.ts';

const flip: FlipperEvent = {
  event: 'flip',
  shadow: false,
  kind: 'protect',
  sequence: 12,
  from: 'ok',
  to: 'singapore=0',
  reason: 'singapore 100 to 0: unhealthy (http connect: refused)',
  moves: [{ origin: 'singapore', from: 100, to: 0, why: 'unhealthy (http connect: refused)' }],
  attempts: 1,
  durationMs: 84,
};

describe('an event', () => {
  it('is one JSON line that begins with what and when', () => {
    const line = formatEventJson({ event: 'verdict', origin: 'europe', from: 'unknown', to: 'healthy' }, dayOne);
    expect(line).toBe('{"event":"verdict","at":"2026-03-01T03:00:00.000Z","origin":"europe","from":"unknown","to":"healthy"}');
  });

  it.each<{ event: FlipperEvent; says: string }>([
    { event: { event: 'start', mode: 'watch', shadow: true, by: 'x', origins: ['a', 'b'] }, says: 'watching a, b as x, writes nothing' },
    { event: { event: 'probe', origin: 'a', signal: 'http', opinion: 'good', latencyMs: 4 }, says: 'a http good 4 ms' },
    {
      event: { event: 'probe', origin: 'a', signal: 'http', opinion: 'bad', latencyMs: 4, class: 'dns', detail: 'no such name' },
      says: 'a http bad dns no such name 4 ms',
    },
    { event: { event: 'verdict', origin: 'a', from: 'healthy', to: 'unhealthy', why: 'timeout' }, says: 'a is unhealthy: timeout' },
    {
      event: {
        event: 'record',
        record: 'a=0@1772337600',
        edited: true,
        override: { weights: { a: 0 }, until: dayOne + 3_600_000, reason: 'ALB', by: 'ana' },
      },
      says: 'the record: a 0 % until 04:00 UTC, changed by hand, held by ana (ALB) until 04:00 UTC',
    },
    { event: { event: 'hold', reason: 'steady' }, says: 'nothing to do' },
    { event: { event: 'hold', reason: 'hold-down', origin: 'a' }, says: 'holding: a is healthy; failback starts after its hold-down' },
    { event: flip, says: 'flipped singapore 100 % → 0 %: unhealthy (http connect: refused) (#12, 0.1s)' },
    {
      event: { ...flip, shadow: true },
      says: 'would flip singapore 100 % → 0 %: unhealthy (http connect: refused) (#12, 0.1s)',
    },
    { event: { event: 'edit', sequence: 3, record: 'a=5' }, says: 'noted that the record was changed by hand: a 5 % (#3)' },
    { event: { event: 'verified', sequence: 3, durationMs: 9 }, says: 'verified #3: the store holds it' },
    { event: { event: 'unverified', sequence: 3, detail: 'the store holds ok' }, says: 'not verified #3: the store holds ok' },
    {
      event: { event: 'store-failed', code: 'THROTTLED', message: 'too many', retryInMs: 500 },
      says: 'the store failed: too many (THROTTLED), next try in 0.5s',
    },
    {
      event: {
        event: 'long-override',
        record: 'a=0@1772337600',
        override: { weights: { a: 0 }, until: dayOne + 3_600_000, reason: 'ALB', by: 'ana' },
        ageMs: 73 * 3_600_000,
      },
      says: 'an override has been in the store for 3d 1h: a 0 % until 04:00 UTC, held by ana (ALB) until 04:00 UTC',
    },
    { event: { event: 'stop' }, says: 'stopped' },
  ])('says to people: $says', ({ event, says }) => {
    expect(formatEventText(event, dayOne, { colour: false })).toBe(`03:00:00 UTC  ${says}`);
  });

  it('has records as they are stored under --verbose', () => {
    expect(formatEventText(flip, dayOne, { colour: false, verbose: true })).toMatch(/ \[ok -> singapore=0\]$/);
    expect(formatEventText({ event: 'stop' }, dayOne, { colour: false, verbose: true })).toBe('03:00:00 UTC  stopped');
  });
});
