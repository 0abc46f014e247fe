import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import type { FlipperPolicy } from '../../../src/config/services.ts';
import type { Evidence } from '../../../src/core/origin-track.ts';

/** Any day: unit tests make their own time. */
export const dayOne = Date.parse('2026-03-01T03:00:00.000Z');

/** The policy of a configuration with defaults alone. */
export const defaults = parseEdgeConfig({ origins: { singapore: { region: 'ap-southeast-1' } }, defaultOrder: ['singapore'] });

/** The default policy for these orders. */
export function policyFor(orders: string[][]): FlipperPolicy {
  return { origins: [...new Set(orders.flat())], orders, health: defaults.health, failover: defaults.failover };
}

export const two = policyFor([
  ['singapore', 'europe'],
  ['europe', 'singapore'],
]);

export const healthy: Evidence = { verdict: 'healthy', since: dayOne - 3_600_000, failing: false };
export const unhealthy: Evidence = { verdict: 'unhealthy', since: dayOne, failing: true, lastBadAt: dayOne, why: 'connect: refused' };
export const unknown: Evidence = { verdict: 'unknown', since: dayOne, failing: false };
