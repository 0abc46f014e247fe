import type { HealthCheckObservation, Route53Client } from '@aws-sdk/client-route-53';
import type { Route53Signal } from '../config/edge-config.ts';
import type { ProbeResult, SignalSource } from '../core/signal.ts';
import { cutText } from '../text/cut-text.ts';
import { formatDuration } from '../text/duration.ts';
import { openRelayedSignal } from './relayed-signal.ts';

/** Route 53 calls an endpoint healthy when more than this percentage of its health checkers reach it (Route 53 guide, dns-failover-determining-health-of-endpoints.html). */
const healthyPercent = 18;

/** Fewer recent observations say nothing: Route 53 checks from three regions at least, with more than one checker in each. */
const minCheckers = 3;

/**
 * What Route 53's health checkers, which stand all over the world, see of an origin. AWS means GetHealthCheckStatus for diagnosis and not for high
 * rates; one call per interval and origin is far below the five calls a second that Route 53 grants an account.
 */
export function openRoute53Signal(
  { healthCheckId, maxAgeMs, required }: Route53Signal,
  client: () => Promise<Route53Client>,
  now: () => number = Date.now,
): SignalSource {
  return openRelayedSignal({
    name: 'route53',
    required,
    doing: `read health check ${healthCheckId}`,
    ask: async (abortSignal) => {
      const [{ GetHealthCheckStatusCommand }, route53] = await Promise.all([import('@aws-sdk/client-route-53'), client()]);
      const command = new GetHealthCheckStatusCommand({ HealthCheckId: healthCheckId });
      const { HealthCheckObservations = [] } = await route53.send(command, { abortSignal });
      return judgeObservations(HealthCheckObservations, maxAgeMs, now());
    },
  });
}

/**
 * AWS's own rule on what the health checkers saw last: unhealthy at 18 % successes or fewer. No opinion when too few have looked recently, which is also what
 * a disabled health check comes to. An inverted one is read as it was seen: the observations are made before the inversion.
 */
export function judgeObservations(
  observations: readonly HealthCheckObservation[],
  maxAgeMs: number,
  now: number,
): Pick<ProbeResult, 'opinion' | 'detail'> {
  if (observations.length === 0) return { opinion: 'none', detail: 'no health checker reports on it' };
  const recent = observations.flatMap(({ StatusReport }) => {
    const at = StatusReport?.CheckedTime?.getTime() ?? Number.NaN;
    return now - at <= maxAgeMs ? [StatusReport?.Status ?? ''] : [];
  });
  const good = recent.filter((status) => /^success/i.test(status)).length;
  const failures = recent.filter((status) => /^failure/i.test(status));
  const known = good + failures.length;
  if (known < minCheckers)
    return { opinion: 'none', detail: `${known} of ${observations.length} health checkers looked in the last ${formatDuration(maxAgeMs)}` };
  // In whole numbers, since 18 % of 50 must not be more than itself.
  if (good * 100 > healthyPercent * known) return { opinion: 'good' };
  return { opinion: 'bad', detail: `${good} of ${known} health checkers reach it: ${cutText(mostFrequent(failures), 100)}` };
}

function mostFrequent(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const [first] = [...counts].sort(([, a], [, b]) => b - a);
  return first?.[0] ?? '';
}
