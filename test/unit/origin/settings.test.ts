import { describe, expect, it } from 'vitest';
import { describeSettings, parseSettings } from '../../../origin/settings.ts';
import { factsOf } from '../../facts-of.ts';

const env = {
  AWS_REGION: 'ap-southeast-1',
  UPSTREAM_BASE_URL: 'https://api.example.test/v3/',
  UPSTREAM_ALLOWED_REGIONS: 'ap-southeast-1, eu-central-1',
  DATABASE_URL: 'postgres://app:hunter2@db.internal:5432/orders',
  DATABASE_POOLER_HOST: 'pooler.internal',
  DATABASE_POOLER_PORT: '6432',
  ORIGIN_VERIFY_SECRET: 'sesame0123456789ABCDEFGHIJKLMNOPqr',
};
const settingsOf = (given: Record<string, string>) => {
  const parsed = parseSettings(given);
  return 'settings' in parsed ? parsed.settings : expect.fail(parsed.problems.join('\n'));
};
const problemsOf = (given: Record<string, string | undefined>) => {
  const parsed = parseSettings(given);
  return 'problems' in parsed ? parsed.problems : [];
};

it('needs only the region', () => {
  expect(settingsOf({ AWS_REGION: 'eu-central-1' })).toEqual({
    host: '127.0.0.1',
    port: 8_080,
    region: 'eu-central-1',
    verifySecret: undefined,
    publicHealth: false,
    upstream: undefined,
    databaseUrl: undefined,
    drainMs: 15_000,
  });
});

it('reads all that there is', () => {
  expect(
    settingsOf({
      ...env,
      HOST: '0.0.0.0',
      PORT: '80',
      DRAIN_SECONDS: '0',
      UPSTREAM_NAME: 'prices',
      UPSTREAM_HEALTH_PATH: '/ping?x',
      UPSTREAM_TIMEOUT_MS: '900',
    }),
  ).toEqual({
    host: '0.0.0.0',
    port: 80,
    region: 'ap-southeast-1',
    verifySecret: 'sesame0123456789ABCDEFGHIJKLMNOPqr',
    publicHealth: false,
    upstream: {
      name: 'prices',
      baseUrl: 'https://api.example.test/v3/',
      healthPath: '/ping?x',
      allowedRegions: ['ap-southeast-1', 'eu-central-1'],
      timeoutMs: 900,
    },
    databaseUrl: 'postgres://app:hunter2@pooler.internal:6432/orders',
    drainMs: 0,
  });
});

it('takes an empty variable for an absent one', () => {
  const empty = Object.fromEntries(Object.keys(env).map((name) => [name, '']));
  expect(settingsOf({ ...empty, AWS_REGION: 'eu-central-1' })).toEqual(settingsOf({ AWS_REGION: 'eu-central-1' }));
});

describe('a problem', () => {
  it.each([
    { spoil: { AWS_REGION: undefined }, facts: 'AWS_REGION: ap-southeast-1' },
    { spoil: { AWS_REGION: 'Singapore' }, facts: 'AWS_REGION: ap-southeast-1 "Singapore"' },
    {
      spoil: { AWS_REGION: 'us-east-1' },
      facts: 'AWS_REGION: us-east-1 ap-southeast-1 eu-central-1',
    },
    { spoil: { PORT: '80a' }, facts: 'PORT: 0 65535 "80a"' },
    { spoil: { PORT: '65536' }, facts: 'PORT: 0 65535 "65536"' },
    { spoil: { DRAIN_SECONDS: '101' }, facts: 'DRAIN_SECONDS: 0 100 "101"' },
    { spoil: { UPSTREAM_TIMEOUT_MS: '1' }, facts: 'UPSTREAM_TIMEOUT_MS: 100 10000 "1"' },
    {
      spoil: { UPSTREAM_NAME: 'Binance!' },
      facts: 'UPSTREAM_NAME: 1 32 "Binance!"',
    },
    { spoil: { UPSTREAM_HEALTH_PATH: 'ping' }, facts: 'UPSTREAM_HEALTH_PATH: "ping"' },
    {
      spoil: { UPSTREAM_ALLOWED_REGIONS: 'ap-southeast-1,Frankfurt' },
      facts: 'UPSTREAM_ALLOWED_REGIONS: "ap-southeast-1,Frankfurt"',
    },
    {
      spoil: { UPSTREAM_ALLOWED_REGIONS: '' },
      facts: 'UPSTREAM_ALLOWED_REGIONS: UPSTREAM_BASE_URL ap-southeast-1 eu-central-1',
    },
    { spoil: { UPSTREAM_BASE_URL: undefined }, facts: 'UPSTREAM_BASE_URL: UPSTREAM_ALLOWED_REGIONS' },
    ...['ftp://api', 'api.example.test', 'https://key:x@api', 'https://api?key=x', 'https://api#x'].map((url) => ({
      spoil: { UPSTREAM_BASE_URL: url },
      facts: 'UPSTREAM_BASE_URL:',
    })),
    { spoil: { DATABASE_URL: 'mysql://a:b@c' }, facts: 'DATABASE_URL:' },
    { spoil: { DATABASE_URL: undefined }, facts: 'DATABASE_URL: DATABASE_POOLER_HOST' },
    { spoil: { DATABASE_POOLER_HOST: undefined }, facts: 'DATABASE_POOLER_HOST: DATABASE_POOLER_PORT' },
    { spoil: { DATABASE_POOLER_HOST: 'a:1' }, facts: 'DATABASE_POOLER_HOST: "a:1"' },
    {
      spoil: { DATABASE_POOLER_HOST: 'https://a' },
      facts: 'DATABASE_POOLER_HOST: "https://a"',
    },
    { spoil: { DATABASE_POOLER_PORT: '0' }, facts: 'DATABASE_POOLER_PORT: 1 65535 "0"' },
  ])('is the only problem reported: $facts', ({ spoil, facts }) => {
    expect(problemsOf({ ...env, ...spoil }).map(factsOf)).toEqual([facts]);
  });

  it('hides no other', () => {
    const problems = problemsOf({
      ...env,
      AWS_REGION: 'x',
      PORT: '-1',
      DRAIN_SECONDS: 'soon',
      UPSTREAM_BASE_URL: 'x',
      DATABASE_URL: 'x',
      DATABASE_POOLER_HOST: '/',
    });
    expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual([
      'AWS_REGION',
      'DATABASE_POOLER_HOST',
      'DATABASE_URL',
      'DRAIN_SECONDS',
      'PORT',
      'UPSTREAM_BASE_URL',
    ]);
  });
});

it('describes itself without a secret', () => {
  const shown = JSON.stringify(describeSettings(settingsOf(env)));
  expect(shown).toContain('"database":"postgres://app:***@pooler.internal:6432/orders"');
  expect(shown).toContain('"verifies":true');
  expect(shown).not.toMatch(/hunter2|sesame/);
});

it.each(['short', 'x'.repeat(31), 'x'.repeat(129), `${'x'.repeat(40)}*`, `${'x'.repeat(40)}?`, `${'x'.repeat(40)} `])(
  'refuses the secret %j, which a load balancer could take for a pattern, and does not show it',
  (secret) => {
    const problems = problemsOf({ ...env, ORIGIN_VERIFY_SECRET: secret });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^ORIGIN_VERIFY_SECRET: /);
    expect(problems[0]).not.toContain(secret);
  },
);

it.each([
  { given: 'true', is: true },
  { given: 'false', is: false },
])('takes HEALTH_PUBLIC=$given', ({ given, is }) => {
  expect(settingsOf({ ...env, HEALTH_PUBLIC: given }).publicHealth).toBe(is);
  expect(problemsOf({ ...env, HEALTH_PUBLIC: 'yes' })).toHaveLength(1);
});
