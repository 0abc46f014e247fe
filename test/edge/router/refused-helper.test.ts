import { expect, it } from 'vitest';
import { sampleEvent } from '../njs/sample.ts';
import { openSourceRouter } from './source-router.ts';
import { refuseHelpers } from './virtual-cloudfront.ts';

// AWS does not say whether a helper throws; should one do so, the behavior's own origin still has to serve the request.
it.each(['GET', 'POST'])('a %s goes on when the helper of CloudFront throws, and nothing claims a route', async (method) => {
  const router = await openSourceRouter();
  refuseHelpers();
  const headers = {
    host: { value: 'www.example.com' },
    'x-region': { value: 'eu-central-1' },
    'x-origin-route': { value: 'europe;country=DE;health=ok' },
  };
  const event = sampleEvent({ method, headers });
  const [run] = await router.runAll('sample', [{ event, store: { values: new Map([['health', 'singapore=0']]) }, now: 0 }]);
  expect(run).toMatchObject({ calls: [], reads: ['health'] });
  expect(run?.failure).toBeUndefined();
  expect(run?.output).toEqual({ ...event.request, headers: { host: { value: 'www.example.com' }, 'x-region': { value: 'eu-central-1' } } });
});
