import {
  CreateDistributionCommand,
  type DefaultCacheBehavior,
  type DistributionConfig,
  GetDistributionConfigCommand,
  type Origin,
  UpdateDistributionCommand,
} from '@aws-sdk/client-cloudfront';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completeDistribution } from '../../../src/config/complete-distribution.ts';
import { completeConfig, type LocalAccount, openLocalAccount, refusalOf } from './open-local-account.ts';

let account: LocalAccount;
beforeAll(async () => {
  account = await openLocalAccount();
});
afterAll(() => account.close());

const list = <T>(...Items: T[]) => ({ Quantity: Items.length, Items });
const behaviorOf = (config: DistributionConfig) => config.DefaultCacheBehavior as DefaultCacheBehavior;
const originOf = (config: DistributionConfig) => config.Origins?.Items?.[0] as Origin;

type Change = (config: DistributionConfig) => unknown;
const distribution =
  (change: object): Change =>
  (config) =>
    Object.assign(config, change);
const behavior =
  (change: object): Change =>
  (config) =>
    Object.assign(behaviorOf(config), change);
const origin =
  (change: object): Change =>
  (config) =>
    Object.assign(originOf(config), change);
const custom =
  (change: object): Change =>
  (config) =>
    Object.assign(originOf(config).CustomOriginConfig ?? {}, change);
const header = (HeaderName: string, HeaderValue = '1') => origin({ CustomHeaders: list({ HeaderName, HeaderValue }) });
const bucket = (DomainName: string, change: object = {}) =>
  origin({ DomainName, CustomOriginConfig: undefined, S3OriginConfig: { OriginAccessIdentity: '' }, ...change });
const lambda = (LambdaFunctionARN: string, more: object = {}) =>
  behavior({ LambdaFunctionAssociations: list({ LambdaFunctionARN, EventType: 'origin-request', ...more }) });
const geo = (RestrictionType: string, ...codes: string[]) =>
  distribution({ Restrictions: { GeoRestriction: { RestrictionType, ...list(...codes) } } });
const errors = (...responses: object[]) =>
  distribution({
    CustomErrorResponses: list(...responses.map((one) => ({ ResponsePagePath: '', ResponseCode: '', ErrorCachingMinTTL: 1, ...one }))),
  });
const legacy = (values: object = {}, more: object = {}) =>
  behavior({
    CachePolicyId: undefined,
    ForwardedValues: { QueryString: false, Cookies: { Forward: 'none' }, ...values },
    MinTTL: 0,
    DefaultTTL: 60,
    MaxTTL: 60,
    ...more,
  });
const pattern =
  (PathPattern: string): Change =>
  (config) =>
    Object.assign(config, { CacheBehaviors: list({ ...behaviorOf(config), PathPattern }) });
const arn = 'arn:aws:acm:us-east-1:111122223333:certificate/1';
const certificate = (change: object = {}, aliases: string[] = []) =>
  distribution({
    Aliases: list(...aliases),
    ViewerCertificate: { ACMCertificateArn: arn, SSLSupportMethod: 'sni-only', MinimumProtocolVersion: 'TLSv1.2_2021', ...change },
  });
const version = 'arn:aws:lambda:us-east-1:111122223333:function:f:1';
const seven = list('GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE');
const names = (count: number) => list(...Array.from({ length: count }, (_, index) => `x-${index}`));
const both =
  (...changes: Change[]): Change =>
  (config) => {
    for (const change of changes) change(config);
  };

const invalid: Record<string, Record<string, Change>> = {
  InvalidArgument: {
    'an error page without its code': errors({ ErrorCode: 404, ResponsePagePath: '/x' }),
    'a response code without its page': errors({ ErrorCode: 404, ResponseCode: '200' }),
    'an error page that does not begin with /': errors({ ErrorCode: 404, ResponsePagePath: 'x', ResponseCode: '200' }),
    'one error code twice': errors({ ErrorCode: 404 }, { ErrorCode: 404 }),
    'a negative error TTL': errors({ ErrorCode: 404, ErrorCachingMinTTL: -1 }),
    'an ALB as S3 origin': bucket('my-alb-1.eu-central-1.elb.amazonaws.com'),
    'a website endpoint as S3 origin': bucket('b.s3-website-us-east-1.amazonaws.com'),
    'an origin with a scheme': origin({ DomainName: 'https://a.example.com' }),
    'an origin with a path': origin({ DomainName: 'a.example.com/x' }),
    'an origin with a space': origin({ DomainName: 'a b.example.com' }),
    'an origin name of 254 characters': origin({ DomainName: `${'a'.repeat(63)}.`.repeat(4).slice(0, -2) }),
    'an origin id of 129 characters': (config) =>
      both(origin({ Id: 'x'.repeat(129) }), behavior({ TargetOriginId: 'x'.repeat(129) }))(config),
    ...Object.fromEntries(
      (
        'Cache-Control Connection Content-Length Cookie Host If-Match If-Modified-Since If-None-Match If-Range If-Unmodified-Since Max-Forwards Pragma ' +
        'Proxy-Authenticate Proxy-Authorization Proxy-Connection Range Request-Range TE Trailer Transfer-Encoding Upgrade Via X-Real-Ip X-Amz-Foo X-Edge-Foo'
      )
        .split(' ')
        .map((name) => [`the origin header ${name}`, header(name)]),
    ),
    'one origin header twice': origin({
      CustomHeaders: list({ HeaderName: 'X-A', HeaderValue: '1' }, { HeaderName: 'x-a', HeaderValue: '2' }),
    }),
    'an origin header with a space in its name': header('X A'),
    'an origin header with a line break': header('X-A', 'a\r\nb'),
    'an origin header name of 257 characters': header('x'.repeat(257)),
    'an origin header value of 1,784 characters': header('x-a', 'x'.repeat(1_784)),
    'an origin shield without a region': origin({ OriginShield: { Enabled: true } }),
    'an origin shield in a region that has none': origin({ OriginShield: { Enabled: true, OriginShieldRegion: 'eu-north-1' } }),
    'an unknown TLS version for the origin': custom({ OriginSslProtocols: list('TLSv9') }),
    'no TLS version for the origin': custom({ OriginSslProtocols: { Quantity: 0, Items: [] } }),
    'an unknown address type': custom({ IpAddressType: 'ipv5' }),
    'a VPC origin with another id': origin({ CustomOriginConfig: undefined, VpcOriginConfig: { VpcOriginId: 'vpc-1' } }),
    'two kinds of origin': origin({ S3OriginConfig: { OriginAccessIdentity: '' } }),
    'a path pattern with a space': pattern('/a b'),
    'a path pattern beyond ASCII': pattern('/é/*'),
    'a path pattern of 256 characters': pattern(`/${'a'.repeat(255)}`),
    'cached OPTIONS that is not allowed': behavior({
      AllowedMethods: { ...list('GET', 'HEAD'), CachedMethods: list('GET', 'HEAD', 'OPTIONS') },
    }),
    'one method twice': behavior({ AllowedMethods: list('GET', 'HEAD', 'HEAD') }),
    'a cache policy together with forwarded values': legacy({}, { CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad' }),
    'forwarding all headers and one more': legacy({ Headers: list('*', 'Host') }),
    'forwarding all headers with a MinTTL': legacy({ Headers: list('*') }, { MinTTL: 1 }),
    'a negative TTL': legacy({}, { MinTTL: -1 }),
    'trusted signers that are enabled and none': behavior({ TrustedSigners: { Enabled: true, Quantity: 0 } }),
    'trusted key groups that are named and not enabled': behavior({
      TrustedKeyGroups: { Enabled: false, ...list('1b2c3d4e-1111-2222-3333-444455556666') },
    }),
    'gRPC where POST is not allowed': behavior({ GrpcConfig: { Enabled: true } }),
    'gRPC over HTTP/1.1': both(
      behavior({ GrpcConfig: { Enabled: true }, AllowedMethods: seven }),
      distribution({ HttpVersion: 'http1.1' }),
    ),
    'a real-time log that is not an ARN': behavior({ RealtimeLogConfigArn: 'logs' }),
    'logs without a bucket': distribution({ Logging: { Enabled: true, IncludeCookies: false, Bucket: '', Prefix: '' } }),
    'logs to a bucket’s bare name': distribution({ Logging: { Enabled: true, IncludeCookies: false, Bucket: 'logs', Prefix: '' } }),
    'a log prefix that begins with /': distribution({
      Logging: { Enabled: true, IncludeCookies: false, Bucket: 'logs.s3.amazonaws.com', Prefix: '/a' },
    }),
    'an alias that is a URL': certificate({}, ['https://www.example.com']),
    'an alias with a wildcard inside': certificate({}, ['www.*.example.com']),
    'an alias with half a wildcard': certificate({}, ['*www.example.com']),
    'one alias twice': certificate({}, ['www.example.com', 'WWW.example.com']),
    'an alias of CloudFront’s own': certificate({}, ['d111111abcdef8.cloudfront.net']),
    'an unknown connection mode': distribution({ ConnectionMode: 'both' }),
    'a tenant’s settings in a distribution without tenants': distribution({ TenantConfig: {} }),
    'an unknown selection criterion': distribution({
      OriginGroups: list({
        Id: 'pair',
        FailoverCriteria: { StatusCodes: list(500) },
        Members: list({ OriginId: 'singapore' }, { OriginId: 'europe' }),
        SelectionCriteria: 'fastest',
      }),
    }),
    'a failover code twice': distribution({
      OriginGroups: list({
        Id: 'pair',
        FailoverCriteria: { StatusCodes: list(500, 500) },
        Members: list({ OriginId: 'singapore' }, { OriginId: 'europe' }),
      }),
    }),
  },
  InvalidRelativePath: {
    'an origin path without a slash': origin({ OriginPath: 'a' }),
    'an origin path with a space': origin({ OriginPath: '/a b' }),
    'an origin path of 256 characters': origin({ OriginPath: `/${'a'.repeat(255)}` }),
  },
  InvalidResponseCode: { 'a response code of 418': errors({ ErrorCode: 404, ResponsePagePath: '/x', ResponseCode: '418' }) },
  InvalidErrorCode: { 'an error response for 200': errors({ ErrorCode: 200 }) },
  InvalidDefaultRootObject: {
    'a root object of 256 characters': distribution({ DefaultRootObject: 'a'.repeat(256) }),
    'a root object with a space': distribution({ DefaultRootObject: 'a b' }),
  },
  InvalidOriginAccessIdentity: {
    'an identity’s bare id': bucket('b.s3.amazonaws.com', { S3OriginConfig: { OriginAccessIdentity: 'E1' } }),
  },
  IllegalOriginAccessConfiguration: {
    'an access control together with an identity': bucket('b.s3.amazonaws.com', {
      S3OriginConfig: { OriginAccessIdentity: 'origin-access-identity/cloudfront/E1A' },
      OriginAccessControlId: 'E2OACEXAMPLE12',
    }),
  },
  InvalidOriginAccessControl: { 'an access control’s name': bucket('b.s3.amazonaws.com', { OriginAccessControlId: 'my-control' }) },
  InvalidDomainNameForOriginAccessControl: { 'an access control for an ALB': origin({ OriginAccessControlId: 'E2OACEXAMPLE12' }) },
  InvalidOriginReadTimeout: { 'a read timeout of 0 s': custom({ OriginReadTimeout: 0 }) },
  InvalidOriginKeepaliveTimeout: { 'a keep-alive of 301 s': custom({ OriginKeepaliveTimeout: 301 }) },
  InvalidLambdaFunctionAssociation: {
    'Lambda $LATEST': lambda(version.replace(/1$/, '$LATEST')),
    'a Lambda alias': lambda(version.replace(/1$/, 'live')),
    'a Lambda without a version': lambda(version.replace(/:1$/, '')),
    'a Lambda of another region': lambda(version.replace('us-east-1', 'eu-west-1')),
    'a Lambda on an unknown event': lambda(version, { EventType: 'viewer' }),
    'the body of a response': lambda(version, { EventType: 'origin-response', IncludeBody: true }),
    'two Lambdas on one event': behavior({
      LambdaFunctionAssociations: list(...[1, 2].map(() => ({ LambdaFunctionARN: version, EventType: 'origin-request' }))),
    }),
  },
  InvalidGeoRestrictionParameter: {
    'an empty whitelist': geo('whitelist'),
    'an empty blacklist': geo('blacklist'),
    'no restriction with a country': geo('none', 'SG'),
    'one country twice': geo('whitelist', 'SG', 'SG'),
  },
  InvalidLocationCode: {
    'the country XX1': geo('blacklist', 'XX1'),
    'a country in lower case': geo('blacklist', 'sg'),
    'a country’s name': geo('blacklist', 'Singapore'),
  },
  InvalidWebACLId: {
    'a web ACL of a region': distribution({ WebACLId: 'arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/x/1' }),
    'a web ACL’s name': distribution({ WebACLId: 'my-acl' }),
  },
  InvalidForwardCookies: {
    'cookies named and none forwarded': legacy({ Cookies: { Forward: 'all', WhitelistedNames: list('a') } }),
    'a list of cookies without names': legacy({ Cookies: { Forward: 'whitelist' } }),
    'an unknown choice of cookies': legacy({ Cookies: { Forward: 'some' } }),
  },
  TooManyCookieNamesInWhiteList: { '11 cookies': legacy({ Cookies: { Forward: 'whitelist', WhitelistedNames: names(11) } }) },
  TooManyHeadersInForwardedValues: { '11 headers': legacy({ Headers: names(11) }) },
  TooManyQueryStringParameters: { '11 query strings': legacy({ QueryString: true, QueryStringCacheKeys: names(11) }) },
  InvalidQueryStringParameters: { 'query strings named and none forwarded': legacy({ QueryStringCacheKeys: list('a') }) },
  InvalidHeadersForS3Origin: {
    'Host to an S3 origin': both(bucket('b.s3.amazonaws.com'), legacy({ Headers: list('Host') })),
    'all headers to an S3 origin': both(bucket('b.s3.amazonaws.com'), legacy({ Headers: list('*') })),
  },
  InvalidTTLOrder: {
    'a DefaultTTL above MaxTTL': legacy({}, { DefaultTTL: 61 }),
    'a MinTTL above DefaultTTL': legacy({}, { MinTTL: 61 }),
  },
  TooManyTrustedSigners: {
    'six signers': behavior({ TrustedSigners: { Enabled: true, ...list(...[1, 2, 3, 4, 5, 6].map((n) => `${n}`.repeat(12))) } }),
  },
  TrustedSignerDoesNotExist: { 'a signer that is not an account': behavior({ TrustedSigners: { Enabled: true, ...list('me') } }) },
  TrustedKeyGroupDoesNotExist: { 'a key group’s name': behavior({ TrustedKeyGroups: { Enabled: true, ...list('keys') } }) },
  NoSuchFieldLevelEncryptionConfig: { 'an encryption that is not there': behavior({ FieldLevelEncryptionId: 'C1' }) },
  InvalidViewerCertificate: {
    'a certificate beside CloudFront’s': certificate({ CloudFrontDefaultCertificate: true }),
    'two certificates': certificate({ IAMCertificateId: 'ASCA1' }),
    'no certificate at all': distribution({ ViewerCertificate: { CloudFrontDefaultCertificate: false } }),
    'an unknown SSL support': certificate({ SSLSupportMethod: 'sni' }),
  },
  InvalidMinimumProtocolVersion: { 'TLS 1.2 for clients without SNI': certificate({ SSLSupportMethod: 'vip' }) },
  TooManyDistributionCNAMEs: {
    '101 aliases': certificate(
      {},
      Array.from({ length: 101 }, (_, index) => `a${index}.example.com`),
    ),
  },
  InconsistentQuantities: { 'a wrong quantity of codes': distribution({ CustomErrorResponses: { Quantity: 1 } }) },
};

/** Each is accepted: what the refusals above must not reach. */
const valid: Record<string, Change> = {
  'an error page with its code': errors({ ErrorCode: 404, ResponsePagePath: '/x.html', ResponseCode: '200' }),
  'a bucket with its region': bucket('b.s3.eu-central-1.amazonaws.com', { OriginAccessControlId: 'E2OACEXAMPLE12' }),
  'a bucket without one': bucket('my.dotted.bucket.s3.amazonaws.com'),
  'a Lambda function URL with an access control': origin({
    DomainName: 'abc.lambda-url.eu-west-1.on.aws',
    OriginAccessControlId: 'E2OACEXAMPLE12',
  }),
  'a website endpoint as custom origin': origin({ DomainName: 'b.s3-website-us-east-1.amazonaws.com' }),
  'a VPC origin': origin({ CustomOriginConfig: undefined, VpcOriginConfig: { VpcOriginId: 'vo_Abc123' } }),
  'an origin shield': origin({ OriginShield: { Enabled: true, OriginShieldRegion: 'ap-southeast-1' } }),
  'a keep-alive of 300 s': custom({ OriginKeepaliveTimeout: 300 }),
  'a numbered Lambda': lambda(version),
  countries: geo('whitelist', 'SG', 'DE'),
  'a web ACL': distribution({ WebACLId: 'arn:aws:wafv2:us-east-1:111122223333:global/webacl/a/473e64fd-f30b-4765-81a0-62ad96dd167a' }),
  'a web ACL of WAF Classic': distribution({ WebACLId: '473e64fd-f30b-4765-81a0-62ad96dd167a' }),
  logs: distribution({ Logging: { Enabled: true, IncludeCookies: false, Bucket: 'logs.s3.amazonaws.com', Prefix: 'edge/' } }),
  'a wildcard alias': certificate({}, ['*.a.example.com']),
  'legacy settings with all headers': legacy({ Headers: list('*'), QueryString: true, QueryStringCacheKeys: list('a') }),
  'legacy settings with CORS headers to a bucket': both(bucket('b.s3.amazonaws.com'), legacy({ Headers: list('Origin') })),
  'path patterns with everything allowed': pattern('/a_b-c.*$~"\'@:+&?'),
  gRPC: behavior({ GrpcConfig: { Enabled: true }, AllowedMethods: seven }),
  'TLSv1 for clients without SNI': certificate({ SSLSupportMethod: 'vip', MinimumProtocolVersion: 'TLSv1' }),
  'key groups': behavior({ TrustedKeyGroups: { Enabled: true, ...list('1b2c3d4e-1111-2222-3333-444455556666') } }),
};

const create = (config: DistributionConfig) => account.cloudfront.send(new CreateDistributionCommand({ DistributionConfig: config }));

const spoil = (change: Change, CallerReference: string): DistributionConfig => {
  const config = { ...completeConfig(), CallerReference };
  change(config);
  return config;
};

describe.each(Object.entries(invalid))('%s', (code, cases) => {
  const status = code.startsWith('NoSuch') ? 404 : 400;
  it.each(Object.entries(cases))('for %s, on creation and on update', async (_, change) => {
    expect(await refusalOf(create(spoil(change, 'new')))).toMatchObject({ code, status });
    const made = await create({ ...completeConfig(), CallerReference: `${Math.random()}` });
    const { DistributionConfig: config, ETag } = await account.cloudfront.send(
      new GetDistributionConfigCommand({ Id: made.Distribution?.Id }),
    );
    change(config ?? ({} as never));
    const update = new UpdateDistributionCommand({ Id: made.Distribution?.Id, IfMatch: ETag, DistributionConfig: config });
    expect(await refusalOf(account.cloudfront.send(update))).toMatchObject({ code, status });
  });
});

it('SSLv3 with SNI has an error of its own on creation alone, as in the API model', async () => {
  const change = certificate({ MinimumProtocolVersion: 'SSLv3' });
  expect(await refusalOf(create(spoil(change, 'new')))).toMatchObject({ code: 'InvalidProtocolSettings', status: 400 });
  const made = await create({ ...completeConfig(), CallerReference: 'ssl' });
  const DistributionConfig = spoil(change, 'ssl');
  const update = new UpdateDistributionCommand({ Id: made.Distribution?.Id, IfMatch: made.ETag, DistributionConfig });
  expect(await refusalOf(account.cloudfront.send(update))).toMatchObject({ code: 'InvalidMinimumProtocolVersion', status: 400 });
});

it.each(Object.entries(valid))('%s is accepted, comes back as sent, and is accepted again', async (_, change) => {
  const config = spoil(change, `${Math.random()}`);
  const made = await create(config);
  const back = made.Distribution?.DistributionConfig as DistributionConfig;
  expect(back.DefaultCacheBehavior).toMatchObject(JSON.parse(JSON.stringify(behaviorOf(config))));
  expect(back.Origins?.Items?.[0]).toMatchObject(JSON.parse(JSON.stringify(originOf(config))));
  expect(completeDistribution(back)).toEqual(back);
  const update = new UpdateDistributionCommand({ Id: made.Distribution?.Id, IfMatch: made.ETag, DistributionConfig: back });
  expect((await account.cloudfront.send(update)).Distribution?.DistributionConfig).toEqual(back);
});
