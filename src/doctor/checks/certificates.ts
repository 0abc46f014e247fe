import type { DistributionConfig, Origin } from '@aws-sdk/client-cloudfront';
import { formatDuration } from '../../text/duration.ts';
import { defineCheck, type Finding, fail, problemsOr, warn } from '../check.ts';
import { forwardsHost, listRoutedOrigins, readRoutedBehaviors } from '../judged-config.ts';
import type { CertificateReading, OriginAddress } from '../read-certificate.ts';

interface CertificateFacts {
  origin: OriginAddress;
  /** What CloudFront sends as SNI. */
  sni: string;
  reading: CertificateReading;
}

interface Facts {
  /** Epoch milliseconds. */
  now: number;
  isLocal: boolean;
  readings: readonly CertificateFacts[];
}

const maxNames = 10;
const soonMs = 21 * 86_400_000;

/** Each origin's certificate is good for what CloudFront asks it by. */
export const certificatesCheck = defineCheck<Facts>({
  id: 'certificates',
  why: "CloudFront answers 502 when an origin's certificate fits neither the Host that it forwards nor the origin's DomainName, or has expired.",
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

/** The names that viewers use: the aliases, or CloudFront's own name without any. For `*.example.com` stands `www.example.com`. */
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

export function judgeCertificates({ now, isLocal, readings }: Facts): readonly Finding[] {
  const problems = readings.flatMap((facts) => judgeReading(facts, now, isLocal));
  const shaken = readings.filter(({ reading }) => reading.kind === 'good').map(({ origin, sni }) => `${origin.id} is good for ${sni}`);
  return problemsOr(problems, shaken.join(', ') || 'the origins are reached over http here: there is no certificate to look at');
}

function judgeReading(
  { origin: { id, domainName, port, protocol }, sni, reading }: CertificateFacts,
  now: number,
  isLocal: boolean,
): Finding[] {
  const at = `${id} (${domainName}:${port})`;
  if (reading.kind === 'plain') {
    // The local origins speak http in the place of any protocol.
    if (isLocal || protocol === 'https') return [];
    return [
      warn(
        `${at} is reached over http: the verify header travels in the clear`,
        'set OriginProtocolPolicy to https-only and give it a certificate',
      ),
    ];
  }
  if (reading.kind === 'bad')
    return [fail(`${at}, asked as ${sni}: ${reading.problem}`, `give it a certificate that is good for ${sni} or ${domainName}`)];
  if (reading.kind === 'unreached')
    return [
      warn(
        `${at} cannot be reached from here: ${reading.problem}`,
        'run it where the origin can be reached, such as a host in its network',
      ),
    ];
  if (reading.validTo - now > soonMs) return [];
  return [warn(`${at}, asked as ${sni}: its certificate ends in ${formatDuration(reading.validTo - now)}`, 'renew it')];
}
