import type { EdgeConfig } from '../../src/config/edge-config.ts';

/** The configuration with times that make an outage short enough to watch: probes each second, a ramp of seconds. */
export function drillConfig(config: EdgeConfig): EdgeConfig {
  return {
    ...config,
    health: {
      ...config.health,
      intervalMs: 1_000,
      fastIntervalMs: 250,
      connectTimeoutMs: 500,
      timeoutMs: 1_000,
      unhealthyThreshold: 3,
      healthyThreshold: 3,
      failureRate: { share: 0.5, windowMs: 10_000, minimum: 4 },
    },
    failover: { ...config.failover, holdDownMs: 3_000, rampStepMs: 2_000, minFlipIntervalMs: 1_000 },
  };
}
