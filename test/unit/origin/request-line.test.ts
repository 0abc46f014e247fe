import { expect, it } from 'vitest';
import { chooseRegion } from '../../../origin/choose-region.ts';
import { describeRequest } from '../../../origin/request-line.ts';

const request = {
  method: 'POST',
  url: '/orders?token=hunter2',
  headers: {
    'x-amz-cf-id': 'cf-1',
    'x-amzn-trace-id': 'Root=1',
    'x-origin-route': 'singapore;country=IN;health=ok',
    'x-region': 'ap-southeast-1',
    'x-origin-verify': 'hunter2',
    authorization: 'hunter2',
    cookie: 'hunter2',
  },
};

it('says what was asked and answered, with CloudFront’s id and without a secret', () => {
  const line = describeRequest({ request, status: 201, tookMs: 12.345, isBroken: false });
  expect(line).toEqual({
    event: 'request',
    id: 'cf-1',
    method: 'POST',
    path: '/orders',
    status: 201,
    ms: 12.3,
    route: 'singapore;country=IN;health=ok',
    askedRegion: 'ap-southeast-1',
  });
});

it('falls back to the load balancer’s id, then to none', () => {
  const headers = { 'x-amzn-trace-id': 'Root=1' };
  expect(describeRequest({ request: { ...request, headers }, status: 200, tookMs: 1, isBroken: false })).toMatchObject({ id: 'Root=1' });
  expect(describeRequest({ request: { ...request, headers: {} }, status: 200, tookMs: 1, isBroken: true })).toMatchObject({
    id: null,
    broken: true,
  });
});

it('is one line of bounded length, whatever was sent', () => {
  const long = {
    ...request,
    url: `/${'a"\n'.repeat(5_000)}`,
    headers: { 'x-amz-cf-id': 'b'.repeat(9_000), 'x-origin-route': '\u001b[31m' },
  };
  const text = JSON.stringify(describeRequest({ request: long, status: 200, tookMs: 1, isBroken: false }));
  expect(text.length).toBeLessThan(1_000);
  expect(text).not.toMatch(/\p{Cc}/u);
});

it.each([
  { asked: 'eu-central-1', said: 'eu-central-1' },
  { asked: 'us-gov-west-1', said: 'us-gov-west-1' },
  { asked: undefined, said: 'ap-southeast-1' },
  { asked: 'anything', said: 'ap-southeast-1' },
  { asked: ['eu-central-1', 'eu-central-1'], said: 'ap-southeast-1' },
  { asked: `eu-${'x'.repeat(40)}-1`, said: 'ap-southeast-1' },
])('answers $said as region when asked as $asked', ({ asked, said }) => {
  expect(chooseRegion(asked, 'ap-southeast-1')).toBe(said);
});
