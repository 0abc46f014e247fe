import type { CacheBehavior, DefaultCacheBehavior, DistributionConfig, Origin } from '@aws-sdk/client-cloudfront';
import { fillPlaceholders } from './distribution-file.ts';
import type { EdgeConfig } from './edge-config.ts';
import type { Environment } from './environments.ts';
import { cachingDisabledId, countryPolicyId } from './managed-policies.ts';
import { coversPattern, defaultBehavior, isSameBehavior } from './path-pattern.ts';
import { routingOf } from './services.ts';

type OriginSettings = EdgeConfig['origins'][string];

/** A distribution of edge.config.ts alone, as probes need it; only `VIEWER_DOMAIN` says by which name viewers come. */
export function buildDistribution(config: EdgeConfig, env: Environment): DistributionConfig {
  const viewers = env['VIEWER_DOMAIN'] ? [env['VIEWER_DOMAIN']] : [];
  const origins = Object.values(config.origins).map((own) => configureOrigin(own, buildOrigin(own, own.domainName ?? ''), env));
  return {
    CallerReference: '',
    Comment: '',
    Enabled: true,
    Aliases: { Quantity: viewers.length, Items: viewers },
    Origins: { Quantity: origins.length, Items: origins },
    DefaultCacheBehavior: { TargetOriginId: origins[0]?.Id ?? '', ViewerProtocolPolicy: 'https-only' },
  };
}

/**
 * The distribution of a local cloud without distribution.json: the origins and the behaviors of edge.config.ts, which run the function. `env` has the local
 * names. A default behavior that edge.config.ts does not name is the team's own; here it has one of our origins, without the function.
 */
export function buildLocalDistribution(config: EdgeConfig, env: Environment): DistributionConfig {
  const named = config.distributions?.flatMap(({ behaviors }) => behaviors) ?? [defaultBehavior];
  const patterns = named.filter(
    (name, place) => name !== defaultBehavior && named.findIndex((each) => isSameBehavior(each, name)) === place,
  );
  const functionArn = `arn:aws:cloudfront::${env['AWS_ACCOUNT_ID']}:function/${config.functionName}`;
  const routed = { Quantity: 1, Items: [{ EventType: 'viewer-request' as const, FunctionARN: functionArn }] };
  const build = (pattern: string, isRouted: boolean): DefaultCacheBehavior => {
    const [first = ''] = routingOf(config, pattern.replaceAll('*', 'x'))?.defaultOrder ?? config.defaultOrder;
    return { ...localBehavior, TargetOriginId: config.origins[first]?.originId ?? '', ...(isRouted && { FunctionAssociations: routed }) };
  };
  const behaviors = patterns
    .toSorted((one, other) => Number(coversPattern(one, other)) - Number(coversPattern(other, one)))
    .map((PathPattern): CacheBehavior => ({ ...build(PathPattern, true), PathPattern }) as CacheBehavior);
  const secret = { HeaderName: 'x-origin-verify', HeaderValue: env['ORIGIN_VERIFY_SECRET'] ?? '' };
  const origins = Object.entries(config.origins).map(([alias, own]) => ({
    ...buildOrigin({ ...own, protocol: 'https', port: undefined }, `${alias}.localhost`),
    CustomHeaders: { Quantity: 2, Items: [{ HeaderName: 'x-region', HeaderValue: own.region }, secret] },
  }));
  const viewer = env['VIEWER_DOMAIN'] ?? 'app.localhost';
  return {
    CallerReference: 'cloudfront-edge-failover',
    Comment: 'from edge.config.ts',
    Enabled: true,
    HttpVersion: 'http2',
    Aliases: { Quantity: 1, Items: [viewer] },
    ViewerCertificate: {
      ACMCertificateArn: env['ACM_CERTIFICATE_ARN'],
      SSLSupportMethod: 'sni-only',
      MinimumProtocolVersion: 'TLSv1.2_2021',
    },
    Origins: { Quantity: origins.length, Items: origins },
    DefaultCacheBehavior: build('/', named.includes(defaultBehavior)),
    CacheBehaviors: { Quantity: behaviors.length, Items: behaviors },
  };
}

/** The origin with the name and the headers that edge.config.ts gives it. */
export function configureOrigin({ domainName, headers }: OriginSettings, origin: Origin, env: Environment): Origin {
  const added = Object.entries(fillPlaceholders(headers ?? {}, env, 'edge.config.ts'));
  const names = added.map(([name]) => name.toLowerCase());
  const others = (origin.CustomHeaders?.Items ?? []).filter(({ HeaderName = '' }) => !names.includes(HeaderName.toLowerCase()));
  const items = [...others, ...added.map(([HeaderName, HeaderValue]) => ({ HeaderName, HeaderValue }))];
  return { ...origin, DomainName: domainName ?? origin.DomainName, CustomHeaders: { Quantity: items.length, Items: items } };
}

function buildOrigin({ originId, protocol, port }: OriginSettings, domainName: string): Origin {
  return {
    Id: originId,
    DomainName: domainName,
    OriginPath: '',
    ConnectionAttempts: 1,
    ConnectionTimeout: 2,
    CustomOriginConfig: {
      HTTPPort: protocol === 'http' ? (port ?? 80) : 80,
      HTTPSPort: protocol === 'http' ? 443 : (port ?? 443),
      OriginProtocolPolicy: protocol === 'http' ? 'http-only' : 'https-only',
      OriginSslProtocols: { Quantity: 1, Items: ['TLSv1.2'] },
      OriginReadTimeout: 10,
      OriginKeepaliveTimeout: 60,
    },
  };
}

const localBehavior = {
  ViewerProtocolPolicy: 'redirect-to-https' as const,
  AllowedMethods: {
    Quantity: 7,
    Items: ['GET' as const, 'HEAD' as const, 'OPTIONS' as const, 'PUT' as const, 'PATCH' as const, 'POST' as const, 'DELETE' as const],
    CachedMethods: { Quantity: 2, Items: ['GET' as const, 'HEAD' as const] },
  },
  Compress: true,
  CachePolicyId: cachingDisabledId,
  OriginRequestPolicyId: countryPolicyId,
};
