import type { EdgeConfig, FailoverPolicy, HealthPolicy } from '../config/edge-config.ts';
import type { FlipPolicy } from '../core/policy.ts';

/** What the flipper goes by: the core's policy, and the times of the loop around it. */
export type FlipperPolicy = FlipPolicy & { health: HealthPolicy; failover: FailoverPolicy };

export function buildFlipPolicy({ origins, defaultOrder, routes, health, failover }: EdgeConfig): FlipperPolicy {
  // Many countries share an order; a decision weighs each order once.
  const orders = new Map([defaultOrder, ...routes.map(({ order }) => order)].map((order) => [order.join(' '), order]));
  return { origins: Object.keys(origins), orders: [...orders.values()], health, failover };
}
