import type { SignalSource } from '../core/signal.ts';
import { hasIpv6 } from './connect-like-edge.ts';
import { type ProbeOptions, type ProbeTarget, probe } from './probe.ts';

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
        return { opinion: 'none', latencyMs: 0, detail: 'this machine has no IPv6, and CloudFront reaches the origin by nothing else' };
      const { ok, failure, latencyMs } = await probe(target, { ...options, turn: turn++, signal });
      return { opinion: ok ? 'good' : 'bad', latencyMs: Math.round(latencyMs), ...failure };
    },
  };
}
