import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Account, openAccount } from '../../../local/aws/account.ts';
import { cloudfrontOperations, keyValueStoreOperations } from '../../../local/aws/control-plane.ts';
import { ServiceError } from '../../../local/aws/service-error.ts';
import { type FunctionUrls, openFunctionUrls } from '../../../local/origin/function-urls.ts';
import type { CallService } from '../../../src/aws/call-service.ts';
import type { ConformanceReport, RunEvent } from '../../../src/conformance/conformance.ts';
import { planConformance, runConformance } from '../../../src/conformance/conformance.ts';
import { openJournal, readJournal } from '../../../src/conformance/journal.ts';
import type { ConformanceTarget } from '../../../src/conformance/target.ts';
import { findLeftovers, removeAll, tearDown } from '../../../src/conformance/tear-down.ts';

let folder: string;
let urls: FunctionUrls;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  urls = await openFunctionUrls();
});
afterAll(async () => {
  await urls.close();
  await rm(folder, { recursive: true });
});

const operations = {
  cloudfront: new Map(cloudfrontOperations.map((one) => [String(one.schema[2]), one])),
  kvs: new Map(keyValueStoreOperations.map((one) => [String(one.schema[2]), one])),
};

/** An account without its wire: hundreds of runs in a second. */
function openWorld(): { account: Account; call: CallService; names(): string[] } {
  const account = openAccount({
    accountId: '111122223333',
    now: Date.now,
    random: Math.random,
    provisionMs: 0,
    deployMs: 0,
    runtime: undefined,
    staleWrite: () => 'ValidationException',
  });
  return {
    account,
    async call(service, operation, input) {
      if (service === 'lambda' || service === 'iam') return urls.call(service, operation, input);
      try {
        return { ...(await operations[service].get(operation)?.run(input, account)) };
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        throw failure(error.code, error.status);
      }
    },
    names: () => [...account.functions.keys(), ...account.stores.keys(), ...account.distributions.keys(), ...urls.names()],
  };
}

function failure(name: string, httpStatusCode: number): Error {
  return Object.assign(new Error('planted'), { name, $metadata: { httpStatusCode } });
}

const broken = () => Object.assign(new Error('the connection ended'), { code: 'ECONNRESET' });

/** What goes wrong with one call. */
const mishaps: Readonly<
  Record<string, (perform: () => Promise<Readonly<Record<string, unknown>>>) => Promise<Readonly<Record<string, unknown>>>>
> = {
  'is refused': () => Promise.reject(failure('AccessDenied', 403)),
  'is throttled': () => Promise.reject(failure('ThrottlingException', 400)),
  'never arrives': () => Promise.reject(broken()),
  'loses its answer': (perform) => perform().then(() => Promise.reject(broken())),
};

let runs = 0;

interface Attempt {
  report: ConformanceReport | undefined;
  calls: number;
  run: string;
}

/** One run with a small plan and a distribution; the n-th call goes wrong, or the process ends there. */
async function attempt(
  call: CallService,
  nth: number,
  mishap: ((perform: () => ReturnType<CallService>) => ReturnType<CallService>) | 'kill',
): Promise<Attempt> {
  const run = `edge-conformance-${(++runs).toString(16).padStart(8, '0')}`;
  let calls = 0;
  let kill = () => {};
  const killed = new Promise<undefined>((resolve) => {
    kill = () => resolve(undefined);
  });
  const target = {
    ...worldTarget,
    call: ((service, operation, input) => {
      calls += 1;
      if (calls > nth && mishap === 'kill') return new Promise(() => {});
      if (calls !== nth) return call(service, operation, input);
      if (mishap !== 'kill') return mishap(() => call(service, operation, input));
      // The process ends after AWS did what it was asked, or refused it: one case asks for a value that is not there.
      const end = () => {
        kill();
        return new Promise<never>(() => {});
      };
      return call(service, operation, input).then(end, end);
    }) as CallService,
  };
  const journal = await openJournal(join(folder, 'journal.jsonl'), { run, accountId: '111122223333', region: 'us-east-1' });
  const plan = planConformance(target, ['edge-pass', 'store-get-absent']);
  const options = { run, target, plan, journal, signal: new AbortController().signal, report: () => undefined };
  return { report: await Promise.race([runConformance(options), killed]), calls, run };
}

const worldTarget: ConformanceTarget = {
  name: 'aws',
  accountId: '111122223333',
  region: 'us-east-1',
  call: () => Promise.reject(new Error('no world')),
  request: () => Promise.resolve({ status: 200, headers: { 'x-cache': 'Miss from cloudfront', 'x-origin': 'a' }, body: '{}' }),
  sleep: () => new Promise((resolve) => setImmediate(resolve)),
  now: Date.now,
  pace: { pollMs: 1, deployMs: 5_000, sampleMs: 0, maxSamples: 3, rounds: 1, afterSamples: 1 },
};

const cleanUp = (call: CallService) => tearDown({ ...worldTarget, call }, 'all', () => undefined);

describe('nothing stays', () => {
  it('after a run in which all goes right', async () => {
    const world = openWorld();
    const { report } = await attempt(world.call, 0, () => Promise.reject(broken()));
    expect(report).toMatchObject({ summary: { same: 2, different: 0 }, left: [] });
    expect(world.names()).toEqual([]);
  });

  it.each(Object.entries(mishaps))('whichever call %s', async (name, mishap) => {
    const world = openWorld();
    let last = Number.POSITIVE_INFINITY;
    // The two that change nothing at AWS and are sent again: at some calls only.
    const step = /throttled|arrives/.test(name) ? 5 : 1;
    for (let nth = 1; nth <= last; nth += step) {
      const { report, calls } = await attempt(world.call, nth, mishap);
      if (calls < nth) last = nth;
      const left = world.names();
      // What a run cannot remove, it says; and the next command finds it.
      if (left.length > 0) expect(report?.left.length, `call ${nth}`).toBeGreaterThan(0);
      if (left.length > 0) expect(await cleanUp(world.call), `call ${nth}`).toEqual([]);
      expect(world.names(), `call ${nth}`).toEqual([]);
    }
    expect(last).toBeGreaterThan(40);
  });

  it('wherever the process is killed: the journal names the run, and --clean-up removes it', async () => {
    const world = openWorld();
    let made = Number.POSITIVE_INFINITY;
    for (let nth = 1; nth <= made; nth++) {
      const { report, run } = await attempt(world.call, nth, 'kill');
      if (report !== undefined) made = nth;
      else if (world.names().length > 0) expect((await readJournal(join(folder, 'journal.jsonl'))).map((one) => one.run)).toContain(run);
      expect(await cleanUp(world.call), `call ${nth}`).toEqual([]);
      expect(world.names(), `call ${nth}`).toEqual([]);
    }
    expect(made).toBeGreaterThan(40);
  });
});

describe('a clean-up', () => {
  it('leaves what others have made, whatever its name', async () => {
    const world = openWorld();
    const make = (Name: string) => world.call('cloudfront', 'CreateKeyValueStore', { Name });
    const theirs = [
      'edge-conformance',
      'edge-conformance-00000001-prod',
      'edge-conformance-0000000100-store',
      'edge-conformance-notes',
      'my-edge-conformance-00000001',
      'edge-health',
    ];
    for (const name of theirs) await make(name);
    await make('edge-conformance-00000001-store');
    const code = { FunctionConfig: { Comment: '', Runtime: 'cloudfront-js-2.0' }, FunctionCode: Buffer.from('function handler() {}') };
    await world.call('cloudfront', 'CreateFunction', { Name: 'edge-conformance-router', ...code });
    expect(await cleanUp(world.call)).toEqual([]);
    expect(world.names().sort()).toEqual([...theirs, 'edge-conformance-router'].sort());
  });

  it('leaves a distribution with such a comment that has no tag of the kit', async () => {
    const world = openWorld();
    const { smallDistribution } = await import('../../../src/conformance/throw-away-config.ts');
    await world.call('cloudfront', 'CreateDistribution', { DistributionConfig: smallDistribution('edge-conformance-00000001', 'x') });
    expect(await cleanUp(world.call)).toEqual([]);
    expect(world.account.distributions.size).toBe(1);
  });

  it('leaves a distribution that has the tag of another run than its comment', async () => {
    const world = openWorld();
    const { smallDistribution } = await import('../../../src/conformance/throw-away-config.ts');
    await world.call('cloudfront', 'CreateDistributionWithTags', {
      DistributionConfigWithTags: {
        DistributionConfig: smallDistribution('edge-conformance-00000001', 'x'),
        Tags: { Items: [{ Key: 'edge-conformance', Value: 'yes' }] },
      },
    });
    expect(await cleanUp(world.call)).toEqual([]);
    expect(world.account.distributions.size).toBe(1);
  });

  it('removes what was shown, and nothing that was made since', async () => {
    const world = openWorld();
    const target = { ...worldTarget, call: world.call };
    await world.call('cloudfront', 'CreateKeyValueStore', { Name: 'edge-conformance-00000001-store' });
    const { found } = await findLeftovers(target, 'all');
    await world.call('cloudfront', 'CreateKeyValueStore', { Name: 'edge-conformance-00000002-store' });
    expect(await removeAll(target, found, () => undefined)).toEqual([]);
    expect(world.names()).toEqual(['edge-conformance-00000002-store']);
  });

  it('reports a list that it has not seen whole', async () => {
    const world = openWorld();
    const endless: CallService = (service, operation, input) =>
      operation === 'ListKeyValueStores'
        ? Promise.resolve({ KeyValueStoreList: { NextMarker: 'more', Items: [] } })
        : world.call(service, operation, input);
    expect(await cleanUp(endless)).toMatchObject([{ kind: 'store', reason: expect.stringContaining('pages') }]);
  });

  it('removes only the runs that it is given', async () => {
    const world = openWorld();
    for (const digit of ['1', '2'])
      await world.call('cloudfront', 'CreateKeyValueStore', { Name: `edge-conformance-0000000${digit}-store` });
    expect(await tearDown({ ...worldTarget, call: world.call }, ['edge-conformance-00000001'], () => undefined)).toEqual([]);
    expect(world.names()).toEqual(['edge-conformance-00000002-store']);
  });
});

describe('the account of the credentials', () => {
  it('is checked before a list or a removal: in another account the command removes nothing and reports all as left', async () => {
    const world = openWorld();
    await world.call('cloudfront', 'CreateKeyValueStore', { Name: 'edge-conformance-00000001-store' });
    const target = { ...worldTarget, call: world.call, callerAccount: async () => '444455556666' };
    const known = [{ kind: 'store', name: 'edge-conformance-00000001-store' }] as const;
    const left = await tearDown(target, 'all', () => undefined, known);
    expect(left.length).toBeGreaterThan(1);
    for (const { reason } of left) expect(reason).toContain('444455556666');
    expect(world.names()).toEqual(['edge-conformance-00000001-store']);
  });

  it('is that of the first thing that is created, or the run ends', async () => {
    const world = openWorld();
    const file = join(folder, 'elsewhere.jsonl');
    const run = 'edge-conformance-dddddddd';
    const journal = await openJournal(file, { run, accountId: '444455556666', region: 'us-east-1' });
    const target = { ...worldTarget, call: world.call, accountId: '444455556666' };
    const plan = planConformance(target, ['store-get-absent']);
    const report = await runConformance({ run, target, plan, journal, signal: new AbortController().signal, report: () => undefined });
    expect(report.failure).toContain('account');
    expect(world.account.functions.size).toBe(0);
  });
});

it('removes what it has made although no list shows it yet', async () => {
  const world = openWorld();
  const behind: CallService = (service, operation, input) =>
    operation.startsWith('List') && operation !== 'ListKeys' ? Promise.resolve({}) : world.call(service, operation, input);
  const { report } = await attempt(behind, 0, () => Promise.reject(broken()));
  expect(report?.left).toEqual([]);
  expect(world.names()).toEqual([]);
});

describe('the journal', () => {
  it('is not a file of anything else, which it would write to and delete', async () => {
    const file = join(folder, 'package.json');
    await writeFile(file, '{\n  "name": "theirs"\n}\n');
    const run = { run: 'edge-conformance-00000001', accountId: '111122223333', region: 'us-east-1' };
    await expect(openJournal(file, run)).rejects.toMatchObject({ code: 'USAGE' });
    await expect(readJournal(file)).rejects.toMatchObject({ code: 'USAGE' });
    await expect(readJournal(folder)).rejects.toMatchObject({ code: 'USAGE' });
    expect(await readFile(file, 'utf8')).toBe('{\n  "name": "theirs"\n}\n');
  });

  it('keeps the next run whole after one that was killed within a line', async () => {
    const file = join(folder, 'half.jsonl');
    const facts = { accountId: '111122223333', region: 'us-east-1' };
    await openJournal(file, { run: 'edge-conformance-00000001', ...facts });
    await writeFile(file, `${await readFile(file, 'utf8')}{"creating":"sto`);
    await openJournal(file, { run: 'edge-conformance-00000002', ...facts });
    expect((await readJournal(file)).map(({ run }) => run)).toEqual(['edge-conformance-00000001', 'edge-conformance-00000002']);
  });
});

it('stops at Ctrl-C within a measurement, not at its end', async () => {
  const world = openWorld();
  const stop = new AbortController();
  const run = 'edge-conformance-cccccccc';
  const journal = await openJournal(join(folder, 'measured.jsonl'), { run, accountId: '111122223333', region: 'us-east-1' });
  let requests = 0;
  const target: ConformanceTarget = {
    ...worldTarget,
    call: world.call,
    pace: { ...worldTarget.pace, maxSamples: 600, rounds: 3 },
    request: async () => {
      requests += 1;
      if (requests === 5) stop.abort();
      return { status: 200, headers: {}, body: '' };
    },
  };
  const plan = planConformance(target, ['propagation-write', 'propagation-publish']);
  const report = await runConformance({ run, target, plan, journal, signal: stop.signal, report: () => undefined });
  expect(requests).toBe(5);
  expect(report.left).toEqual([]);
  expect(world.names()).toEqual([]);
});

it('stops at Ctrl-C, and still removes everything', async () => {
  const world = openWorld();
  const stop = new AbortController();
  const run = 'edge-conformance-ffffffff';
  const journal = await openJournal(join(folder, 'stopped.jsonl'), { run, accountId: '111122223333', region: 'us-east-1' });
  const target = { ...worldTarget, call: world.call };
  const plan = planConformance(target, ['store-', 'edge-pass']);
  const onEvent = (event: RunEvent) => {
    if (event.kind === 'asked' && event.row.id === 'store-stale-put') stop.abort();
  };
  const report = await runConformance({ run, target, plan, journal, signal: stop.signal, report: onEvent });
  expect(report.rows).toHaveLength(plan.cases.length);
  expect(report.rows.at(-1)).toMatchObject({ verdict: 'could not ask', note: 'the run was stopped' });
  expect(report.left).toEqual([]);
  expect(world.names()).toEqual([]);
  expect(await readJournal(join(folder, 'stopped.jsonl'))).toEqual([]);
});

it('stops rather than make one call more than its plan', async () => {
  const world = openWorld();
  const throttledOften: CallService = (service, operation, input) =>
    service === 'kvs' && Math.random() < 0.8 ? Promise.reject(failure('ThrottlingException', 400)) : world.call(service, operation, input);
  const target = { ...worldTarget, call: throttledOften };
  const plan = planConformance(target, ['store-']);
  const run = 'edge-conformance-eeeeeeee';
  const journal = await openJournal(join(folder, 'bounded.jsonl'), { run, accountId: '111122223333', region: 'us-east-1' });
  const report = await runConformance({ run, target, plan, journal, signal: new AbortController().signal, report: () => undefined });
  expect(report.counts['store calls']).toBeLessThanOrEqual(plan.limits['store calls']);
  expect(report.usd).toBeLessThanOrEqual(plan.usd);
  expect(world.names()).toEqual([]);
});
