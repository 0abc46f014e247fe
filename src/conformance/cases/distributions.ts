import type { ConformanceCase } from '../conformance-case.ts';

const model = 'API model 2020-05-31, by the description of its error';
const undocumented = 'not documented: InvalidArgument where no code of the model fits';

/** Each sets these paths in a config that is complete and valid. */
type Row = readonly [id: string, question: string, config: Record<string, unknown>, error: string, source?: string, status?: number];

// biome-ignore format: one case a line
const invalid: readonly Row[] = [
  ['no-origin', 'a behavior whose origin does not exist', { 'DefaultCacheBehavior.TargetOriginId': 'none' }, 'NoSuchOrigin', model, 404],
  ['no-cache-policy', 'a cache policy that does not exist', { 'DefaultCacheBehavior.CachePolicyId': '00000000-0000-4000-8000-000000000000' }, 'NoSuchCachePolicy', model, 404],
  ['no-request-policy', 'an origin request policy that does not exist', { 'DefaultCacheBehavior.OriginRequestPolicyId': '216adef6-5c04-47e4-8448-69f88d76e8d0' }, 'NoSuchOriginRequestPolicy', model, 404],
  ['origin-scheme', 'an origin with a scheme', { 'Origins.Items.0.DomainName': 'https://a.example.com' }, 'InvalidArgument', undocumented],
  ['origin-path-in-domain', 'an origin with a path', { 'Origins.Items.0.DomainName': 'a.example.com/x' }, 'InvalidArgument', undocumented],
  ['origin-space', 'an origin with a space', { 'Origins.Items.0.DomainName': 'a b.example.com' }, 'InvalidArgument', undocumented],
  ['origin-header-host', 'an origin header Host', { 'Origins.Items.0.CustomHeaders': { Quantity: 1, Items: [{ HeaderName: 'Host', HeaderValue: 'x' }] } }, 'InvalidArgument', undocumented],
  ['origin-header-via', 'an origin header Via', { 'Origins.Items.0.CustomHeaders': { Quantity: 1, Items: [{ HeaderName: 'Via', HeaderValue: 'x' }] } }, 'InvalidArgument', undocumented],
  ['origin-header-edge', 'an origin header X-Edge-Foo', { 'Origins.Items.0.CustomHeaders': { Quantity: 1, Items: [{ HeaderName: 'X-Edge-Foo', HeaderValue: 'x' }] } }, 'InvalidArgument', undocumented],
  ['origin-header-twice', 'one origin header twice', { 'Origins.Items.0.CustomHeaders': { Quantity: 2, Items: [{ HeaderName: 'X-A', HeaderValue: '1' }, { HeaderName: 'x-a', HeaderValue: '2' }] } }, 'InvalidArgument', undocumented],
  ['origin-path', 'an origin path without a slash', { 'Origins.Items.0.OriginPath': 'a' }, 'InvalidRelativePath', model],
  ['read-timeout-0', 'a read timeout of 0 s', { 'Origins.Items.0.CustomOriginConfig.OriginReadTimeout': 0 }, 'InvalidOriginReadTimeout', model],
  ['keep-alive-301', 'a keep-alive of 301 s', { 'Origins.Items.0.CustomOriginConfig.OriginKeepaliveTimeout': 301 }, 'InvalidOriginKeepaliveTimeout', model],
  ['attempts-4', 'four connection attempts', { 'Origins.Items.0.ConnectionAttempts': 4 }, 'InvalidArgument', undocumented],
  ['connect-timeout-11', 'a connection timeout of 11 s', { 'Origins.Items.0.ConnectionTimeout': 11 }, 'InvalidArgument', undocumented],
  ['no-tls', 'no TLS version for the origin', { 'Origins.Items.0.CustomOriginConfig.OriginSslProtocols': { Quantity: 0, Items: [] } }, 'InvalidArgument', undocumented],
  ['two-kinds', 'two kinds of origin in one', { 'Origins.Items.0.S3OriginConfig': { OriginAccessIdentity: '' } }, 'InvalidArgument', undocumented],
  ['origin-twice', 'one origin id twice', { 'Origins.Items.1.Id': 'a' }, 'InvalidArgument', undocumented],
  ['quantity', 'a Quantity that is not the number of items', { 'Origins.Quantity': 3 }, 'InconsistentQuantities', model],
  ['methods-4', 'four allowed methods', { 'DefaultCacheBehavior.AllowedMethods': { Quantity: 4, Items: ['GET', 'HEAD', 'OPTIONS', 'PUT'] } }, 'InvalidArgument', undocumented],
  ['method-twice', 'one method twice', { 'DefaultCacheBehavior.AllowedMethods': { Quantity: 3, Items: ['GET', 'HEAD', 'HEAD'] } }, 'InvalidArgument', undocumented],
  ['cached-not-allowed', 'a cached OPTIONS that is not allowed', { 'DefaultCacheBehavior.AllowedMethods': { Quantity: 2, Items: ['GET', 'HEAD'], CachedMethods: { Quantity: 3, Items: ['GET', 'HEAD', 'OPTIONS'] } } }, 'InvalidArgument', undocumented],
  ['both-cache-settings', 'a cache policy beside ForwardedValues', { 'DefaultCacheBehavior.ForwardedValues': { QueryString: false, Cookies: { Forward: 'none' } } }, 'InvalidArgument', undocumented],
  ['function-absent', 'a function that does not exist', { 'DefaultCacheBehavior.FunctionAssociations': { Quantity: 1, Items: [{ FunctionARN: 'arn:aws:cloudfront::{account}:function/{run}-no', EventType: 'viewer-request' }] } }, 'InvalidFunctionAssociation', model],
  ['function-event', 'a function on an origin event', { 'DefaultCacheBehavior.FunctionAssociations': { Quantity: 1, Items: [{ FunctionARN: '{edgeArn}', EventType: 'origin-request' }] } }, 'InvalidFunctionAssociation', model],
  ['function-twice', 'two functions on one event', { 'DefaultCacheBehavior.FunctionAssociations': { Quantity: 2, Items: [{ FunctionARN: '{edgeArn}', EventType: 'viewer-request' }, { FunctionARN: '{edgeArn}', EventType: 'viewer-request' }] } }, 'InvalidFunctionAssociation', model],
  ['group-post', 'an origin group behind a behavior that allows POST', { 'DefaultCacheBehavior.TargetOriginId': 'pair', 'DefaultCacheBehavior.AllowedMethods': { Quantity: 7, Items: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE'] } }, 'InvalidArgument', 'aws-cdk#32450'],
  ['group-one', 'an origin group of one member', { 'OriginGroups.Items.0.Members': { Quantity: 1, Items: [{ OriginId: 'a' }] } }, 'InvalidArgument', undocumented],
  ['group-stranger', 'an origin group with an origin that does not exist', { 'OriginGroups.Items.0.Members.Items.1.OriginId': 'none' }, 'NoSuchOrigin', model, 404],
  ['group-code-twice', 'a failover code twice', { 'OriginGroups.Items.0.FailoverCriteria.StatusCodes': { Quantity: 2, Items: [500, 500] } }, 'InvalidArgument', undocumented],
  ['group-code-418', 'a failover code 418', { 'OriginGroups.Items.0.FailoverCriteria.StatusCodes': { Quantity: 1, Items: [418] } }, 'InvalidArgument', undocumented],
  ['root-object', 'a root object with a space', { DefaultRootObject: 'a b' }, 'InvalidDefaultRootObject', model],
  ['error-code', 'an error page for 200', { CustomErrorResponses: { Quantity: 1, Items: [{ ErrorCode: 200, ResponsePagePath: '', ResponseCode: '', ErrorCachingMinTTL: 1 }] } }, 'InvalidErrorCode', model],
  ['response-code', 'an error page with the status 418', { CustomErrorResponses: { Quantity: 1, Items: [{ ErrorCode: 404, ResponsePagePath: '/x', ResponseCode: '418', ErrorCachingMinTTL: 1 }] } }, 'InvalidResponseCode', model],
  ['geo-empty', 'an empty list of countries', { 'Restrictions.GeoRestriction': { RestrictionType: 'whitelist', Quantity: 0 } }, 'InvalidGeoRestrictionParameter', model],
  ['alias-without-certificate', 'an alias without a certificate', { Aliases: { Quantity: 1, Items: ['conformance.example.com'] } }, 'InvalidViewerCertificate', model],
  ['comment-129', 'a comment of 129 characters', { Comment: `{run}${'x'.repeat(129)}` }, 'InvalidArgument', undocumented],
  ['ttl-0-headers', 'a cache policy that caches nothing and has headers in its key', {}, 'InvalidArgument', 'aws-cdk#16977'],
];

const zeroPolicy = {
  op: 'CreateCachePolicy',
  in: {
    CachePolicyConfig: {
      Name: '{run}-no',
      MinTTL: 0,
      DefaultTTL: 0,
      MaxTTL: 0,
      ParametersInCacheKeyAndForwardedToOrigin: {
        EnableAcceptEncodingGzip: false,
        HeadersConfig: { HeaderBehavior: 'whitelist', Headers: { Quantity: 1, Items: ['CloudFront-Viewer-Country'] } },
        CookiesConfig: { CookieBehavior: 'none' },
        QueryStringsConfig: { QueryStringBehavior: 'none' },
      },
    },
  },
};

const config = { op: 'GetDistributionConfig', in: { Id: '{distributionId}' }, as: 'now' };
const withConfig = (
  id: string,
  question: string,
  calls: Extract<ConformanceCase['ask'], { kind: 'calls' }>['calls'],
  error: string,
  status: number,
): ConformanceCase => ({
  id: `distribution-${id}`,
  group: 'control plane',
  question,
  ask: { kind: 'calls', calls },
  expect: { error, status },
  source: model,
  needs: 'distribution',
});

export const distributionCases: readonly ConformanceCase[] = [
  ...invalid.map(
    ([id, question, set, error, source = model, status = 400]): ConformanceCase => ({
      id: `distribution-${id}`,
      group: 'control plane',
      question,
      ask: { kind: 'calls', calls: [id === 'ttl-0-headers' ? zeroPolicy : { op: 'CreateDistributionWithTags', config: set }] },
      expect: { error, status },
      source,
      needs: 'free',
    }),
  ),
  {
    id: 'distribution-absent',
    group: 'control plane',
    question: 'a distribution that does not exist',
    ask: { kind: 'calls', calls: [{ op: 'GetDistribution', in: { Id: 'E00000000000' } }] },
    expect: { error: 'NoSuchDistribution', status: 404 },
    source: model,
    needs: 'free',
  },
  {
    id: 'distribution-tags-absent',
    group: 'control plane',
    question: 'the tags of a resource that does not exist',
    ask: {
      kind: 'calls',
      calls: [{ op: 'ListTagsForResource', in: { Resource: 'arn:aws:cloudfront::{account}:distribution/E00000000000' } }],
    },
    expect: { error: 'NoSuchResource', status: 404 },
    source: model,
    needs: 'free',
  },
  withConfig(
    'update-never',
    'an update with an ETag that never was',
    [
      config,
      { op: 'UpdateDistribution', in: { Id: '{distributionId}', IfMatch: 'E00000000000', DistributionConfig: '$now.DistributionConfig' } },
    ],
    'InvalidIfMatchVersion',
    400,
  ),
  withConfig(
    'delete-enabled',
    'a deletion while it is enabled',
    [config, { op: 'DeleteDistribution', in: { Id: '{distributionId}', IfMatch: '$now.ETag' } }],
    'DistributionNotDisabled',
    409,
  ),
  withConfig(
    'delete-never',
    'a deletion with an ETag that never was',
    [{ op: 'DeleteDistribution', in: { Id: '{distributionId}', IfMatch: 'E00000000000' } }],
    'InvalidIfMatchVersion',
    400,
  ),
];
