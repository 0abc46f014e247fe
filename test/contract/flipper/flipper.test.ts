import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { buildFlipPolicy } from '../../../src/config/services.ts';
import { auditHistory, replayAudit } from '../../../src/core/audit.ts';
import { type FlipperOptions, runFlipper } from '../../../src/flipper/flipper.ts';
import type { FlipperEvent } from '../../../src/flipper/flipper-event.ts';
import { openSignals } from '../../../src/flipper/open-signals.ts';
import { openTestStore, type TestStore } from '../aws/open-test-store.ts';
import { type OriginFault, openTestOrigin, type TestOrigin } from './open-test-origin.ts';

// The flipper on the real SDK, a control plane that speaks AWS's wire format, and origins that really refuse, hang and
// lie.

const health = { type: 'http', json: { status: 'ok', region: '{region}' } } as const;
const config = parseEdgeConfig({
  origins: { singapore: { region: 'ap-southeast-1', signals: [health] }, europe: { region: 'eu-central-1', signals: [health] } },
  defaultOrder: ['singapore', 'europe'],
  health: { intervalMs: 200, fastIntervalMs: 50, connectTimeoutMs: 2_000, timeoutMs: 2_000 },
  failover: { holdDownMs: 300, maxHoldDownMs: 3_000, rampStepMs: 200, minFlipIntervalMs: 50 },
});
const item = (Id: string) => ({ Id, DomainName: `${Id}.example.test`, CustomOriginConfig: undefined });
const distribution = {
  CallerReference: 'a',
  Comment: '',
  Enabled: true,
  Origins: { Quantity: 2, Items: [item('singapore'), item('europe')] },
  DefaultCacheBehavior: undefined,
};

let test: TestStore;
let singapore: TestOrigin;
let europe: TestOrigin;
let stop: AbortController;
let running: Promise<unknown>[];
let told: (FlipperEvent & { at: number })[];

beforeEach(async () => {
  [test, singapore, europe] = await Promise.all([openTestStore(), openTestOrigin('ap-southeast-1'), openTestOrigin('eu-central-1')]);
  stop = new AbortController();
  running = [];
  told = [];
});

afterEach(async () => {
  stop.abort();
  await Promise.all(running);
  await Promise.all([singapore.close(), europe.close(), test.close()]);
});

function start(given: Partial<FlipperOptions> = {}) {
  const local = (domainName: string, { port }: TestOrigin) => ({ domainName, host: '127.0.0.1', port, protocol: 'http' as const });
  const ended = runFlipper({
    mode: 'watch',
    shadow: false,
    by: `flipper-${running.length}`,
    policy: buildFlipPolicy(config),
    signals: openSignals(config, distribution, {
      singapore: local('singapore.example.test', singapore),
      europe: local('europe.example.test', europe),
    }),
    store: test.store,
    log: (event, at) => told.push({ ...event, at }),
    signal: stop.signal,
    ...given,
  });
  running.push(ended);
  return ended;
}

const flips = () => told.filter((event) => event.event === 'flip');
const record = () => test.values().get('health') ?? 'ok';
const until = (what: () => boolean) => expect.poll(what, { interval: 5, timeout: 30_000 }).toBe(true);
const isProven = () => told.filter((event) => event.event === 'verdict' && event.to === 'healthy').length >= 2;

describe('a flipper on real connections', () => {
  it.each<{ fault: OriginFault; why: RegExp }>([
    { fault: 'refuse', why: /connect: .*ECONNREFUSED/ },
    { fault: 'hang', why: /timeout: no answer within 2000 ms/ },
    { fault: 'reset', why: /connect: / },
    { fault: '503', why: /status: status 503/ },
    { fault: 'bad body', why: /body: the body is not JSON/ },
    { fault: 'wrong region', why: /body: region is "eu-west-9", expected "ap-southeast-1"/ },
  ])('moves all viewers when an origin fails by $fault, and says why', async ({ fault, why }) => {
    start();
    await until(isProven);
    await singapore.setFault(fault);
    await until(() => flips().length > 0);
    expect(flips()[0]).toMatchObject({ kind: 'protect', from: 'ok', to: 'singapore=0', reason: expect.stringMatching(why) });
    expect(record()).toBe('singapore=0');
  });

  it('brings all viewers home when the origin has recovered', async () => {
    start();
    await until(isProven);
    await singapore.setFault('refuse');
    await until(() => flips().length > 0);
    await singapore.setFault(undefined);
    await until(() => flips().length >= 5);
    expect(flips().map(({ to }) => to)).toEqual(['singapore=0', 'singapore=10', 'singapore=25', 'singapore=50', 'ok']);
    expect(replayAudit(auditHistory(test.values()))).toEqual({ record: 'ok', gaps: [] });
  });

  it('asks nothing of the store while nothing changes', async () => {
    start();
    await until(isProven);
    const calls = test.control.calls.length;
    const before = singapore.requests;
    await until(() => singapore.requests > before + 8);
    expect(test.control.calls.length).toBe(calls);
  });

  it('reads back what it wrote', async () => {
    start();
    await until(isProven);
    await singapore.setFault('refuse');
    await until(() => told.some(({ event }) => event === 'verified'));
    expect(told.some(({ event }) => event === 'unverified')).toBe(false);
  });

  it('writes again at once what the store acknowledged and lost, and reports the flip once', async () => {
    const { update } = test.store;
    let isLost = false;
    const store = {
      ...test.store,
      update: async (...[keys, change]: Parameters<typeof update>) => {
        const done = await update(keys, change);
        if (isLost || done.written === undefined) return done;
        isLost = true;
        await update([], () => ({ puts: [], deletes: done.written?.puts.map(({ key }) => key) ?? [] }));
        return done;
      },
    };
    start({ store });
    await until(isProven);
    await singapore.setFault('refuse');
    await until(() => told.some(({ event }) => event === 'verified'));
    expect(record()).toBe('singapore=0');
    expect(flips()).toHaveLength(1);
  });

  it('reports once a flip whose answer was lost, and then the whole store for a while', async () => {
    start();
    await until(isProven);
    test.control.faults.rules = [{ kind: 'drop-response', operation: 'UpdateKeys', times: 1 }];
    await singapore.setFault('refuse');
    await until(() => record() === 'singapore=0');
    test.control.faults.rules = [{ kind: 'unavailable' }];
    await until(() => told.filter(({ event }) => event === 'store-failed').length >= 2);
    test.control.faults.rules = [];
    await until(() => flips().length > 0);
    await until(() => told.some((event) => event.event === 'hold' && event.reason === 'not-healthy'));
    expect(flips()).toMatchObject([{ sequence: 1, from: 'ok', to: 'singapore=0' }]);
  });

  it('puts back what another tool deletes', async () => {
    const policy = buildFlipPolicy(config);
    start({ policy: { ...policy, failover: { ...policy.failover, peerCheckMs: 100, holdDownMs: 60_000, maxHoldDownMs: 60_000 } } });
    await until(isProven);
    await singapore.setFault('refuse');
    await until(() => told.some(({ event }) => event === 'verified'));
    await singapore.setFault(undefined);
    // Within 10 s of its own write, a store that shows less passes for one that is behind.
    await test.store.update([], () => ({ puts: [{ key: 'own', value: 'x' }], deletes: [...test.values().keys()] }));
    await expect.poll(() => told.some(({ event }) => event === 'restore'), { interval: 20, timeout: 45_000 }).toBe(true);
    expect(record()).toBe('singapore=0');
    expect(auditHistory(test.values())[0]).toMatchObject({ sequence: 2, kind: 'restore', to: 'singapore=0' });
  }, 60_000);

  it('never takes the last origin out', async () => {
    start();
    await until(isProven);
    await Promise.all([singapore.setFault('503'), europe.setFault('503')]);
    await until(() => told.some((event) => event.event === 'hold' && event.reason === 'panic'));
    expect(['ok', 'singapore=0', 'europe=0']).toContain(record());
    const before = singapore.requests;
    await until(() => singapore.requests > before + 5);
    expect(record()).not.toMatch(/singapore=0.*europe=0/);
  });

  it('runs once for cron: one look at everything, one flip', async () => {
    await singapore.setFault('503');
    expect(await start({ mode: 'once' })).toMatchObject({ held: 'not-healthy', evidence: { singapore: { verdict: 'unhealthy' } } });
    expect(record()).toBe('singapore=0');
  });

  it('ends soon after its signal aborts, whatever it is doing', async () => {
    await europe.setFault('hang');
    const ended = start();
    await until(() => europe.requests > 0);
    stop.abort();
    await ended;
    // The probe that hung was cut off, not waited for.
    expect(told.some((event) => event.event === 'probe' && event.origin === 'europe')).toBe(false);
  });
});
