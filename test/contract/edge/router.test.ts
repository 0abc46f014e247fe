import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openFunctionRuntime } from '../../../local/runtime/function-runtime.ts';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { buildFunction } from '../../../src/edge/build.ts';
import type { FunctionRuntime } from '../../../src/edge/execution.ts';
import config from '../../fixtures/sample/edge.config.ts';
import { functionArn, openTestEdge, storeArn, type TestEdge } from './open-test-edge.ts';

let runtime: FunctionRuntime;
let rig: TestEdge;
beforeAll(async () => {
  runtime = await openFunctionRuntime();
  rig = await openTestEdge({ runtime });
  rig.published.publish(functionArn, (await buildFunction(parseEdgeConfig(config))).code);
});
afterAll(async () => {
  await rig.close();
  await runtime.close();
});
beforeEach(async () => {
  rig.published.put(storeArn, { health: 'ok' });
  for (const origin of [rig.singapore, rig.europe]) await origin.setFault({ kind: 'none' });
});

const regionFor = async (country: string, method = 'GET') =>
  (
    await rig.request('/api/x', {
      method,
      headers: { 'x-local-viewer-country': country, 'x-origin-route': 'forged', 'x-region': 'forged' },
    })
  ).headers['x-region'];

describe('the built router in the local edge', () => {
  it.each([
    ['IN', 'ap-southeast-1'],
    ['DE', 'eu-central-1'],
    ['BR', 'ap-southeast-1'],
    ['??', 'ap-southeast-1'],
  ])('sends %s to %s, GET and POST', async (country, region) => {
    expect(await regionFor(country)).toBe(region);
    expect(await regionFor(country, 'POST')).toBe(region);
  });

  it('follows the record as it arrives, every method', async () => {
    rig.published.put(storeArn, { health: 'singapore=0' });
    expect(await regionFor('IN')).toBe('eu-central-1');
    expect(await regionFor('IN', 'POST')).toBe('eu-central-1');
    expect(rig.records.at(-1)?.decision).toBe('europe;country=IN;health=weighted');
  });

  it.each(['garbage', '', 'singapore=101', 'singapore=0;europe=0'])(
    'routes as if all origins were healthy on the record %j',
    async (health) => {
      rig.published.put(storeArn, { health });
      expect(await regionFor('IN')).toBe('ap-southeast-1');
    },
  );

  it('survives reads that fail and a key that is missing', async () => {
    rig.edge.replica.faults.failReads = true;
    expect(await regionFor('IN')).toBe('ap-southeast-1');
    rig.edge.replica.faults.failReads = false;
    rig.published.stores.set(storeArn, new Map());
    rig.published.put(storeArn, {});
    expect(await regionFor('IN')).toBe('ap-southeast-1');
  });

  it('loses no GET to an origin that is down before the flag moves, and loses the same POST as CloudFront', async () => {
    await rig.singapore.setFault({ kind: 'refuse' });
    expect(await regionFor('IN')).toBe('eu-central-1');
    const post = await rig.request('/api/x', { method: 'POST', body: 'x', headers: { 'x-local-viewer-country': 'IN' } });
    expect(post.status).toBe(502);
  });

  it('keeps forged routing headers from the origin', async () => {
    const reply = await rig.request('/api/x', {
      headers: { 'x-local-viewer-country': 'IN', 'x-origin-route': 'forged', 'x-region': 'forged' },
    });
    expect(JSON.parse(reply.body).headers).toMatchObject({
      'x-origin-route': 'singapore;country=IN;health=ok',
      'x-region': 'ap-southeast-1',
    });
  });
});
