import { SecretsManagerClient, UpdateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { retryingFetch } from '../../../client/retrying-fetch.ts';
import { openFunctionRuntime } from '../../../local/runtime/function-runtime.ts';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { buildFunction } from '../../../src/edge/build.ts';
import type { FunctionRuntime } from '../../../src/edge/execution.ts';
import config from '../../fixtures/sample/edge.config.ts';
import { functionArn, openTestEdge, storeArn, type TestEdge } from '../edge/open-test-edge.ts';

// docs/retrying-clients.md: each client against the built router in the local edge, while singapore is down and the
// record does not show it yet.

let runtime: FunctionRuntime;
let rig: TestEdge;
beforeAll(async () => {
  runtime = await openFunctionRuntime();
  rig = await openTestEdge({ runtime });
});
afterAll(async () => {
  await rig.close();
  await runtime.close();
});
beforeEach(async () => {
  rig.records.length = 0;
  rig.published.put(storeArn, { health: 'ok' });
  for (const origin of [rig.singapore, rig.europe]) await origin.setFault({ kind: 'none' });
});

async function publish(retryHeader: string): Promise<void> {
  rig.published.publish(functionArn, (await buildFunction(parseEdgeConfig({ ...config, retryHeader }))).code);
}

/** The origin of each attempt. */
const chosen = () => rig.records.map(({ decision }) => decision?.split(';')[0]);
const viewer = { 'x-local-viewer-country': 'IN' };

describe('retryingFetch', () => {
  beforeAll(() => publish('x-retry-attempt'));
  const send = retryingFetch({ waitMs: 1 });
  const write = () =>
    send(`${rig.edge.url}/api/orders`, { method: 'POST', body: '{}', headers: { ...viewer, 'idempotency-key': crypto.randomUUID() } });

  it.each(['refuse', '5xx'] as const)('rescues a write from an origin with the fault %s, carried out once', async (kind) => {
    const counts = [rig.singapore.countWrites(), rig.europe.countWrites()];
    const before = counts.map(({ size }) => size);
    await rig.singapore.setFault({ kind });
    const response = await write();
    expect([response.status, response.headers.get('x-region'), chosen()]).toEqual([200, 'eu-central-1', ['singapore', 'europe']]);
    const carriedOut = counts.map((writes, index) =>
      [...writes.values()].slice(before[index]).reduce((sum, one) => sum + one.carriedOut, 0),
    );
    expect(carriedOut).toEqual([0, 1]);
  });

  it('never reaches an origin that the record drained', async () => {
    rig.published.put(storeArn, { health: 'singapore=0' });
    await rig.europe.setFault({ kind: '5xx' });
    expect((await write()).status).toBe(503);
    expect(new Set(chosen())).toEqual(new Set(['europe']));
  });
});

describe('an AWS SDK', () => {
  beforeAll(() => publish('amz-sdk-request'));

  it('says on each attempt which one it is: its first goes home, its second to the next origin', async () => {
    const client = new SecretsManagerClient({
      endpoint: rig.edge.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    client.middlewareStack.add(
      (next) => (args) => {
        Object.assign((args.request as { headers: Record<string, string> }).headers, viewer);
        return next(args);
      },
      { step: 'build' },
    );
    try {
      expect((await client.send(new UpdateSecretCommand({ SecretId: 'x' }))).$metadata.attempts).toBe(1);
      await rig.singapore.setFault({ kind: 'refuse' });
      expect((await client.send(new UpdateSecretCommand({ SecretId: 'x' }))).$metadata.attempts).toBe(2);
      expect(chosen()).toEqual(['singapore', 'singapore', 'europe']);
    } finally {
      client.destroy();
    }
  });
});

describe.each([
  { header: 'grpc-previous-rpc-attempts', first: undefined, retry: '1' },
  { header: 'x-stainless-retry-count', first: '0', retry: '1' },
  { header: 'x-envoy-attempt-count', first: '1', retry: '2' },
])('a client that sends $header', ({ header, first, retry }) => {
  beforeAll(() => publish(header));

  it(`goes home with ${first ?? 'nothing'}, and to the next origin with ${retry}`, async () => {
    for (const value of [first, retry]) {
      const headers = { ...viewer, ...(value !== undefined && { [header]: value }) };
      await (await fetch(`${rig.edge.url}/orders.Orders/Create`, { method: 'POST', headers })).text();
    }
    expect(chosen()).toEqual(['singapore', 'europe']);
  });
});
