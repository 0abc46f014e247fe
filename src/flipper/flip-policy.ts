import type { EdgeConfig, HealthPolicy } from '../config/edge-config.ts';
import type { FlipPolicy } from '../core/decide.ts';

/** What the flipper goes by, from the configuration. */
export function buildFlipPolicy({ origins, defaultOrder, routes, health, failover }: EdgeConfig): FlipPolicy & { health: HealthPolicy } {
  // Many countries share an order; each is weighed once.
  const orders = new Map([defaultOrder, ...routes.map(({ order }) => order)].map((order) => [order.join(' '), order]));
  return { origins: Object.keys(origins), orders: [...orders.values()], health, failover };
}
