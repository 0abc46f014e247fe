import type { CacheBehavior, DefaultCacheBehavior, DistributionConfig, Origin } from '@aws-sdk/client-cloudfront';
import { EdgeError } from '../errors.ts';
import { checkOriginsAgree, distributionPath, fillPlaceholders, hasDistribution, readDistribution } from './distribution-file.ts';
import type { EdgeConfig } from './edge-config.ts';
import type { Environment } from './environments.ts';
import type { LocalCloud } from './local-cloud.ts';
import { cachingDisabledId, countryPolicyId } from './managed-policies.ts';
import { coversPattern, defaultBehavior, isSameBehavior } from './path-pattern.ts';
import { routingOf } from './services.ts';

export interface DistributionSource {
  config: EdgeConfig;
  /** EDGE_PROJECT and EDGE_DISTRIBUTION_ID. */
  env: Environment;
  /** VIEWER_DOMAIN and the values of placeholders. Default: those of the local cloud, else `env`. */
  values?: Environment;
  /** The local cloud; undefined on AWS. */
  local: Pick<LocalCloud, 'env'> | undefined;
  /**
   * Reads the live distribution of this id, where no file says where an origin is; undefined when there is none.
   * Default: nothing is read.
   */
  readLive?: ((id: string) => Promise<{ config: DistributionConfig } | undefined>) | undefined;
}

/**
 * The distribution as far as probes and the local edge need it: names, origins and their headers. From
 * distribution.json; without that file from edge.config.ts when it has each origin's domainName, else from the live
 * distribution. CONFIG_MISSING when none of them says where an origin is.
 */
export async function loadDistribution({
  config,
  env,
  local,
  readLive,
  values = local?.env ?? env,
}: DistributionSource): Promise<DistributionConfig> {
  const file = hasDistribution(env) ? await readDistribution(distributionPath(env), values) : undefined;
  if (local !== undefined) {
    if (file !== undefined) checkOriginsAgree(config, file);
    return file ?? buildLocalDistribution(config, values);
  }
  const id = env['EDGE_DISTRIBUTION_ID'] || config.distributions?.[0]?.id;
  const isKnown = file !== undefined || Object.values(config.origins).every(({ domainName }) => domainName !== undefined);
  const live = isKnown || id === undefined ? undefined : await readLive?.(id);
  return live === undefined ? useDistribution(config, file, values) : withConfigured(config, live.config, values);
}

/**
 * distribution.json with what edge.config.ts says about its origins; without the file what edge.config.ts says alone.
 */
export function useDistribution(config: EdgeConfig, file: DistributionConfig | undefined, values: Environment): DistributionConfig {
  if (file !== undefined) {
    checkOriginsAgree(config, file);
    return withConfigured(config, file, values);
  }
  const unknown = Object.entries(config.origins).flatMap(([alias, { domainName }]) => (domainName === undefined ? [alias] : []));
  if (unknown.length === 0) return buildDistribution(config, values);
  throw new EdgeError('CONFIG_MISSING', `no file says where ${unknown.join(', ')} ${unknown.length === 1 ? 'is' : 'are'}`, {
    hint: `add domainName to origins.${unknown[0]} in edge.config.ts, with headers where CloudFront adds a secret, or distribution.json to its folder`,
  });
}

/** The distribution with what edge.config.ts says about its origins. */
function withConfigured(config: EdgeConfig, distribution: DistributionConfig, env: Environment): DistributionConfig {
  const items = (distribution.Origins?.Items ?? []).map((origin) => {
    const own = Object.values(config.origins).find(({ originId }) => originId === origin.Id);
    return own === undefined ? origin : configureOrigin(own, origin, env);
  });
  return { ...distribution, Origins: { Quantity: items.length, Items: items } };
}

type OriginSettings = EdgeConfig['origins'][string];

/** A distribution of edge.config.ts alone, as probes need it; only `VIEWER_DOMAIN` says by which name viewers come. */
function buildDistribution(config: EdgeConfig, env: Environment): DistributionConfig {
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
 * The distribution of a local cloud without distribution.json: the origins and the behaviors of edge.config.ts, which
 * run the function. `env` has the local names. A default behavior that edge.config.ts does not name is the team's own;
 * here it has one of our origins, without the function.
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
function configureOrigin({ domainName, headers }: OriginSettings, origin: Origin, env: Environment): Origin {
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
