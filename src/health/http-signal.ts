import { type ProbeOptions, type ProbeTarget, probe } from './probe.ts';
import type { SignalSource } from './signal-source.ts';

/** Our own probe as a signal. */
export function openHttpSignal(target: ProbeTarget, required: boolean, options: Omit<ProbeOptions, 'signal'> = {}): SignalSource {
  return {
    name: 'http',
    required,
    isFresh: true,
    look: async (signal) => {
      const { ok, failure, latencyMs } = await probe(target, { ...options, signal });
      return { opinion: ok ? 'good' : 'bad', latencyMs: Math.round(latencyMs), ...failure };
    },
  };
}
