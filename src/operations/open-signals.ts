import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { LocalOrigin } from '../cli/local-cloud.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import { openHttpSignal } from '../health/http-signal.ts';
import type { SignalSource } from '../health/signal-source.ts';
import { buildProbeTarget } from './probe-target.ts';

/**
 * The sources of evidence that edge.config.ts names, by origin. `local` says where the local cloud's origins are; undefined on AWS.
 * Both files must agree on the origins: see checkOriginsAgree.
 */
export function openSignals(
  config: Pick<EdgeConfig, 'origins' | 'health'>,
  distribution: DistributionConfig,
  local: Readonly<Record<string, LocalOrigin>> | undefined,
): Record<string, SignalSource[]> {
  const signals: Record<string, SignalSource[]> = {};
  for (const [id, origin] of Object.entries(config.origins)) {
    const connectTo = local?.[id];
    signals[id] = origin.signals.flatMap((signal) => {
      const target = buildProbeTarget(id, signal, config, distribution);
      return target === undefined ? [] : [openHttpSignal(target, signal.required, connectTo && { connectTo })];
    });
  }
  return signals;
}
