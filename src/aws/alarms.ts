import type { CloudWatchClient, Dimension, MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { wrapAwsError } from './aws-error.ts';

/** The only region with CloudFront's metrics (DG viewing-cloudfront-metrics.html). */
export const metricsRegion = 'us-east-1';

/** A metric that an alarm watches. */
export interface AlarmMetric {
  namespace: string;
  name: string;
  dimensions: Readonly<Record<string, string>>;
}

/** A CloudWatch metric alarm. */
export interface Alarm {
  name: string;
  /** OK, ALARM or INSUFFICIENT_DATA. */
  state: string;
  /** Those of a metric expression included. */
  metrics: readonly AlarmMetric[];
  /** It has an action for the state ALARM. */
  hasActions: boolean;
  /** Missing data counts as a failure, which is how an alarm notices silence. */
  isMissingBreaching: boolean;
}

/** Limits the calls in an account with thousands of alarms. */
const maxPages = 20;

/** The metric alarms of the client's region; `complete` is false when the limit cut the list. */
export async function listAlarms(client: CloudWatchClient): Promise<{ alarms: readonly Alarm[]; complete: boolean }> {
  const alarms: Alarm[] = [];
  let token: string | undefined;
  try {
    const { DescribeAlarmsCommand } = await import('@aws-sdk/client-cloudwatch');
    for (let page = 0; page < maxPages; page++) {
      const answer = await client.send(
        new DescribeAlarmsCommand({ AlarmTypes: ['MetricAlarm'], MaxRecords: 100, ...(token === undefined ? {} : { NextToken: token }) }),
      );
      alarms.push(...(answer.MetricAlarms ?? []).map(readAlarm));
      token = answer.NextToken;
      if (token === undefined) return { alarms, complete: true };
    }
  } catch (error) {
    throw wrapAwsError(error, 'list the CloudWatch alarms');
  }
  return { alarms, complete: false };
}

function readAlarm(alarm: MetricAlarm): Alarm {
  const stats = (alarm.Metrics ?? []).flatMap(({ MetricStat }) => (MetricStat?.Metric === undefined ? [] : [MetricStat.Metric]));
  return {
    name: alarm.AlarmName ?? '',
    state: alarm.StateValue ?? '',
    metrics: [alarm, ...stats].flatMap(({ Namespace, MetricName, Dimensions }) =>
      MetricName === undefined ? [] : [{ namespace: Namespace ?? '', name: MetricName, dimensions: readDimensions(Dimensions) }],
    ),
    hasActions: alarm.ActionsEnabled !== false && (alarm.AlarmActions ?? []).length > 0,
    isMissingBreaching: alarm.TreatMissingData === 'breaching',
  };
}

function readDimensions(dimensions: readonly Dimension[] = []): Record<string, string> {
  return Object.fromEntries(dimensions.map(({ Name = '', Value = '' }) => [Name, Value]));
}
