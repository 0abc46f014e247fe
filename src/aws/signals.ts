import type { CloudWatchClient, CompositeAlarm, MetricAlarm } from '@aws-sdk/client-cloudwatch';
import type { HealthCheckObservation, Route53Client } from '@aws-sdk/client-route-53';
import { cutText } from '../../kvs/cut-text.ts';
import type { AlarmSignal, Route53Signal } from '../config/edge-config.ts';
import type { ProbeResult, SignalSource } from '../core/signal.ts';
import { messageOf } from '../text/message-of.ts';
import { formatDuration } from '../text/time.ts';
import { wrapAwsError } from './aws-error.ts';

interface RelayedSignal {
  /** Such as `alarm`. */
  name: string;
  required: boolean;
  /** For the message of a failed call: `cannot <doing>: …`. */
  doing: string;
  /** One call to AWS. */
  ask(signal: AbortSignal): Promise<Pick<ProbeResult, 'opinion' | 'detail'>>;
  /** Monotonic milliseconds. Default: performance.now. */
  monotonic?: () => number;
}

/**
 * A signal that relays the verdict of an AWS service. One probe is a verdict, since the service has checked more than
 * once. A failed call gives no opinion: an origin is not unhealthy because an API fails.
 */
function openRelayedSignal({ name, required, doing, ask, monotonic = () => performance.now() }: RelayedSignal): SignalSource {
  return {
    name,
    required,
    isFresh: false,
    thresholds: { unhealthyThreshold: 1, healthyThreshold: 1 },
    probe: async (signal) => {
      const startedAt = monotonic();
      let found: Pick<ProbeResult, 'opinion' | 'detail'>;
      try {
        found = await ask(signal);
      } catch (error) {
        found = { opinion: 'none', detail: cutText(messageOf(wrapAwsError(error, doing)), 160) };
      }
      return { ...found, latencyMs: Math.round(monotonic() - startedAt) };
    },
  };
}

/** A CloudWatch alarm's state. `client` is for the alarm's region. */
export function openAlarmSignal({ alarmName, required }: AlarmSignal, client: () => Promise<CloudWatchClient>): SignalSource {
  return openRelayedSignal({
    name: 'alarm',
    required,
    doing: `read alarm ${alarmName}`,
    ask: async (abortSignal) => {
      const [{ DescribeAlarmsCommand }, cloudWatch] = await Promise.all([import('@aws-sdk/client-cloudwatch'), client()]);
      // Without both types CloudWatch leaves composite alarms out.
      const command = new DescribeAlarmsCommand({ AlarmNames: [alarmName], AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] });
      const { MetricAlarms = [], CompositeAlarms = [] } = await cloudWatch.send(command, { abortSignal });
      return judgeAlarm([...MetricAlarms, ...CompositeAlarms].find(({ AlarmName }) => AlarmName === alarmName));
    },
  });
}

type AlarmState = Pick<MetricAlarm & CompositeAlarm, 'StateValue' | 'StateReason'> & Pick<MetricAlarm, 'EvaluationState'>;

/** OK is good and ALARM is bad; insufficient data, a failed evaluation and a missing alarm are no opinion. */
function judgeAlarm(alarm: AlarmState | undefined): Pick<ProbeResult, 'opinion' | 'detail'> {
  if (alarm === undefined) return { opinion: 'none', detail: 'the alarm does not exist' };
  const { StateValue, StateReason = '', EvaluationState } = alarm;
  // The state may then be hours old.
  if (EvaluationState === 'EVALUATION_ERROR' || EvaluationState === 'EVALUATION_FAILURE')
    return { opinion: 'none', detail: `CloudWatch cannot evaluate it: ${EvaluationState}` };
  if (StateValue === 'OK') return { opinion: 'good' };
  if (StateValue === 'ALARM') return { opinion: 'bad', detail: cutText(`ALARM: ${StateReason}`, 160) };
  return { opinion: 'none', detail: StateValue ?? 'it has no state' };
}

/**
 * An endpoint is healthy when more than this percentage of health checkers reach it
 * (dns-failover-determining-health-of-endpoints.html).
 */
const healthyPercent = 18;

/**
 * Fewer recent observations are no opinion: Route 53 checks from at least three regions, with more than one checker in
 * each.
 */
const minCheckers = 3;

/**
 * What Route 53's health checkers around the world observe. AWS intends GetHealthCheckStatus for diagnosis, not for
 * high rates; one call per interval and origin is far below Route 53's five calls a second per account.
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
 * AWS's own rule for the last observations: unhealthy at 18 % successes or fewer. No opinion with too few recent ones,
 * as of a disabled health check. An inverted health check counts as observed, before the inversion.
 */
export function judgeObservations(
  observations: readonly HealthCheckObservation[],
  maxAgeMs: number,
  now: number,
): Pick<ProbeResult, 'opinion' | 'detail'> {
  if (observations.length === 0) return { opinion: 'none', detail: 'no health checker reports a result' };
  const recent = observations.flatMap(({ StatusReport }) => {
    const at = StatusReport?.CheckedTime?.getTime() ?? Number.NaN;
    return now - at <= maxAgeMs ? [StatusReport?.Status ?? ''] : [];
  });
  const good = recent.filter((status) => /^success/i.test(status)).length;
  const failures = recent.filter((status) => /^failure/i.test(status));
  const known = good + failures.length;
  if (known < minCheckers)
    return {
      opinion: 'none',
      detail: `${known} of ${observations.length} health checkers reported in the last ${formatDuration(maxAgeMs)}`,
    };
  // Whole numbers, since rounding must not make 18 % of 50 more than itself.
  if (good * 100 > healthyPercent * known) return { opinion: 'good' };
  return { opinion: 'bad', detail: `${good} of ${known} health checkers reach it: ${cutText(mostFrequent(failures), 100)}` };
}

function mostFrequent(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const [first] = [...counts].sort(([, a], [, b]) => b - a);
  return first?.[0] ?? '';
}
