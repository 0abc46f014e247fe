import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { PlannedAlarm } from '../../src/emit/alarms.ts';
import type { DeployText } from '../../src/emit/deploy-text.ts';

/** An alarm of the plan that notifies the topic, both ways. */
export function addAlarm(
  scope: Construct,
  alarm: PlannedAlarm,
  fill: (text: DeployText) => string,
  topic: sns.ITopic | undefined,
): cloudwatch.Alarm {
  const added = new cloudwatch.Alarm(scope, `${alarm.id}Alarm`, {
    alarmName: fill(alarm.name),
    alarmDescription: alarm.description,
    metric: new cloudwatch.Metric({
      namespace: alarm.namespace,
      metricName: alarm.metric,
      dimensionsMap: Object.fromEntries(Object.entries(alarm.dimensions).map(([name, text]) => [name, fill(text)])),
      statistic: alarm.statistic,
      period: Duration.seconds(alarm.periodSeconds),
    }),
    evaluationPeriods: alarm.evaluationPeriods,
    datapointsToAlarm: alarm.datapointsToAlarm,
    threshold: Number(alarm.threshold),
    comparisonOperator:
      alarm.comparison === 'LessThanThreshold'
        ? cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
        : cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
    treatMissingData: alarm.missingData === 'breaching' ? cloudwatch.TreatMissingData.BREACHING : cloudwatch.TreatMissingData.NOT_BREACHING,
  });
  if (topic !== undefined) {
    added.addAlarmAction(new SnsAction(topic));
    added.addOkAction(new SnsAction(topic));
  }
  return added;
}
