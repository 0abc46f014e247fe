/**
 * A construct for AWS CDK: builds and checks the edge function when the app is synthesized, and creates it with its
 * store and the flipper.
 *
 * @example
 * const edge = new EdgeFailover(stack, 'Edge', {
 *   config,
 *   distribution,
 *   behaviors: ['default'],
 *   flipper: { variables: { VIEWER_DOMAIN: 'www.example.com' } },
 * });
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { cwd as workingDirectory } from 'node:process';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import { Annotations, AssetHashType, Aws, Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { type DeployReference, type DeployText, fillText } from '../src/emit/deploy-text.ts';
import { type Deployment, type FlipperAlias, type FlipperPart, planDeployment } from '../src/emit/deployment.ts';
import { inputNamesOf } from '../src/emit/inputs.ts';
import { EdgeError } from '../src/errors.ts';
import { addAlarm } from './cdk/add-alarm.ts';
import { associate, printAssociations, resourceOf } from './cdk/associate.ts';
import { buildOnce, synthError, toModule } from './cdk/run-build.ts';
import { resolveConfig, type WrittenConfig } from './config.ts';

export interface FlipperSettings {
  /**
   * A value for each variable that distribution.json asks for, such as VIEWER_DOMAIN. A value may be a token, such as
   * the DNS name of a load balancer.
   */
  readonly variables?: Readonly<Record<string, string>> | undefined;
  /**
   * JSON with the keys that headers and webhooks need, such as ORIGIN_VERIFY_SECRET; its text is in no template.
   * Required when there are such keys.
   */
  readonly secret?: ISecret | undefined;
  /** Logs what it would do and writes nothing. Default false. */
  readonly shadow?: boolean | undefined;
  /** Default: a name by CloudFormation. */
  readonly functionName?: string | undefined;
  /** Default 256. */
  readonly memorySize?: number | undefined;
  /** Default Node.js 24. */
  readonly runtime?: lambda.Runtime | undefined;
  /** Default 2; 0 reserves none, for an account whose quota is too small. */
  readonly reservedConcurrentExecutions?: number | undefined;
  /** Default one month. */
  readonly logRetention?: logs.RetentionDays | undefined;
  /**
   * Alarms whose names begin with this run the flipper at once, beside the configuration's own signals. Default: none.
   */
  readonly signalAlarmPrefix?: string | undefined;
  /** A network with a NAT gateway, where origins admit only known addresses. Default: none. */
  readonly vpc?: ec2.IVpc | undefined;
}

export interface EdgeFailoverProps {
  /** What edge.config.ts exports. */
  readonly config: WrittenConfig;
  /** One of the configuration's `environments`; required exactly when it has some. */
  readonly environment?: string | undefined;
  /**
   * Folder of edge.config.ts: `before` and `after` are named from it, and distribution.json is in it if there is one.
   * Default: the working directory.
   */
  readonly cwd?: string | undefined;
  /**
   * The distribution whose behaviors run the function. One of another app or tool stays as it is: an output says what
   * to add. Default: none.
   */
  readonly distribution?: cloudfront.IDistribution | undefined;
  /**
   * Path patterns, `default` for the default behavior. Default: those of `distributions` in the configuration, else of
   * distribution.json, else `default`.
   */
  readonly behaviors?: readonly string[] | undefined;
  /** A store that exists. Default: a new one, which stays when the stack is deleted. */
  readonly keyValueStore?: cloudfront.IKeyValueStore | undefined;
  /** False for none, where a process or another stack has the flipper. Default: a Lambda. */
  readonly flipper?: FlipperSettings | false | undefined;
  /** Gets alarms, and flips if the configuration has a notification of type sns. Default: a new one. */
  readonly topic?: sns.ITopic | undefined;
}

/**
 * The edge function with its key-value store, the flipper as a Lambda, and their alarms. The constructor throws
 * EdgeError when the function must not be published.
 */
export class EdgeFailover extends Construct {
  readonly edgeFunction: cloudfront.Function;
  readonly keyValueStore: cloudfront.IKeyValueStore;
  /** For the behaviors of a distribution that is made after this construct. */
  readonly functionAssociations: cloudfront.FunctionAssociation[];
  /** Undefined without a flipper. */
  readonly flipper: lambda.Function | undefined;
  /**
   * Of the flipper, by name: `operator` for remote actions, `reporter` for reports. A caller that may invoke one has
   * this right and no other.
   */
  readonly aliases: Readonly<Record<string, lambda.Alias>>;
  readonly topic: sns.ITopic | undefined;
  readonly alarms: readonly cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, props: EdgeFailoverProps) {
    super(scope, id);
    const settings = props.flipper === false ? undefined : (props.flipper ?? {});
    const cwd = resolve(props.cwd ?? workingDirectory());
    const distributionFile = join(cwd, 'distribution.json');
    const distribution = existsSync(distributionFile) ? distributionFile : undefined;
    const folder = mkdtempSync(join(tmpdir(), 'edge-failover-'));
    try {
      const config = resolveConfig(props.config, props.environment);
      const parts = [
        ...(['function'] as const),
        ...(props.keyValueStore ? [] : (['store'] as const)),
        ...(settings ? (['flipper'] as const) : []),
      ];
      const plan = planDeployment({
        config,
        environment: props.environment,
        distribution: distribution && readFileSync(distribution, 'utf8'),
        parts,
      });
      const configFile = join(folder, 'edge.config.mjs');
      writeFileSync(configFile, toModule(props.config));
      const zip = settings && join(folder, 'flipper.zip');
      const order = { config: configFile, environment: props.environment, cwd, distribution, zip };
      // Code of the team's own may change between two constructs; what else a build reads is in the key.
      const key = JSON.stringify([toModule(props.config), props.environment, cwd, distribution && readFileSync(distribution, 'utf8')]);
      const built = buildOnce(order, config.before === undefined && config.after === undefined ? key : undefined);
      for (const warning of built.warnings) Annotations.of(this).addWarningV2('edge-failover:function', warning);
      if (config.publishedBy !== 'cdk')
        Annotations.of(this).addWarningV2(
          'edge-failover:publishedBy',
          "this stack publishes the function: write publishedBy: 'cdk' into edge.config.ts, so that function:publish refuses to overwrite it",
        );
      this.keyValueStore = props.keyValueStore ?? addStore(this, plan.store);
      this.edgeFunction = new cloudfront.Function(this, 'Function', {
        functionName: config.functionName,
        comment: plan.edgeFunction?.comment ?? '',
        code: cloudfront.FunctionCode.fromInline(built.code),
        runtime: cloudfront.FunctionRuntime.JS_2_0,
        keyValueStore: this.keyValueStore,
      });
      this.functionAssociations = [{ function: this.edgeFunction, eventType: cloudfront.FunctionEventType.VIEWER_REQUEST }];
      addToBehaviors(this, this.edgeFunction.functionArn, props, plan);
      const flipperPlan = plan.flipper;
      this.topic =
        settings === undefined
          ? props.topic
          : (props.topic ?? new sns.Topic(this, 'Topic', { displayName: flipperPlan?.topicDisplayName ?? '' }));
      if (settings === undefined || flipperPlan === undefined || zip === undefined || this.topic === undefined) {
        this.alarms = [];
        this.aliases = {};
        return;
      }
      const code = lambda.Code.fromAsset(zip, { assetHash: built.sha256 ?? '', assetHashType: AssetHashType.CUSTOM });
      const added = addFlipper(this, flipperPlan, settings, { code, storeArn: this.keyValueStore.keyValueStoreArn, topic: this.topic });
      this.flipper = added.flipper;
      this.aliases = added.aliases;
      this.alarms = flipperPlan.alarms.map((alarm) => addAlarm(this, alarm, added.fill, this.topic));
    } catch (error) {
      throw synthError(error);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

function addStore(scope: Construct, planned: Deployment['store']): cloudfront.KeyValueStore {
  const store = new cloudfront.KeyValueStore(scope, 'Store', { keyValueStoreName: planned?.name ?? '', comment: planned?.comment ?? '' });
  store.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
  return store;
}

function addToBehaviors(
  scope: Construct,
  functionArn: string,
  { distribution, behaviors }: EdgeFailoverProps,
  { associations }: Deployment,
): void {
  if (distribution === undefined) return;
  const planned = associations.map(({ behavior }) => behavior);
  const wanted = behaviors ?? (planned.length === 0 ? ['default'] : planned);
  const resource = resourceOf(distribution);
  if (resource !== undefined) associate(resource, wanted, functionArn);
  else printAssociations(scope, [{ distributionId: distribution.distributionId, behaviors: wanted }], functionArn);
}

interface FlipperParts {
  code: lambda.Code;
  storeArn: string;
  topic: sns.ITopic;
}

/**
 * Lambda, role, schedule and the rule for signal alarms. `fill` turns the plan's references into tokens of this stack.
 */
function addFlipper(scope: Construct, plan: FlipperPart, settings: FlipperSettings, { code, storeArn, topic }: FlipperParts) {
  const logGroup = new logs.LogGroup(scope, 'Log', {
    retention: settings.logRetention ?? logs.RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const inputs = listValues(plan, settings);
  const known: Readonly<Record<string, string>> = {
    account: Aws.ACCOUNT_ID,
    partition: Aws.PARTITION,
    region: Aws.REGION,
    storeArn,
    topicArn: topic.topicArn,
    logGroupArn: logGroup.logGroupArn,
  };
  let flipperName = '';
  const fill = (text: DeployText) =>
    fillText(text, (reference: DeployReference) => {
      if ('ref' in reference) return known[reference.ref] ?? '';
      return reference.input === 'FlipperName' ? flipperName : (inputs[reference.input] ?? '');
    });
  const statements = plan.statements.filter(({ when }) => when === undefined || inputs[when] !== undefined);
  const role = new iam.Role(scope, 'Role', {
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    inlinePolicies: Object.fromEntries(
      statements.map(({ sid, actions, resources, stringEquals }) => [
        sid,
        new iam.PolicyDocument({
          statements: [
            new iam.PolicyStatement({
              actions: [...actions],
              // The ARN of a secret that is known by its name lacks six random characters.
              resources: sid === 'Secret' ? [secretPattern(settings.secret)] : resources.map(fill),
              ...(stringEquals && {
                conditions: { StringEquals: Object.fromEntries(Object.entries(stringEquals).map(([key, text]) => [key, fill(text)])) },
              }),
            }),
          ],
        }),
      ]),
    ),
    ...(settings.vpc && {
      managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName('service-role/AWSLambdaVPCAccessExecutionRole')],
    }),
  });
  const reserved = settings.reservedConcurrentExecutions ?? 2;
  const flipper = new lambda.Function(scope, 'Flipper', {
    description: plan.description,
    code,
    handler: plan.handler,
    runtime: settings.runtime ?? lambda.Runtime.NODEJS_24_X,
    architecture: lambda.Architecture.ARM_64,
    memorySize: settings.memorySize ?? 256,
    timeout: Duration.seconds(plan.timeoutSeconds),
    role,
    logGroup,
    // The lines are JSON already, and those with metrics must reach CloudWatch unwrapped.
    loggingFormat: lambda.LoggingFormat.TEXT,
    environment: Object.fromEntries(Object.entries(plan.environment).map(([name, text]) => [name, fill(text)])),
    retryAttempts: plan.retries.attempts as 0,
    maxEventAge: Duration.seconds(plan.retries.maxAgeSeconds),
    ...(settings.functionName !== undefined && { functionName: settings.functionName }),
    ...(reserved > 0 && { reservedConcurrentExecutions: reserved }),
    ...(settings.vpc && { vpc: settings.vpc }),
  });
  flipperName = flipper.functionName;
  addTriggers(scope, plan, flipper, settings.signalAlarmPrefix);
  return { flipper, fill, aliases: Object.fromEntries(plan.aliases.map((alias) => [alias.name, addAlias(scope, flipper, alias)])) };
}

function addAlias(
  scope: Construct,
  { latestVersion: version }: lambda.Function,
  { name, description, retries }: FlipperAlias,
): lambda.Alias {
  const maxEventAge = Duration.seconds(retries.maxAgeSeconds);
  return new lambda.Alias(scope, `Alias-${name}`, { aliasName: name, description, version, retryAttempts: retries.attempts, maxEventAge });
}

function secretPattern(secret: ISecret | undefined): string {
  return secret?.secretFullArn ?? `${secret?.secretArn}-??????`;
}

/** Every minute, and at once when an alarm that is a signal changes its state. */
function addTriggers(scope: Construct, plan: FlipperPart, flipper: lambda.Function, prefix: string | undefined): void {
  const caller = new iam.Role(scope, 'ScheduleRole', {
    assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
    inlinePolicies: {
      Invoke: new iam.PolicyDocument({
        statements: [new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [flipper.functionArn] })],
      }),
    },
  });
  const { retries, schedule } = plan;
  new CfnSchedule(scope, 'Schedule', {
    description: schedule.description,
    scheduleExpression: schedule.expression,
    flexibleTimeWindow: { mode: 'OFF' },
    target: {
      arn: flipper.functionArn,
      roleArn: caller.roleArn,
      input: schedule.event,
      retryPolicy: { maximumRetryAttempts: retries.attempts, maximumEventAgeInSeconds: retries.maxAgeSeconds },
    },
  });
  const alarmName = [...plan.signalAlarms, ...(prefix === undefined ? [] : [{ prefix }])];
  if (alarmName.length === 0) return;
  new events.Rule(scope, 'AlarmRule', {
    description: 'Runs the flipper when a signal alarm changes its state.',
    eventPattern: { source: ['aws.cloudwatch'], detailType: ['CloudWatch Alarm State Change'], detail: { alarmName } },
    targets: [new LambdaFunction(flipper, { retryAttempts: 2, maxEventAge: Duration.seconds(60) })],
  });
}

/** A value for each input of the plan. PLACEHOLDER_MISSING names all that have none. */
function listValues(plan: FlipperPart, { variables = {}, secret, shadow }: FlipperSettings): Record<string, string | undefined> {
  const asked = Object.entries(plan.environment).flatMap(([name, text]) =>
    typeof text !== 'string' && text.some((part) => typeof part === 'object' && 'input' in part) ? [name] : [],
  );
  const own = ['EDGE_KVS_ARN', 'EDGE_SECRET_ARN', 'FLIPPER_SHADOW'];
  const plain = asked.filter((name) => !own.includes(name));
  const missing = plain.filter((name) => !variables[name]);
  if (missing.length > 0)
    throw new EdgeError('PLACEHOLDER_MISSING', `the flipper needs ${missing.join(', ')}`, {
      hint: `flipper: { variables: { ${missing[0]}: … } }, or variables in edge.config.ts`,
    });
  if (plan.secretKeys.length > 0 && secret === undefined)
    throw new EdgeError('PLACEHOLDER_MISSING', `the flipper needs a secret with ${plan.secretKeys.join(', ')}`, {
      hint: 'flipper: { secret: Secret.fromSecretNameV2(…) }, as JSON with these keys',
    });
  const names = inputNamesOf(plain);
  return {
    ...Object.fromEntries(plain.map((name) => [names.get(name) ?? name, variables[name]])),
    SecretArn: secret?.secretFullArn ?? secret?.secretArn,
    SecretKmsKeyArn: secret?.encryptionKey?.keyArn,
    Shadow: String(shadow === true),
  };
}
