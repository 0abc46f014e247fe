import type { DistributionConfig, Origin } from '@aws-sdk/client-cloudfront';
import { afterEach, describe, expect, it } from 'vitest';
import { type EdgeConfigInput, parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { countryPolicyId, managedOriginRequestPolicies } from '../../../src/config/managed-policies.ts';
import { kindOfOrigin } from '../../../src/distribution/init/survey.ts';
import { judgeHostHeader } from '../../../src/doctor/checks/reachability.ts';
import { behaviorForwardsHost } from '../../../src/doctor/distribution-view.ts';
import { buildProbeTarget } from '../../../src/probe/probe-origin.ts';
import { openTestEdge, type TestEdge, testDistribution } from './open-test-edge.ts';

const exceptHost = 'b689b0a8-53d0-40ab-baf2-68738e2966ac';
const viewerName = 'www.example.com';
const custom = testDistribution().Origins?.Items?.[0] as Origin;
const { CustomOriginConfig: _, ...bare } = custom;

interface Kind {
  kind: string;
  origin: Origin;
  host: 'viewer' | 'origin';
  /** The signal of the row in docs/origins.md. */
  signal: NonNullable<EdgeConfigInput['origins'][string]['signals']>[number];
  /** What doctor reports for the other policy when `host` is not given. */
  knowsOnlyItself?: true;
}

const alarm = { type: 'alarm', alarmName: 'origin-fails', region: 'ap-southeast-1' } as const;

const kinds: Kind[] = [
  {
    kind: 'load balancer',
    origin: { ...custom, DomainName: 'web-1.ap-southeast-1.elb.amazonaws.com' },
    host: 'viewer',
    signal: { type: 'http' },
  },
  {
    kind: 'load balancer',
    origin: { ...custom, DomainName: 'web-1.ap-southeast-1.elb.amazonaws.com' },
    host: 'origin',
    signal: { type: 'http' },
  },
  {
    kind: 'API Gateway',
    origin: { ...custom, DomainName: 'a1b2c3.execute-api.ap-southeast-1.amazonaws.com', OriginPath: '/prod' },
    host: 'origin',
    signal: { type: 'http', path: '/prod/health' },
    knowsOnlyItself: true,
  },
  {
    kind: 'Lambda function URL',
    origin: { ...custom, DomainName: 'abc.lambda-url.ap-southeast-1.on.aws' },
    host: 'origin',
    signal: { type: 'http' },
    knowsOnlyItself: true,
  },
  {
    kind: 'Lambda function URL',
    origin: { ...custom, DomainName: 'abc.lambda-url.ap-southeast-1.on.aws', OriginAccessControlId: 'E1ACCESSCONTROL' },
    host: 'origin',
    signal: alarm,
    knowsOnlyItself: true,
  },
  {
    kind: 'S3 bucket',
    origin: {
      ...bare,
      DomainName: 'files.s3.ap-southeast-1.amazonaws.com',
      S3OriginConfig: { OriginAccessIdentity: '' },
      OriginAccessControlId: 'E1ACCESSCONTROL',
    },
    host: 'origin',
    signal: { type: 'http', statuses: [403] },
    knowsOnlyItself: true,
  },
  {
    kind: 'VPC origin',
    origin: { ...bare, DomainName: 'internal-web-1.ap-southeast-1.elb.amazonaws.com', VpcOriginConfig: { VpcOriginId: 'vo_123' } },
    host: 'viewer',
    signal: alarm,
  },
  {
    kind: 'custom host',
    origin: { ...custom, DomainName: 'app.hosting.example' },
    host: 'origin',
    signal: { type: 'http' },
  },
];

let rig: TestEdge | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

function distributionOf(origin: Origin, policy: string): DistributionConfig {
  const Origins = { Quantity: 2, Items: [origin, ...(testDistribution().Origins?.Items?.slice(1) ?? [])] };
  return testDistribution({ Origins, Aliases: { Quantity: 1, Items: [viewerName] } }, { OriginRequestPolicyId: policy });
}

/** What doctor reports about the behavior under a policy. */
function judge({ kind, signal }: Kind, host: 'viewer' | 'origin' | undefined, policy: string) {
  const { DefaultCacheBehavior: behavior = {} as never } = distributionOf(custom, policy);
  const routed = { name: '/api/*', behavior, cachePolicy: undefined, originRequestPolicy: managedOriginRequestPolicies[policy] };
  return judgeHostHeader({
    where: 'the live distribution',
    behaviors: [{ name: '/api/*', forwardsHost: behaviorForwardsHost(routed) }],
    origins: [{ alias: 'singapore', kind: kind as never, host, isProbed: signal.type === 'http' }],
  }).map(({ outcome }) => outcome);
}

describe('an origin by its kind, as docs/origins.md has it', () => {
  it.each(kinds.map((each) => [each.kind, each.host, each.signal.type, each] as const))(
    '%s with the Host of the %s, watched by %s',
    async (kind, host, _type, each) => {
      const [right, wrong] = host === 'viewer' ? [countryPolicyId, exceptHost] : [exceptHost, countryPolicyId];
      const name = host === 'viewer' ? viewerName : (each.origin.DomainName ?? '');
      expect(kindOfOrigin(each.origin)).toBe(kind);

      const distribution = distributionOf(each.origin, right);
      rig = await openTestEdge({
        distribution,
        handler: (event, cf) => {
          cf.select('singapore');
          return event.request;
        },
        resolveOrigin: () => ({ host: '127.0.0.1', port: rig?.singapore.port ?? 1, protocol: 'http' }),
      });
      const { status, body } = await rig.request('/api/x', { headers: { host: viewerName, 'x-forwarded-proto': 'https' } });
      expect(status).toBe(200);
      expect(JSON.parse(body)).toMatchObject({ headers: { host: name } });

      const origins = { singapore: { region: 'Falkenstein', host, signals: [each.signal] }, europe: { region: 'eu-central-1' } };
      const config = parseEdgeConfig({ origins, defaultOrder: ['singapore', 'europe'] });
      const [signal] = config.origins['singapore']?.signals ?? [];
      if (signal?.type === 'http')
        expect(buildProbeTarget('singapore', signal, config, distribution)).toMatchObject({
          host: name,
          path: each.signal.type === 'http' ? (each.signal.path ?? '/health') : '',
        });

      expect(judge(each, host, right)).toEqual(['ok']);
      expect(judge(each, host, wrong)).toEqual(['fail']);
      expect(judge(each, undefined, countryPolicyId)).toEqual([each.knowsOnlyItself === true ? 'fail' : 'ok']);
    },
  );

  it('is not probed from outside its VPC', () => {
    const vpc = { alias: 'singapore', kind: 'VPC origin' as const, host: undefined, isProbed: true };
    const behaviors = [{ name: '/api/*', forwardsHost: true }];
    expect(judgeHostHeader({ where: 'the live distribution', behaviors, origins: [vpc] })).toMatchObject([{ outcome: 'warn' }]);
  });

  it('may be anywhere, but an alarm needs a region of AWS', () => {
    const configOf = (alarmRegion: object) => ({
      origins: { site: { region: 'my cellar', signals: [{ type: 'alarm' as const, alarmName: 'down', ...alarmRegion }] } },
      defaultOrder: ['site'],
    });
    expect(parseEdgeConfig(configOf({ region: 'eu-central-1' })).origins['site']?.region).toBe('my cellar');
    expect(() => parseEdgeConfig(configOf({}))).toThrow('origins.site.signals[0].region: must be given: "my cellar"');
  });
});
