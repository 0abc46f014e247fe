import type { EdgeConfig, FailoverPolicy, HealthPolicy } from '../config/edge-config.ts';
import { listOrders } from '../config/services.ts';
import type { FlipPolicy } from '../core/policy.ts';

/** What the flipper goes by: the core's policy, and the times of the loop around it. */
export type FlipperPolicy = FlipPolicy & { health: HealthPolicy; failover: FailoverPolicy };

export function buildFlipPolicy(config: EdgeConfig): FlipperPolicy {
  const { origins, health, failover } = config;
  // Many countries share an order; a decision weighs each order once.
  const orders = new Map(listOrders(config).map((order) => [order.join(' '), order]));
  return { origins: Object.keys(origins), orders: [...orders.values()], health, failover, namesFlips: config.accessLog !== undefined };
}
