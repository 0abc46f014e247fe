import { expect, it } from 'vitest';
import { createTestHarness } from '../../../api/local.ts';
import config from '../../fixtures/sample/edge.config.ts';

it('asserts a failover of a POST, and its end', async () => {
  await using harness = await createTestHarness({ config });
  await harness.assertAnsweredBy('singapore', '/api/orders', { country: 'US', method: 'POST', body: '{}' });
  await harness.breakOrigin('singapore', 'refuse');
  await harness.untilWeight('singapore', 0);
  const answer = await harness.fetch('/api/orders', { country: 'US', method: 'POST', body: '{}' });
  expect(answer).toMatchObject({ status: 200, answeredBy: 'europe', tried: ['europe'], reason: undefined });
  await harness.restoreOrigin('singapore');
  await harness.untilWeight('singapore', 100);
  await harness.assertAnsweredBy('singapore', '/', { country: 'US' });
});
