import type { PlannedAlarm } from './alarms.ts';
import { type DeployText, DeployValue, deployJson, deployText } from './deploy-text.ts';
import type { FlipperAlias, FlipperPart } from './deployment.ts';
import type { PolicyStatement } from './role-policies.ts';
import { type Block, expression, quoted, snakeCase, templateOf } from './terraform-values.ts';

/** Resources by type and name. */
export type Resources = Record<string, Record<string, Block>>;

const functionArn = expression('aws_lambda_function.flipper.arn');
const name = expression('var.flipper_name');
/** Roles are of the whole account: another flipper may be in another region. */
const rolePrefix = 'edge-flipper-';

/**
 * The Lambda with its role, schedule, rule for alarms, topic and alarms. `packagePath` leads from the module to the zip
 * of flipper:package.
 */
export function flipperResources(flipper: FlipperPart, packagePath: string): Resources {
  const { retries, schedule } = flipper;
  const maxima = { maximum_event_age_in_seconds: retries.maxAgeSeconds, maximum_retry_attempts: retries.attempts };
  const zip = `\${path.module}/${packagePath}`;
  return {
    aws_cloudwatch_log_group: {
      flipper: { name: templateOf(flipper.logGroup), retention_in_days: expression('var.log_retention_days') },
    },
    aws_iam_role: {
      flipper: { name_prefix: rolePrefix, assume_role_policy: trust('lambda.amazonaws.com') },
      schedule: {
        name_prefix: rolePrefix,
        assume_role_policy: trust('scheduler.amazonaws.com', {
          Condition: { StringEquals: { 'aws:SourceAccount': new DeployValue([{ ref: 'account' }]) } },
        }),
      },
    },
    aws_iam_role_policy: {
      ...Object.fromEntries(flipper.statements.map((statement) => [`flipper_${snakeCase(statement.sid)}`, policyOf(statement)])),
      schedule_invoke: {
        name: 'Invoke',
        role: expression('aws_iam_role.schedule.id'),
        policy: document({ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: new DeployValue([{ ref: 'flipperArn' }]) }),
      },
    },
    aws_iam_role_policy_attachment: {
      network: {
        '//': "Lambda's own policy for its network interfaces. AWS grants these actions only on all resources.",
        count: expression('length(var.subnet_ids) == 0 ? 0 : 1'),
        role: expression('aws_iam_role.flipper.name'),
        policy_arn: templateOf(deployText`arn:${{ ref: 'partition' }}:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole`),
      },
    },
    aws_lambda_function: {
      flipper: {
        function_name: templateOf(flipper.name),
        description: flipper.description,
        filename: zip,
        source_code_hash: `\${filebase64sha256(${JSON.stringify(zip)})}`,
        handler: flipper.handler,
        runtime: expression('var.runtime'),
        architectures: [flipper.architecture],
        memory_size: expression('var.memory_mb'),
        timeout: flipper.timeoutSeconds,
        role: expression('aws_iam_role.flipper.arn'),
        reserved_concurrent_executions: expression('var.reserved_concurrency == 0 ? -1 : var.reserved_concurrency'),
        dynamic: {
          vpc_config: {
            for_each: expression('length(var.subnet_ids) == 0 ? [] : [var.subnet_ids]'),
            content: { subnet_ids: expression('vpc_config.value'), security_group_ids: expression('var.security_group_ids') },
          },
        },
        // The lines are JSON already, and those with metrics must reach CloudWatch unwrapped.
        logging_config: { log_format: 'Text', log_group: expression('aws_cloudwatch_log_group.flipper.name') },
        environment: {
          variables: Object.fromEntries(Object.entries(flipper.environment).map(([variable, text]) => [variable, templateOf(text)])),
        },
        depends_on: ['aws_iam_role_policy_attachment.network'],
      },
    },
    aws_lambda_function_event_invoke_config: {
      flipper: {
        '//': 'A failed run is not repeated: the next minute brings a new one, and an old alarm is outdated.',
        function_name: expression('aws_lambda_function.flipper.function_name'),
        qualifier: '$LATEST',
        ...maxima,
      },
      ...Object.fromEntries(flipper.aliases.map((alias) => [alias.name, aliasRetries(alias)])),
    },
    aws_lambda_alias: Object.fromEntries(flipper.aliases.map((alias) => [alias.name, aliasOf(alias)])),
    aws_iam_policy: Object.fromEntries(flipper.aliases.map((alias) => [alias.name, invokePolicyOf(alias)])),
    aws_scheduler_schedule: {
      flipper: {
        name,
        description: schedule.description,
        schedule_expression: schedule.expression,
        flexible_time_window: { mode: 'OFF' },
        target: { arn: functionArn, role_arn: expression('aws_iam_role.schedule.arn'), input: schedule.event, retry_policy: maxima },
      },
    },
    ...alarmRule(flipper.signalAlarms),
    ...topicResources('flipper', name, flipper.topicDisplayName),
    aws_cloudwatch_metric_alarm: alarmResources(flipper.alarms, templateOf([{ ref: 'topicArn' }])),
  };
}

function aliasOf({ name: alias, description, functionVersion }: FlipperAlias): Block {
  const function_name = expression('aws_lambda_function.flipper.function_name');
  return { name: alias, description, function_name, function_version: functionVersion };
}

function aliasRetries({ name: alias, retries }: FlipperAlias): Block {
  return {
    function_name: expression('aws_lambda_function.flipper.function_name'),
    qualifier: expression(`aws_lambda_alias.${alias}.name`),
    maximum_event_age_in_seconds: retries.maxAgeSeconds,
    maximum_retry_attempts: retries.attempts,
  };
}

/** For the roles of those who invoke the alias. */
function invokePolicyOf({ name: alias, description, invoke }: FlipperAlias): Block {
  const [Resource] = invoke.resources.map((resource) => new DeployValue(resource));
  const policy = document({ Sid: invoke.sid, Effect: 'Allow', Action: invoke.actions[0], Resource });
  return { name_prefix: `${rolePrefix}${alias}-`, description, policy };
}

/**
 * The rule that runs the flipper at an alarm's change of state. Signals of the configuration by name, others by a
 * prefix.
 */
function alarmRule(signalAlarms: readonly string[]): Resources {
  const byPrefix = 'var.signal_alarm_prefix == "" ? [] : [{ prefix = var.signal_alarm_prefix }]';
  const names = signalAlarms.length === 0 ? byPrefix : `concat([${signalAlarms.map(quoted).join(', ')}], ${byPrefix})`;
  const count = signalAlarms.length === 0 ? { count: expression('var.signal_alarm_prefix == "" ? 0 : 1') } : {};
  const rule = `aws_cloudwatch_event_rule.alarms${signalAlarms.length === 0 ? '[0]' : ''}`;
  return {
    aws_cloudwatch_event_rule: {
      alarms: {
        ...count,
        name_prefix: rolePrefix,
        description: 'Runs the flipper when a signal alarm changes its state.',
        event_pattern: `\${jsonencode({ source = ["aws.cloudwatch"], "detail-type" = ["CloudWatch Alarm State Change"], detail = { alarmName = ${names} } })}`,
      },
    },
    aws_cloudwatch_event_target: {
      alarms: {
        ...count,
        rule: `\${${rule}.name}`,
        arn: functionArn,
        retry_policy: { maximum_event_age_in_seconds: 60, maximum_retry_attempts: 2 },
      },
    },
    aws_lambda_permission: {
      alarms: {
        ...count,
        action: 'lambda:InvokeFunction',
        function_name: expression('aws_lambda_function.flipper.function_name'),
        principal: 'events.amazonaws.com',
        source_arn: `\${${rule}.arn}`,
      },
    },
  };
}

/**
 * A topic with the mail address that its alarms go to. Not encrypted with the key of SNS: CloudWatch's alarms could
 * then not publish to it.
 */
export function topicResources(topic: string, topicName: string, displayName: string, isOptional = false): Resources {
  const [count, at] = isOptional ? [{ count: expression('var.topic_arn == "" ? 1 : 0') }, '[0]'] : [{}, ''];
  const email = isOptional
    ? expression('var.topic_arn == "" && var.notification_email != "" ? 1 : 0')
    : expression('var.notification_email == "" ? 0 : 1');
  return {
    aws_sns_topic: { [topic]: { ...count, name: topicName, display_name: displayName } },
    aws_sns_topic_subscription: {
      email: {
        count: email,
        topic_arn: expression(`aws_sns_topic.${topic}${at}.arn`),
        protocol: 'email',
        endpoint: expression('var.notification_email'),
      },
    },
  };
}

/** Alarms by the names of their resources. */
export function alarmResources(alarms: readonly PlannedAlarm[], topicArn: string): Record<string, Block> {
  return Object.fromEntries(
    alarms.map((alarm) => [
      snakeCase(alarm.id),
      {
        alarm_name: templateOf(alarm.name),
        alarm_description: alarm.description,
        namespace: alarm.namespace,
        metric_name: alarm.metric,
        dimensions: Object.fromEntries(Object.entries(alarm.dimensions).map(([key, text]) => [key, templateOf(text)])),
        statistic: alarm.statistic,
        period: alarm.periodSeconds,
        evaluation_periods: alarm.evaluationPeriods,
        datapoints_to_alarm: alarm.datapointsToAlarm,
        threshold: typeof alarm.threshold === 'number' ? alarm.threshold : templateOf([alarm.threshold]),
        comparison_operator: alarm.comparison,
        treat_missing_data: alarm.missingData,
        alarm_actions: [topicArn],
        ok_actions: [topicArn],
      },
    ]),
  );
}

function policyOf({ sid, actions, resources, stringEquals, when }: PolicyStatement): Block {
  const single = <T>(all: readonly T[]) => (all.length === 1 ? all[0] : all);
  return {
    ...(when !== undefined && { count: `\${var.${snakeCase(when)} == "" ? 0 : 1}` }),
    name: sid,
    role: expression('aws_iam_role.flipper.id'),
    policy: document({
      Effect: 'Allow',
      Action: single(actions),
      Resource: single(resources.map((text) => new DeployValue(text))),
      ...(stringEquals && { Condition: { StringEquals: mapValues(stringEquals, (text) => new DeployValue(text)) } }),
    }),
  };
}

function mapValues<T>(record: Readonly<Record<string, DeployText>>, map: (text: DeployText) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, text]) => [key, map(text)]));
}

function document(statement: object): string {
  return templateOf(deployJson({ Version: '2012-10-17', Statement: [statement] }));
}

function trust(service: string, more: object = {}): string {
  return document({ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole', ...more });
}
