import {
  CreateDistributionCommand,
  type DistributionConfig,
  GetDistributionCommand,
  ListDistributionsCommand,
  UpdateDistributionCommand,
} from '@aws-sdk/client-cloudfront';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { completeDistribution } from '../../../src/config/complete-distribution.ts';
import {
  completeConfig,
  createFunction,
  createLiveFunction,
  distributionConfig,
  type LocalAccount,
  openLocalAccount,
  refusalOf,
} from './open-local-account.ts';

let account: LocalAccount;
beforeEach(async () => {
  account = await openLocalAccount();
});
afterEach(() => account.close());

const send: LocalAccount['cloudfront']['send'] = ((command: never) => account.cloudfront.send(command)) as never;

async function create(config: DistributionConfig = distributionConfig()): Promise<{ id: string; etag: string }> {
  const created = await send(new CreateDistributionCommand({ DistributionConfig: config }));
  return { id: created.Distribution?.Id ?? '', etag: created.ETag ?? '' };
}

describe('what a distribution may not be', () => {
  type Spoil = (config: DistributionConfig) => void;
  const behavior = (config: DistributionConfig) => config.DefaultCacheBehavior ?? ({} as never);
  const origin = (config: DistributionConfig) => config.Origins?.Items?.[0] ?? ({} as never);
  const custom = (config: DistributionConfig) => origin(config).CustomOriginConfig ?? ({} as never);
  const group = (first = 'singapore', second = 'europe', codes = [500]): NonNullable<DistributionConfig['OriginGroups']> => ({
    Quantity: 1,
    Items: [
      {
        Id: 'pair',
        FailoverCriteria: { StatusCodes: { Quantity: codes.length, Items: codes } },
        Members: { Quantity: 2, Items: [{ OriginId: first }, { OriginId: second }] },
      },
    ],
  });
  const methods = (...names: string[]) => ({ AllowedMethods: { Quantity: names.length, Items: names as 'GET'[] } });
  const every = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE'];
  const functions = (...associations: [string, string][]) => ({
    FunctionAssociations: {
      Quantity: associations.length,
      Items: associations.map(([EventType, name]) => ({
        EventType: EventType as 'viewer-request',
        FunctionARN: `arn:aws:cloudfront::111122223333:function/${name}`,
      })),
    },
  });
  const certificate = (over: object = {}) => ({
    ViewerCertificate: {
      ACMCertificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/1',
      SSLSupportMethod: 'sni-only' as const,
      MinimumProtocolVersion: 'TLSv1.2_2021' as const,
      ...over,
    },
  });

  it.each<{ what: string; spoil: Spoil; code: string; status?: number }>([
    {
      what: 'a target that is not an origin',
      spoil: (c) => Object.assign(behavior(c), { TargetOriginId: 'singapor' }),
      code: 'NoSuchOrigin',
      status: 404,
    },
    { what: 'a wrong Quantity', spoil: (c) => Object.assign(c.Origins ?? {}, { Quantity: 3 }), code: 'InconsistentQuantities' },
    {
      what: 'a wrong Quantity deep down',
      spoil: (c) => Object.assign(origin(c), { CustomHeaders: { Quantity: 1 } }),
      code: 'InconsistentQuantities',
    },
    { what: 'no origins', spoil: (c) => Object.assign(c, { Origins: { Quantity: 0, Items: [] } }), code: 'InvalidArgument' },
    {
      what: '101 origins',
      spoil: (c) => {
        const Items = Array.from({ length: 101 }, (_, index) => ({ ...origin(c), Id: `o${index}` }));
        Object.assign(c, { Origins: { Quantity: 101, Items } });
      },
      code: 'TooManyOrigins',
    },
    {
      what: '11 origin groups',
      spoil: (c) => {
        const Items = Array.from({ length: 11 }, (_, index) => ({ ...group().Items?.[0], Id: `g${index}` }));
        Object.assign(c, { OriginGroups: { Quantity: 11, Items } });
      },
      code: 'TooManyOriginGroupsPerDistribution',
    },
    {
      what: '31 custom headers',
      spoil: (c) => {
        const Items = Array.from({ length: 31 }, (_, index) => ({ HeaderName: `x-${index}`, HeaderValue: '1' }));
        Object.assign(origin(c), { CustomHeaders: { Quantity: 31, Items } });
      },
      code: 'TooManyOriginCustomHeaders',
    },
    {
      what: 'more than 75 behaviors',
      spoil: (c) => {
        const Items = Array.from({ length: 75 }, (_, index) => ({ ...behavior(c), PathPattern: `/${index}/*` }));
        Object.assign(c, { CacheBehaviors: { Quantity: 75, Items } });
      },
      code: 'TooManyCacheBehaviors',
    },
    {
      what: 'one path pattern twice',
      spoil: (c) => {
        const Items = [1, 2].map(() => ({ ...behavior(c), PathPattern: '/api/*' }));
        Object.assign(c, { CacheBehaviors: { Quantity: 2, Items } });
      },
      code: 'InvalidArgument',
    },
    { what: 'one origin id twice', spoil: (c) => Object.assign(c.Origins?.Items?.[1] ?? {}, { Id: 'singapore' }), code: 'InvalidArgument' },
    { what: 'an origin that is an address', spoil: (c) => Object.assign(origin(c), { DomainName: '127.0.0.1' }), code: 'InvalidArgument' },
    {
      what: 'an origin with a port in its name',
      spoil: (c) => Object.assign(origin(c), { DomainName: 'a.example.com:81' }),
      code: 'InvalidArgument',
    },
    { what: 'an origin path that ends in /', spoil: (c) => Object.assign(origin(c), { OriginPath: '/a/' }), code: 'InvalidArgument' },
    { what: 'an origin of no kind', spoil: (c) => Object.assign(origin(c), { CustomOriginConfig: undefined }), code: 'InvalidArgument' },
    { what: 'four connection attempts', spoil: (c) => Object.assign(origin(c), { ConnectionAttempts: 4 }), code: 'InvalidArgument' },
    { what: 'a connection timeout of 11 s', spoil: (c) => Object.assign(origin(c), { ConnectionTimeout: 11 }), code: 'InvalidArgument' },
    { what: 'port 81', spoil: (c) => Object.assign(custom(c), { HTTPPort: 81 }), code: 'InvalidArgument' },
    {
      what: 'an unknown origin protocol',
      spoil: (c) => Object.assign(custom(c), { OriginProtocolPolicy: 'ftp' }),
      code: 'InvalidArgument',
    },
    {
      what: 'a read timeout of 121 s',
      spoil: (c) => Object.assign(custom(c), { OriginReadTimeout: 121 }),
      code: 'InvalidOriginReadTimeout',
    },
    {
      what: 'a keep-alive of 0 s',
      spoil: (c) => Object.assign(custom(c), { OriginKeepaliveTimeout: 0 }),
      code: 'InvalidOriginKeepaliveTimeout',
    },
    {
      what: 'a completion timeout below the read timeout',
      spoil: (c) => Object.assign(origin(c), { ResponseCompletionTimeout: 29 }),
      code: 'InvalidArgument',
    },
    {
      what: 'a group with an origin that is not there',
      spoil: (c) => Object.assign(c, { OriginGroups: group('singapore', 'mars') }),
      code: 'NoSuchOrigin',
      status: 404,
    },
    {
      what: 'a group of one origin twice',
      spoil: (c) => Object.assign(c, { OriginGroups: group('europe', 'europe') }),
      code: 'InvalidArgument',
    },
    {
      what: 'a group that fails over on 418',
      spoil: (c) => Object.assign(c, { OriginGroups: group('singapore', 'europe', [418]) }),
      code: 'InvalidArgument',
    },
    { what: 'four methods', spoil: (c) => Object.assign(behavior(c), methods('GET', 'HEAD', 'OPTIONS', 'POST')), code: 'InvalidArgument' },
    {
      what: 'three methods of another choice',
      spoil: (c) => Object.assign(behavior(c), methods('GET', 'HEAD', 'POST')),
      code: 'InvalidArgument',
    },
    {
      what: 'cached POST',
      spoil: (c) =>
        Object.assign(behavior(c), {
          AllowedMethods: { ...methods(...every).AllowedMethods, CachedMethods: { Quantity: 3, Items: ['GET', 'HEAD', 'POST'] } },
        }),
      code: 'InvalidArgument',
    },
    {
      what: 'an unknown viewer protocol',
      spoil: (c) => Object.assign(behavior(c), { ViewerProtocolPolicy: 'https' }),
      code: 'InvalidArgument',
    },
    {
      what: 'an unknown cache policy',
      spoil: (c) => Object.assign(behavior(c), { CachePolicyId: '11111111-1111-1111-1111-111111111111' }),
      code: 'NoSuchCachePolicy',
      status: 404,
    },
    {
      what: 'an origin request policy that only resembles AllViewer',
      spoil: (c) => Object.assign(behavior(c), { OriginRequestPolicyId: '216adef6-5c04-47e4-8448-69f88d76e8d0' }),
      code: 'NoSuchOriginRequestPolicy',
      status: 404,
    },
    {
      what: 'an unknown response headers policy',
      spoil: (c) => Object.assign(behavior(c), { ResponseHeadersPolicyId: '11111111-1111-1111-1111-111111111111' }),
      code: 'NoSuchResponseHeadersPolicy',
      status: 404,
    },
    {
      what: 'neither cache policy nor forwarded values',
      spoil: (c) => Object.assign(behavior(c), { CachePolicyId: undefined }),
      code: 'InvalidArgument',
    },
    {
      what: 'an origin request policy without a cache policy',
      spoil: (c) =>
        Object.assign(behavior(c), {
          CachePolicyId: undefined,
          MinTTL: 0,
          DefaultTTL: 0,
          MaxTTL: 0,
          ForwardedValues: { QueryString: false, Cookies: { Forward: 'none' } },
          OriginRequestPolicyId: '33f36d7e-f396-46d9-90e0-52428a34d9dc',
        }),
      code: 'InvalidArgument',
    },
    {
      what: 'TTLs that fall',
      spoil: (c) => Object.assign(behavior(c), { MinTTL: 10, DefaultTTL: 5, MaxTTL: 20 }),
      code: 'InvalidTTLOrder',
    },
    {
      what: 'a function that is not there',
      spoil: (c) => Object.assign(behavior(c), functions(['viewer-request', 'none'])),
      code: 'InvalidFunctionAssociation',
    },
    {
      what: 'a function that is not LIVE',
      spoil: (c) => Object.assign(behavior(c), functions(['viewer-request', 'draft'])),
      code: 'InvalidFunctionAssociation',
    },
    {
      what: 'a function on an origin event',
      spoil: (c) => Object.assign(behavior(c), functions(['origin-request', 'live'])),
      code: 'InvalidFunctionAssociation',
    },
    {
      what: 'two functions on one event',
      spoil: (c) => Object.assign(behavior(c), functions(['viewer-request', 'live'], ['viewer-request', 'live'])),
      code: 'InvalidFunctionAssociation',
    },
    {
      what: 'three functions',
      spoil: (c) =>
        Object.assign(behavior(c), functions(['viewer-request', 'live'], ['viewer-response', 'live'], ['viewer-request', 'live'])),
      code: 'TooManyFunctionAssociations',
    },
    {
      what: 'a function beside Lambda@Edge on viewer events',
      spoil: (c) =>
        Object.assign(behavior(c), functions(['viewer-request', 'live']), {
          LambdaFunctionAssociations: {
            Quantity: 1,
            Items: [{ EventType: 'viewer-response', LambdaFunctionARN: 'arn:aws:lambda:us-east-1:111122223333:function:f:1' }],
          },
        }),
      code: 'InvalidFunctionAssociation',
    },
    {
      what: 'five Lambda@Edge functions',
      spoil: (c) => {
        const Items = Array.from({ length: 5 }, () => ({
          EventType: 'origin-request',
          LambdaFunctionARN: 'arn:aws:lambda:us-east-1:111122223333:function:f:1',
        }));
        Object.assign(behavior(c), { LambdaFunctionAssociations: { Quantity: 5, Items } });
      },
      code: 'TooManyLambdaFunctionAssociations',
    },
    {
      what: 'a root object that begins with /',
      spoil: (c) => Object.assign(c, { DefaultRootObject: '/index.html' }),
      code: 'InvalidDefaultRootObject',
    },
    { what: 'an unknown price class', spoil: (c) => Object.assign(c, { PriceClass: 'PriceClass_1' }), code: 'InvalidArgument' },
    { what: 'an unknown HTTP version', spoil: (c) => Object.assign(c, { HttpVersion: 'http9' }), code: 'InvalidArgument' },
    { what: 'a comment of 129 characters', spoil: (c) => Object.assign(c, { Comment: 'x'.repeat(129) }), code: 'InvalidArgument' },
    { what: 'an empty caller reference', spoil: (c) => Object.assign(c, { CallerReference: '' }), code: 'InvalidArgument' },
    {
      what: 'an error response for 418',
      spoil: (c) =>
        Object.assign(c, {
          CustomErrorResponses: { Quantity: 1, Items: [{ ErrorCode: 418, ResponsePagePath: '', ResponseCode: '', ErrorCachingMinTTL: 0 }] },
        }),
      code: 'InvalidErrorCode',
    },
    {
      what: 'an unknown restriction',
      spoil: (c) => Object.assign(c, { Restrictions: { GeoRestriction: { RestrictionType: 'some', Quantity: 0 } } }),
      code: 'InvalidGeoRestrictionParameter',
    },
    {
      what: 'an alias without a certificate',
      spoil: (c) => Object.assign(c, { Aliases: { Quantity: 1, Items: ['www.example.com'] } }),
      code: 'InvalidViewerCertificate',
    },
    {
      what: 'a certificate from another region',
      spoil: (c) => Object.assign(c, certificate({ ACMCertificateArn: 'arn:aws:acm:eu-central-1:111122223333:certificate/1' })),
      code: 'InvalidViewerCertificate',
    },
    {
      what: 'a certificate without a method',
      spoil: (c) => Object.assign(c, certificate({ SSLSupportMethod: undefined })),
      code: 'InvalidViewerCertificate',
    },
    {
      what: 'an unknown protocol version',
      spoil: (c) => Object.assign(c, certificate({ MinimumProtocolVersion: 'TLSv9' })),
      code: 'InvalidMinimumProtocolVersion',
    },
    { what: 'no default behavior', spoil: (c) => Object.assign(c, { DefaultCacheBehavior: undefined }), code: 'MalformedXML' },
  ])('$what: $code, on creation and on update', async ({ spoil, code, status = 400 }) => {
    await createLiveFunction(account, 'live');
    await createFunction(account, 'draft');
    const spoilt = distributionConfig();
    spoil(spoilt);
    expect(await refusalOf(send(new CreateDistributionCommand({ DistributionConfig: spoilt })))).toMatchObject({ code, status });
    const { id, etag } = await create();
    const changed = completeConfig();
    spoil(changed);
    const update = new UpdateDistributionCommand({ Id: id, IfMatch: etag, DistributionConfig: changed });
    const sameCaller = changed.CallerReference === distributionConfig().CallerReference;
    expect(await refusalOf(send(update))).toMatchObject(sameCaller ? { code, status } : { code: 'IllegalUpdate', status: 400 });
    expect((await send(new GetDistributionCommand({ Id: id }))).ETag).toBe(etag);
  });

  it('POST where an origin group is the target; GET, HEAD and OPTIONS are fine there', async () => {
    const config = { ...distributionConfig(), OriginGroups: group() };
    Object.assign(config.DefaultCacheBehavior ?? {}, { TargetOriginId: 'pair', ...methods(...every) });
    const refusal = await refusalOf(send(new CreateDistributionCommand({ DistributionConfig: config })));
    expect(refusal).toMatchObject({
      code: 'InvalidArgument',
      status: 400,
      message: expect.stringContaining('associated with an origin group'),
    });
    Object.assign(config.DefaultCacheBehavior ?? {}, methods('GET', 'HEAD', 'OPTIONS'));
    await create(config);
  });

  it('a second one with the same caller reference, or with the same alias', async () => {
    const aliased = { ...distributionConfig(), Aliases: { Quantity: 1, Items: ['www.example.com'] }, ...certificate() };
    const { id, etag } = await create(aliased);
    expect(await refusalOf(create())).toMatchObject({ code: 'DistributionAlreadyExists', status: 409 });
    expect(await refusalOf(create({ ...aliased, CallerReference: 'another' }))).toMatchObject({ code: 'CNAMEAlreadyExists', status: 409 });
    await send(new UpdateDistributionCommand({ Id: id, IfMatch: etag, DistributionConfig: completeDistribution(aliased) }));
  });

  it('the 101st that uses one function', async () => {
    await createLiveFunction(account, 'live');
    const using = (CallerReference: string) => {
      const config = { ...distributionConfig(), CallerReference };
      Object.assign(behavior(config), functions(['viewer-request', 'live']));
      return create(config);
    };
    for (let index = 0; index < 100; index++) await using(`n${index}`);
    expect(await refusalOf(using('one-more'))).toMatchObject({ code: 'TooManyDistributionsWithSingleFunctionARN', status: 400 });
  });

  it('the 201st of the account', async () => {
    for (let index = 0; index < 200; index++) await create({ ...distributionConfig(), CallerReference: `n${index}` });
    expect(await refusalOf(create())).toMatchObject({ code: 'TooManyDistributions', status: 400 });
    const seen: string[] = [];
    let Marker: string | undefined;
    do {
      const { DistributionList: list } = await send(
        new ListDistributionsCommand({ MaxItems: 90, ...(Marker !== undefined && { Marker }) }),
      );
      seen.push(...(list?.Items ?? []).map((item) => item.Id ?? ''));
      Marker = list?.NextMarker;
    } while (Marker !== undefined);
    expect(new Set(seen).size).toBe(200);
    expect(await refusalOf(send(new ListDistributionsCommand({ MaxItems: 101 })))).toMatchObject({ code: 'InvalidArgument', status: 400 });
  });
});
