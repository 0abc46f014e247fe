import { policyDocument, type TemplateFields, textOf, when } from './cloudformation-values.ts';
import type { FlipperAlias, FlipperPart } from './deployment.ts';
import type { PolicyStatement } from './role-policies.ts';

/** Conditions of the inputs that a statement depends on. */
const conditionOfInput: Readonly<Record<string, string>> = { SecretKmsKeyArn: 'HasSecretKey' };

/** The Lambda with its role, schedule, rule for alarms and topic; its alarms are beside it. */
export function lambdaResources(flipper: FlipperPart, code: { path: string } | 's3'): Record<string, TemplateFields> {
  const { retries, schedule } = flipper;
  const retryPolicy = { MaximumRetryAttempts: retries.attempts, MaximumEventAgeInSeconds: retries.maxAgeSeconds };
  const functionArn = { 'Fn::GetAtt': ['Function', 'Arn'] };
  return {
    Log: {
      Type: 'AWS::Logs::LogGroup',
      Properties: { LogGroupName: textOf(flipper.logGroup), RetentionInDays: { Ref: 'LogRetentionDays' } },
    },
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: trust('lambda.amazonaws.com'),
        // Lambda's own policy for its network interfaces. AWS grants these actions only on all resources.
        ManagedPolicyArns: when('InSubnets', [
          { 'Fn::Sub': `arn:\${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole` },
        ]),
        Policies: flipper.statements.map(policyOf),
      },
    },
    Function: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: textOf(flipper.name),
        Description: flipper.description,
        Code: code === 's3' ? { S3Bucket: { Ref: 'CodeBucket' }, S3Key: { Ref: 'CodeKey' } } : code.path,
        Handler: flipper.handler,
        Runtime: { Ref: 'Runtime' },
        Architectures: [flipper.architecture],
        MemorySize: { Ref: 'MemoryMb' },
        Timeout: flipper.timeoutSeconds,
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
        VpcConfig: when('InSubnets', { SubnetIds: { Ref: 'SubnetIds' }, SecurityGroupIds: { Ref: 'SecurityGroupIds' } }),
        ReservedConcurrentExecutions: when('ReservesConcurrency', { Ref: 'ReservedConcurrency' }),
        // The lines are JSON already, and those with metrics must reach CloudWatch unwrapped.
        LoggingConfig: { LogGroup: { Ref: 'Log' }, LogFormat: 'Text' },
        Environment: { Variables: Object.fromEntries(Object.entries(flipper.environment).map(([name, text]) => [name, textOf(text)])) },
      },
    },
    Invocation: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: { FunctionName: { Ref: 'Function' }, Qualifier: '$LATEST', ...retryPolicy },
    },
    ScheduleRole: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: trust('scheduler.amazonaws.com', {
          Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
        }),
        Policies: [
          {
            PolicyName: 'Invoke',
            PolicyDocument: policyDocument({ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: functionArn }),
          },
        ],
      },
    },
    Schedule: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        Description: schedule.description,
        ScheduleExpression: schedule.expression,
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { Arn: functionArn, RoleArn: { 'Fn::GetAtt': ['ScheduleRole', 'Arn'] }, Input: schedule.event, RetryPolicy: retryPolicy },
      },
    },
    ...Object.assign({}, ...flipper.aliases.map(aliasResources)),
    ...alarmRule(flipper.signalAlarms, functionArn),
    Topic: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: flipper.topicDisplayName } },
    EmailSubscription: {
      Type: 'AWS::SNS::Subscription',
      Condition: 'HasEmail',
      Properties: { TopicArn: { Ref: 'Topic' }, Protocol: 'email', Endpoint: { Ref: 'NotificationEmail' } },
    },
  };
}

/** An alias with what it does about failed events, and the policy for those who invoke it. */
function aliasResources({ name, description, functionVersion, retries, invoke }: FlipperAlias): Record<string, TemplateFields> {
  const id = aliasId(name);
  return {
    [`${id}Alias`]: {
      Type: 'AWS::Lambda::Alias',
      Properties: { FunctionName: { Ref: 'Function' }, FunctionVersion: functionVersion, Name: name, Description: description },
    },
    [`${id}Invocation`]: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      DependsOn: `${id}Alias`,
      Properties: {
        FunctionName: { Ref: 'Function' },
        Qualifier: name,
        MaximumRetryAttempts: retries.attempts,
        MaximumEventAgeInSeconds: retries.maxAgeSeconds,
      },
    },
    [`${id}Policy`]: {
      Type: 'AWS::IAM::ManagedPolicy',
      Properties: {
        Description: description,
        PolicyDocument: policyDocument({ Sid: invoke.sid, Effect: 'Allow', Action: invoke.actions[0], Resource: { Ref: `${id}Alias` } }),
      },
    },
  };
}

/** `OperatorAlias` is of `operator`. */
export function aliasId(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/**
 * The rule that runs the flipper at an alarm's change of state, and its permission. Signals of the configuration by
 * name, others by a prefix.
 */
function alarmRule(signalAlarms: readonly string[], functionArn: object): Record<string, TemplateFields> {
  const byPrefix = { prefix: { Ref: 'SignalAlarmPrefix' } };
  const isAlways = signalAlarms.length > 0;
  const condition = isAlways ? {} : { Condition: 'HasSignalAlarms' };
  return {
    AlarmRule: {
      Type: 'AWS::Events::Rule',
      ...condition,
      Properties: {
        Description: 'Runs the flipper when a signal alarm changes its state.',
        EventPattern: {
          source: ['aws.cloudwatch'],
          'detail-type': ['CloudWatch Alarm State Change'],
          detail: { alarmName: isAlways ? [...signalAlarms, when('HasSignalAlarms', byPrefix)] : [byPrefix] },
        },
        Targets: [{ Id: 'flipper', Arn: functionArn, RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 60 } }],
      },
    },
    AlarmRulePermission: {
      Type: 'AWS::Lambda::Permission',
      ...condition,
      Properties: {
        FunctionName: { Ref: 'Function' },
        Action: 'lambda:InvokeFunction',
        Principal: 'events.amazonaws.com',
        SourceArn: { 'Fn::GetAtt': ['AlarmRule', 'Arn'] },
      },
    },
  };
}

function policyOf({ sid, actions, resources, stringEquals, when: input }: PolicyStatement): unknown {
  const [action, resource] = [actions, resources.map(textOf)].map((list) => (list.length === 1 ? list[0] : list));
  const policy = {
    PolicyName: sid,
    PolicyDocument: policyDocument({
      Effect: 'Allow',
      Action: action,
      Resource: resource,
      ...(stringEquals && {
        Condition: { StringEquals: Object.fromEntries(Object.entries(stringEquals).map(([key, text]) => [key, textOf(text)])) },
      }),
    }),
  };
  return input === undefined ? policy : when(conditionOfInput[input] ?? input, policy);
}

function trust(service: string, more: TemplateFields = {}): TemplateFields {
  return policyDocument({ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole', ...more });
}
