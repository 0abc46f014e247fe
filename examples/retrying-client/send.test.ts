import { retryingFetch } from 'cloudfront-edge-failover/client';
import { createTestHarness } from 'cloudfront-edge-failover/local';
import { expect, it } from 'vitest';
import config from './edge.config.ts';

it('reaches Europe before any flip, because the repeated request goes to the next origin', async () => {
  await using harness = await createTestHarness({ config, flipper: false });
  await harness.breakOrigin('singapore', '5xx');
  const send = retryingFetch({ header: config.retryHeader, waitMs: 10 });
  const answer = await send(`${harness.url}/api/orders`, { method: 'POST', headers: { 'Idempotency-Key': crypto.randomUUID() } });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('x-region')).toBe('eu-central-1');
});
