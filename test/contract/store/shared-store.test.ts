import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ControlPlane, openControlPlane } from '../../../local/aws/control-plane.ts';
import { type Aws, openAws } from '../../../src/aws/clients.ts';
import { auditHistory } from '../../../src/core/audit.ts';
import { flipKeys, planFlip } from '../../../src/core/flip.ts';
import { createStore } from '../../../src/store/create-store.ts';
import { applyStorePlan, awaitStorePlan, readStorePlan, type StoreTarget } from '../../../src/store/store.ts';

let cloud: ControlPlane;
let aws: Aws;
beforeEach(async () => {
  cloud = await openControlPlane({ provisionMs: 5 });
  aws = openAws({ env: {}, local: { controlPlane: cloud.url } });
});
afterEach(() => cloud.close());

const now = 1_764_000_000_000;
const name = 'edge-health';
const stored = async () => Object.fromEntries(cloud.published.store((await createStore(aws, { name })).arn) ?? []);
const target = (keyPrefix: string | undefined, keys: Record<string, string> = {}): StoreTarget => ({
  aws,
  config: { keyValueStoreName: name, keys, keyPrefix },
  arn: undefined,
});
const apply = async (keyPrefix: string | undefined, keys?: Record<string, string>) => {
  const to = target(keyPrefix, keys);
  return applyStorePlan(to, await awaitStorePlan(to));
};

describe('two functions on one store', () => {
  it('have a health record, a state and an audit each, and a flip of one leaves the other alone', async () => {
    await createStore(aws, { name });
    const { store, seeded } = await createStore(aws, { name, keyPrefix: 'staging' });
    expect(seeded).toEqual(['health', 'state']);
    const before = await stored();
    const context = { at: now, reason: 'test', by: 'test', origins: ['singapore', 'europe'] };
    await store.update(flipKeys, (snapshot) => planFlip(snapshot, { kind: 'automatic', weights: { singapore: 0 }, memory: {} }, context));
    const after = await stored();
    expect(Object.keys(after).sort()).toEqual(['health', 'staging/audit/01', 'staging/health', 'staging/state', 'state']);
    expect(after).toMatchObject({ health: before['health'], state: before['state'], 'staging/health': 'singapore=0' });
    expect(auditHistory((await store.list(2)).values)).toHaveLength(1);
    const other = await createStore(aws, { name });
    expect(auditHistory((await other.store.list(2)).values)).toEqual([]);
  });

  it('have a list of declared keys each: what one no longer declares stays when the other declares it', async () => {
    await apply(undefined, { flag: '1', both: '1' });
    await apply('staging', { other: '1', both: '1' });
    expect(await readStorePlan(target(undefined, { flag: '1', both: '1' }))).toMatchObject({ steps: [] });
    expect(await readStorePlan(target('staging', { other: '1', both: '1' }))).toMatchObject({ steps: [] });
    await apply('staging', { both: '1' });
    expect(await stored()).toMatchObject({ flag: '1', both: '1', 'owned/000': 'both\nflag', 'staging/owned/000': 'both' });
  });

  it('never delete each other’s records, whatever a list of declared keys says', async () => {
    await apply(undefined);
    const { store } = await createStore(aws, { name, keyPrefix: 'staging' });
    await store.update([], () => ({ puts: [{ key: 'owned/000', value: '../health\nhealth\nstate' }], deletes: [] }));
    await apply('staging');
    expect(await stored()).toMatchObject({ health: 'ok', 'staging/health': 'ok' });
  });
});

it('a store of another account than accountId is refused before a key is read; the local cloud has an account of its own', async () => {
  await createStore(aws, { name });
  const config = { ...target(undefined).config, accountId: '999999999999' };
  cloud.calls.length = 0;
  await expect(readStorePlan({ ...target(undefined), config })).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('999999999999'),
  });
  expect(cloud.calls.map(({ operation }) => operation)).toEqual(['DescribeKeyValueStore']);
  expect(await readStorePlan({ ...target(undefined), config, isLocal: true })).toMatchObject({ steps: [] });
});
