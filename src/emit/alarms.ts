import { type DeployReference, type DeployText, DeployValue, deployJson, deployText } from './deploy-text.ts';

export interface PlannedAlarm {
  /** Unique in a deployment, such as `Silence`; a formatter makes the name of its resource from it. */
  id: string;
  name: DeployText;
  description: string;
  namespace: 'AWS/CloudFront' | 'EdgeFailover';
  metric: string;
  dimensions: Readonly<Record<string, DeployText>>;
  statistic: 'Sum' | 'Average';
  periodSeconds: number;
  evaluationPeriods: number;
  datapointsToAlarm: number;
  threshold: number | DeployReference;
  comparison: 'GreaterThanThreshold' | 'LessThanThreshold';
  missingData: 'breaching' | 'notBreaching';
  /** Where the metric is: CloudFront's are in us-east-1 only, and an alarm elsewhere would never get a value. */
  region: 'us-east-1' | 'flipper';
}

const minute = { periodSeconds: 60 };

/** The flipper's heartbeat: a run is successful when it has probed every origin and reached the store. */
export function silenceAlarm(flipper: DeployText): PlannedAlarm {
  return {
    id: 'Silence',
    name: deployText`${flipper}-silence`,
    description:
      'The flipper has had no successful run for five minutes. If an origin fails now, no viewer is moved; the last routing stays in force. Read its log. The command failover moves viewers by hand.',
    namespace: 'EdgeFailover',
    metric: 'SuccessfulRuns',
    dimensions: { Flipper: flipper },
    statistic: 'Sum',
    ...minute,
    evaluationPeriods: 5,
    datapointsToAlarm: 5,
    threshold: 1,
    comparison: 'LessThanThreshold',
    missingData: 'breaching',
    region: 'flipper',
  };
}

/** Errors and throttles of the edge function: each is an answer of 5xx to a viewer. */
export function edgeFunctionAlarms(functionName: string): PlannedAlarm[] {
  const rollback = 'If that began with a publish, run the command function:rollback.';
  const alarm = (id: string, suffix: string, metric: string, description: string): PlannedAlarm => ({
    id,
    name: `${functionName}-${suffix}`,
    description,
    metric,
    ...ofFunction(functionName),
    statistic: 'Sum',
    ...minute,
    evaluationPeriods: 1,
    datapointsToAlarm: 1,
    threshold: 0,
    comparison: 'GreaterThanThreshold',
  });
  return [
    alarm('ExecutionErrors', 'execution-errors', 'FunctionExecutionErrors', `The edge function fails, and viewers get 503. ${rollback}`),
    alarm(
      'ValidationErrors',
      'validation-errors',
      'FunctionValidationErrors',
      `The edge function returns what CloudFront refuses, and viewers get 502. ${rollback}`,
    ),
    alarm(
      'Throttles',
      'throttles',
      'FunctionThrottles',
      'CloudFront throttles the edge function, and viewers get 503. After a broken version this can last for minutes after the fix.',
    ),
  ];
}

/** Viewers' errors of each distribution, and the time that the function takes. */
export function trafficAlarms(distributionIds: readonly DeployText[], functionName: string): PlannedAlarm[] {
  const every = { ...minute, evaluationPeriods: 5, comparison: 'GreaterThanThreshold' as const };
  return [
    ...distributionIds.map(
      (id, index): PlannedAlarm => ({
        id: `FailedRequests${index === 0 ? '' : index + 1}`,
        name: deployText`${id}-5xx`,
        description:
          'Viewers get errors. The command failover status shows the origins. If it began with a publish, run the command function:rollback.',
        ...cloudFront,
        metric: '5xxErrorRate',
        dimensions: { DistributionId: id, Region: 'Global' },
        // This metric has no other statistic.
        statistic: 'Average',
        ...every,
        datapointsToAlarm: 5,
        threshold: { input: 'FailedRequestsPercent' },
      }),
    ),
    {
      // At 100 CloudFront ends the function, and no setting lets requests bypass it.
      id: 'Utilization',
      name: `${functionName}-utilization`,
      description:
        'The edge function takes more than 70 percent of the time that CloudFront allows. If that began with a publish, run the command function:rollback.',
      metric: 'FunctionComputeUtilization',
      ...ofFunction(functionName),
      statistic: 'Average',
      ...every,
      datapointsToAlarm: 3,
      threshold: utilizationPercent,
    },
  ];
}

const utilizationPercent = 70;
const cloudFront = { namespace: 'AWS/CloudFront', missingData: 'notBreaching', region: 'us-east-1' } as const;

/** With FunctionName alone CloudWatch finds no value and reports no error. */
function ofFunction(functionName: string) {
  return { ...cloudFront, dimensions: { FunctionName: functionName, Region: 'Global' } };
}

export interface DashboardOptions {
  distributionIds: readonly DeployText[];
  functionName: string;
  /** Aliases. */
  origins: readonly string[];
}

/** The edge at a glance: viewers, function, verdicts, weights, the flipper. The text of CloudWatch's dashboard body. */
export function edgeDashboard({ distributionIds, functionName, origins }: DashboardOptions): DeployText {
  const region = new DeployValue([{ input: 'FlipperRegion' }]);
  const flipper = new DeployValue([{ input: 'FlipperName' }]);
  const ids = distributionIds.map((id) => new DeployValue(id));
  const ofDistribution = (...metrics: string[]) =>
    ids.flatMap((id) => metrics.map((metric) => ['AWS/CloudFront', metric, 'DistributionId', id, 'Region', 'Global']));
  const ofEdge = (...metrics: string[]) =>
    metrics.map((metric) => ['AWS/CloudFront', metric, 'FunctionName', functionName, 'Region', 'Global']);
  const ofOrigins = (metric: string, ...stats: string[]) =>
    origins.flatMap((origin) =>
      (stats.length === 0 ? [[]] : stats.map((stat) => [{ stat }])).map((rendering) => [
        'EdgeFailover',
        metric,
        'Flipper',
        flipper,
        'Origin',
        origin,
        ...rendering,
      ]),
    );
  const ofFlipper = (...metrics: string[]) => metrics.map((metric) => ['EdgeFailover', metric, 'Flipper', flipper]);
  const widget = (place: readonly [x: number, y: number, width: number], title: string, properties: object) => ({
    type: 'metric',
    x: place[0],
    y: place[1],
    width: place[2],
    height: 6,
    properties: { title, ...properties },
  });
  const sum = (where: unknown) => ({ region: where, stat: 'Sum', period: 60 });
  const left = (max: number) => ({ yAxis: { left: { min: 0, max } } });
  const here = 'us-east-1';
  const widgets = [
    widget([0, 0, 12], "Viewers' requests a minute", { ...sum(here), metrics: ofDistribution('Requests') }),
    widget([12, 0, 12], 'Failed requests, percent', {
      region: here,
      stat: 'Average',
      period: 60,
      metrics: ofDistribution('5xxErrorRate', '4xxErrorRate'),
    }),
    widget([0, 6, 8], 'Edge function: runs a minute', { ...sum(here), metrics: ofEdge('FunctionInvocations') }),
    widget([8, 6, 8], 'Edge function: errors and throttles', {
      ...sum(here),
      metrics: ofEdge('FunctionExecutionErrors', 'FunctionValidationErrors', 'FunctionThrottles'),
    }),
    widget([16, 6, 8], 'Edge function: percent of its time', {
      region: here,
      stat: 'Average',
      period: 60,
      ...left(100),
      annotations: { horizontal: [{ label: 'alarm', value: utilizationPercent }] },
      metrics: ofEdge('FunctionComputeUtilization'),
    }),
    widget([0, 12, 8], 'Verdicts: 1 healthy, 0 unhealthy', {
      region,
      stat: 'Minimum',
      period: 60,
      ...left(1),
      metrics: ofOrigins('Healthy'),
    }),
    widget([8, 12, 8], 'Weights, percent', { region, stat: 'Minimum', period: 60, ...left(100), metrics: ofOrigins('Weight') }),
    widget([16, 12, 8], 'Latency of the probes, milliseconds', {
      region,
      period: 60,
      metrics: ofOrigins('ProbeLatency', 'p50', 'Maximum'),
    }),
    widget([0, 18, 12], 'Flips', { ...sum(region), metrics: ofFlipper('Flips') }),
    widget([12, 18, 12], 'The flipper itself', {
      ...sum(region),
      metrics: ofFlipper('SuccessfulRuns', 'StoreFailures', 'NotificationFailures'),
    }),
  ];
  // A line for each: a person can read the difference between two versions.
  const lines = widgets.map((each) => deployJson(each));
  return [
    '{"widgets":[\n',
    ...lines.flatMap((line, index) => [...(index === 0 ? [] : [',\n']), ...(typeof line === 'string' ? [line] : line)]),
    '\n]}',
  ];
}
