import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readLocalCloud, startingAnswer } from '../../../src/config/local-cloud.ts';

const cloud = { controlPlane: 'x', edge: 'x', accountId: '1', keyValueStoreArn: 'x', distributionId: 'E1', origins: {}, env: {} };
let running: object = cloud;
const server = createServer((_request, response) => void response.end(JSON.stringify(running)));
let port = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = String((server.address() as AddressInfo).port);
});
afterAll(() => server.close());

it.each([
  { runs: undefined, chosen: undefined, refused: false },
  { runs: 'staging', chosen: 'staging', refused: false },
  { runs: 'staging', chosen: undefined, refused: false },
  { runs: 'staging', chosen: 'prod', refused: true },
  { runs: undefined, chosen: 'prod', refused: true },
])('a local cloud of $runs and a command in $chosen: refused $refused', async ({ runs, chosen, refused }) => {
  running = { ...cloud, ...(runs && { environment: runs }) };
  const reading = readLocalCloud({ EDGE_LOCAL_PORT: port, EDGE_ENV: chosen });
  if (refused) await expect(reading).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining(String(chosen)) });
  else expect(await reading).toMatchObject({ distributionId: 'E1' });
});

it('waits for a local cloud that is still starting', async () => {
  running = startingAnswer;
  const reading = readLocalCloud({ EDGE_LOCAL_PORT: port });
  setTimeout(() => {
    running = cloud;
  }, 100);
  expect(await reading).toMatchObject({ distributionId: 'E1' });
});
