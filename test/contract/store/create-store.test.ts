import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ControlPlane, openControlPlane } from '../../../local/aws/control-plane.ts';
import { type Aws, openAws } from '../../../src/aws/clients.ts';
import { EdgeError } from '../../../src/errors.ts';
import { createStore } from '../../../src/store/create-store.ts';

let cloud: ControlPlane;
let aws: Aws;
const open = async (provisionMs: number) => {
  cloud = await openControlPlane({ provisionMs });
  aws = openAws({ env: {}, local: { controlPlane: cloud.url } });
};
beforeEach(() => open(5));
afterEach(() => cloud.close());

const sleep = () => new Promise<void>((resolve) => setImmediate(resolve));
const values = (arn: string) => Object.fromEntries(cloud.published.store(arn) ?? []);
const writes = () => cloud.calls.filter(({ operation }) => /^(Create|Update|Put|Delete)/.test(operation));

describe('createStore', () => {
  it('makes the store, waits until it is ready and seeds health and state', async () => {
    await cloud.close();
    await open(400);
    const lines: string[] = [];
    const { arn, isNew, seeded } = await createStore(aws, { name: 'edge-health', progress: (line) => lines.push(line) });
    expect({ isNew, seeded }).toEqual({ isNew: true, seeded: ['health', 'state'] });
    expect(values(arn)).toEqual({ health: 'ok', state: '{"sequence":0,"origins":{}}' });
    expect(lines[0]).toContain('key-value store edge-health is provisioning');
  });

  it('writes nothing the second time', async () => {
    const first = await createStore(aws, { name: 'edge-health' });
    cloud.calls.length = 0;
    const second = await createStore(aws, { name: 'edge-health' });
    expect(second).toMatchObject({ arn: first.arn, isNew: false, seeded: [] });
    expect(writes()).toEqual([]);
  });

  it('never touches a live health record, and adds a state that is missing beside it', async () => {
    const { arn, store } = await createStore(aws, { name: 'edge-health' });
    await store.update([], () => ({ puts: [{ key: 'health', value: 'singapore=0' }], deletes: ['state'] }));
    const { seeded } = await createStore(aws, { name: 'edge-health' });
    expect(seeded).toEqual(['state']);
    expect(values(arn)['health']).toBe('singapore=0');
  });

  it('seeds again when the first write is acknowledged and lost', async () => {
    cloud.faults.rules = [{ kind: 'lose-write', times: 2 }];
    const { arn, seeded } = await createStore(aws, { name: 'edge-health', sleep });
    expect(seeded).toEqual(['health', 'state']);
    expect(values(arn)['health']).toBe('ok');
  });

  it('fails when each write is acknowledged and lost', async () => {
    cloud.faults.rules = [{ kind: 'lose-write' }];
    await expect(createStore(aws, { name: 'edge-health', sleep })).rejects.toMatchObject({ code: 'AWS' });
    expect(writes().filter(({ operation }) => operation === 'UpdateKeys')).toHaveLength(3);
  });

  it('two at once make one store', async () => {
    const both = await Promise.all([createStore(aws, { name: 'edge-health' }), createStore(aws, { name: 'edge-health' })]);
    expect(new Set(both.map(({ arn }) => arn)).size).toBe(1);
    expect(both.flatMap(({ seeded }) => seeded).sort()).toEqual(['health', 'state']);
  });

  it('says NOT_READY when it takes too long, and goes on where it stopped', async () => {
    await cloud.close();
    await open(400);
    const early = createStore(aws, { name: 'edge-health', timeoutMs: 150 });
    await expect(early).rejects.toThrow(EdgeError);
    await expect(early).rejects.toMatchObject({ code: 'NOT_READY', message: expect.stringContaining('is provisioning') });
    expect(await createStore(aws, { name: 'edge-health' })).toMatchObject({ isNew: false, seeded: ['health', 'state'] });
  });
});
