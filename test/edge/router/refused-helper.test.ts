import { afterEach, expect, it } from 'vitest';
import { sampleEvent } from '../njs/sample.ts';
import { openSourceRouter } from './source-router.ts';
import cloudfront, { refuseHelpers } from './virtual-cloudfront.ts';

// The module is the same for all files of edge tests.
afterEach(() => refuseHelpers(false));

const refused = () => {
  throw new Error('no log');
};

it.each([
  ['is missing', undefined, 'GET'],
  ['throws', refused, 'GET'],
  ['throws', refused, 'POST'],
] as const)('the log call that %s changes no route', async (_how, logCustomData, method) => {
  const router = await openSourceRouter();
  const event = sampleEvent({ method, headers: { 'cloudfront-viewer-country': { value: 'IN' } } });
  const input = { event, store: { values: new Map([['health', '#=0@000417;singapore=0']]) }, now: 0 };
  const [plain] = await router.runAll('sample', [input]);
  const whole = { ...cloudfront };
  Object.assign(cloudfront, { logCustomData });
  const [logged] = await router.runAll('logged', [input]);
  Object.assign(cloudfront, whole);
  expect(logged?.failure).toBeUndefined();
  expect(logged?.calls).toEqual([['selectRequestOriginById', ['europe']]]);
  expect(logged?.calls).toEqual(plain?.calls);
});

// AWS does not say whether a helper throws; should one do so, the behavior's own origin still has to serve the request.
it.each(['GET', 'POST'])('a %s goes on when the helper of CloudFront throws, and nothing claims a route', async (method) => {
  const router = await openSourceRouter();
  refuseHelpers(true);
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
