import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { EdgeConfig, HttpSignal } from '../config/edge-config.ts';
import type { ProbeTarget } from './probe.ts';

/** Where and how to probe the origin of this alias for one of its http signals; undefined when distribution.json does not define the origin. */
export function buildProbeTarget(
  alias: string,
  signal: HttpSignal,
  config: Pick<EdgeConfig, 'origins' | 'health'>,
  distribution: DistributionConfig,
): ProbeTarget | undefined {
  const own = config.origins[alias];
  const origin = distribution.Origins?.Items?.find((item) => item.Id === own?.originId);
  if (origin?.DomainName === undefined || own === undefined) return undefined;
  const custom = origin.CustomOriginConfig;
  const viewerName = own.host === 'origin' ? undefined : distribution.Aliases?.Items?.find((alias) => !alias.startsWith('*'));
  const protocol = custom?.OriginProtocolPolicy === 'http-only' ? 'http' : 'https';
  return {
    protocol,
    domainName: origin.DomainName,
    port: (protocol === 'http' ? custom?.HTTPPort : custom?.HTTPSPort) ?? (protocol === 'http' ? 80 : 443),
    ipAddressType: custom?.IpAddressType ?? 'ipv4',
    host: signal.host ?? viewerName ?? origin.DomainName,
    // CloudFront sends them too, and an origin that takes only CloudFront's requests recognises it by them.
    headers: Object.fromEntries(
      (origin.CustomHeaders?.Items ?? []).map(({ HeaderName = '', HeaderValue = '' }) => [HeaderName, HeaderValue]),
    ),
    path: signal.path,
    region: own.region,
    checks: signal,
    connectTimeoutMs: config.health.connectTimeoutMs,
    timeoutMs: config.health.timeoutMs,
  };
}
