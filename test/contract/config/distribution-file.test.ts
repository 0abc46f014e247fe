import { CreateDistributionCommand, type DistributionConfig, GetDistributionConfigCommand } from '@aws-sdk/client-cloudfront';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkOriginsAgree, parseDistribution, readDistribution } from '../../../src/config/distribution-file.ts';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';
import { createLiveFunction, type LocalAccount, openLocalAccount, refusalOf } from '../control-plane/open-local-account.ts';

const config = parseEdgeConfig(edgeConfig);

const env = {
  VIEWER_DOMAIN: 'www.example.com',
  ACM_CERTIFICATE_ARN: 'arn:aws:acm:us-east-1:111122223333:certificate/1234',
  SINGAPORE_DOMAIN: 'singapore.example.com',
  EUROPE_DOMAIN: 'europe.example.com',
  // What XML would take for its own.
  ORIGIN_VERIFY_SECRET: `a<b>&"c' ]]> é`,
  AWS_ACCOUNT_ID: '111122223333',
};

let account: LocalAccount;
beforeEach(async () => {
  account = await openLocalAccount();
});
afterEach(() => account.close());

async function create(distribution: DistributionConfig): Promise<string> {
  const { Distribution } = await account.cloudfront.send(new CreateDistributionCommand({ DistributionConfig: distribution }));
  return Distribution?.Id ?? '';
}

describe('distribution.json on the wire of the real SDK', () => {
  it('is accepted, and what the account then holds is the file, which agrees with edge.config.ts', async () => {
    await createLiveFunction(account, config.functionName);
    const distribution = await readDistribution('test/fixtures/sample/distribution.json', env);
    const id = await create(distribution);
    const { DistributionConfig: live } = await account.cloudfront.send(new GetDistributionConfigCommand({ Id: id }));
    expect(live).toMatchObject(distribution);
    // The account's own copy is a distribution.json again.
    const again = parseDistribution(JSON.stringify(live), {});
    expect(() => checkOriginsAgree(config, again)).not.toThrow();
    expect(again.Origins?.Items?.[0]?.CustomHeaders?.Items?.[1]?.HeaderValue).toBe(env.ORIGIN_VERIFY_SECRET);
  });

  it.each([
    {
      what: 'a wrong quantity',
      spoil: (text: string) => text.replace('"Quantity": 7', '"Quantity": 6'),
      problem: 'CacheBehaviors.Items[0].AllowedMethods.Quantity: 6, but there are 7 items',
    },
    {
      what: 'an unknown target',
      spoil: (text: string) => text.replace('"TargetOriginId": "singapore"', '"TargetOriginId": "tokyo"'),
      problem: 'DefaultCacheBehavior.TargetOriginId: no origin is called "tokyo"; origins here: singapore, europe',
    },
  ])('is refused there for $what, which is found before anything is sent', async ({ spoil, problem }) => {
    await createLiveFunction(account, config.functionName);
    const sound = JSON.stringify(await readDistribution('test/fixtures/sample/distribution.json', env), undefined, 1);
    const spoiled = spoil(sound);
    expect(spoiled).not.toBe(sound);
    expect((await refusalOf(create(JSON.parse(spoiled)))).status).toBeGreaterThanOrEqual(400);
    expect(() => parseDistribution(spoiled, {})).toThrow(problem);
  });
});
