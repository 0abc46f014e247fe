import type { DistributionConfig, Origin } from '@aws-sdk/client-cloudfront';
import type { EdgeConfig, HttpSignal } from '../../config/edge-config.ts';
import type { HttpProbeResult } from '../../probe/probe.ts';
import { buildProbeTarget } from '../../probe/probe-target.ts';
import { formatDuration } from '../../text/duration.ts';
import { defineCheck, type Finding, fail, ok, problemsOr, warn } from '../check.ts';
import { forwardsHost, listRoutedOrigins, readDistributionView, readRoutedBehaviors } from '../distribution-view.ts';
import type { CertificateReading, DoctorReaders, OriginAddress } from '../readers.ts';

interface CertificateFacts {
  origin: OriginAddress;
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
    const addresses = listRoutedOrigins(config, readers.config).map(readAddress);
    const asked = behaviors.some(forwardsHost) ? await readViewerNames(config, readers.liveDistribution) : [];
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

/** The names that viewers use: the aliases, else CloudFront's own name. `www.example.com` represents `*.example.com`. */
async function readViewerNames(
  { Aliases }: DistributionConfig,
  liveDistribution: () => Promise<{ domainName: string } | undefined>,
): Promise<string[]> {
  const names = [...new Set((Aliases?.Items ?? []).map((alias) => alias.replace(/^\*/, 'www')))].slice(0, maxNames);
  if (names.length > 0) return names;
  const live = await liveDistribution().catch(() => undefined);
  return live === undefined || live.domainName === '' ? [] : [live.domainName];
}

function readAddress({ Id = '', DomainName = '', CustomOriginConfig: custom }: Origin): OriginAddress {
  const protocol = custom?.OriginProtocolPolicy === 'http-only' ? 'http' : 'https';
  const port = protocol === 'http' ? (custom?.HTTPPort ?? 80) : (custom?.HTTPSPort ?? 443);
  return { id: Id, protocol, domainName: DomainName, port };
}

export function judgeCertificates({ now, isLocal, readings }: CertificatesFacts): readonly Finding[] {
  const problems = readings.flatMap((facts) => judgeReading(facts, now, isLocal));
  const valid = readings.filter(({ reading }) => reading.kind === 'good').map(({ origin, sni }) => `${origin.id} is valid for ${sni}`);
  return problemsOr(problems, valid.join(', ') || 'the origins use http here, without certificates');
}

function judgeReading(
  { origin: { id, domainName, port, protocol }, sni, reading }: CertificateFacts,
  now: number,
  isLocal: boolean,
): Finding[] {
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

export interface LockFacts {
  origin: string;
  /** Names of the custom headers whose values only CloudFront knows. */
  secrets: readonly string[];
  /** Answers to the same request with and without these headers. */
  with: Pick<HttpProbeResult, 'status' | 'failure'>;
  without: Pick<HttpProbeResult, 'status' | 'failure'>;
}

/** Not the health check, which may be public. Only the difference between the two answers matters. */
const request: HttpSignal = { type: 'http', path: '/', statuses: [200], json: {}, accessible: false, required: false };

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

/** Sends one request as CloudFront does and one as anyone can. */
export async function askTwice(
  id: string,
  config: DistributionConfig,
  readers: { config: Pick<EdgeConfig, 'origins' | 'health'>; ask: DoctorReaders['ask'] },
): Promise<LockFacts> {
  const target = buildProbeTarget(id, request, readers.config, config);
  const absent = { failure: { class: 'dns' as const, detail: 'the distribution does not have this origin' } };
  if (target === undefined) return { origin: id, secrets: [], with: absent, without: absent };
  const { headers = {} } = target;
  const open = Object.entries(headers).filter(([name]) => name.toLowerCase() === 'x-region');
  const secrets = Object.keys(headers).filter((name) => name.toLowerCase() !== 'x-region');
  const [withSecrets, without] = await Promise.all([
    readers.ask(id, target),
    readers.ask(id, { ...target, headers: Object.fromEntries(open) }),
  ]);
  return { origin: id, secrets, with: withSecrets, without };
}

export function judgeOriginLock({ origin, secrets, with: known, without }: LockFacts): Finding {
  if (without.status === undefined) {
    const problem = without.failure === undefined ? 'no answer' : `${without.failure.class}: ${without.failure.detail}`;
    if (known.status !== undefined) return ok(`${origin} does not answer requests without ${secrets.join(', ')} (${problem})`);
    return warn(
      `${origin} cannot be reached from here (${problem}); it may admit only CloudFront's addresses, which all CloudFront customers share`,
      'run doctor where the origin can be reached, to see whether it checks the verify header',
    );
  }
  const names = secrets.join(', ');
  if (without.status < 400)
    return fail(
      `${origin} answers ${without.status} to a request without ${names === '' ? 'any secret header' : names}`,
      'make its load balancer answer 403 to requests without the header x-origin-verify of distribution.json',
    );
  if (known.status === without.status && (known.status === 401 || known.status === 403))
    return fail(
      `${origin} answers ${known.status} even with ${names === '' ? 'the headers of the distribution' : names}: the origin refuses CloudFront too`,
      'the origin has another secret than the distribution: run distribution:apply, or correct ORIGIN_VERIFY_SECRET',
    );
  if (known.status === without.status)
    return warn(
      `${origin} answers ${known.status} to / with and without ${names}: this does not show whether the origin is locked`,
      'make sure that its load balancer answers 403 without the header',
    );
  return ok(`${origin} answers ${without.status} without ${names}, ${known.status ?? 'nothing'} with it`);
}
