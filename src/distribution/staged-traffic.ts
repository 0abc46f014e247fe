import type { TrafficConfig } from '@aws-sdk/client-cloudfront';
import { EdgeError } from '../errors.ts';

/** Which viewers a staging distribution serves: a share of them, or those whose requests have a header. */
export type StagedTraffic = { weight: number } | { header: string; value: string };

// DG continuous-deployment-quotas-considerations.html and understanding-continuous-deployment.html
const maxWeight = 0.15;
const headerPrefix = 'aws-cf-cd-';
const defaultWeight = 0.05;

/** The traffic that `--weight` or `--header` requests; 5 % without either. USAGE when CloudFront does not support it. */
export function parseTraffic(weight: string | undefined, header: string | undefined): StagedTraffic {
  if (weight !== undefined && header !== undefined)
    throw new EdgeError('USAGE', '--weight and --header exclude each other', {
      hint: '--weight is a share of all viewers, --header selects requests with that header',
    });
  if (header !== undefined) return parseHeader(header);
  if (weight === undefined) return { weight: defaultWeight };
  const share = readShare(weight);
  if (!(share >= 0 && share <= maxWeight))
    throw new EdgeError('USAGE', `--weight must be from 0 to ${maxWeight}, got ${JSON.stringify(weight)}`, {
      hint: `--weight ${defaultWeight} is 5 % of the viewers; CloudFront allows at most ${maxWeight}`,
    });
  return { weight: share };
}

/** `0.05`, `.05` or `5%`. */
function readShare(text: string): number {
  if (/^\d{1,2}(\.\d{1,4})?%$/.test(text)) return Number.parseFloat(text) / 100;
  return /^(0|0?\.\d{1,6})$/.test(text) ? Number(text) : Number.NaN;
}

function parseHeader(text: string): StagedTraffic {
  const [header = '', value = 'true'] = text.split(/[=:](.*)/s);
  if (/^aws-cf-cd-[\w-]+$/i.test(header) && /^[\x21-\x7e]{1,256}$/.test(value)) return { header: header.toLowerCase(), value };
  throw new EdgeError('USAGE', `--header must be ${headerPrefix}<name> or ${headerPrefix}<name>=<value>, got ${JSON.stringify(text)}`, {
    hint: `--header ${headerPrefix}canary=1; CloudFront requires this prefix`,
  });
}

/** In the form of a policy. Keeps the live policy's stickiness, which a team may have set elsewhere. */
export function trafficConfig(traffic: StagedTraffic, live: TrafficConfig | undefined): TrafficConfig {
  if ('header' in traffic) return { Type: 'SingleHeader', SingleHeaderConfig: { Header: traffic.header, Value: traffic.value } };
  const stickiness = live?.SingleWeightConfig?.SessionStickinessConfig;
  return {
    Type: 'SingleWeight',
    SingleWeightConfig: { Weight: traffic.weight, ...(stickiness && { SessionStickinessConfig: stickiness }) },
  };
}

/** Whether the live policy serves the same viewers. */
export function isSameTraffic(live: TrafficConfig | undefined, traffic: StagedTraffic): boolean {
  if ('weight' in traffic) return live?.Type === 'SingleWeight' && live.SingleWeightConfig?.Weight === traffic.weight;
  const { Header, Value } = live?.SingleHeaderConfig ?? {};
  return live?.Type === 'SingleHeader' && Header?.toLowerCase() === traffic.header && Value === traffic.value;
}

/** `5 % of the viewers`. */
export function formatTraffic(traffic: StagedTraffic): string {
  return 'weight' in traffic
    ? `${Math.round(traffic.weight * 1e6) / 1e4} % of the viewers`
    : `requests with the header ${traffic.header}: ${traffic.value}`;
}
