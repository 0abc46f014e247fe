import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EdgeError } from '../../../src/errors.ts';
import { isRegionSwitchEvent, isRemoteEvent, parseRemoteEvent, readDoor } from '../../../src/remote/remote-event.ts';

const now = Date.parse('2026-11-30T12:00:00Z');
const regions = { singapore: 'ap-southeast-1', europe: 'eu-central-1' };
const context = { regions, now };
const to = { action: 'to', origin: 'europe', for: '2h', reason: 'ALB 5xx' };
const report = { action: 'report', origin: 'singapore', opinion: 'unhealthy', ttl: '10m', source: 'prometheus' };
const parse = (event: unknown, door: 'operator' | 'reporter' | 'schedule' = 'operator') => parseRemoteEvent(event, door, context);
const refusalOf = (event: unknown, door: 'operator' | 'reporter' | 'schedule' = 'operator'): EdgeError => {
  try {
    parse(event, door);
  } catch (error) {
    if (error instanceof EdgeError) return error;
    throw error;
  }
  return expect.fail(`not refused: ${JSON.stringify(event)}`);
};

describe('the right of an event', () => {
  const arn = 'arn:aws:lambda:us-east-1:111122223333:function:edge-flipper';

  it.each([
    { given: arn, door: 'schedule' },
    { given: `${arn}:$LATEST`, door: 'schedule' },
    { given: `${arn}:7`, door: 'schedule' },
    { given: `${arn}:live`, door: 'schedule' },
    { given: `${arn}:Operator`, door: 'schedule' },
    { given: undefined, door: 'schedule' },
    { given: `${arn}:operator`, door: 'operator' },
    { given: `${arn}:reporter`, door: 'reporter' },
    { given: 'arn:aws:lambda:us-east-1:111122223333:function:operator', door: 'schedule' },
  ])('is $door for $given', ({ given, door }) => expect(readDoor(given)).toBe(door));

  it.each([
    { action: 'report', event: report, doors: ['operator', 'schedule'] as const, right: 'reporter' },
    { action: 'to', event: to, doors: ['reporter', 'schedule'] as const, right: 'operator' },
    { action: 'status', event: { action: 'status' }, doors: ['reporter', 'schedule'] as const, right: 'operator' },
    { action: 'auto', event: { action: 'auto', reason: 'x' }, doors: ['reporter', 'schedule'] as const, right: 'operator' },
  ])('is asked for by $action', ({ event, doors, right }) => {
    for (const door of doors)
      expect(refusalOf(event, door)).toMatchObject({ code: 'ACCESS_DENIED', hint: expect.stringContaining(`--qualifier ${right}`) });
  });

  it('is not asked for by what the schedule and alarms send', () => {
    for (const event of [{ run: 'watch' }, {}, null, 'x', { source: 'aws.cloudwatch', detail: {} }])
      expect(isRemoteEvent(event)).toBe(false);
  });
});

describe('an action', () => {
  it('becomes what the command makes of the same words', () => {
    expect(parse({ ...to, author: 'ana', requestId: 'r1', requestedAt: '2026-11-30T11:59:58Z' })).toMatchObject({
      action: 'to',
      intent: {
        command: 'to',
        reason: 'ALB 5xx',
        flip: { kind: 'override', weights: { singapore: 0, europe: 100 }, until: now + 7_200_000 },
      },
      author: 'ana',
      requestId: 'r1',
      requestedAt: now - 2_000,
    });
    expect(parse({ action: 'drain', origin: 'singapore', weight: 25, for: '30m', reason: 'slow' })).toMatchObject({
      intent: { flip: { weights: { singapore: 25 } } },
    });
    expect(parse({ action: 'auto', reason: 'recovered' })).toMatchObject({ intent: { flip: { kind: 'clear' } } });
    expect(parse({ ...to, breakGlass: 'I see it work' })).toMatchObject({ intent: { flip: { breakGlass: 'I see it work' } } });
  });

  it('has the same content for each sender and time, and another one with other words', () => {
    const content = (given: object) => (parse({ ...to, ...given }) as { content: string }).content;
    expect(content({ author: 'ana', requestedAt: '2026-11-30T11:59:58Z', requestId: 'a' })).toBe(content({}));
    for (const other of [{ origin: 'singapore' }, { for: '3h' }, { reason: 'other' }, { breakGlass: 'x' }])
      expect(content(other)).not.toBe(content({}));
  });

  it.each([
    { what: 'no object', event: [to], fact: 'must be a JSON object' },
    { what: 'text', event: JSON.stringify(to), fact: 'must be a JSON object' },
    { what: 'another action', event: { action: 'delete' }, fact: 'unknown action "delete"' },
    { what: 'an action that every object has', event: { action: 'constructor' }, fact: 'unknown action "constructor"' },
    { what: 'an action that is a list', event: { action: ['to'] }, fact: 'unknown action ["to"]' },
    { what: 'an unknown field', event: { ...to, weights: {} }, fact: 'takes no field "weights"' },
    {
      what: 'a prototype',
      event: JSON.parse('{"action":"to","origin":"europe","for":"2h","reason":"x","__proto__":{"a":1}}'),
      fact: 'takes no field "__proto__"',
    },
    { what: 'no reason', event: { ...to, reason: undefined }, fact: 'reason: ' },
    { what: 'a reason of two lines', event: { ...to, reason: 'a\nb' }, fact: 'reason: must be one line' },
    { what: 'a colour', event: { ...to, reason: '\u001b[31mred' }, fact: 'reason: must be one line' },
    { what: 'an empty reason', event: { ...to, reason: ' ' }, fact: 'reason: must be one line' },
    { what: 'a huge reason', event: { ...to, reason: 'x'.repeat(5_000_000) }, fact: 'reason: ' },
    { what: 'a huge author', event: { ...to, author: 'x'.repeat(61) }, fact: 'author: ' },
    { what: 'no time', event: { ...to, for: undefined }, fact: 'for: ' },
    { what: 'a time without unit', event: { ...to, for: '7200' }, fact: 'for: must be a duration' },
    { what: 'a number as time', event: { ...to, for: 7_200 }, fact: 'for: ' },
    { what: 'more than 72 hours', event: { ...to, for: '73h' }, fact: 'for: must be a duration' },
    { what: 'a weight in words', event: { action: 'drain', origin: 'europe', for: '1h', reason: 'x', weight: '25' }, fact: 'weight: ' },
    { what: 'a weight of to', event: { ...to, weight: 25 }, fact: 'takes no field "weight"' },
    { what: 'an odd time of the request', event: { ...to, requestedAt: 'yesterday' }, fact: 'requestedAt: ' },
    { what: 'neither origin nor region', event: { ...to, origin: undefined }, fact: 'either origin or region' },
    { what: 'both', event: { ...to, region: 'eu-central-1' }, fact: 'either origin or region' },
  ])('with $what is refused in one short line', ({ event, fact }) => {
    const refusal = refusalOf(event);
    expect(refusal).toMatchObject({ code: 'USAGE', message: expect.stringContaining(fact) });
    expect(refusal.message).not.toMatch(/\p{Cc}/u);
    expect(refusal.message.length).toBeLessThan(300);
  });

  it.each(['singapor', '__proto__', 'toString'])('on the unknown origin %s is refused', (origin) => {
    expect(refusalOf({ ...to, origin })).toMatchObject({ code: 'ORIGIN_UNKNOWN' });
    expect(refusalOf({ ...report, origin }, 'reporter')).toMatchObject({ code: 'ORIGIN_UNKNOWN' });
  });

  it('fails only with a refusal', () => {
    const base = fc.constantFrom<object>(to, report, { action: 'drain' }, { action: 'auto' }, { action: 'status' }, {});
    const spoilt = fc.tuple(
      base,
      fc.dictionary(fc.oneof(fc.string(), fc.constantFrom(...Object.keys({ ...to, ...report }))), fc.anything()),
    );
    const events = fc.oneof(
      fc.anything(),
      spoilt.map(([event, more]) => ({ ...event, ...more })),
    );
    fc.assert(
      fc.property(events, fc.constantFrom('operator' as const, 'reporter' as const, 'schedule' as const), (event, door) => {
        try {
          parse(event, door);
        } catch (error) {
          expect(error).toBeInstanceOf(EdgeError);
        }
      }),
    );
  });
});

describe('an execution of ARC Region switch', () => {
  // The keys that its API reference names for a custom action (Lambdas.payload), beside the payload of the plan.
  const metadata = {
    InvokedBy: 'ARC Region switch',
    PlanArn: 'arn:aws:arc-region-switch::111122223333:plan/shop:a1b2c3',
    ExecutionId: '2026/11/30/0a1b2c3d',
    StepName: 'move viewers',
  };

  it('takes region, time and action from the payload, and the request from the execution', () => {
    expect(parse({ action: 'to', region: 'eu-central-1', for: '24h', ...metadata })).toMatchObject({
      action: 'to',
      intent: { reason: 'Region switch: move viewers', flip: { weights: { singapore: 0, europe: 100 } } },
      author: 'ARC Region switch',
      requestId: '2026/11/30/0a1b2c3d/move viewers',
    });
    expect(parse({ action: 'drain', region: 'ap-southeast-1', for: '24h', ...metadata })).toMatchObject({
      intent: { flip: { weights: { singapore: 0 } } },
    });
    expect(parse({ action: 'status', ...metadata })).toEqual({ action: 'status' });
  });

  it('is another request when a long execution or step differs at its very end', () => {
    const event = { action: 'to', region: 'eu-central-1', for: '24h', ...metadata };
    const idOf = (changed: Partial<typeof metadata>) => (parse({ ...event, ...changed }) as { requestId: string }).requestId;
    const long = 'x'.repeat(300);
    const ids = [{ ExecutionId: `${long}1` }, { ExecutionId: `${long}2` }, { StepName: `${long}1` }, { StepName: `${long}2` }].map(idOf);
    expect(new Set(ids).size).toBe(4);
    expect(idOf({ ExecutionId: `${long}1` })).toBe(ids[0]);
    for (const id of ids) expect(Buffer.byteLength(id)).toBeLessThanOrEqual(128);
  });

  it('ignores metadata that Region switch may add one day, but no misspelt field', () => {
    expect(parse({ action: 'to', region: 'eu-central-1', for: '24h', ...metadata, Mode: 'ungraceful' })).toMatchObject({ action: 'to' });
    expect(refusalOf({ action: 'to', regoin: 'eu-central-1', for: '24h', ...metadata }).message).toContain('"regoin"');
  });

  it('without a payload is refused, since nothing in it says where to', () => {
    expect(isRegionSwitchEvent(metadata)).toBe(true);
    expect(refusalOf(metadata)).toMatchObject({ code: 'USAGE', hint: expect.stringContaining('"region":"eu-central-1"') });
  });

  it('into a region of none or of several origins is refused', () => {
    const event = { action: 'to', region: 'eu-central-1', for: '24h', ...metadata };
    expect(refusalOf({ ...event, region: 'eu-west-1' })).toMatchObject({
      code: 'ORIGIN_UNKNOWN',
      hint: 'regions: ap-southeast-1, eu-central-1',
    });
    expect(() => parseRemoteEvent(event, 'operator', { now, regions: { ...regions, canary: 'eu-central-1' } })).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining('europe, canary') }),
    );
  });

  it('does not come by the reporter’s alias', () => {
    expect(refusalOf({ action: 'to', region: 'eu-central-1', for: '24h', ...metadata }, 'reporter')).toMatchObject({
      code: 'ACCESS_DENIED',
    });
  });
});

describe('a report', () => {
  const sns = (message: unknown, timestamp = '2026-11-30T11:59:30.000Z') => ({
    Records: [
      { EventSource: 'aws:sns', Sns: { Message: typeof message === 'string' ? message : JSON.stringify(message), Timestamp: timestamp } },
    ],
  });

  it('is of now, of its own time, or of the time at which SNS took it', () => {
    const atOf = (event: unknown) => (parse(event, 'reporter') as { request: { at: number } }).request.at;
    expect(atOf(report)).toBe(now);
    expect(atOf({ ...report, at: '2026-11-30T11:59:40Z' })).toBe(now - 20_000);
    expect(atOf(sns(report))).toBe(now - 30_000);
    expect(atOf(sns({ ...report, at: '2026-11-30T11:59:40Z' }))).toBe(now - 20_000);
  });

  it.each([
    { what: 'an old time', event: { ...report, at: '2026-11-30T11:58:59Z' }, fact: '61 s behind' },
    { what: 'a future one', event: { ...report, at: '2026-11-30T12:01:01Z' }, fact: '61 s ahead' },
    { what: 'an old message', event: sns(report, '2026-11-30T11:00:00.000Z'), fact: 'too old' },
    { what: 'a message that is not JSON', event: sns('[FIRING] singapore'), fact: 'must be JSON' },
    { what: 'several messages', event: { Records: [...sns(report).Records, ...sns(report).Records] }, fact: 'no single message' },
    { what: 'an odd opinion', event: { ...report, opinion: 'good' }, fact: 'opinion: ' },
    { what: 'an odd source', event: { ...report, source: 'Prometheus' }, fact: 'source: ' },
    { what: 'an author', event: { ...report, author: 'ana' }, fact: 'takes no field "author"' },
  ])('with $what is refused', ({ event, fact }) => {
    expect(refusalOf(event, 'reporter')).toMatchObject({ code: 'USAGE', message: expect.stringContaining(fact) });
  });

  it('cannot carry an action of an operator, in a message either', () => {
    expect(refusalOf(sns(to), 'reporter')).toMatchObject({ code: 'ACCESS_DENIED' });
  });
});
