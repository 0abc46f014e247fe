import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openAws } from '../../../src/aws/clients.ts';
import { readOriginRequestPolicy } from '../../../src/aws/policies.ts';
import { forwardsHost, sendsCountry } from '../../../src/config/managed-policies.ts';
import { countDiagnoses, formatDoctor } from '../../../src/doctor/format-doctor.ts';
import { EdgeError } from '../../../src/errors.ts';
import { goodAlarms, openTestDoctor, type TestDoctor, verifySecret } from './open-test-doctor.ts';

let doctor: TestDoctor;

beforeEach(async () => {
  doctor = await openTestDoctor();
  doctor.alarms = goodAlarms();
});
afterEach(() => doctor.close());

it('writes nothing, and asks nothing twice', async () => {
  doctor.control.calls.length = 0;
  await doctor.diagnoseAll();
  const made = doctor.control.calls.map(({ service, operation }) => `${service}:${operation}`).sort();
  expect(made).toEqual([
    'cloudfront-keyvaluestore:DescribeKeyValueStore',
    'cloudfront-keyvaluestore:GetKey',
    'cloudfront-keyvaluestore:GetKey',
    'cloudfront:DescribeFunction',
    'cloudfront:DescribeKeyValueStore',
    'cloudfront:GetDistribution',
    'cloudfront:GetFunction',
    'cloudfront:ListDistributions',
  ]);
});

it('never prints the secret that only CloudFront and the origins know', async () => {
  await doctor.changeLive((config) => Object.assign(config.CacheBehaviors?.Items?.[0] ?? {}, { FunctionAssociations: { Quantity: 0 } }));
  await doctor.write({ health: 'nonsense' });
  const diagnoses = await doctor.diagnoseAll();
  expect(JSON.stringify(diagnoses) + formatDoctor(diagnoses, [], false).join()).not.toContain(verifySecret);
});

it('says what it cannot check, with the reason, and judges distribution.json in the place of the live one', async () => {
  const { signal } = doctor.options;
  doctor.options = { ...doctor.options, aws: openAws({ env: {}, local: { controlPlane: 'http://127.0.0.1:1' } }), signal };
  const diagnoses = await doctor.diagnoseAll();
  const outcomes = Object.fromEntries(diagnoses.map(({ check, outcome }) => [check, outcome]));
  expect(outcomes).toEqual({
    credentials: 'warn',
    'live-code': 'warn',
    versions: 'warn',
    'store-association': 'warn',
    'health-record': 'warn',
    distribution: 'warn',
    origins: 'ok',
    'every-behavior': 'ok',
    policies: 'ok',
    country: 'ok',
    'cached-content': 'ok',
    'origin-groups': 'ok',
    'origin-group-codes': 'ok',
    options: 'ok',
    'web-socket': 'ok',
    timeouts: 'ok',
    'host-header': 'ok',
    certificates: 'ok',
    'origin-lock': 'ok',
    signals: 'ok',
    alarms: 'ok',
    flipper: 'warn',
    'flipper-place': 'ok',
    'pricing-plan': 'ok',
  });
  expect(diagnoses.find(({ check }) => check === 'live-code')?.findings).toEqual([
    { outcome: 'warn', found: expect.stringMatching(/^cannot check: .*ECONNREFUSED/), fix: expect.stringContaining('AWS_ENDPOINT_URL') },
  ]);
  expect(diagnoses.find(({ check }) => check === 'timeouts')?.findings[0]?.found).toMatch(/^distribution.json: /);
});

it('fails once without credentials, and goes on with what needs none', async () => {
  const aws = {
    ...doctor.aws,
    cloudFront: async () =>
      new CloudFrontClient({
        region: 'us-east-1',
        credentials: async () => {
          throw Object.assign(new Error('Could not load credentials from any providers'), { name: 'CredentialsProviderError' });
        },
      }),
  };
  doctor.options = { ...doctor.options, aws };
  const diagnoses = await doctor.diagnoseAll();
  const [credentials] = diagnoses;
  expect(credentials).toMatchObject({
    check: 'credentials',
    outcome: 'fail',
    findings: [{ fix: expect.stringContaining('AWS_PROFILE') }],
  });
  const skipped = diagnoses.filter((each) => each.skipped);
  expect(skipped.map(({ check }) => check)).toContain('live-code');
  for (const { outcome, findings } of skipped) expect([outcome, findings]).toEqual(['warn', []]);
  expect(countDiagnoses(diagnoses).fail).toBe(1);
});

it('goes on without values for the placeholders of distribution.json', async () => {
  const missing = new EdgeError('PLACEHOLDER_MISSING', 'distribution.json needs SINGAPORE_DOMAIN from the environment', {
    hint: 'export it',
  });
  doctor.options = { ...doctor.options, file: () => Promise.reject(missing) };
  const diagnoses = await doctor.diagnoseAll();
  expect(countDiagnoses(diagnoses).fail).toBe(0);
  expect(diagnoses.find(({ check }) => check === 'country')?.findings).toEqual([
    { outcome: 'warn', found: `cannot check: ${missing.message}`, fix: 'export it' },
  ]);
  expect(diagnoses.find(({ check }) => check === 'live-code')?.outcome).toBe('ok');
});

it('needs no placeholder to look at a distribution that is named', async () => {
  const missing = new EdgeError('PLACEHOLDER_MISSING', 'distribution.json needs ORIGIN_VERIFY_SECRET from the environment');
  doctor.options = { ...doctor.options, file: () => Promise.reject(missing), distributionId: doctor.distributionId };
  const diagnoses = await doctor.diagnoseAll();
  expect(diagnoses.filter(({ outcome }) => outcome !== 'ok').map(({ check }) => check)).toEqual(['distribution']);
});

it('lets no bug in one check stop the others', async () => {
  doctor.replace.build = () => Promise.reject(new TypeError('x is not a function'));
  const diagnoses = await doctor.diagnoseAll();
  expect(diagnoses.filter(({ outcome }) => outcome !== 'ok')).toEqual([
    {
      check: 'live-code',
      outcome: 'warn',
      why: expect.any(String),
      findings: [{ outcome: 'warn', found: 'cannot check: a bug in this check, TypeError: x is not a function', fix: expect.any(String) }],
    },
  ]);
});

it('reads a policy of the account itself, and knows when there is none', async () => {
  const formatPolicy = (behavior: string, headers: readonly string[]) =>
    `<?xml version="1.0"?><OriginRequestPolicy xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Id>own</Id>
      <LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime><OriginRequestPolicyConfig><Name>ours</Name>
      <HeadersConfig><HeaderBehavior>${behavior}</HeaderBehavior><Headers><Quantity>${headers.length}</Quantity>
      <Items>${headers.map((name) => `<Name>${name}</Name>`).join('')}</Items></Headers></HeadersConfig>
      <CookiesConfig><CookieBehavior>none</CookieBehavior></CookiesConfig>
      <QueryStringsConfig><QueryStringBehavior>none</QueryStringBehavior></QueryStringsConfig>
      </OriginRequestPolicyConfig></OriginRequestPolicy>`;
  let answer = { status: 200, body: '' };
  const server = createServer((_, response) => response.writeHead(answer.status, { 'content-type': 'text/xml' }).end(answer.body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  doctor.keep(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = openAws({ env: {}, local: { controlPlane: url } }).cloudFront;
  const table = [
    { behavior: 'allViewerAndWhitelistCloudFront', headers: ['CloudFront-Viewer-Country'], sendsCountry: true, forwardsHost: true },
    { behavior: 'whitelist', headers: ['CloudFront-Viewer-Country', 'Accept'], sendsCountry: true, forwardsHost: false },
    { behavior: 'whitelist', headers: ['Host'], sendsCountry: false, forwardsHost: true },
    { behavior: 'allExcept', headers: ['Host'], sendsCountry: false, forwardsHost: false },
    { behavior: 'allViewer', headers: [], sendsCountry: false, forwardsHost: true },
  ];
  for (const { behavior, headers, ...facts } of table) {
    answer = { status: 200, body: formatPolicy(behavior, headers) };
    const policy = (await readOriginRequestPolicy(client, 'own')) ?? expect.fail();
    expect({ sendsCountry: sendsCountry(policy), forwardsHost: forwardsHost(policy) }).toEqual(facts);
  }
  const code = 'NoSuchOriginRequestPolicy';
  answer = { status: 404, body: `<ErrorResponse><Error><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>` };
  expect(await readOriginRequestPolicy(client, 'own')).toBeUndefined();
});
