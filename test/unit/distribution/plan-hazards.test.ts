import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { describe, expect, it } from 'vitest';
import { checkHazards, findHazards } from '../../../src/distribution/hazards.ts';
import { planDistribution } from '../../../src/distribution/plan.ts';

const ours = 'arn:aws:cloudfront::111122223333:function/origin-router';
const theirs = 'arn:aws:cloudfront::111122223333:function/auth';
const cachingDisabled = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';
const list = <T>(...Items: T[]) => ({ Quantity: Items.length, Items });
const functions = (FunctionARN: string) => ({ FunctionAssociations: list({ EventType: 'viewer-request' as const, FunctionARN }) });
const behavior = (more: object = {}) => ({
  TargetOriginId: 'web',
  ViewerProtocolPolicy: 'https-only' as const,
  CachePolicyId: cachingDisabled,
  ...more,
});
const config = (more: Partial<DistributionConfig> = {}): DistributionConfig => ({
  CallerReference: 'r',
  Comment: '',
  Enabled: true,
  Origins: list({
    Id: 'web',
    DomainName: 'web.example.com',
    CustomOriginConfig: { HTTPPort: 80, HTTPSPort: 443, OriginProtocolPolicy: 'https-only' as const },
  }),
  DefaultCacheBehavior: behavior(),
  ...more,
});
const routed = (more: Partial<DistributionConfig> = {}) =>
  config({
    DefaultCacheBehavior: behavior(functions(ours)),
    CacheBehaviors: list(behavior({ PathPattern: '/api/*', ...functions(ours) })),
    ...more,
  } as never);

const plan = (live: DistributionConfig, file = routed(), drop: string[] = []) =>
  planDistribution({ id: 'E1', arn: '', domainName: 'd1', isDeployed: true, etag: 'E', config: live }, file, drop);
const kinds = (...given: Parameters<typeof plan>) => findHazards(plan(...given)).map(({ kind }) => kind);
const patterns = (...names: string[]) => ({ CacheBehaviors: list(...names.map((PathPattern) => behavior({ PathPattern }))) }) as never;
const policy = { ContinuousDeploymentPolicyId: 'p1' };
const legacy = {
  CachePolicyId: undefined,
  ForwardedValues: { QueryString: true, Cookies: { Forward: 'all' as const } },
  DefaultTTL: 0,
  MaxTTL: 0,
  MinTTL: 0,
};

describe('the hazards of a plan', () => {
  it('are none where the file only adds, and none for a new or unchanged distribution', () => {
    expect(kinds(config())).toEqual([]);
    expect(kinds(routed())).toEqual([]);
    expect(findHazards(planDistribution(undefined, routed()))).toEqual([]);
  });

  it.each<{ what: string; live: DistributionConfig; file?: DistributionConfig; kind: string }>([
    {
      what: 'Lambda@Edge on the viewer’s events',
      live: config({
        DefaultCacheBehavior: behavior({ LambdaFunctionAssociations: list({ LambdaFunctionARN: 'x:1', EventType: 'viewer-response' }) }),
      }),
      kind: 'refused',
    },
    {
      what: 'another function on the behavior',
      live: config({ DefaultCacheBehavior: behavior(functions(theirs)) }),
      kind: 'replaced-function',
    },
    ...['/api*', '/*', '*', 'api/*', '/a?i/*'].map((pattern) => ({
      what: `${pattern} in front of the file’s /api/*`,
      live: config(patterns(pattern)),
      kind: 'never-reached',
    })),
    {
      what: 'a certificate under an attached policy',
      live: config(policy),
      file: routed({
        ViewerCertificate: { ACMCertificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/1', SSLSupportMethod: 'sni-only' },
      }),
      kind: 'refused',
    },
    { what: 'a web ACL under an attached policy', live: config(policy), file: routed({ WebACLId: 'acl' }), kind: 'refused' },
    {
      what: 'an origin group that has the id of the file’s origin',
      live: config({ OriginGroups: list({ Id: 'web', FailoverCriteria: undefined, Members: undefined }) }),
      kind: 'refused',
    },
    { what: 'the end of legacy cache settings', live: config({ DefaultCacheBehavior: behavior(legacy) as never }), kind: 'note' },
    { what: 'the end of HTTP/3', live: config({ HttpVersion: 'http2and3' }), file: routed({ HttpVersion: 'http2' }), kind: 'note' },
  ])('name $what', ({ live, file, kind }) => {
    expect([...new Set(kinds(live, file))]).toEqual([kind]);
  });

  it.each([
    { what: 'a narrower pattern in front', live: config(patterns('/api/v1/*')) },
    { what: 'a wider one behind', live: config(patterns('/assets/*')) },
    {
      what: 'Lambda@Edge on origin events',
      live: config({ DefaultCacheBehavior: behavior({ LambdaFunctionAssociations: list({ EventType: 'origin-request' }) }) }),
    },
    {
      what: 'the policy that the same command detaches',
      live: config(policy),
      file: routed({ WebACLId: 'acl' }),
      drop: ['ContinuousDeploymentPolicyId'],
    },
  ])('do not name $what', ({ live, file, drop }) => {
    expect(kinds(live, file, drop)).toEqual([]);
  });

  it('stop the command, unless they are accepted or notes; what CloudFront refuses cannot be accepted', () => {
    const of = (live: DistributionConfig) => findHazards(plan(live));
    expect(() => checkHazards(of(config(patterns('/*'))), [])).toThrow(expect.objectContaining({ code: 'CONFLICT' }));
    expect(() => checkHazards(of(config(patterns('/*'))), ['never-reached'])).not.toThrow();
    expect(() => checkHazards(of(config({ DefaultCacheBehavior: behavior(legacy) as never })), [])).not.toThrow();
    const lambda = { LambdaFunctionAssociations: list({ LambdaFunctionARN: 'x:1', EventType: 'viewer-request' }) };
    expect(() => checkHazards(of(config({ DefaultCacheBehavior: behavior(lambda) as never })), ['refused'])).toThrow();
  });
});

describe('a plan', () => {
  it('lists legacy cache settings as removed, not as set to their defaults', () => {
    const { changes } = plan(config({ DefaultCacheBehavior: behavior(legacy) as never }));
    const paths = changes.map(({ kind, path }) => `${kind} ${path}`);
    expect(paths).toContain('remove DefaultCacheBehavior.ForwardedValues');
    expect(paths.join()).not.toMatch(/TTL|QueryString/);
  });

  it('takes the access control of a bucket away with the bucket', () => {
    const bucket = {
      Id: 'web',
      DomainName: 'b.s3.amazonaws.com',
      S3OriginConfig: { OriginAccessIdentity: '' },
      OriginAccessControlId: 'E2OAC',
    };
    const [origin] = plan(config({ Origins: list(bucket) })).next.Origins?.Items ?? [];
    expect(origin).not.toHaveProperty('OriginAccessControlId');
    expect(origin).not.toHaveProperty('S3OriginConfig');
  });

  it('changes only the fields that are named, when some are', () => {
    const live = config({ PriceClass: 'PriceClass_100' });
    const only = planDistribution(plan(live).live, routed({ PriceClass: 'PriceClass_All' }), [], ['PriceClass']);
    expect(only.changes.map(({ path }) => path)).toEqual(['PriceClass']);
    expect(only.next).toMatchObject({ PriceClass: 'PriceClass_All', DefaultCacheBehavior: live.DefaultCacheBehavior });
  });
});
