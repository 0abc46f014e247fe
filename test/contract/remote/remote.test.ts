import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { listReportedPlaces } from '../../../src/config/origin-names.ts';
import { auditHistory, replayAudit } from '../../../src/core/audit.ts';
import type { FlagStore } from '../../../src/core/flag-store.ts';
import { flipKeys, planFlip } from '../../../src/core/flip.ts';
import { listAudiences } from '../../../src/core/viewer-shares.ts';
import { EdgeError } from '../../../src/errors.ts';
import type { OriginProbe } from '../../../src/probe/probe-origin.ts';
import { openRemote, type RemoteAnswer, type RemoteContext, type RemoteOptions } from '../../../src/remote/remote.ts';
import { openTestStore, type TestStore } from '../aws/open-test-store.ts';

const config = parseEdgeConfig({
  origins: {
    singapore: {
      region: 'ap-southeast-1',
      signals: [
        { type: 'http', required: true },
        { type: 'reported', source: 'prometheus' },
      ],
    },
    europe: { region: 'eu-central-1' },
  },
  defaultOrder: ['singapore', 'europe'],
});
const regions = Object.fromEntries(Object.entries(config.origins).map(([id, { region }]) => [id, region]));
const origins = Object.keys(regions);
const arn = 'arn:aws:lambda:us-east-1:111122223333:function:edge-flipper';
const to = { action: 'to', origin: 'europe', for: '2h', reason: 'ALB 5xx', author: 'ana' };
const report = { action: 'report', origin: 'singapore', opinion: 'unhealthy', ttl: '10m', source: 'prometheus' };

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());
beforeEach(async () => {
  test.control.faults.rules = [];
  await reset();
  test.control.calls.length = 0;
});
const reset = () =>
  test.store.update([], () => ({
    puts: [{ key: 'health', value: 'ok' }],
    deletes: [...test.values().keys()].filter((key) => key !== 'health'),
  }));

interface World {
  probes?: Record<string, OriginProbe>;
  store?: FlagStore;
  options?: Partial<RemoteOptions>;
}

function open({ probes = { singapore: { kind: 'good' }, europe: { kind: 'good' } }, store = test.store, options = {} }: World = {}) {
  const lines: Record<string, unknown>[] = [];
  const runs: unknown[] = [];
  const handler = openRemote(
    {
      regions,
      audiences: listAudiences(config),
      places: listReportedPlaces(config),
      openStore: async () => store,
      proveOrigin: async (origin) => probes[origin] ?? { kind: 'unreached', problem: 'not asked' },
      channels: [],
      shadow: false,
      runFlipper: async () => {
        runs.push('report');
        return { succeeded: true };
      },
      write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
      ...options,
    },
    async (event) => {
      runs.push(event);
      return { ran: true };
    },
  );
  let ids = 0;
  const send = (event: unknown, { alias = 'operator', ...context }: Partial<RemoteContext> & { alias?: string } = {}) =>
    handler(event, {
      getRemainingTimeInMillis: () => 58_000,
      invokedFunctionArn: alias === '' ? arn : `${arn}:${alias}`,
      awsRequestId: `0000000${++ids}-aaaa`,
      ...context,
    }) as Promise<RemoteAnswer>;
  return { send, lines, runs };
}

const flips = () => auditHistory(test.values());
const writes = () => test.control.calls.filter(({ operation }) => operation === 'UpdateKeys').length;
const override = (origin: string, at = Date.now()) =>
  test.store.update(flipKeys, (snapshot) =>
    planFlip(
      snapshot,
      { kind: 'override', weights: { [origin]: 0 }, until: at + 3_600_000 },
      { at, by: 'ben@laptop', reason: 'by hand', origins },
    ),
  );

describe('an operator’s action', () => {
  it('is one write with audit and request, answered as the command does', async () => {
    const { send, lines } = open();
    const answer = await send({ ...to, requestId: 'r1' });
    const record = test.values().get('health');
    expect(record).toMatch(/^singapore=0@\d+;europe=100@\d+$/);
    expect(answer).toEqual({
      ok: true,
      action: 'to',
      requestId: 'r1',
      result: { written: true, sequence: 1, from: 'ok', to: record, propagationMs: null },
    });
    expect(writes()).toBe(1);
    expect(flips()).toMatchObject([{ kind: 'override', by: 'lambda:operator:00000001 (ana)', reason: 'ALB 5xx' }]);
    expect(lines).toEqual([
      expect.objectContaining({ event: 'remote', door: 'operator', action: 'to', requestId: 'r1', outcome: 'written', sequence: 1 }),
    ]);
  });

  it('names its right first in the audit, whatever the author claims to be', async () => {
    await open().send({ ...to, author: 'lambda:operator:deadbeef (root) '.padEnd(60, 'x') });
    expect(flips()[0]?.by).toMatch(/^lambda:operator:00000001 \(/);
  });

  it('moves no viewer to an unhealthy origin without breakGlass, and says how in the words of an event', async () => {
    const { send } = open({ probes: { europe: { kind: 'bad', problem: 'answered 503' } } });
    expect(await send(to)).toMatchObject({
      ok: false,
      error: { code: 'ORIGIN_UNHEALTHY', hint: expect.stringContaining('breakGlass: "why"') },
    });
    expect(flips()).toEqual([]);
    expect(await send({ ...to, breakGlass: 'I see it work' })).toMatchObject({ ok: true, result: { written: true } });
    expect(flips()[0]?.breakGlass).toBe('I see it work');
  });

  it('shows the status that the command shows', async () => {
    await override('singapore');
    const { send } = open();
    expect(await send({ action: 'status' })).toMatchObject({
      ok: true,
      result: { origins: [{ id: 'singapore', weight: 0, probe: { kind: 'good' } }, { id: 'europe' }], override: { by: 'ben@laptop' } },
    });
  });

  it('shows the status where the role may not list the keys', async () => {
    await override('singapore');
    const list = () => Promise.reject(new EdgeError('ACCESS_DENIED', 'ListKeys'));
    expect(await open({ store: { ...test.store, list } }).send({ action: 'status' })).toMatchObject({
      ok: true,
      result: { lastFlips: [{ by: 'ben@laptop' }] },
    });
  });

  it('is reported to the channels', async () => {
    const sent: unknown[] = [];
    const channel = {
      name: 'chat',
      send: async (notice: unknown) => {
        sent.push(notice);
        return undefined;
      },
    };
    await open({ options: { channels: [channel] } }).send(to);
    expect(sent).toMatchObject([{ of: 'override', event: { by: 'lambda:operator:00000001 (ana)' } }]);
  });

  it('does not write in shadow mode', async () => {
    const { send } = open({ options: { shadow: true } });
    expect(await send(to)).toMatchObject({ ok: false, error: { code: 'USAGE', message: expect.stringContaining('shadow') } });
    expect(await send({ action: 'status' })).toMatchObject({ ok: true });
    expect(writes()).toBe(0);
  });
});

describe('a bad event', () => {
  it.each([{ action: 'to' }, { action: ['to'] }, [], 'x', null, { action: 'to', __proto__x: 1 }, { ...to, reason: 'a\u0000b' }])(
    '%j gets one refusal and one line, and nothing is asked of the store',
    async (event) => {
      const { send, lines } = open();
      const answer = await send(event);
      expect(answer).toMatchObject({ ok: false, error: { code: 'USAGE', message: expect.not.stringMatching(/\n|\s{4}at /) } });
      expect(lines).toMatchObject([{ event: 'remote', outcome: 'refused', code: 'USAGE' }]);
      expect(test.control.calls).toEqual([]);
    },
  );

  it('of the schedule’s right never reaches an action, and one of the operator’s never the schedule', async () => {
    const { send, runs } = open();
    expect(await send(to, { alias: '' })).toMatchObject({ ok: false, error: { code: 'ACCESS_DENIED' } });
    expect(await send({ run: 'watch' })).toMatchObject({ ok: false });
    expect(await send({}, { alias: 'reporter' })).toMatchObject({ ok: false });
    expect(runs).toEqual([]);
    expect(await send({ run: 'watch' }, { alias: '' })).toEqual({ ran: true });
    expect(runs).toEqual([{ run: 'watch' }]);
  });
});

describe('a request that arrives again', () => {
  it('by its own id, in another environment: it flips once and gets the same answer', async () => {
    const first = await open().send({ ...to, requestId: 'r1' });
    const again = await open().send({ ...to, requestId: 'r1', author: 'another author' });
    expect(again).toEqual({ ...first, repeated: true });
    expect(flips()).toHaveLength(1);
  });

  it('as Lambda’s own retry, which has the same id of the invocation', async () => {
    const context = { awsRequestId: '8f5b6c7d-0000' };
    const first = await open().send(to, context);
    expect(await open().send(to, context)).toEqual({ ...first, repeated: true });
    expect(flips()).toHaveLength(1);
  });

  it('long after another operator’s override does not come back, whatever the flipper did in between', async () => {
    const { send } = open();
    const first = await send({ ...to, requestId: 'r1' });
    await override('europe');
    for (let weight = 1; weight < 41; weight++)
      await test.store.update(flipKeys, (snapshot) =>
        planFlip(
          snapshot,
          { kind: 'automatic', weights: { singapore: weight }, memory: {} },
          { at: Date.now(), by: 'flipper', reason: 'x', origins },
        ),
      );
    const record = test.values().get('health');
    const again = await send({ ...to, requestId: 'r1' });
    // The audit has gone round: the number is what is left.
    expect(again).toEqual({ ...first, repeated: true, result: { written: true, sequence: 1, propagationMs: null } });
    expect(test.values().get('health')).toBe(record);
  });

  it('of an `auto` with nothing to end does not end a later override', async () => {
    const { send } = open();
    const auto = { action: 'auto', reason: 'recovered', requestId: 'r1' };
    expect(await send(auto)).toMatchObject({ ok: true, result: { written: false } });
    await override('singapore');
    expect(await send(auto)).toMatchObject({ ok: true, repeated: true, result: { written: false } });
    expect(test.values().get('health')).toMatch(/^singapore=0@/);
  });

  it('after a refusal is refused again, although it would be safe by now', async () => {
    const refused = await open({ probes: { europe: { kind: 'bad', problem: '503' } } }).send({ ...to, requestId: 'r1' });
    await override('europe');
    const again = await open().send({ ...to, requestId: 'r1', breakGlass: undefined });
    expect(again).toMatchObject({ ok: false, repeated: true, error: { code: (refused as { error: { code: string } }).error.code } });
    expect(flips()).toHaveLength(1);
  });

  it('with another content is refused', async () => {
    const { send } = open();
    await send({ ...to, requestId: 'r1' });
    expect(await send({ ...to, origin: 'singapore', requestId: 'r1' })).toMatchObject({ ok: false, error: { code: 'CONFLICT' } });
    expect(await send({ ...to, requestId: 'r1' })).toMatchObject({ ok: true, repeated: true });
  });

  it('made before another operator wrote is refused at its first arrival, too', async () => {
    const { send } = open();
    const requestedAt = new Date(Date.now() - 30_000).toISOString();
    await override('europe');
    expect(await send({ ...to, requestedAt })).toMatchObject({
      ok: false,
      error: { code: 'CONFLICT', message: expect.stringContaining('ben@laptop') },
    });
    expect(await send({ ...to, requestedAt: new Date().toISOString() })).toMatchObject({ ok: true });
  });

  it.each([
    { when: 'a quarter of an hour ago', ms: -16 * 60_000, code: 'CONFLICT' },
    { when: 'in the future', ms: 61_000, code: 'USAGE' },
  ])('made $when is refused', async ({ ms, code }) => {
    const answer = await open().send({ ...to, requestedAt: new Date(Date.now() + ms).toISOString() });
    expect(answer).toMatchObject({ ok: false, error: { code } });
    expect(flips()).toEqual([]);
  });
});

describe('deliveries at random', () => {
  /** A store whose calls fail or lose their answers as `next` says: the write itself may have happened. */
  const unreliable = (store: FlagStore, next: () => 'ok' | 'fails' | 'lost'): FlagStore => {
    const around = async <T>(work: () => Promise<T>): Promise<T> => {
      const fate = next();
      if (fate === 'fails') throw new Error('the function was ended');
      const done = await work();
      if (fate === 'lost') throw new Error('the function was ended after its write');
      return done;
    };
    return {
      ...store,
      read: (keys) => around(() => store.read(keys)),
      update: (keys, change) => around(() => store.update(keys, change)),
    };
  };

  /** One ETag for all keys; a write between reading and writing is a conflict, after which it begins again. */
  const inMemory = () => {
    const values = new Map<string, string>();
    let version = 0;
    const tick = () => new Promise((resolve) => setImmediate(resolve));
    const read = async (keys: readonly string[]) => {
      await tick();
      return { etag: String(version), values: new Map(keys.flatMap((key) => (values.has(key) ? [[key, values.get(key) ?? '']] : []))) };
    };
    const store: FlagStore = {
      read,
      list: async () => ({ values: new Map(values), complete: true }),
      update: async (keys, change) => {
        for (let attempts = 1; ; attempts++) {
          const snapshot = await read(keys);
          const written = change(snapshot);
          if (written === undefined) return { written, attempts };
          await tick();
          if (snapshot.etag !== String(version)) continue;
          for (const { key, value } of written.puts) values.set(key, value);
          version += 1;
          return { written, attempts };
        }
      },
    };
    return { store, values };
  };

  const fate = fc.constantFrom('ok' as const, 'ok' as const, 'ok' as const, 'fails' as const, 'lost' as const);
  const deliveries = fc.array(fc.record({ request: fc.nat(2), fates: fc.array(fate, { maxLength: 5 }) }), { minLength: 1, maxLength: 8 });
  const requests = [to, { ...to, origin: 'singapore' }, { action: 'auto', reason: 'recovered' }];
  type Delivery = { request: number; fates: ('ok' | 'fails' | 'lost')[] };

  async function expectOnce(given: readonly Delivery[], store: FlagStore, values: () => ReadonlyMap<string, string>): Promise<void> {
    const answers: Record<number, RemoteAnswer[]> = {};
    const deliver = async ({ request, fates }: Delivery) => {
      const left = [...fates];
      const { send } = open({ store: unreliable(store, () => left.shift() ?? 'ok') });
      const answer = await send({ ...requests[request], requestId: `r${request}` }).catch(() => undefined);
      if (answer !== undefined) answers[request] = [...(answers[request] ?? []), answer];
    };
    await Promise.all(given.slice(0, 4).map(deliver));
    for (const each of given.slice(4)) await deliver(each);
    const history = auditHistory(values());
    expect(replayAudit(history).gaps).toEqual([]);
    for (const each of Object.values(answers)) {
      const plain = each.map(({ repeated: _, ...rest }) => (rest.ok ? rest : { ok: false, code: rest.error.code }));
      expect(new Set(plain.map((answer) => JSON.stringify(answer))).size).toBe(1);
    }
    const count = (record: string) => history.filter((entry) => entry.kind !== 'clear' && entry.to.startsWith(record)).length;
    expect(count('singapore=0@')).toBeLessThanOrEqual(1);
    expect(count('singapore=100@')).toBeLessThanOrEqual(1);
    expect(history.filter(({ kind }) => kind === 'clear').length).toBeLessThanOrEqual(1);
  }

  it('flip once for each id, in any interleaving, with crashes before and after the write', async () => {
    await fc.assert(
      fc.asyncProperty(deliveries, async (given) => {
        const { store, values } = inMemory();
        await expectOnce(given, store, () => values);
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  it('do so on the control plane with the real SDK', async () => {
    await fc.assert(
      fc.asyncProperty(deliveries, async (given) => {
        await reset();
        await expectOnce(given, test.store, test.values);
      }),
      { numRuns: 5 },
    );
  }, 60_000);

  it('beside a flipper that writes all the time lose no flip of either', async () => {
    const automatic = (weight: number) =>
      test.store.update(flipKeys, (snapshot) =>
        planFlip(
          snapshot,
          { kind: 'automatic', weights: { singapore: weight }, memory: {} },
          { at: Date.now(), by: 'flipper', reason: 'x', origins },
        ),
      );
    const { send } = open();
    await Promise.all([automatic(10), send({ ...to, requestId: 'a' }), automatic(25), send({ ...to, requestId: 'a' })]);
    expect(replayAudit(flips()).gaps).toEqual([]);
    expect(flips().filter(({ kind }) => kind === 'override')).toHaveLength(1);
    expect(test.values().get('health')).toMatch(/^singapore=0@\d+;europe=100@\d+;singapore=\d+$/);
  });
});

describe('a failed invocation', () => {
  it('has one line and no stack, and the next delivery succeeds', async () => {
    const { send, lines } = open({ store: { ...test.store, read: async () => Promise.reject(new Error('socket hang up')) } });
    const error = await send({ ...to, requestId: 'r1' }).catch((thrown: unknown) => thrown as Error);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).stack).not.toContain('\n');
    expect(lines).toMatchObject([{ outcome: 'failed', message: 'socket hang up' }]);
    expect(await open().send({ ...to, requestId: 'r1' })).toMatchObject({ ok: true });
  });
});

describe('ARC Region switch', () => {
  const metadata = {
    InvokedBy: 'ARC Region switch',
    PlanArn: 'arn:aws:arc-region-switch::111122223333:plan/shop:a1b2c3',
    ExecutionId: 'e1',
    StepName: 'viewers',
  };
  const step = { action: 'to', region: 'eu-central-1', for: '24h', ...metadata };

  it('moves the viewers once, however often it tries', async () => {
    const first = await open().send(step);
    expect(first).toMatchObject({ ok: true, requestId: 'e1/viewers', result: { written: true } });
    expect(await open().send(step)).toEqual({ ...first, repeated: true });
    expect(flips()).toMatchObject([{ by: 'lambda:operator:00000001 (ARC Region switch)', reason: 'Region switch: viewers' }]);
  });

  it('sees a refusal as a failed step, and may succeed when it tries again', async () => {
    const failed = open({ probes: { europe: { kind: 'bad', problem: '503' } } }).send(step);
    await expect(failed).rejects.toMatchObject({ name: 'ORIGIN_UNHEALTHY' });
    expect(await open().send(step)).toMatchObject({ ok: true, result: { written: true } });
    await expect(open().send(metadata)).rejects.toMatchObject({ name: 'USAGE' });
  });
});

describe('a reporter', () => {
  const asReporter = { alias: 'reporter' };

  it('stores an opinion, and has the flipper run at once when it is a new bad one', async () => {
    const { send, runs } = open();
    expect(await send(report, asReporter)).toMatchObject({
      ok: true,
      result: { written: true, outcome: 'written' },
      run: { succeeded: true },
    });
    expect(await send(report, asReporter)).toMatchObject({ ok: true, result: { written: false, outcome: 'kept' } });
    expect(runs).toEqual(['report']);
  });

  it('cannot keep the flipper running by changing its mind', async () => {
    const { send, runs } = open();
    for (const opinion of ['unhealthy', 'healthy', 'unhealthy', 'healthy', 'unhealthy']) await send({ ...report, opinion }, asReporter);
    expect(runs).toEqual(['report']);
  });

  it('is answered although that run fails', async () => {
    const { send } = open({ options: { runFlipper: () => Promise.reject(new Error('x')) } });
    expect(await send(report, asReporter)).toMatchObject({ ok: true, result: { written: true } });
  });

  it('changes no key but its own', async () => {
    await override('europe');
    const before = [...test.values()];
    const { send } = open();
    for (const event of [
      report,
      { ...report, opinion: 'healthy' },
      to,
      { action: 'auto', reason: 'x' },
      { action: 'status' },
      { run: 'watch' },
    ])
      await send(event, asReporter);
    expect([...test.values()].filter(([key]) => key !== 'remote/reports')).toEqual(before);
  });
});
