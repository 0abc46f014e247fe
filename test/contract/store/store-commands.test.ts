import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ControlPlane, openControlPlane } from '../../../local/aws/control-plane.ts';
import { applyShownPlan, showStorePlan } from '../../../scripts/kvs/store-plan.ts';
import { type Aws, openAws } from '../../../src/aws/clients.ts';
import { openIo } from '../../../src/cli/io.ts';
import { EdgeError } from '../../../src/errors.ts';
import { createStore } from '../../../src/store/create-store.ts';
import { applyStorePlan, awaitStorePlan, type StoreTarget } from '../../../src/store/store.ts';
import { fakeHost } from '../../unit/cli/fake-host.ts';

let cloud: ControlPlane;
let aws: Aws;
const open = async (provisionMs: number) => {
  cloud = await openControlPlane({ provisionMs });
  aws = openAws({ env: {}, local: { controlPlane: cloud.url } });
};
beforeEach(() => open(5));
afterEach(() => cloud.close());

interface Given {
  keys?: Record<string, string>;
  arn?: string;
  /** What a person at the terminal answers; without it there is no person. */
  terminal?: string;
  yes?: boolean;
  waitMs?: number;
  whileAsking?: () => Promise<unknown>;
}

async function run(
  command: 'plan' | 'apply',
  { keys = {}, arn, terminal, yes = terminal === undefined, waitMs = 5_000, whileAsking }: Given = {},
) {
  const host = fakeHost([], { terminal: terminal !== undefined });
  if (terminal !== undefined) host.stdin.push(`${terminal}\n`);
  const io = { ...openIo(host, terminal === undefined, new AbortController().signal), now: Date.now, colour: false };
  if (whileAsking !== undefined)
    io.confirm = async () => {
      await whileAsking();
      return true;
    };
  const target: StoreTarget = { aws, config: { keyValueStoreName: 'edge-health', keys }, arn, waitMs, signal: io.signal };
  const done = command === 'plan' ? showStorePlan(target, io) : applyShownPlan(target, { isLocal: false, yes }, io);
  const code = await done.catch((error: unknown) => error);
  return {
    code,
    err: host.err(),
    out: host.out(),
    result: terminal === undefined && host.out() !== '' ? JSON.parse(host.out()) : undefined,
  };
}

const arnOf = async () => (await createStore(aws, { name: 'edge-health' })).arn;
const stored = (arn: string) => Object.fromEntries([...(cloud.published.store(arn) ?? [])].filter(([key]) => !key.startsWith('owned/')));
const put = async (key: string, value: string) =>
  (await createStore(aws, { name: 'edge-health' })).store.update([], () => ({ puts: [{ key, value }], deletes: [] }));
const writes = () => cloud.calls.map(({ operation }) => operation).filter((operation) => /^(Create|Update|Put|Delete)/.test(operation));
const many = (count: number, value = '1') => Object.fromEntries(Array.from({ length: count }, (_, index) => [`flag/${index}`, value]));

describe('kvs:plan', () => {
  it('shows a store that would be created and writes nothing', async () => {
    const { code, result } = await run('plan', { keys: { 'flag/a': '1' } });
    expect(code).toBe(0);
    expect(result).toEqual({
      target: expect.objectContaining({ local: false, account: null, resource: 'store edge-health' }),
      store: { name: 'edge-health', arn: null },
      changes: [
        { kind: 'add', key: 'health', before: null, after: 'ok' },
        { kind: 'add', key: 'state', before: null, after: '{"sequence":0,"origins":{}}' },
        { kind: 'add', key: 'flag/a', before: null, after: '1' },
      ],
      others: 0,
    });
    expect(writes()).toEqual([]);
  });

  it('prints + ~ - = and what stays', async () => {
    await run('apply', { keys: { 'flag/a': '1', 'flag/b': '1' } });
    await put('theirs', 'x');
    await put('flag/c', '3');
    const { out } = await run('plan', { keys: { 'flag/a': '2', 'flag/c': '3', 'flag/d': ' 4\u001b' }, terminal: '' });
    expect(out.split('\n').slice(2, -1)).toEqual([
      '  ~ flag/a: 1 → 2',
      '  = flag/c: 3, unchanged; declared here from now on',
      '  + flag/d: " 4\\u001b"',
      '  - flag/b: 1',
      '1 to add, 2 to change, 1 to remove; 1 other key stays',
    ]);
  });

  it('refuses an EDGE_KVS_ARN of another store', async () => {
    await arnOf();
    const { code } = await run('plan', { arn: 'arn:aws:cloudfront::111122223333:key-value-store/00000000-0000-4000-8000-000000000000' });
    expect(code).toMatchObject({ code: 'USAGE', exitCode: 2 });
  });

  it('of a store that is still being made is NOT_READY', async () => {
    await cloud.close();
    await open(60_000);
    await run('apply', { waitMs: 10 });
    expect((await run('plan')).code).toMatchObject({ code: 'NOT_READY', hint: expect.stringContaining('kvs:apply') });
  });
});

describe('kvs:apply', () => {
  it('writes a batch of a new store again when it is acknowledged and lost', async () => {
    cloud.faults.rules = [{ kind: 'lose-write', times: 1 }];
    const { code, result } = await run('apply', { keys: { 'flag/a': '1' } });
    expect(code).toBe(0);
    expect(stored(result.store.arn)).toEqual({ health: 'ok', state: '{"sequence":0,"origins":{}}', 'flag/a': '1' });
  });

  it('creates the store, waits for it, seeds it and writes the declared keys', async () => {
    const { code, result } = await run('apply', { keys: { 'flag/a': '1' } });
    expect(code).toBe(0);
    expect(result).toMatchObject({ written: true, store: { name: 'edge-health', arn: expect.stringMatching(/^arn:/) } });
    expect(stored(result.store.arn)).toEqual({ health: 'ok', state: '{"sequence":0,"origins":{}}', 'flag/a': '1' });
  });

  it('does nothing the second time, and asks no question', async () => {
    await run('apply', { keys: { 'flag/a': '1' } });
    cloud.calls.length = 0;
    const { code, result } = await run('apply', { keys: { 'flag/a': '1' }, yes: false });
    expect({ code, written: result.written }).toEqual({ code: 0, written: false });
    expect(writes()).toEqual([]);
  });

  it('never touches health, state, audit and published versions that are there, nor keys of others', async () => {
    const arn = await arnOf();
    const live = { health: 'singapore=0', state: '{"sequence":9}', 'audit/09': '{}', 'publish/1': '{}', theirs: 'x' };
    for (const [key, value] of Object.entries(live)) await put(key, value);
    await run('apply', { keys: many(3) });
    await run('apply', { keys: {} });
    expect(stored(arn)).toEqual(live);
  });

  it('writes more than 50 keys in batches, and removes them again', async () => {
    const { result } = await run('apply', { keys: many(120) });
    expect(stored(result.store.arn)).toMatchObject(many(120));
    expect(writes().filter((operation) => operation === 'UpdateKeys').length).toBeLessThanOrEqual(5);
    await run('apply', { keys: many(2, 'new') });
    expect(stored(result.store.arn)).toEqual({ health: 'ok', state: expect.any(String), ...many(2, 'new') });
  });

  it('writes what was shown although the flipper writes meanwhile', async () => {
    const arn = await arnOf();
    const { code } = await run('apply', { keys: { a: '1' }, terminal: 'y', whileAsking: () => put('health', 'singapore=0') });
    expect(code).toBe(0);
    expect(stored(arn)).toMatchObject({ health: 'singapore=0', a: '1' });
  });

  it('refuses to write over a value that was not shown', async () => {
    const arn = await arnOf();
    const { code } = await run('apply', { keys: { a: '1' }, terminal: 'y', whileAsking: () => put('a', 'mine') });
    expect(code).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('"a"') });
    expect(stored(arn)['a']).toBe('mine');
  });

  it('asks first, and a no writes nothing, not even the store', async () => {
    const { code, err } = await run('apply', { terminal: 'n' });
    expect(code).toBe(1);
    expect(err).toContain('+ key-value store edge-health');
    expect(writes()).toEqual([]);
  });

  it('without a terminal or --yes is misuse', async () => {
    expect((await run('apply', { yes: false })).code).toMatchObject({ code: 'USAGE', exitCode: 2 });
    expect(writes()).toEqual([]);
  });
});

describe('an interrupted kvs:apply', () => {
  const keys = many(60);
  /** Applies, and is interrupted before or after the write of this number. */
  async function interrupt(write: number, when: 'before' | 'after') {
    const ended = new AbortController();
    const data = await aws.keyValueStore();
    let writes = 0;
    data.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          const isIt = commandName === 'UpdateKeysCommand' && writes++ === write;
          const end = () => ended.abort(new EdgeError('INTERRUPTED', 'interrupted'));
          if (isIt && when === 'before') end();
          const answer = await next(args);
          if (isIt && when === 'after') end();
          return answer;
        },
      { step: 'initialize', name: 'interrupt', override: true },
    );
    const config = { keyValueStoreName: 'edge-health', keys };
    const target = { aws: { ...aws, keyValueStore: async () => data }, config, arn: undefined };
    return applyStorePlan({ ...target, signal: ended.signal }, await awaitStorePlan(target)).catch((error: Error) => error);
  }

  it.each([
    { write: 0, when: 'before', says: 'interrupted: no key has changed' },
    { write: 1, when: 'before', says: 'interrupted: no key has changed' },
    { write: 1, when: 'after', says: 'interrupted, but 50 of 60 changes are written and in force' },
  ] as const)('$when write $write says what is in force, and the next apply finishes it', async ({ write, when, says }) => {
    const arn = await arnOf();
    expect(await interrupt(write, when)).toMatchObject({ code: 'INTERRUPTED', message: says });
    await run('apply', { keys });
    expect(stored(arn)).toMatchObject(keys);
  });
});
