import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FailoverCommand, runFailover } from '../../../scripts/failover/run-failover.ts';
import { openIo } from '../../../src/cli/io.ts';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { auditHistory, replayAudit } from '../../../src/core/audit.ts';
import { flipKeys, planFlip } from '../../../src/core/flip.ts';
import { parseLiveRecord } from '../../../src/core/live-record.ts';
import type { OriginMemory } from '../../../src/core/state-record.ts';
import { listAudiences } from '../../../src/core/viewer-shares.ts';
import { EdgeError } from '../../../src/errors.ts';
import { parseIntent } from '../../../src/failover/failover-intent.ts';
import type { Channel, Notification } from '../../../src/flipper/notify/notifier.ts';
import { openEdgeView } from '../../../src/probe/edge-view.ts';
import type { OriginProbe } from '../../../src/probe/probe-origin.ts';
import { fakeHost } from '../../unit/cli/fake-host.ts';
import { openTestStore, type TestStore } from '../aws/open-test-store.ts';
import { openTestEdge, type TestEdge } from './open-test-edge.ts';

const config = parseEdgeConfig({
  origins: { singapore: { region: 'ap-southeast-1' }, europe: { region: 'eu-central-1' } },
  defaultOrder: ['singapore', 'europe'],
  routes: [
    { countries: ['US', 'IN'], order: ['singapore', 'europe'] },
    { countries: ['DE'], order: ['europe', 'singapore'] },
  ],
});
const origins = Object.keys(config.origins);
const well: Record<string, OriginProbe> = { singapore: { kind: 'good' }, europe: { kind: 'good' } };
const given = { for: 7_200_000, reason: 'ALB 5xx', weight: undefined, 'break-glass': undefined, watch: false, yes: false };

let test: TestStore;
let edge: TestEdge;

beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());
beforeEach(async () => {
  test.control.faults.rules = [];
  await test.store.update([], () => ({
    puts: [{ key: 'health', value: 'ok' }],
    deletes: [...test.values().keys()].filter((key) => key !== 'health'),
  }));
  edge = await openTestEdge(() => test.values().get('health'));
  test.control.calls.length = 0;
});
afterEach(() => edge.close());

interface Setup {
  values?: Partial<Parameters<typeof parseIntent>[1]>;
  probes?: Record<string, OriginProbe>;
  tools?: Partial<FailoverCommand>;
  terminal?: string;
  json?: boolean;
  now?: () => number;
  signal?: AbortSignal;
}

/** Runs one command as the script does, but in this process. */
async function command(
  positionals: string[],
  { values = {}, probes = well, tools = {}, terminal, json = false, now = Date.now, signal }: Setup = {},
) {
  const host = fakeHost([], { terminal: terminal !== undefined });
  if (terminal !== undefined) host.stdin.push(`${terminal}\n`);
  const io = { ...openIo(host, json, signal ?? new AbortController().signal), now };
  const isWrite = ['to', 'drain', 'auto'].includes(positionals[0] ?? '');
  const isOverride = isWrite && positionals[0] !== 'auto';
  const base = { ...given, ...(isOverride ? {} : { for: undefined }), ...(isWrite ? {} : { reason: undefined }) };
  const intent = parseIntent(positionals, { ...base, ...values }, origins, Date.now());
  const complete: FailoverCommand = {
    store: test.store,
    edge: openEdgeView({ url: edge.url, isLocal: true, config }),
    origins,
    audiences: listAudiences(config),
    proveOrigin: async (origin) => probes[origin] ?? { kind: 'unreached', problem: 'not probed' },
    by: 'ann@laptop',
    target: 'the flag store',
    yes: terminal === undefined,
    verify: true,
    verifyTimeoutMs: 30_000,
    watchMs: 1,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 10))),
    ...tools,
  };
  const code = await runFailover(intent, complete, io).catch((error: unknown) => error);
  return { code, out: host.out(), err: host.err() };
}

const live = () => parseLiveRecord(test.values(), Date.now());
const writes = () => test.control.calls.filter(({ operation }) => operation === 'UpdateKeys').length;
const remember = (origin: string, verdict: OriginMemory['verdict']) =>
  test.store.update(flipKeys, (snapshot) =>
    planFlip(
      snapshot,
      { kind: 'automatic', weights: { [origin]: 50 }, memory: { [origin]: { verdict, since: Date.now() - 60_000 } } },
      { at: Date.now(), reason: 'test', by: 'flipper', origins },
    ),
  );

describe('an edge that cannot be asked', () => {
  const tools = { edge: undefined, edgeNotAsked: 'no behavior has the path /health' };

  it('does not fail the write, which says why', async () => {
    const { code, err } = await command(['to', 'europe'], { tools });
    expect({ code, record: test.values().get('health') }).toMatchObject({ code: 0, record: expect.stringMatching(/^singapore=0@/) });
    expect(err).toMatch(/^note: .*: no behavior has the path \/health$/m);
  });

  it('neither agrees nor disagrees in a status', async () => {
    const people = await command(['status'], { tools });
    expect(people).toMatchObject({ code: 0, out: expect.stringMatching(/^edge .*: no behavior has the path \/health$/m) });
    const { out } = await command(['status'], { tools, json: true });
    expect(JSON.parse(out)).toMatchObject({ edgeNotAsked: tools.edgeNotAsked });
    expect(JSON.parse(out)).not.toHaveProperty('edge');
  });
});

describe('an override', () => {
  it('is sent to every channel, and one that does not take it fails no write', async () => {
    const sent: Notification[] = [];
    const channels: Channel[] = [
      { name: 'dead', send: async () => ({ detail: 'no answer', isFinal: false }) },
      {
        name: 'webhook',
        send: async (notification) => {
          sent.push(notification);
          return undefined;
        },
      },
    ];
    const { code, err } = await command(['to', 'europe'], { tools: { channels, by: 'ann@laptop (111122223333:user/ann)' } });
    expect([code, writes()]).toEqual([0, 1]);
    expect(sent).toMatchObject([{ of: 'override', event: { by: 'ann@laptop (111122223333:user/ann)', reason: 'ALB 5xx', from: 'ok' } }]);
    expect(err).toMatch(/\bdead\b.*: no answer/);
  });
});

describe('failover to', () => {
  it('writes record, state and audit in one call and waits for the edge', async () => {
    edge.delayMs = 300;
    const { code, out, err } = await command(['to', 'europe']);
    expect(code).toBe(0);
    expect(writes()).toBe(1);
    expect(live()).toMatchObject({
      edited: false,
      state: { override: { weights: { singapore: 0, europe: 100 }, reason: 'ALB 5xx', by: 'ann@laptop' } },
    });
    expect(test.values().get('health')).toMatch(/^singapore=0@\d+;europe=100@\d+$/);
    const history = auditHistory(test.values());
    expect(history).toHaveLength(1);
    expect(replayAudit(history)).toEqual({ record: test.values().get('health'), gaps: [] });
    expect(err).toMatch(/singapore +0 % +was 100 %/);
    expect(err).toMatch(/US, IN +singapore → europe/);
    expect(err).toMatch(/until .* UTC\)?, 2h from now/);
    const seconds = /confirmed at the edge ([\d.]+)s after the write/.exec(out)?.[1];
    expect(Number(seconds)).toBeGreaterThanOrEqual(0.2);
    expect(Number(seconds)).toBeLessThan(60);
  });

  it('says under --json what it wrote and how long the edge took', async () => {
    const { out } = await command(['to', 'europe'], { json: true });
    expect(JSON.parse(out)).toEqual({
      written: true,
      sequence: 1,
      from: 'ok',
      to: test.values().get('health'),
      propagationMs: expect.any(Number),
    });
  });

  it('fails when the edge does not follow, and says that the flip is in force', async () => {
    edge.delayMs = 60_000;
    const { code } = await command(['to', 'europe'], { tools: { verifyTimeoutMs: 200 } });
    expect(code).toMatchObject({ code: 'NOT_READY', exitCode: 1 });
    expect((code as EdgeError).message).toMatch(/ 0\.2s: US .*singapore/);
    expect(live().overrides).toHaveLength(2);
  });

  it.each([
    { when: 'its answer has no region', answer: { status: 200 }, says: /answered 200 / },
    { when: 'the region is unknown', answer: { status: 200, region: 'us-east-1' }, says: /answered 200 .*us-east-1/ },
  ])('does not believe an edge when $when', async ({ answer, says }) => {
    edge.answer = answer;
    const { code } = await command(['to', 'europe'], { tools: { verifyTimeoutMs: 50 } });
    expect((code as EdgeError).message).toMatch(says);
  });

  it('learns the origin from the body when there is no header', async () => {
    edge.answer = { status: 200, body: '{"status":"ok","region":"eu-central-1"}' };
    expect((await command(['to', 'europe'])).code).toBe(0);
  });

  it('notes a 5xx of the origin that the edge now sends viewers to', async () => {
    edge.answer = { status: 503, region: 'eu-central-1' };
    const { code, err } = await command(['to', 'europe']);
    expect(code).toBe(0);
    expect(err).toMatch(/^note: US: europe answers 503$/m);
  });

  it('skips the edge when asked to', async () => {
    edge.delayMs = 60_000;
    const { code, out } = await command(['to', 'europe'], { tools: { verify: false } });
    expect(code).toBe(0);
    expect(out).not.toContain('the edge');
  });
});

describe('an unsafe move', () => {
  const sick: OriginProbe = { kind: 'bad', problem: 'status 503, expected 200' };
  const unreached: OriginProbe = { kind: 'unreached', problem: 'ETIMEDOUT' };
  const wrong = [
    {
      when: 'the target answers badly just now',
      args: ['to', 'europe'],
      probes: { ...well, europe: sick },
      says: /europe is unhealthy \(.*status 503/,
    },
    {
      when: 'no probe reaches the target',
      args: ['to', 'europe'],
      probes: { ...well, europe: unreached },
      says: /europe is unknown \(/,
    },
    {
      when: 'those who are drained would land on it',
      args: ['drain', 'singapore'],
      probes: { ...well, europe: sick },
      says: /europe is unhealthy/,
    },
  ];

  it.each(wrong)('is refused when $when, and nothing is written', async ({ args, probes, says }) => {
    const { code } = await command(args, { probes });
    expect(code).toMatchObject({ code: 'ORIGIN_UNHEALTHY', exitCode: 1 });
    expect((code as EdgeError).message).toMatch(says);
    expect((code as EdgeError).hint).toContain('--break-glass');
    expect(writes()).toBe(0);
  });

  it.each(wrong)('is made under --break-glass when $when, and the audit keeps why', async ({ args, probes }) => {
    const { code, err } = await command(args, { probes, values: { 'break-glass': 'I see it work' }, tools: { verify: false } });
    expect(code).toBe(0);
    expect(err).toContain('danger   europe is un');
    expect(auditHistory(test.values())[0]).toMatchObject({ kind: 'override', breakGlass: 'I see it work' });
  });

  it('is judged by fresh probes, not by the verdict of the last write, and names that verdict', async () => {
    await remember('europe', 'unhealthy');
    test.control.calls.length = 0;
    const { code, err } = await command(['to', 'europe']);
    expect([code, writes()]).toEqual([0, 1]);
    expect(err).toMatch(/note +europe .*unhealthy.* 1m/);
  });

  it('is refused when every origin would be at 0', async () => {
    await command(['drain', 'europe'], { tools: { verify: false } });
    await test.store.update(flipKeys, (snapshot) =>
      planFlip(
        snapshot,
        { kind: 'automatic', weights: { singapore: 0 }, memory: {} },
        { at: Date.now(), reason: 'test', by: 'flipper', origins: [...origins, 'third'] },
      ),
    );
    const before = test.values().get('health');
    const { code } = await command(['drain', 'europe']);
    expect(code).toMatchObject({ code: 'ORIGIN_UNHEALTHY', exitCode: 1 });
    expect((code as EdgeError).message).toContain('every origin');
    expect(test.values().get('health')).toBe(before);
  });

  it('is noticed when the flipper learns of it between the plan and the write', async () => {
    const { store } = test;
    const late = {
      ...store,
      update: (async (keys, change) => {
        await remember('europe', 'unhealthy');
        return store.update(keys, change);
      }) satisfies typeof store.update,
    };
    const { code } = await command(['to', 'europe'], { tools: { store: late } });
    expect(code).toMatchObject({ code: 'ORIGIN_UNHEALTHY' });
    expect(live().overrides).toEqual([]);
  });
});

describe('the question', () => {
  it('is asked on a terminal after the plan, and only a yes writes', async () => {
    const no = await command(['to', 'europe'], { terminal: 'n' });
    expect([no.code, writes()]).toEqual([1, 0]);
    expect(no.err).toMatch(/was 100[\s\S]*\? \[y\/N\] nothing was written\n$/);
    const yes = await command(['to', 'europe'], { terminal: 'y' });
    expect([yes.code, writes()]).toEqual([0, 1]);
  });

  it('cannot be asked without a terminal: --yes is then required', async () => {
    const { code } = await command(['to', 'europe'], { tools: { yes: false } });
    expect(code).toMatchObject({ code: 'USAGE', exitCode: 2, hint: expect.stringContaining('--yes') });
    expect(writes()).toBe(0);
  });
});

describe('an override that has ended', () => {
  const late = { for: 2_000 };

  it.each([
    { when: 'before the yes', at: () => 3_000, written: 0 },
    { when: 'while the store was being written', at: () => (writes() > 0 ? 3_000 : 0), written: 1 },
  ])('is an error when it ended $when', async ({ at, written }) => {
    const startedAt = Date.now();
    const { code } = await command(['to', 'europe'], { values: late, now: () => startedAt + at(), tools: { verify: false } });
    expect(code).toMatchObject({ code: 'CONFLICT', exitCode: 1 });
    expect(writes()).toBe(written);
  });

  it('is an error by the clock of the store, which the edge has, too', async () => {
    const store = { ...test.store, clockSkewMs: () => -3 * 3_600_000 };
    const { code } = await command(['to', 'europe'], { tools: { store, verify: false } });
    expect(code).toMatchObject({ code: 'CONFLICT', exitCode: 1 });
    expect(writes()).toBe(0);
    const near = { ...test.store, clockSkewMs: () => -20_000 };
    expect((await command(['to', 'europe'], { tools: { store: near, verify: false } })).code).toBe(0);
  });

  it('is an error when a retry comes too late', async () => {
    test.control.faults.rules = [{ kind: 'throttle', operation: 'UpdateKeys', times: 1 }];
    const startedAt = Date.now();
    const now = () => startedAt + (writes() > 0 ? 3_000 : 0);
    const { code } = await command(['to', 'europe'], { values: late, now, tools: { verify: false } });
    expect(code).toMatchObject({ code: 'CONFLICT', exitCode: 1 });
    expect(live().overrides).toEqual([]);
  });
});

it('Ctrl-C after the write says what is in force and until when', async () => {
  edge.delayMs = 60_000;
  const stop = new AbortController();
  const sleep = async () => {
    stop.abort(new EdgeError('INTERRUPTED', 'interrupted'));
    throw stop.signal.reason;
  };
  const { code } = await command(['to', 'europe'], { signal: stop.signal, tools: { sleep } });
  expect(code).toMatchObject({ code: 'INTERRUPTED', exitCode: 1 });
  expect((code as EdgeError).message).toMatch(/flip #1 .*UTC\)?, (2h|1h 59m) /);
  expect(live().overrides).toHaveLength(2);
});

describe('two operators', () => {
  it('do not replace each other’s override unseen', async () => {
    const { store } = test;
    const late = {
      ...store,
      update: (async (keys, change) => {
        await command(['drain', 'singapore'], { tools: { verify: false, by: 'bob@phone' } });
        return store.update(keys, change);
      }) satisfies typeof store.update,
    };
    const { code } = await command(['to', 'europe'], { tools: { store: late } });
    expect(code).toMatchObject({ code: 'CONFLICT', exitCode: 1 });
    expect(live().state.override?.by).toBe('bob@phone');
  });

  it('writing at the same moment lose nothing: one wins, the other gets an error, the audit has no gap', async () => {
    const outcomes = await Promise.all(
      ['ann', 'bob', 'cyd'].map((by) => command(['to', 'europe'], { values: { reason: by }, tools: { by, verify: false } })),
    );
    const winners = outcomes.filter(({ code }) => code === 0).length;
    expect(winners).toBeGreaterThanOrEqual(1);
    expect(outcomes.filter(({ code }) => code instanceof EdgeError && code.code === 'CONFLICT')).toHaveLength(3 - winners);
    const history = auditHistory(test.values());
    expect(history).toHaveLength(winners);
    expect(replayAudit(history)).toEqual({ record: test.values().get('health'), gaps: [] });
  });
});

describe('failover auto', () => {
  it('ends the override and leaves the automatic weights', async () => {
    await remember('singapore', 'healthy');
    await command(['to', 'europe'], { tools: { verify: false } });
    const { code, err } = await command(['auto'], { tools: { verify: false } });
    expect(code).toBe(0);
    expect(test.values().get('health')).toBe('singapore=50');
    expect(err).toMatch(/^ends .*ann@laptop: ALB 5xx$/m);
  });

  it('does nothing without an override', async () => {
    const { code, out } = await command(['auto']);
    expect([code, writes()]).toEqual([0, 0]);
    expect(out).toContain('nothing to do');
  });
});

describe('failover status', () => {
  it('shows record, verdicts, override with time left, flips, and that the edge agrees, for one API call', async () => {
    await remember('singapore', 'unhealthy');
    await command(['to', 'europe'], { tools: { verify: false } });
    test.control.calls.length = 0;
    await expect.poll(async () => (await command(['status'])).out).toMatch(/edge +agrees/);
    test.control.calls.length = 0;
    const { code, out } = await command(['status']);
    expect(code).toBe(0);
    expect(test.control.calls.map(({ operation }) => operation)).toEqual(['ListKeys']);
    expect(out).toMatch(/^record +singapore 0 %, europe 100 % until .* UTC, then singapore 50 %, by hand \([\d.]+s ago\)$/m);
    expect(out).toMatch(/^ {2}singapore +0 % {2}not probed +recorded unhealthy [\d.]+s ago$/m);
    expect(out).toMatch(/^ {2}europe +100 % {2}not probed +\S/m);
    expect(out).toMatch(/^override +until .*, 2h left\n +by ann@laptop: ALB 5xx$/m);
    expect(out).toMatch(/^ {2}#2 .*s ago {2,}override .*\n +by ann@laptop: ALB 5xx$/m);
  });

  it('asks the edge on behalf of each audience: Germany is at home in Europe', async () => {
    expect((await command(['status'])).out).toMatch(/edge +agrees/);
  });

  it('names the viewers that are served otherwise: as before the write while it propagates', async () => {
    edge.delayMs = 60_000;
    await command(['to', 'europe'], { tools: { verify: false } });
    expect((await command(['status'])).out).toMatch(/edge +propagating .*\n +US: singapore .*europe .*\([\d.]+s /);
    edge.delayMs = 0;
    edge.answer = { status: 200, region: 'ap-southeast-1' };
    await test.store.update(flipKeys, () => ({ puts: [], deletes: ['audit/01'] }));
    const { edge: found } = JSON.parse((await command(['status'], { json: true })).out);
    expect(found).toMatchObject({
      state: 'disagrees',
      viewers: [{ country: 'US', state: 'disagrees', answeredBy: ['singapore'] }, {}, {}],
    });
  });

  it.each([
    { when: 'fails', probe: { kind: 'bad', problem: 'status 503' } as const, state: 'covering' },
    { when: 'answers well', probe: { kind: 'good' } as const, state: 'disagrees' },
  ])('takes an answer of the second origin for $state when the first one $when', async ({ probe, state }) => {
    edge.answer = { status: 200, region: 'eu-central-1' };
    const { out } = await command(['status'], {
      json: true,
      tools: { probeOrigin: async (id) => (id === 'singapore' ? probe : { kind: 'good' }) },
    });
    const { edge: found, origins: probed } = JSON.parse(out);
    expect(found.state).toBe(state);
    expect(probed[0]).toMatchObject({ id: 'singapore', verdict: 'unknown', probe });
  });

  it.each([{ region: 'ap-southeast-1' }, {}])('reports a 5xx at the edge, from an origin or not', async (from) => {
    edge.answer = { status: 503, ...from };
    const { edge: found } = JSON.parse((await command(['status'], { json: true })).out);
    expect(found.state).toBe('failing');
    expect(found.viewers[0].detail).toContain('503');
  });

  it('compares with what LIVE does where it is known', async () => {
    edge.answer = { status: 200, region: 'eu-central-1' };
    const expectByLive: FailoverCommand['expectByLive'] = async (records) =>
      records.map(() => [1, 2, 3].map(() => ({ country: 'US', allowed: ['europe'] })));
    const { edge: found } = JSON.parse((await command(['status'], { json: true, tools: { expectByLive } })).out);
    expect(found).toMatchObject({ state: 'agrees', expectedBy: 'LIVE' });
    const unread = await command(['status'], { json: true, tools: { expectByLive: async () => 'access denied' } });
    expect(JSON.parse(unread.out).edge).toMatchObject({ expectedBy: 'edge.config.ts', note: expect.stringContaining('access denied') });
  });

  it('shows a record that was changed by hand, readable or not', async () => {
    await test.store.update([], () => ({ puts: [{ key: 'health', value: 'singapore=25' }], deletes: [] }));
    expect((await command(['status'])).out).toMatch(/record +singapore 25 %, automatic\n +changed by hand/);
    await test.store.update([], () => ({ puts: [{ key: 'health', value: 'down!' }], deletes: [] }));
    expect((await command(['status'])).out).toMatch(/record .*"down!"/);
  });

  it('finds the record among more keys than one page', async () => {
    const puts = Array.from({ length: 49 }, (_, index) => ({ key: `a${index}`, value: 'x' }));
    await test.store.update([], () => ({ puts, deletes: [] }));
    await test.store.update([], () => ({
      puts: [
        { key: 'a99', value: 'x' },
        { key: 'health', value: 'singapore=0' },
      ],
      deletes: [],
    }));
    expect((await command(['status'], { json: true })).out).toContain('"record":"singapore=0"');
    await test.store.update([], () => ({ puts: [], deletes: puts.map(({ key }) => key) }));
  });

  it('comes at once although the edge waits for a dead origin', async () => {
    edge.hangs = true;
    const view = openEdgeView({ url: edge.url, isLocal: true, config, timeoutMs: 50 });
    const { out } = await command(['status'], { tools: { edge: view } });
    expect(out).toMatch(/US: .* 50 ms/);
  });

  it('goes on watching through a failure of the store', async () => {
    const host = fakeHost([]);
    const stop = new AbortController();
    const failures = [new EdgeError('THROTTLED', 'slow down'), undefined];
    const list: typeof test.store.list = async (pages) => {
      const failure = failures.shift();
      if (failures.length === 0) stop.abort();
      if (failure !== undefined) throw failure;
      return test.store.list(pages);
    };
    const tools = { store: { ...test.store, list }, edge: undefined, origins, audiences: [], watchMs: 1, sleep: async () => undefined };
    const io = openIo(host, false, stop.signal);
    expect(await runFailover({ command: 'status', watch: true }, tools as unknown as FailoverCommand, io)).toBe(0);
    expect(host.out()).toMatch(/^error: slow down\nfailover status .* 0s\nfailover status .*\n\nwhere .*\nrecord +\S/);
  });

  it('asks only origins that may win viewers, for a dead one would cost its timeout', async () => {
    const asked: string[] = [];
    const proveOrigin = async (id: string): Promise<OriginProbe> => {
      asked.push(id);
      return { kind: 'good' };
    };
    await command(['to', 'europe'], { tools: { proveOrigin, verify: false } });
    expect(asked).toEqual(['europe']);
  });

  it('redraws until it is interrupted', async () => {
    let drawn = 0;
    const host = fakeHost([]);
    const stop = new AbortController();
    const io = openIo(host, true, stop.signal);
    const tools = { store: test.store, edge: undefined, origins, audiences: [], watchMs: 1 } as unknown as FailoverCommand;
    const sleep = async () => {
      if (++drawn === 3) stop.abort();
    };
    expect(await runFailover({ command: 'status', watch: true }, { ...tools, sleep }, io)).toBe(0);
    expect(host.out().trim().split('\n')).toHaveLength(3);
  });
});

describe('failover history', () => {
  it('has every flip of the ring, and status its last ones, however many keys the store has', async () => {
    const others = [0, 40, 80].map((from) => Array.from({ length: 40 }, (_, n) => `aaa/${from + n}`));
    for (const keys of others)
      await test.store.update([], () => ({ puts: keys.map((key) => ({ key, value: 'in front of everything' })), deletes: [] }));
    for (let flip = 1; flip <= 17; flip++) {
      await command(['drain', 'singapore'], { values: { weight: 10 + flip }, tools: { verify: false } });
      await command(['auto'], { tools: { verify: false } });
    }
    const { flips, gaps } = JSON.parse((await command(['history'], { json: true })).out);
    expect([flips.length, flips[0].sequence, flips.at(-1).sequence, gaps]).toEqual([32, 34, 3, []]);
    const { lastFlips, record } = JSON.parse((await command(['status'], { json: true })).out);
    expect([record, ...lastFlips.map(({ sequence }: { sequence: number }) => sequence)]).toEqual(['ok', 34, 33, 32, 31, 30]);
    for (const deletes of others) await test.store.update([], () => ({ puts: [], deletes }));
  });

  it('shows the newest first, from two pages at most', async () => {
    for (const reason of ['first', 'second', 'third']) await command(['to', 'europe'], { values: { reason }, tools: { verify: false } });
    test.control.calls.length = 0;
    const { code, out } = await command(['history']);
    expect(code).toBe(0);
    expect([...out.matchAll(/^ {2}#(\d) .*\n {6}by .*: (\w+)$/gm)].map(([, number, why]) => [number, why])).toEqual([
      ['3', 'third'],
      ['2', 'second'],
      ['1', 'first'],
    ]);
    expect(test.control.calls.length).toBeLessThanOrEqual(2);
  });

  it('says that there is none', async () => {
    expect((await command(['history'])).out).toBe('no flips yet\n');
  });
});

describe('a store that fails', () => {
  it.each([
    { rule: { kind: 'drop-response', operation: 'UpdateKeys', times: 1 }, when: 'the answer to the write is lost' },
    { rule: { kind: 'conflict', operation: 'UpdateKeys', times: 3 }, when: 'others write at the same time' },
    { rule: { kind: 'throttle', operation: 'UpdateKeys', times: 2 }, when: 'it throttles' },
  ] as const)('still gets exactly one flip when $when', async ({ rule }) => {
    test.control.faults.rules = [{ ...rule }];
    expect((await command(['to', 'europe'], { tools: { verify: false } })).code).toBe(0);
    expect(auditHistory(test.values())).toHaveLength(1);
  });
});
