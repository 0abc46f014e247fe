import { parseDistribution } from '../config/distribution-file.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import { type FlipperVariables, listFlipperVariables, remoteAliases } from '../config/flipper-variables.ts';
import { defaultBehavior } from '../config/path-pattern.ts';
import { EdgeError } from '../errors.ts';
import { edgeDashboard, edgeFunctionAlarms, type PlannedAlarm, silenceAlarm, trafficAlarms } from './alarms.ts';
import { type DeployText, deployText } from './deploy-text.ts';
import { type DeployInput, type DeploymentPart, deploymentParts, inputNamesOf, listInputs } from './inputs.ts';
import { flipperStatements, type PolicyStatement } from './role-policies.ts';

export interface DeploymentOptions {
  config: EdgeConfig;
  /** The chosen environment; undefined when edge.config.ts has none. */
  environment: string | undefined;
  /** Text of distribution.json; undefined without the file. */
  distribution: string | undefined;
  parts: readonly DeploymentPart[];
}

/**
 * Everything that a configuration needs on AWS, as data: CloudFormation, CDK and Terraform only write it down. What is
 * known when it is deployed is a reference (`DeployText`): a resource of the same deployment, or one of `inputs`. A
 * part that was not asked for is undefined.
 */
export interface Deployment {
  environment: string | undefined;
  /** The only account in which it may be deployed; undefined for any. */
  accountId: string | undefined;
  edgeFunction: EdgeFunctionPart | undefined;
  store: { name: string; comment: string } | undefined;
  /** Behaviors that must run the function, in the tool that has the distribution. */
  associations: readonly BehaviorAssociation[];
  /** For a region without an origin, and not us-east-1, where an outage would take CloudFront's control plane along. */
  flipper: FlipperPart | undefined;
  /** For us-east-1, which alone has CloudFront's metrics. */
  monitoring: MonitoringPart | undefined;
  inputs: readonly DeployInput[];
}

interface EdgeFunctionPart {
  name: string;
  comment: string;
  runtime: 'cloudfront-js-2.0';
  /** The built code, at most 10 KB, from the folder of the project: function:build writes it. */
  codeFile: string;
  keyValueStoreArn: DeployText;
}

export interface BehaviorAssociation {
  /** Undefined where distribution.json does not say. */
  distributionId: string | undefined;
  /** `default` for the default behavior, else its path pattern. */
  behavior: string;
  eventType: 'viewer-request';
}

export interface FlipperPart {
  name: DeployText;
  description: string;
  /** The zip of flipper:package, from the folder of the project; too large to be inside a template. */
  packageFile: string;
  handler: string;
  architecture: 'arm64';
  /** Below a minute, so that two scheduled runs never overlap. Probing ends eight seconds earlier. */
  timeoutSeconds: number;
  environment: Readonly<Record<string, DeployText>>;
  /** Keys that the JSON of the secret must have; none: no secret is read. */
  secretKeys: readonly string[];
  /** Of its role. */
  statements: readonly PolicyStatement[];
  schedule: { description: string; expression: string; event: string };
  /** A failed run is not repeated: the next minute brings a new one, and an old alarm is outdated. */
  retries: { attempts: number; maxAgeSeconds: number };
  /** Rights of their own beside the schedule's: remote actions and reports. */
  aliases: readonly FlipperAlias[];
  /**
   * Alarms that are signals and are in the flipper's own region or are forwarded to it: their changes of state run it
   * at once.
   */
  signalAlarms: readonly string[];
  logGroup: DeployText;
  topicDisplayName: string;
  alarms: readonly PlannedAlarm[];
}

/**
 * An alias of the function. A caller that may invoke it has this right and no other, since the handler checks by which
 * alias an event came.
 */
export interface FlipperAlias {
  name: (typeof remoteAliases)[keyof typeof remoteAliases];
  description: string;
  /** What it points to: the code that the schedule runs. */
  functionVersion: '$LATEST';
  /** Of asynchronous invocations. A delivery that comes again is done once. */
  retries: { attempts: number; maxAgeSeconds: number };
  /** Of a managed policy for those who invoke it. */
  invoke: PolicyStatement;
}

interface MonitoringPart {
  /** Text of CloudWatch's dashboard body, JSON. */
  dashboard: { name: DeployText; body: DeployText };
  alarms: readonly PlannedAlarm[];
  /** Of a topic of its own, unless the input TopicArn names one: an alarm can only notify a topic of its region. */
  topicDisplayName: string;
}

const flipperTimeoutSeconds = 58;

/** The deployment of a configuration. USAGE when no part is asked for, or parts that belong to different regions. */
export function planDeployment({ config, environment, distribution, parts }: DeploymentOptions): Deployment {
  if (parts.length === 0)
    throw new EdgeError('USAGE', 'a deployment needs at least one part', { hint: `parts: ${deploymentParts.join(', ')}` });
  if (parts.includes('flipper') && parts.includes('monitoring'))
    throw new EdgeError(
      'USAGE',
      "flipper and monitoring cannot be in one stack: CloudFront's metrics are in us-east-1, where no flipper should be",
      {
        hint: '--only flipper and --only monitoring make a template each',
      },
    );
  const has = (part: DeploymentPart) => parts.includes(part);
  const variables = listFlipperVariables(config, distribution);
  const given = config.variables['EDGE_KVS_ARN'];
  const storeArn: DeployText = has('store') ? [{ ref: 'storeArn' }] : (given ?? [{ input: 'KeyValueStoreArn' }]);
  const asked = { config, environment, has, variables, needsStoreArn: !has('store') && given === undefined };
  const associations = listAssociations(config, distribution);
  return {
    environment,
    accountId: config.accountId,
    edgeFunction: has('function') ? functionPart(config, environment, storeArn) : undefined,
    store: has('store') ? { name: config.keyValueStoreName, comment: 'Health record of edge failover' } : undefined,
    associations,
    flipper: has('flipper') ? flipperPart(config, environment, storeArn, variables) : undefined,
    monitoring: has('monitoring') ? monitoringPart(config) : undefined,
    inputs: listInputs(asked),
  };
}

function functionPart({ functionName }: EdgeConfig, environment: string | undefined, keyValueStoreArn: DeployText): EdgeFunctionPart {
  return {
    name: functionName,
    comment: 'Edge routing and failover',
    runtime: 'cloudfront-js-2.0',
    codeFile: ['dist/functions', ...(environment === undefined ? [] : [environment]), 'origin-router.js'].join('/'),
    keyValueStoreArn,
  };
}

function flipperPart(
  config: EdgeConfig,
  environment: string | undefined,
  storeArn: DeployText,
  { plain, secret }: FlipperVariables,
): FlipperPart {
  const name: DeployText = [{ input: 'FlipperName' }];
  const topic: DeployText = [{ ref: 'topicArn' }];
  const logGroup: DeployText = [{ ref: 'logGroupArn' }];
  const names = inputNamesOf(plain);
  const inputOf = (variable: string): DeployText => (variable === ownTopic ? topic : [{ input: names.get(variable) ?? variable }]);
  const topicNames = config.notifications.flatMap((target) => (target.type === 'sns' ? [target.topicArnFrom] : []));
  const topicArns = [...new Set(topicNames)].map((variable) => config.variables[variable] ?? inputOf(variable));
  const partition: DeployText = [{ ref: 'partition' }];
  const signals = Object.values(config.origins).flatMap((origin) => origin.signals);
  return {
    name,
    description: 'Moves viewers away from an origin that fails, and back in steps.',
    packageFile: 'dist/flipper.zip',
    handler: 'index.handler',
    architecture: 'arm64',
    timeoutSeconds: flipperTimeoutSeconds,
    environment: {
      ...(environment !== undefined && { EDGE_ENV: environment }),
      EDGE_KVS_ARN: storeArn,
      ...Object.fromEntries(plain.filter((variable) => variable !== ownTopic).map((variable) => [variable, inputOf(variable)])),
      ...(secret.length > 0 && { EDGE_SECRET_ARN: [{ input: 'SecretArn' }] as const }),
      FLIPPER_SHADOW: [{ input: 'Shadow' }],
      ...(config.variables[ownTopic] === undefined && { [ownTopic]: topic }),
    },
    secretKeys: secret,
    statements: [
      ...flipperStatements(config, { storeArn, partition, topicArns }),
      { sid: 'Log', actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroup] },
      ...(secret.length === 0 ? [] : secretStatements()),
    ],
    schedule: { description: 'Runs the flipper every minute.', expression: 'rate(1 minute)', event: '{"run":"watch"}' },
    retries: { attempts: 0, maxAgeSeconds: 60 },
    aliases: flipperAliases(),
    signalAlarms: [...new Set(signals.flatMap((signal) => (signal.type === 'alarm' ? [signal.alarmName] : [])))],
    logGroup: deployText`/aws/lambda/${name}`,
    topicDisplayName: 'Edge failover',
    alarms: [silenceAlarm(name)],
  };
}

function flipperAliases(): FlipperAlias[] {
  const alias = (name: FlipperAlias['name'], sid: string, attempts: number, description: string): FlipperAlias => ({
    name,
    description,
    functionVersion: '$LATEST',
    retries: { attempts, maxAgeSeconds: 60 },
    invoke: { sid, actions: ['lambda:InvokeFunction'], resources: [deployText`${{ ref: 'flipperArn' }}:${name}`] },
  });
  return [
    alias(remoteAliases.operator, 'MoveViewers', 2, 'Moves viewers by an override, as the command failover does.'),
    // A monitor reports again anyway.
    alias(remoteAliases.reporter, 'Report', 0, 'Takes the opinions of monitors about origins.'),
  ];
}

/** The topic of the deployment itself, unless `variables` names another. */
const ownTopic = 'FLIPPER_TOPIC_ARN';

/** The secret is read at a cold start, so it is in no template, log or environment. */
function secretStatements(): PolicyStatement[] {
  return [
    { sid: 'Secret', actions: ['secretsmanager:GetSecretValue'], resources: [[{ input: 'SecretArn' }]] },
    {
      sid: 'SecretKey',
      actions: ['kms:Decrypt'],
      resources: [[{ input: 'SecretKmsKeyArn' }]],
      stringEquals: { 'kms:ViaService': deployText`secretsmanager.${{ ref: 'region' }}.amazonaws.com` },
      when: 'SecretKmsKeyArn',
    },
  ];
}

function monitoringPart({ distributions, functionName, origins }: EdgeConfig): MonitoringPart {
  const ids: DeployText[] = distributions?.map(({ id }) => id) ?? [[{ input: 'DistributionId' }]];
  return {
    dashboard: {
      name: deployText`${{ ref: 'stack' }}-edge`,
      body: edgeDashboard({ distributionIds: ids, functionName, origins: Object.keys(origins) }),
    },
    alarms: [...trafficAlarms(ids, functionName), ...edgeFunctionAlarms(functionName)],
    topicDisplayName: 'Edge monitoring',
  };
}

/** From `distributions`; without it from the behaviors of distribution.json that run the function. */
function listAssociations({ distributions, functionName }: EdgeConfig, distribution: string | undefined): BehaviorAssociation[] {
  const eventType = 'viewer-request';
  if (distributions !== undefined)
    return distributions.flatMap(({ id, behaviors }) => behaviors.map((behavior) => ({ distributionId: id, behavior, eventType })));
  if (distribution === undefined) return [];
  const open = new Proxy({}, { get: (_, name) => `\${${String(name)}}` });
  const { DefaultCacheBehavior, CacheBehaviors } = parseDistribution(distribution, open);
  return [{ ...DefaultCacheBehavior, PathPattern: defaultBehavior }, ...(CacheBehaviors?.Items ?? [])]
    .filter(({ FunctionAssociations }) => FunctionAssociations?.Items?.some((item) => item.FunctionARN?.endsWith(`/${functionName}`)))
    .map(({ PathPattern = defaultBehavior }) => ({ distributionId: undefined, behavior: PathPattern, eventType }));
}
