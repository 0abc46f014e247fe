import type { EdgeConfig } from '../config/edge-config.ts';
import { type DeployText, deployText } from './deploy-text.ts';

/** One statement that allows. */
export interface PolicyStatement {
  sid: string;
  actions: readonly string[];
  resources: readonly DeployText[];
  /** Values by condition key, compared by StringEquals. */
  stringEquals?: Readonly<Record<string, DeployText>>;
  /** Only when this input of the deployment is not empty. */
  when?: string;
}

type FlipperConfig = Pick<EdgeConfig, 'origins' | 'notifications'>;

export interface FlipperResources {
  storeArn: DeployText;
  /** Of the account; part of no ARN of CloudFront or Route 53. */
  partition: DeployText;
  /** Topics of `notifications`. */
  topicArns: readonly DeployText[];
}

/** What a flipper calls while it runs: store, signals and topics of the configuration, and nothing else. */
export function flipperStatements(config: FlipperConfig, { storeArn, partition, topicArns }: FlipperResources): PolicyStatement[] {
  return [
    {
      sid: 'MoveTraffic',
      // No ListKeys, which only an operator's commands need; no PutKey or DeleteKey, because a flip is one UpdateKeys.
      actions: ['cloudfront-keyvaluestore:DescribeKeyValueStore', 'cloudfront-keyvaluestore:GetKey', 'cloudfront-keyvaluestore:UpdateKeys'],
      resources: [storeArn],
    },
    ...signalStatements(config, partition),
    ...notifyStatements(topicArns),
  ];
}

/** What a probe of the configuration's signals calls. */
export function signalStatements({ origins }: Pick<EdgeConfig, 'origins'>, partition: DeployText): PolicyStatement[] {
  const signals = Object.values(origins).flatMap((origin) => origin.signals);
  const healthChecks = signals.flatMap((signal) => (signal.type === 'route53' ? [signal.healthCheckId] : []));
  const hasAlarms = signals.some(({ type }) => type === 'alarm');
  return [
    ...(healthChecks.length === 0
      ? []
      : [
          {
            sid: 'HealthCheckSignals',
            actions: ['route53:GetHealthCheckStatus'],
            resources: [...new Set(healthChecks)].map((id) => deployText`arn:${partition}:route53:::healthcheck/${id}`),
          },
        ]),
    // On *: CloudWatch lists composite alarms only to principals with this (CloudWatch API reference, DescribeAlarms).
    ...(hasAlarms ? [{ sid: 'AlarmSignals', actions: ['cloudwatch:DescribeAlarms'], resources: ['*'] }] : []),
  ];
}

/** Reports flips and overrides. */
export function notifyStatements(topicArns: readonly DeployText[]): PolicyStatement[] {
  return topicArns.length === 0 ? [] : [{ sid: 'Notify', actions: ['sns:Publish'], resources: topicArns }];
}
