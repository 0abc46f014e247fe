import type { DistributionConfig, Origin } from '@aws-sdk/client-cloudfront';
import type { EdgeConfig } from '../../config/edge-config.ts';
import { aliasOf } from '../../config/origin-names.ts';
import { kindOfOrigin, type OriginKind } from '../../distribution/init/survey.ts';
import { askTwice, judgeOriginLock, type LockFacts } from '../../probe/origin-lock.ts';
import { formatDuration } from '../../text/time.ts';
import { type CheckFinding, defineCheck, fail, problemsOr, warn } from '../check.ts';
import { behaviorForwardsHost, listRoutedOrigins, readDistributionView, readRoutedBehaviors } from '../distribution-view.ts';
import type { CertificateReading, TlsOrigin } from '../readers.ts';

interface CertificateFacts {
  origin: TlsOrigin;
  /** What CloudFront sends as SNI. */
  sni: string;
  reading: CertificateReading;
}

interface CertificatesFacts {
  /** Epoch milliseconds. */
  now: number;
  isLocal: boolean;
  readings: readonly CertificateFacts[];
}

const maxNames = 10;
const certificateSoonMs = 21 * 86_400_000;

/** Each origin's certificate is valid for the name that CloudFront uses. */
export const certificatesCheck = defineCheck<CertificatesFacts>({
  id: 'certificates',
  why: "CloudFront answers 502 when an origin's certificate is valid neither for the forwarded Host nor for the origin's DomainName, or has expired.",
  gather: async (readers) => {
    const { config, behaviors } = await readRoutedBehaviors(readers);
    const addresses = listRoutedOrigins(config, readers.config).map((origin) => readAddress(origin, readers.config.origins));
    const asked = behaviors.some(behaviorForwardsHost) ? await readViewerNames(config, readers.liveDistribution) : [];
    const readings = addresses.flatMap((origin) =>
      (asked.length > 0 ? asked : [origin.domainName]).map(async (sni) => ({
        origin,
        sni,
        reading: await readers.certificate(origin, [sni, origin.domainName]),
      })),
    );
    return { now: readers.now(), isLocal: readers.isLocal, readings: await Promise.all(readings) };
  },
  judge: judgeCertificates,
});

/**
 * The names that viewers use: the aliases, else CloudFront's own name. `www.example.com` represents `*.example.com`.
 */
async function readViewerNames(
  { Aliases }: DistributionConfig,
  liveDistribution: () => Promise<{ domainName: string } | undefined>,
): Promise<string[]> {
  const names = [...new Set((Aliases?.Items ?? []).map((alias) => alias.replace(/^\*/, 'www')))].slice(0, maxNames);
  if (names.length > 0) return names;
  const live = await liveDistribution().catch(() => undefined);
  return live === undefined || live.domainName === '' ? [] : [live.domainName];
}

function readAddress({ Id = '', DomainName = '', CustomOriginConfig: custom }: Origin, origins: EdgeConfig['origins']): TlsOrigin {
  const protocol = custom?.OriginProtocolPolicy === 'http-only' ? 'http' : 'https';
  const port = protocol === 'http' ? (custom?.HTTPPort ?? 80) : (custom?.HTTPSPort ?? 443);
  return { id: aliasOf(origins, Id), protocol, domainName: DomainName, port };
}

export function judgeCertificates({ now, isLocal, readings }: CertificatesFacts): readonly CheckFinding[] {
  const problems = readings.flatMap((facts) => judgeReading(facts, now, isLocal));
  const valid = readings.filter(({ reading }) => reading.kind === 'good').map(({ origin, sni }) => `${origin.id} is valid for ${sni}`);
  return problemsOr(problems, valid.join(', ') || 'the origins use http here, without certificates');
}

function judgeReading(
  { origin: { id, domainName, port, protocol }, sni, reading }: CertificateFacts,
  now: number,
  isLocal: boolean,
): CheckFinding[] {
  const at = `${id} (${domainName}:${port})`;
  if (reading.kind === 'plain') {
    // Local origins speak http instead of any protocol.
    if (isLocal || protocol === 'https') return [];
    return [
      warn(`${at} uses http: the verify header is sent unencrypted`, 'set OriginProtocolPolicy to https-only and install a certificate'),
    ];
  }
  if (reading.kind === 'bad')
    return [fail(`${at}, as ${sni}: ${reading.problem}`, `install a certificate that is valid for ${sni} or ${domainName}`)];
  if (reading.kind === 'unreached')
    return [
      warn(
        `${at} cannot be reached from here: ${reading.problem}`,
        'run doctor where the origin can be reached, such as a host in its network',
      ),
    ];
  if (reading.validTo - now > certificateSoonMs) return [];
  return [warn(`${at}, as ${sni}: its certificate expires in ${formatDuration(reading.validTo - now)}`, 'renew the certificate')];
}

/** An origin refuses requests that do not come from CloudFront. */
export const originLockCheck = defineCheck<readonly LockFacts[]>({
  id: 'origin-lock',
  why: 'A request that reaches an origin directly bypasses the firewall, routing and failover of CloudFront.',
  gather: async (readers) => {
    const { config } = await readDistributionView(readers);
    return Promise.all(Object.keys(readers.config.origins).map((id) => askTwice(id, config, readers)));
  },
  judge: (origins) => origins.map(judgeOriginLock),
});

interface HostFacts {
  where: string;
  behaviors: readonly { name: string; forwardsHost: boolean }[];
  origins: readonly HostedOrigin[];
}

interface HostedOrigin {
  alias: string;
  kind: OriginKind;
  /** As edge.config.ts says; undefined when it says nothing. */
  host: 'viewer' | 'origin' | undefined;
  /** It has an http signal. */
  isProbed: boolean;
}

/**
 * What answers no name but its own:
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
 */
const ownNameOnly: readonly OriginKind[] = ['API Gateway', 'Lambda function URL', 'S3 bucket', 'S3 website'];

/** Each origin gets the Host header that it needs, and can be probed. */
export const hostHeaderCheck = defineCheck<HostFacts>({
  id: 'host-header',
  why: 'One policy decides the Host header for all origins of a behavior, and an origin that does not know the name answers 403 or 404.',
  gather: async (readers) => {
    const { where, config, behaviors } = await readRoutedBehaviors(readers);
    const routed = listRoutedOrigins(config, readers.config);
    const origins = Object.entries(readers.config.origins).flatMap(([alias, own]) => {
      const origin = routed.find(({ Id }) => Id === own.originId);
      return origin === undefined ? [] : [describeOrigin(alias, own, kindOfOrigin(origin))];
    });
    return { where, behaviors: behaviors.map((each) => ({ name: each.name, forwardsHost: behaviorForwardsHost(each) })), origins };
  },
  judge: judgeHostHeader,
});

function describeOrigin(alias: string, { host, signals }: EdgeConfig['origins'][string], kind: OriginKind): HostedOrigin {
  return { alias, kind, host, isProbed: signals.some(({ type }) => type === 'http') };
}

export function judgeHostHeader({ where, behaviors, origins }: HostFacts): readonly CheckFinding[] {
  const problems = [
    ...behaviors.flatMap((behavior) => origins.flatMap((origin) => judgeHost(where, behavior, origin))),
    ...origins.flatMap(judgeProbe),
  ];
  const sent = [...new Set(behaviors.map(({ forwardsHost }) => (forwardsHost ? 'the viewer’s' : 'the origin’s own')))];
  return problemsOr(problems, `${behaviors.length} behaviors send ${sent.join(' or ')} Host`);
}

function judgeHost(
  where: string,
  { name, forwardsHost }: HostFacts['behaviors'][number],
  { alias, kind, host }: HostedOrigin,
): CheckFinding[] {
  if (forwardsHost && host === 'origin')
    return [fail(`${where}: ${name} sends the viewer’s Host, and ${alias} has host: 'origin'`, withoutHost)];
  if (forwardsHost && host === undefined && ownNameOnly.includes(kind))
    return [
      fail(
        `${where}: ${name} sends the viewer’s Host to ${alias}, and ${kind} knows only its own name`,
        `set host: 'origin' for ${alias}, and ${withoutHost}`,
      ),
    ];
  if (!forwardsHost && host === 'viewer')
    return [
      fail(
        `${where}: ${name} sends the origin’s own name as Host, and ${alias} has host: 'viewer'`,
        `use a policy that forwards Host, such as AllViewerAndCloudFrontHeaders-2022-06, or set host: 'origin'`,
      ),
    ];
  return [];
}

const withoutHost =
  'use a policy that does not forward Host, such as AllViewerExceptHostHeader; it does not send the country either, which a cache policy must then name';

function judgeProbe({ alias, kind, isProbed }: HostedOrigin): CheckFinding[] {
  if (kind !== 'VPC origin' || !isProbed) return [];
  return [
    warn(
      `${alias} is a VPC origin: a probe from outside its VPC fails, and the flipper then drains it`,
      'run the flipper inside the VPC, or give the origin a signal of type alarm in place of http',
    ),
  ];
}
