import { expect, it } from 'vitest';
import { readDistribution, readKnownDistribution } from '../../../src/config/distribution-file.ts';

const read = (env: Readonly<Record<string, string | undefined>>) => readDistribution('test/fixtures/sample/distribution.json', env);
const known = {
  AWS_ACCOUNT_ID: '111122223333',
  VIEWER_DOMAIN: 'www.example.test',
  ACM_CERTIFICATE_ARN: 'arn',
  SINGAPORE_DOMAIN: 'a.example.test',
  EUROPE_DOMAIN: 'b.example.test',
  ORIGIN_VERIFY_SECRET: 'secret',
};

it('is the whole file when everything is known', async () => {
  const { distribution, missing, lacking } = await readKnownDistribution(read, known);
  expect(distribution).toEqual(await read(known));
  expect([missing, [...lacking]]).toEqual([[], []]);
});

it('leaves out a header whose secret is not known, and says whose', async () => {
  const { distribution, missing, lacking } = await readKnownDistribution(read, { ...known, ORIGIN_VERIFY_SECRET: '' });
  expect(distribution.Origins?.Items?.map(({ CustomHeaders }) => CustomHeaders?.Items?.map(({ HeaderName }) => HeaderName))).toEqual([
    ['x-region'],
    ['x-region'],
  ]);
  expect([missing, [...lacking]]).toEqual([['ORIGIN_VERIFY_SECRET'], ['singapore', 'europe']]);
});

it('leaves names empty that are not known', async () => {
  const { distribution, missing } = await readKnownDistribution(read, { EUROPE_DOMAIN: 'b.example.test' });
  expect(distribution.Origins?.Items?.map(({ DomainName }) => DomainName)).toEqual(['', 'b.example.test']);
  expect(distribution.Aliases).toEqual({ Quantity: 0, Items: [] });
  expect(missing).toContain('SINGAPORE_DOMAIN');
});
