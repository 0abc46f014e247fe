import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { EdgeConfig } from '../config/edge-config.ts';
import { formatDuration, formatMs } from '../text/time.ts';
import { pageOf } from '../text/typed.ts';
import { globalAcceleratorWay, route53Way } from './other-ways.ts';
import type { OriginTimes, OutageKind } from './outage-kind.ts';
import type { PropagationTimes } from './propagation.ts';
import { type FlipperWay, type OutageOptions, storeCallMs } from './run-outages.ts';

export interface PredictOptions {
  config: EdgeConfig;
  /** Undefined where no file has it: CloudFront's defaults count. */
  distribution: DistributionConfig | undefined;
  /** The origin that fails. */
  broken: string;
  kinds: readonly OutageKind[];
  flipper: FlipperWay;
  propagation: PropagationTimes;
  outageMs: number;
  slowMs: number;
  /** Requests a second that the origin serves before the outage. */
  rate: number;
  /** Of them the ones that CloudFront does not try again at another origin, from 0 to 1. */
  postShare: number;
  /** Outages of each kind. */
  runs: number;
  seed: number;
  /** Default: no abort. */
  signal?: AbortSignal;
}

export interface KnownTimes {
  value: OriginTimes;
  source: 'distribution.json' | 'defaults';
}

/** One figure behind the prediction, and how far it can be trusted. */
export interface Assumption {
  what: string;
  value: string;
  from: 'configuration' | 'measured' | 'AWS' | 'field report' | 'assumed';
  /** A page, a file, or a command. */
  source: string;
}

const page = {
  failover: 'AmazonCloudFront/latest/DeveloperGuide/high_availability_origin_failover.html',
  health: 'Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html',
  ttl: 'Route53/latest/DeveloperGuide/resource-record-sets-values-failover.html',
  accelerator: 'global-accelerator/latest/dg/about-endpoint-groups-health-check-options.html',
  balancer: 'elasticloadbalancing/latest/application/target-group-health-checks.html',
};
const docs = (path: string) => `https://docs.aws.amazon.com/${path}`;

interface Assumed extends PredictOptions, Pick<OutageOptions, 'relayMs'> {
  times: KnownTimes;
}

/** Every figure that the prediction rests on, with its source. */
export function listAssumptions({ config, broken, times, propagation, slowMs, relayMs, flipper }: Assumed): Assumption[] {
  const { health, perRequestFailover } = config;
  const { connectionAttempts, connectTimeoutMs, readTimeoutMs } = times.value;
  const types = new Set(config.origins[broken]?.signals.map(({ type }) => type));
  const relayed = (['route53', 'alarm', 'reported'] as const).filter((type) => types.has(type));
  const ms = formatDuration;
  return [
    {
      what: 'detection, write, failback',
      value: `a probe each ${ms(health.intervalMs)}, ${ms(health.timeoutMs)} at most; the flipper itself in virtual time`,
      from: 'measured',
      source: `edge.config.ts${flipper === 'lambda' ? ', src/flipper/lambda, 50 s of each minute' : ''}`,
    },
    ...relayed.map(
      (type): Assumption => ({
        what: `signal ${type}`,
        value: `its own delay, ${ms(relayMs[type].fromMs)} to ${ms(relayMs[type].toMs)}`,
        from: 'assumed',
        source: type === 'route53' ? 'three checks, 30 s apart' : 'a guess, and that it goes off for each kind of outage',
      }),
    ),
    { what: 'a call to the KeyValueStore', value: formatMs(storeCallMs), from: 'assumed', source: 'AWS publishes no figure' },
    {
      what: 'propagation',
      value: propagation.parts.map(({ share, fromMs, toMs }) => `${Math.round(share * 100)} % in ${ms(fromMs)} to ${ms(toMs)}`).join(', '),
      from: propagation.isMeasured ? 'measured' : 'field report',
      source: propagation.source,
    },
    {
      what: `how CloudFront waits for ${broken}`,
      value: `${connectionAttempts} × ${ms(connectTimeoutMs)} to connect, ${ms(readTimeoutMs)} for an answer`,
      from: times.source === 'defaults' ? 'AWS' : 'configuration',
      source: times.source === 'defaults' ? `no distribution.json; defaults: ${docs(page.failover)}` : 'distribution.json',
    },
    {
      what: 'origin groups',
      value: `GET, HEAD, OPTIONS; the failing origin first, each time${perRequestFailover ? '' : '; this configuration uses none'}`,
      from: 'AWS',
      source: docs(page.failover),
    },
    {
      what: 'Route 53 failover',
      value: `${route53Way.unhealthyThreshold} checks, ${ms(route53Way.intervalMs)} apart, by ${route53Way.checkers} checkers (a guess); over 18 % healthy`,
      from: 'AWS',
      source: docs(page.health),
    },
    { what: 'Route 53 TTL', value: `${ms(route53Way.followMs)}, followed to the second`, from: 'AWS', source: docs(page.ttl) },
    {
      what: 'Global Accelerator',
      value: `a load balancer's ${globalAcceleratorWay.unhealthyThreshold} checks, ${ms(globalAcceleratorWay.intervalMs)} apart`,
      from: 'AWS',
      source: docs(page.balancer),
    },
    {
      what: 'Global Accelerator follows',
      value: `within ${ms(globalAcceleratorWay.followMs)}`,
      from: 'AWS',
      source: 'AWS workshop "Failover POC"; not verified',
    },
    {
      what: 'an address that answers no packet',
      value: 'CloudFront tries the same address again',
      from: 'assumed',
      source: 'not documented',
    },
    { what: 'slow', value: `every answer takes ${ms(slowMs)}`, from: 'assumed', source: '--slow' },
    {
      what: 'not counted',
      value: 'clients that try again, cached answers, keep-alive connections, overload of the fallback, overrides',
      from: 'assumed',
      source: pageOf('predict.md'),
    },
  ];
}
