import type { PlannedAlarm } from './alarms.ts';
import { aliasId, lambdaResources } from './cloudformation-flipper.ts';
import { equals, not, type TemplateFields, textOf } from './cloudformation-values.ts';
import type { Deployment } from './deployment.ts';
import type { DeployInput } from './inputs.ts';

/** A template in the long form of its functions: `{ Ref: … }`, `{ 'Fn::GetAtt': […] }`. */
export interface CloudFormationTemplate {
  AWSTemplateFormatVersion: '2010-09-09';
  Description: string;
  Parameters?: Record<string, TemplateFields>;
  Rules?: Record<string, TemplateFields>;
  Conditions?: Record<string, unknown>;
  Resources: Record<string, TemplateFields>;
  Outputs: Record<string, TemplateFields>;
}

export interface CloudFormationOptions {
  /** The built edge function, at most 10 KB; undefined where the deployment has none. */
  functionCode: string | undefined;
  /**
   * Where the flipper's zip is: a path from the template, which `aws cloudformation package` uploads, or parameters
   * that name an object in S3.
   */
  flipperCode: { path: string } | 's3';
}

/** The deployment as a template. */
export function buildCloudFormation(deployment: Deployment, options: CloudFormationOptions): CloudFormationTemplate {
  const { edgeFunction, store, flipper, monitoring, inputs } = deployment;
  const fromS3 = flipper !== undefined && options.flipperCode === 's3';
  const resources: Record<string, TemplateFields> = {
    ...(store && { Store: storeResource(store) }),
    ...(edgeFunction && { EdgeFunction: edgeFunctionResource(edgeFunction, options.functionCode ?? '') }),
    ...(flipper && {
      ...lambdaResources(flipper, options.flipperCode),
      ...alarmResources(flipper.alarms, { Ref: 'Topic' }),
    }),
    ...(monitoring && monitoringResources(monitoring)),
  };
  const parameters = Object.fromEntries([...inputs, ...(fromS3 ? codeInputs : [])].map((input) => [input.name, parameterOf(input)]));
  const conditions = Object.fromEntries(Object.entries(conditionsOf).filter(([name]) => uses(resources, name)));
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: describeDeployment(deployment),
    ...(Object.keys(parameters).length > 0 && { Parameters: parameters }),
    ...(monitoring && { Rules: { WhereCloudFrontsMetricsAre: { Assertions: [metricsRegionRule] } } }),
    ...(Object.keys(conditions).length > 0 && { Conditions: conditions }),
    Resources: resources,
    Outputs: outputsOf(deployment),
  };
}

/** Why a resource is as it is, for a reader of the template; by its name. */
export const resourceComments: Readonly<Record<string, string>> = {
  Store: 'The store keeps the health record. It stays when the stack is deleted, because an override would be lost with it.',
  EdgeFunction: 'A new version is published to LIVE by the update of the stack. function:publish is not for this function.',
  Function: 'Its timeout is below a minute, so that two scheduled runs never overlap. Probing ends eight seconds earlier.',
  Invocation: 'A failed run is not repeated: the next minute brings a new one, and an old alarm is outdated.',
  Schedule: 'A minute is the shortest interval of EventBridge Scheduler; the function probes several times within it.',
  AlarmRule: 'Alarms of other regions arrive through infra/alarm-forwarding.yaml.',
  Topic: "Not encrypted with the key of SNS: CloudWatch's alarms could then not publish to it.",
  ExecutionErrorsAlarm: 'With FunctionName alone CloudWatch finds no value and reports no error.',
  UtilizationAlarm: 'At 100 CloudFront ends the function, and no setting lets requests bypass it.',
};

const codeInputs: readonly DeployInput[] = [
  { name: 'CodeBucket', type: 'text', description: "A bucket in the stack's region that holds the zip of the command flipper:package." },
  {
    name: 'CodeKey',
    type: 'text',
    description:
      'Its key there. Give each zip another key, such as one with its sha256: CloudFormation updates the function only when the key changes.',
  },
];

/** Every condition that a resource may name. */
const conditionsOf: Readonly<Record<string, unknown>> = {
  HasSecretKey: not(equals({ Ref: 'SecretKmsKeyArn' }, '')),
  HasSignalAlarms: not(equals({ Ref: 'SignalAlarmPrefix' }, '')),
  InSubnets: not(equals({ 'Fn::Join': ['', { Ref: 'SubnetIds' }] }, '')),
  HasEmail: not(equals({ Ref: 'NotificationEmail' }, '')),
  ReservesConcurrency: not(equals({ Ref: 'ReservedConcurrency' }, '0')),
  HasOwnTopic: equals({ Ref: 'TopicArn' }, ''),
};

const metricsRegionRule = {
  Assert: equals({ Ref: 'AWS::Region' }, 'us-east-1'),
  AssertDescription:
    "CloudFront's metrics are in us-east-1 only; an alarm elsewhere would never get a value. Deploy this stack in us-east-1.",
};

function storeResource({ name, comment }: NonNullable<Deployment['store']>): TemplateFields {
  return {
    Type: 'AWS::CloudFront::KeyValueStore',
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: { Name: name, Comment: comment },
  };
}

function edgeFunctionResource(part: NonNullable<Deployment['edgeFunction']>, code: string): TemplateFields {
  return {
    Type: 'AWS::CloudFront::Function',
    Properties: {
      Name: part.name,
      AutoPublish: true,
      FunctionConfig: {
        Comment: part.comment,
        Runtime: part.runtime,
        KeyValueStoreAssociations: [{ KeyValueStoreARN: textOf(part.keyValueStoreArn) }],
      },
      FunctionCode: code,
    },
  };
}

function alarmResources(alarms: readonly PlannedAlarm[], topic: unknown): Record<string, TemplateFields> {
  return Object.fromEntries(
    alarms.map((alarm) => {
      return [
        `${alarm.id}Alarm`,
        {
          Type: 'AWS::CloudWatch::Alarm',
          Properties: {
            AlarmName: textOf(alarm.name),
            AlarmDescription: alarm.description,
            Namespace: alarm.namespace,
            MetricName: alarm.metric,
            Dimensions: Object.entries(alarm.dimensions).map(([Name, value]) => ({ Name, Value: textOf(value) })),
            Statistic: alarm.statistic,
            Period: alarm.periodSeconds,
            EvaluationPeriods: alarm.evaluationPeriods,
            DatapointsToAlarm: alarm.datapointsToAlarm,
            Threshold: typeof alarm.threshold === 'number' ? alarm.threshold : textOf([alarm.threshold]),
            ComparisonOperator: alarm.comparison,
            TreatMissingData: alarm.missingData,
            AlarmActions: [topic],
            OKActions: [topic],
          },
        },
      ];
    }),
  );
}

function monitoringResources({
  alarms,
  dashboard,
  topicDisplayName,
}: NonNullable<Deployment['monitoring']>): Record<string, TemplateFields> {
  return {
    Topic: { Type: 'AWS::SNS::Topic', Condition: 'HasOwnTopic', Properties: { DisplayName: topicDisplayName } },
    EmailSubscription: {
      Type: 'AWS::SNS::Subscription',
      Condition: 'HasEmail',
      Properties: { TopicArn: monitoringTopic, Protocol: 'email', Endpoint: { Ref: 'NotificationEmail' } },
    },
    ...alarmResources(alarms, monitoringTopic),
    Dashboard: {
      Type: 'AWS::CloudWatch::Dashboard',
      Properties: { DashboardName: textOf(dashboard.name), DashboardBody: textOf(dashboard.body) },
    },
  };
}

const monitoringTopic = { 'Fn::If': ['HasOwnTopic', { Ref: 'Topic' }, { Ref: 'TopicArn' }] };

function outputsOf({ edgeFunction, store, flipper, monitoring, associations }: Deployment): Record<string, TemplateFields> {
  const output = (value: unknown, description?: string): TemplateFields => ({
    ...(description && { Description: description }),
    Value: value,
  });
  return {
    ...(edgeFunction && { EdgeFunctionArn: output(textOf([{ ref: 'edgeFunctionArn' }]), describeAssociations(associations)) }),
    ...(store && {
      KeyValueStoreArn: output(textOf([{ ref: 'storeArn' }]), 'EDGE_KVS_ARN for the commands; with it they need not search the store.'),
    }),
    ...(flipper && {
      FunctionArn: output({ 'Fn::GetAtt': ['Function', 'Arn'] }, 'The flipper.'),
      TopicArn: output({ Ref: 'Topic' }, 'Topic of flips and alarms. Subscribe to it.'),
      LogGroup: output({ Ref: 'Log' }),
      ...Object.fromEntries(
        flipper.aliases.flatMap(({ name }) => {
          const id = aliasId(name);
          return [
            [
              `${id}AliasArn`,
              output({ Ref: `${id}Alias` }, `The right of the ${name}: ${id}PolicyArn allows to invoke it, and nothing else.`),
            ],
            [`${id}PolicyArn`, output({ Ref: `${id}Policy` })],
          ];
        }),
      ),
    }),
    ...(monitoring && {
      TopicArn: output(monitoringTopic, 'Topic of the alarms. Subscribe to it.'),
      DashboardName: output({ Ref: 'Dashboard' }),
    }),
  };
}

/** What to add in the tool that has the distribution. */
export function describeAssociations(associations: Deployment['associations']): string {
  if (associations.length === 0) return 'Set it as the viewer-request function of each behavior that is to be routed.';
  const ids = [...new Set(associations.map(({ distributionId }) => distributionId))];
  const lists = ids.map((id) => {
    const behaviors = associations.filter(({ distributionId }) => distributionId === id).map(({ behavior }) => behavior);
    return `${behaviors.join(', ')} of ${id ?? 'your distribution'}`;
  });
  return `Set it as the viewer-request function of these behaviors: ${lists.join('; ')}.`;
}

function describeDeployment({ edgeFunction, store, flipper, monitoring, environment }: Deployment): string {
  const parts = [
    ...(edgeFunction ? [`the edge function ${edgeFunction.name}`] : []),
    ...(store ? [`its key-value store ${store.name}`] : []),
    ...(flipper ? ['the health flipper as a Lambda with its alarms'] : []),
    ...(monitoring ? ['a dashboard and alarms of the edge'] : []),
  ];
  const where = flipper
    ? ' Deploy it in a region without an origin, and not in us-east-1, so that one outage does not stop both. A second stack in another region is a second flipper, which is safe.'
    : monitoring
      ? " Deploy it in us-east-1, the only region with CloudFront's metrics."
      : '';
  return `Edge failover${environment === undefined ? '' : ` of the environment ${environment}`}: ${parts.join(', ')}.${where}`;
}

function parameterOf({ type, description, fallback, pattern, values, min, max }: DeployInput): TemplateFields {
  const types = { text: 'String', number: 'Number', texts: 'CommaDelimitedList', flag: 'String' };
  return {
    Type: types[type],
    ...(fallback !== undefined && { Default: typeof fallback === 'number' ? fallback : String(fallback) }),
    ...(pattern !== undefined && { AllowedPattern: pattern }),
    ...((values ?? (type === 'flag' ? ['true', 'false'] : undefined)) && { AllowedValues: values ?? ['true', 'false'] }),
    ...(min !== undefined && { MinValue: min }),
    ...(max !== undefined && { MaxValue: max }),
    Description: description,
  };
}

function uses(value: unknown, condition: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(
    ([key, item]) => ((key === 'Condition' || (key === '0' && Array.isArray(value))) && item === condition) || uses(item, condition),
  );
}
