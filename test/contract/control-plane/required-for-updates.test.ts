import {
  CreateDistributionCommand,
  type DistributionConfig,
  GetDistributionConfigCommand,
  UpdateDistributionCommand,
} from '@aws-sdk/client-cloudfront';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completeDistribution } from '../../../src/config/complete-distribution.ts';
import { distributionConfig, type LocalAccount, openLocalAccount, refusalOf } from './open-local-account.ts';

let account: LocalAccount;
let id: string;

/** One of each kind that an update has rules for. */
const legacy = { QueryString: false, Cookies: { Forward: 'none' as const } };
const given = (): DistributionConfig => {
  const config = distributionConfig();
  const behavior = { TargetOriginId: 'singapore', ViewerProtocolPolicy: 'allow-all' as const, ForwardedValues: legacy };
  return {
    ...config,
    CacheBehaviors: { Quantity: 1, Items: [{ ...behavior, PathPattern: '/old/*' }] },
    CustomErrorResponses: { Quantity: 1, Items: [{ ErrorCode: 502, ErrorCachingMinTTL: 3 }] },
  };
};

beforeAll(async () => {
  account = await openLocalAccount();
  const created = await account.cloudfront.send(new CreateDistributionCommand({ DistributionConfig: given() }));
  id = created.Distribution?.Id ?? '';
});
afterAll(() => account.close());

const read = () => account.cloudfront.send(new GetDistributionConfigCommand({ Id: id }));

async function update(config: DistributionConfig) {
  const { ETag } = await read();
  return account.cloudfront.send(new UpdateDistributionCommand({ Id: id, IfMatch: ETag, DistributionConfig: config }));
}

const parts: Record<string, { of: (config: DistributionConfig) => object | undefined; fields: string[] }> = {
  'the distribution': {
    of: (config) => config,
    fields: [
      'Aliases',
      'DefaultRootObject',
      'CacheBehaviors',
      'CustomErrorResponses',
      'Logging',
      'PriceClass',
      'ViewerCertificate',
      'Restrictions',
      'WebACLId',
      'HttpVersion',
    ],
  },
  'the default behavior': {
    of: (config) => config.DefaultCacheBehavior,
    fields: ['AllowedMethods', 'SmoothStreaming', 'Compress', 'LambdaFunctionAssociations', 'FieldLevelEncryptionId'],
  },
  'another behavior': {
    of: (config) => config.CacheBehaviors?.Items?.[0],
    fields: [
      'AllowedMethods',
      'SmoothStreaming',
      'Compress',
      'LambdaFunctionAssociations',
      'FieldLevelEncryptionId',
      'MinTTL',
      'DefaultTTL',
      'MaxTTL',
    ],
  },
  'an origin': { of: (config) => config.Origins?.Items?.[0], fields: ['OriginPath', 'CustomHeaders'] },
  'a custom origin': {
    of: (config) => config.Origins?.Items?.[0]?.CustomOriginConfig,
    fields: ['OriginSslProtocols', 'OriginReadTimeout', 'OriginKeepaliveTimeout'],
  },
  'an error response': {
    of: (config) => config.CustomErrorResponses?.Items?.[0],
    fields: ['ResponsePagePath', 'ResponseCode', 'ErrorCachingMinTTL'],
  },
};

describe('UpdateDistribution', () => {
  it.each(Object.entries(parts).flatMap(([part, { of, fields }]) => fields.map((field) => ({ part, of, field }))))(
    'requires $field of $part, which GetDistributionConfig gives',
    async ({ of, field }) => {
      const { DistributionConfig: config = distributionConfig() } = await read();
      const before = structuredClone(config);
      expect(of(config)).toHaveProperty(field);
      delete (of(config) as Record<string, unknown>)[field];
      expect(await refusalOf(update(config))).toMatchObject({ code: 'IllegalUpdate', status: 400 });
      // What the plan sends has the field again, at the value AWS would use.
      await update(completeDistribution(config));
      await update(before);
    },
  );

  it('takes a config without the fields that it does not require', async () => {
    const { DistributionConfig: config = distributionConfig() } = await read();
    const { OriginGroups: _, IsIPV6Enabled: __, Staging: ___, ...rest } = config;
    await update(rest as DistributionConfig);
  });
});

describe('what GetDistributionConfig gives back', () => {
  it('has every default written out', async () => {
    const { DistributionConfig: config } = await read();
    expect(config?.DefaultCacheBehavior?.GrpcConfig).toEqual({ Enabled: false });
    expect(config?.CacheBehaviors?.Items?.[0]).toMatchObject({
      MinTTL: 0,
      DefaultTTL: 86_400,
      MaxTTL: 31_536_000,
      ForwardedValues: { ...legacy, Headers: { Quantity: 0 }, QueryStringCacheKeys: { Quantity: 0 } },
    });
    expect(config?.CustomErrorResponses?.Items?.[0]).toMatchObject({ ResponsePagePath: '', ResponseCode: '' });
  });

  it('has the newer fields as they were sent', async () => {
    const { DistributionConfig: config = distributionConfig() } = await read();
    const fresh = {
      ViewerMtlsConfig: { Mode: 'passthrough' as const },
      CacheTagConfig: { HeaderName: 'x-cache-tag' },
      ConnectionFunctionAssociation: { Id: 'cf_1' },
      AnycastIpListId: 'aip_1',
    };
    await update({ ...config, ...fresh });
    expect((await read()).DistributionConfig).toMatchObject(fresh);
  });
});
