import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import fc from 'fast-check';

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

/** `{ Quantity, Items }` as AWS writes it: no Items when there are none. */
function counted<T>(items: fc.Arbitrary<T[]>, more: fc.Arbitrary<object> = fc.constant({})): fc.Arbitrary<object> {
  return fc
    .tuple(items, more)
    .map(([Items, rest]) => (Items.length === 0 ? { Quantity: 0, ...rest } : { Quantity: Items.length, Items, ...rest }));
}
const some = <T>(arbitrary: fc.Arbitrary<T>, selector: (item: T) => unknown, maxLength = 3, minLength = 0) =>
  fc.uniqueArray(arbitrary, { minLength, maxLength, selector: (item) => String(selector(item)) });
const subset = (values: readonly string[]) => counted(fc.subarray([...values], { minLength: 1 }));
/** Without the fields that are undefined: JSON and the wire have none. */
const record = (model: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record(model).map((fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)));

const origin = record({
  Id: fc.constantFrom('singapore', 'europe', 'us', 'assets'),
  DomainName: fc.constantFrom('a.example.com', 'b.example.com'),
  OriginPath: optional(fc.constantFrom('', '/v1')),
  ConnectionAttempts: optional(fc.constantFrom(1, 2, 3)),
  ConnectionTimeout: optional(fc.constantFrom(2, 10)),
  CustomHeaders: optional(
    counted(
      some(
        record({ HeaderName: fc.constantFrom('x-region', 'X-Verify', 'x-more'), HeaderValue: fc.constantFrom('1', '2') }),
        ({ HeaderName }) => String(HeaderName).toLowerCase(),
      ),
    ),
  ),
  CustomOriginConfig: record({
    HTTPPort: fc.constant(80),
    HTTPSPort: fc.constantFrom(443, 8443),
    OriginProtocolPolicy: fc.constantFrom('https-only', 'http-only'),
    OriginSslProtocols: optional(subset(['TLSv1', 'TLSv1.1', 'TLSv1.2'])),
    OriginReadTimeout: optional(fc.constantFrom(10, 30)),
  }),
  OriginShield: optional(fc.constantFrom({ Enabled: false }, { Enabled: true, OriginShieldRegion: 'eu-central-1' })),
});

const behavior = {
  TargetOriginId: fc.constantFrom('singapore', 'europe'),
  ViewerProtocolPolicy: fc.constantFrom('redirect-to-https', 'https-only'),
  CachePolicyId: fc.constantFrom('p1', 'p2'),
  OriginRequestPolicyId: optional(fc.constantFrom('r1', 'r2')),
  Compress: optional(fc.boolean()),
  AllowedMethods: optional(
    counted(
      fc.constantFrom(['GET', 'HEAD'], ['HEAD', 'GET', 'OPTIONS']),
      record({ CachedMethods: optional(counted(fc.constantFrom(['GET', 'HEAD'], ['OPTIONS', 'HEAD', 'GET']))) }),
    ),
  ),
  FunctionAssociations: optional(
    counted(
      some(
        record({ EventType: fc.constantFrom('viewer-request', 'viewer-response'), FunctionARN: fc.constantFrom('f1', 'f2') }),
        ({ EventType }) => EventType,
      ),
    ),
  ),
  TrustedKeyGroups: optional(fc.constantFrom({ Enabled: false, Quantity: 0 }, { Enabled: true, Quantity: 1, Items: ['k1'] })),
};

const model = {
  CallerReference: fc.constant('test'),
  Comment: fc.constantFrom('', 'a', 'b'),
  Enabled: fc.boolean(),
  Origins: counted(some(origin, ({ Id }) => Id, 3, 1)),
  DefaultCacheBehavior: record(behavior),
  Aliases: optional(counted(some(fc.constantFrom('a.example', 'B.example', 'c.example'), (alias) => alias))),
  CacheBehaviors: optional(
    counted(
      some(record({ PathPattern: fc.constantFrom('/api/*', '/a', '/b/*', '*.png'), ...behavior }), ({ PathPattern }) => PathPattern, 4),
    ),
  ),
  OriginGroups: optional(
    counted(
      some(
        record({
          Id: fc.constantFrom('g1', 'g2'),
          FailoverCriteria: record({ StatusCodes: counted(fc.subarray([500, 502, 503], { minLength: 1 })) }),
          Members: counted(fc.shuffledSubarray([{ OriginId: 'singapore' }, { OriginId: 'europe' }], { minLength: 2 })),
        }),
        ({ Id }) => Id,
        2,
      ),
    ),
  ),
  CustomErrorResponses: optional(
    counted(
      some(
        record({ ErrorCode: fc.constantFrom(404, 503), ErrorCachingMinTTL: optional(fc.constantFrom(10, 60)) }),
        ({ ErrorCode }) => ErrorCode,
      ),
    ),
  ),
  PriceClass: optional(fc.constantFrom('PriceClass_All', 'PriceClass_100')),
  HttpVersion: optional(fc.constantFrom('http2', 'http2and3')),
  WebACLId: optional(fc.constantFrom('', 'acl-1', 'acl-2')),
  DefaultRootObject: optional(fc.constantFrom('', 'index.html')),
  IsIPV6Enabled: optional(fc.boolean()),
  Logging: optional(
    fc.constantFrom(
      { Enabled: false, IncludeCookies: false, Bucket: '', Prefix: '' },
      { Enabled: true, IncludeCookies: true, Bucket: 'logs', Prefix: 'p/' },
    ),
  ),
  ViewerCertificate: optional(
    fc.constantFrom(
      { CloudFrontDefaultCertificate: true },
      { ACMCertificateArn: 'arn:1', SSLSupportMethod: 'sni-only', MinimumProtocolVersion: 'TLSv1.2_2021' },
      {
        ACMCertificateArn: 'arn:2',
        SSLSupportMethod: 'sni-only',
        MinimumProtocolVersion: 'TLSv1.2_2021',
        CloudFrontDefaultCertificate: false,
      },
    ),
  ),
  Restrictions: optional(
    fc.constantFrom(
      { GeoRestriction: { RestrictionType: 'none', Quantity: 0 } },
      { GeoRestriction: { RestrictionType: 'whitelist', Quantity: 2, Items: ['SG', 'DE'] } },
    ),
  ),
};

/** Configs of CloudFront's shape; not all of them make sense to CloudFront, which no law here needs. */
export const arbitraryConfig: fc.Arbitrary<DistributionConfig> = record(model) as fc.Arbitrary<never>;

const orderedLists = ['CacheBehaviors', 'Members'];

/**
 * The same config with every list whose order means nothing in another order; `random` draws from 0 up to, not
 * including, 1.
 */
export function shuffleLists<T>(value: T, random: () => number, name = ''): T {
  if (Array.isArray(value)) {
    const items = value.map((item) => shuffleLists(item, random));
    if (orderedLists.includes(name)) return items as T;
    return items
      .map((item) => ({ item, place: random() }))
      .sort((a, b) => a.place - b.place)
      .map(({ item }) => item) as T;
  }
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, shuffleLists(item, random, key === 'Items' ? name : key)]),
  ) as T;
}
