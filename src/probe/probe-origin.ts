import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { EdgeConfig } from '../config/edge-config.ts';
import type { LocalOrigin } from '../config/local-cloud.ts';
import type { Sounding } from './judge-origins.ts';
import type { ProbeResult } from './probe.ts';
import { buildProbeTarget } from './probe-target.ts';

export interface SoundingOptions {
  config: Pick<EdgeConfig, 'origins' | 'health'>;
  /** May fail: an operator in need is not stopped by a missing placeholder. */
  distribution: Promise<DistributionConfig>;
  /** Where the local cloud's origins are; undefined on AWS. */
  local: Readonly<Record<string, LocalOrigin>> | undefined;
  signal?: AbortSignal;
}

/** Good answers in a row that prove an origin to an operator, who cannot wait for the flipper's thresholds. */
const soundings = 3;

/** Probes an origin by each of its http signals; the first bad answer is the sounding. Never throws. */
export async function soundOrigin(id: string, options: SoundingOptions): Promise<Sounding> {
  for (let made = 0; made < soundings; made++) {
    const sounding = await probeOnce(id, options, { turn: made });
    if (sounding.kind !== 'good') return sounding;
  }
  return { kind: 'good' };
}

/** One probe by each of its http signals, all at once, within this time. Never throws. */
export async function probeOnce(
  id: string,
  { config, distribution, local, signal }: SoundingOptions,
  { turn = 0, timeoutMs = Number.POSITIVE_INFINITY } = {},
): Promise<Sounding> {
  const signals = (config.origins[id]?.signals ?? []).filter((candidate) => candidate.type === 'http');
  if (signals.length === 0) return { kind: 'unreached', problem: 'it has no http signal' };
  let filled: DistributionConfig;
  try {
    filled = await distribution;
  } catch (error) {
    return { kind: 'unreached', problem: (error as Error).message };
  }
  const { probe } = await import('./probe.ts');
  const connectTo = local?.[id];
  const options = { turn, ...(connectTo && { connectTo }), ...(signal && { signal }) };
  const found = await Promise.all(
    signals.map(async (http): Promise<Sounding> => {
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

/** Not to get through may be this machine's fault, when an ALB admits CloudFront only; a refused connection, a bad certificate or a bad answer never is. */
export function judgeProbe({ ok, failure }: ProbeResult): Sounding {
  if (ok) return { kind: 'good' };
  const problem = failure === undefined ? 'no answer' : `${failure.class}: ${failure.detail}`;
  const isOurs = failure === undefined || failure.class === 'dns' || (failure.class === 'connect' && !/ECONNREFUSED/.test(failure.detail));
  return { kind: isOurs ? 'unreached' : 'bad', problem };
}
