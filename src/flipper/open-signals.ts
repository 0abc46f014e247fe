import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { Aws } from '../aws/clients.ts';
import { openAlarmSignal, openRoute53Signal } from '../aws/signals.ts';
import type { EdgeConfig, Signal } from '../config/edge-config.ts';
import type { LocalOrigin } from '../config/local-cloud.ts';
import type { SignalSource } from '../core/signal.ts';
import { hasIpv6 } from '../probe/connect-like-edge.ts';
import { type ProbeOptions, type ProbeTarget, probe } from '../probe/probe.ts';
import { buildProbeTarget } from '../probe/probe-origin.ts';
import type { ReportBook } from './report-book.ts';

/**
 * The sources of evidence that edge.config.ts names, by origin. `local` says where the local cloud's origins are;
 * undefined on AWS. The local cloud has neither Route 53 nor CloudWatch: without `aws`, signals that need it have no
 * opinion and count as not configured. So do reported ones without `reports`. Both files must agree on the origins: see
 * checkOriginsAgree.
 */
export function openSignals(
  config: Pick<EdgeConfig, 'origins' | 'health'>,
  distribution: DistributionConfig,
  local: Readonly<Record<string, LocalOrigin>> | undefined,
  aws?: Pick<Aws, 'route53' | 'cloudWatch'>,
  reports?: ReportBook,
  random: () => number = Math.random,
): Record<string, SignalSource[]> {
  // Of short lives, as Lambda's, each begins with another address of a name.
  const firstTurn = Math.floor(random() * 1_000);
  const open = (id: string, region: string, signal: Signal): SignalSource[] => {
    if (signal.type === 'http') {
      const target = buildProbeTarget(id, signal, config, distribution);
      const connectTo = local?.[id];
      return target === undefined ? [] : [openHttpSignal(target, signal.required, { turn: firstTurn, ...(connectTo && { connectTo }) })];
    }
    if (signal.type === 'reported') return [reports?.signalOf(id, signal) ?? openSilentSignal(signal, 'reports are not read here')];
    if (aws === undefined) return [openSilentSignal(signal, 'the local cloud has no such service')];
    if (signal.type === 'route53') return [openRoute53Signal(signal, aws.route53)];
    return [openAlarmSignal(signal, () => aws.cloudWatch(signal.region ?? region))];
  };
  return Object.fromEntries(
    Object.entries(config.origins).map(([id, { region, signals }]) => [id, signals.flatMap((signal) => open(id, region, signal))]),
  );
}

/** Our own probe as a signal; each probe takes the next address of the origin's name, beginning with `turn`. */
export function openHttpSignal(target: ProbeTarget, required: boolean, options: Omit<ProbeOptions, 'signal'> = {}): SignalSource {
  let { turn = 0 } = options;
  const { canIpv6 = hasIpv6 } = options;
  return {
    name: 'http',
    required,
    isFresh: true,
    probe: async (signal) => {
      if (target.ipAddressType === 'ipv6' && options.connectTo === undefined && !canIpv6())
        return { opinion: 'none', latencyMs: 0, detail: 'this machine has no IPv6, and CloudFront reaches the origin only by IPv6' };
      const { ok, failure, latencyMs } = await probe(target, { ...options, turn: turn++, signal });
      return { opinion: ok ? 'good' : 'bad', latencyMs: Math.round(latencyMs), ...failure };
    },
  };
}

function openSilentSignal({ type, required }: Signal, detail: string): SignalSource {
  return { name: type, required, isFresh: false, isAbsent: true, probe: async () => ({ opinion: 'none', latencyMs: 0, detail }) };
}
