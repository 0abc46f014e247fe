import { describe, expect, it } from 'vitest';
import { describeSettings, parseSettings } from '../../../origin/settings.ts';

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
    { spoil: { AWS_REGION: undefined }, problem: 'AWS_REGION: is needed, such as ap-southeast-1' },
    { spoil: { AWS_REGION: 'Singapore' }, problem: 'AWS_REGION: must be an AWS region such as ap-southeast-1, found "Singapore"' },
    {
      spoil: { AWS_REGION: 'us-east-1' },
      problem: 'AWS_REGION: the upstream must not be called from us-east-1: its allowed regions are ap-southeast-1, eu-central-1',
    },
    { spoil: { PORT: '80a' }, problem: 'PORT: must be a whole number from 0 to 65535, found "80a"' },
    { spoil: { PORT: '65536' }, problem: 'PORT: must be a whole number from 0 to 65535, found "65536"' },
    { spoil: { DRAIN_SECONDS: '101' }, problem: 'DRAIN_SECONDS: must be a whole number from 0 to 100, found "101"' },
    { spoil: { UPSTREAM_TIMEOUT_MS: '1' }, problem: 'UPSTREAM_TIMEOUT_MS: must be a whole number from 100 to 10000, found "1"' },
    {
      spoil: { UPSTREAM_NAME: 'Binance!' },
      problem: 'UPSTREAM_NAME: must be 1 to 32 of a-z, 0-9 and "_", starting with a letter, found "Binance!"',
    },
    { spoil: { UPSTREAM_HEALTH_PATH: 'ping' }, problem: 'UPSTREAM_HEALTH_PATH: must be a path that starts with /, found "ping"' },
    {
      spoil: { UPSTREAM_ALLOWED_REGIONS: 'ap-southeast-1,Frankfurt' },
      problem: 'UPSTREAM_ALLOWED_REGIONS: must be AWS regions separated by commas, found "ap-southeast-1,Frankfurt"',
    },
    {
      spoil: { UPSTREAM_ALLOWED_REGIONS: '' },
      problem: 'UPSTREAM_ALLOWED_REGIONS: is needed when UPSTREAM_BASE_URL is set, such as ap-southeast-1,eu-central-1',
    },
    { spoil: { UPSTREAM_BASE_URL: undefined }, problem: 'UPSTREAM_BASE_URL: is needed when UPSTREAM_ALLOWED_REGIONS is set' },
    ...['ftp://api', 'api.example.test', 'https://key:x@api', 'https://api?key=x', 'https://api#x'].map((url) => ({
      spoil: { UPSTREAM_BASE_URL: url },
      problem: 'UPSTREAM_BASE_URL: must be an http or https URL without user, password, query and fragment',
    })),
    { spoil: { DATABASE_URL: 'mysql://a:b@c' }, problem: 'DATABASE_URL: must start with postgres:// or postgresql://' },
    { spoil: { DATABASE_URL: undefined }, problem: 'DATABASE_URL: is needed when DATABASE_POOLER_HOST is set' },
    { spoil: { DATABASE_POOLER_HOST: undefined }, problem: 'DATABASE_POOLER_HOST: is needed when DATABASE_POOLER_PORT is set' },
    { spoil: { DATABASE_POOLER_HOST: 'a:1' }, problem: 'DATABASE_POOLER_HOST: must be a host name or an address alone, found "a:1"' },
    {
      spoil: { DATABASE_POOLER_HOST: 'https://a' },
      problem: 'DATABASE_POOLER_HOST: must be a host name or an address alone, found "https://a"',
    },
    { spoil: { DATABASE_POOLER_PORT: '0' }, problem: 'DATABASE_POOLER_PORT: must be a whole number from 1 to 65535, found "0"' },
  ])('is the only problem reported: $problem', ({ spoil, problem }) => {
    expect(problemsOf({ ...env, ...spoil })).toEqual([problem]);
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
