import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { EdgeConfig, HttpSignal } from '../config/edge-config.ts';
import type { LocalOrigin } from '../config/local-cloud.ts';
import { messageOf } from '../text/message-of.ts';
import type { HttpProbeResult, ProbeTarget } from './probe.ts';

/**
 * What this machine found when it probed an origin. `unreached` may be its own fault, as when an ALB admits CloudFront
 * only.
 */
export type OriginProbe = { kind: 'good' } | { kind: 'bad' | 'unreached'; problem: string };

export interface OriginProbeOptions {
  config: Pick<EdgeConfig, 'origins' | 'health'>;
  /** May fail: an operator in need is not stopped by a missing placeholder. */
  distribution: Promise<DistributionConfig>;
  /** Where the local cloud's origins are; undefined on AWS. */
  local: Readonly<Record<string, LocalOrigin>> | undefined;
  signal?: AbortSignal;
}

/** Good answers in a row that prove an origin to an operator, who cannot wait for the flipper's thresholds. */
const proofProbes = 3;

/** Probes an origin several times by each of its http signals, up to the first probe that is not good. Never throws. */
export async function proveOrigin(id: string, options: OriginProbeOptions): Promise<OriginProbe> {
  for (let made = 0; made < proofProbes; made++) {
    const probe = await probeOrigin(id, options, { turn: made });
    if (probe.kind !== 'good') return probe;
  }
  return { kind: 'good' };
}

/** Probes an origin once by each of its http signals, all at once, within `timeoutMs`. Never throws. */
export async function probeOrigin(
  id: string,
  { config, distribution, local, signal }: OriginProbeOptions,
  { turn = 0, timeoutMs = Number.POSITIVE_INFINITY } = {},
): Promise<OriginProbe> {
  const signals = (config.origins[id]?.signals ?? []).filter((candidate) => candidate.type === 'http');
  if (signals.length === 0) return { kind: 'unreached', problem: 'it has no http signal' };
  let filled: DistributionConfig;
  try {
    filled = await distribution;
  } catch (error) {
    return { kind: 'unreached', problem: messageOf(error) };
  }
  const { probe } = await import('./probe.ts');
  const connectTo = local?.[id];
  const options = { turn, ...(connectTo && { connectTo }), ...(signal && { signal }) };
  const found = await Promise.all(
    signals.map(async (http): Promise<OriginProbe> => {
      const target = buildProbeTarget(id, http, config, filled);
      if (target === undefined) return { kind: 'unreached', problem: 'distribution.json does not define it' };
      const bounded = {
        ...target,
        timeoutMs: Math.min(timeoutMs, target.timeoutMs),
        connectTimeoutMs: Math.min(timeoutMs, target.connectTimeoutMs),
      };
      return judgeProbe(await probe(bounded, options));
    }),
  );
  return found.find(({ kind }) => kind === 'bad') ?? found.find(({ kind }) => kind === 'unreached') ?? { kind: 'good' };
}

/**
 * A probe that did not get through may be this machine's fault. A refused connection, a bad certificate or a bad answer
 * never is.
 */
export function judgeProbe({ ok, failure }: HttpProbeResult): OriginProbe {
  if (ok) return { kind: 'good' };
  const problem = failure === undefined ? 'no answer' : `${failure.class}: ${failure.detail}`;
  const isOurs = failure === undefined || failure.class === 'dns' || (failure.class === 'connect' && !/ECONNREFUSED/.test(failure.detail));
  return { kind: isOurs ? 'unreached' : 'bad', problem };
}

/**
 * Where and how to probe the origin of this alias for one of its http signals; undefined when distribution.json does
 * not define the origin.
 */
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
