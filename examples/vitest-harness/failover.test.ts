import { createTestHarness } from 'cloudfront-edge-failover/local';
import { expect, it } from 'vitest';
import config from './edge.config.ts';

it('moves viewers of the USA to Europe when Singapore fails', async () => {
  await using harness = await createTestHarness({ config });
  await harness.assertAnsweredBy('singapore', '/api/orders', { country: 'US', method: 'POST' });
  await harness.breakOrigin('singapore', 'hang');
  await harness.untilWeight('singapore', 0);
  const answer = await harness.fetch('/api/orders', { country: 'US', method: 'POST' });
  expect(answer.answeredBy).toBe('europe');
});

it('brings them back when it has recovered', async () => {
  await using harness = await createTestHarness({ config });
  await harness.breakOrigin('singapore', '5xx');
  await harness.untilWeight('singapore', 0);
  await harness.restoreOrigin('singapore');
  await harness.untilWeight('singapore', 100);
  await harness.assertAnsweredBy('singapore', '/', { country: 'US' });
});

it('leaves viewers where an operator put them', async () => {
  await using harness = await createTestHarness({ config });
  await harness.override({ singapore: 0 }, { reason: 'maintenance' });
  await harness.untilWeight('singapore', 0);
  await harness.assertAnsweredBy('europe', '/', { country: 'US' });
  await harness.clearOverride();
  await harness.untilWeight('singapore', 100);
});
