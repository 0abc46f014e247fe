import type { EdgeConfig } from '../config/edge-config.ts';
import type { FlipperVariables } from '../config/flipper-variables.ts';

/** What a deployment may consist of. */
export const deploymentParts = ['function', 'store', 'flipper', 'monitoring'] as const;
export type DeploymentPart = (typeof deploymentParts)[number];

/** A value that a person gives at the deployment. A formatter names it in its own style. */
export interface DeployInput {
  /** In capitals and small letters, such as `ViewerDomain`. */
  name: string;
  type: 'text' | 'number' | 'texts' | 'flag';
  description: string;
  /** Absent: it must be given. Empty text or list: optional. */
  fallback?: string | number | boolean | readonly string[];
  /** The whole text must match it. */
  pattern?: string;
  values?: readonly (string | number)[];
  min?: number;
  max?: number;
  /** The environment variable that it becomes. */
  variable?: string;
}

export interface AskedInputs {
  config: EdgeConfig;
  environment: string | undefined;
  has: (part: DeploymentPart) => boolean;
  variables: FlipperVariables;
  needsStoreArn: boolean;
}

/** Inputs of the parts, in the order in which a person gives them. */
export function listInputs({ config, environment, has, variables, needsStoreArn }: AskedInputs): DeployInput[] {
  const usesStore = has('function') || has('flipper');
  return [
    ...(has('flipper') || has('monitoring') ? [flipperName(environment)] : []),
    ...(usesStore && needsStoreArn ? [storeArn] : []),
    ...(has('flipper') ? flipperInputs(config, variables) : []),
    ...(has('monitoring') ? monitoringInputs(config) : []),
  ];
}

function flipperName(environment: string | undefined): DeployInput {
  return {
    name: 'FlipperName',
    type: 'text',
    fallback: environment === undefined ? 'edge-flipper' : `edge-flipper-${environment}`,
    pattern: '[a-zA-Z0-9_-]{1,64}',
    description: "Name of the flipper's function, and value of the dimension Flipper in its metrics.",
  };
}

const storeArn: DeployInput = {
  name: 'KeyValueStoreArn',
  type: 'text',
  pattern: 'arn:aws:cloudfront::\\d{12}:key-value-store/[0-9a-f-]{36}',
  description: 'The store that holds the health record; the command kvs:plan shows it.',
};

function flipperInputs(config: EdgeConfig, { plain, secret }: FlipperVariables): DeployInput[] {
  const names = inputNamesOf(plain);
  const signalsWithAlarms = Object.values(config.origins).some(({ signals }) => signals.some(({ type }) => type === 'alarm'));
  return [
    ...plain
      .filter((variable) => variable !== 'FLIPPER_TOPIC_ARN')
      .map(
        (variable): DeployInput => ({
          name: names.get(variable) ?? variable,
          type: 'text',
          variable,
          description: describeVariable(variable),
        }),
      ),
    ...(secret.length === 0 ? [] : secretInputs(secret)),
    {
      name: 'SignalAlarmPrefix',
      type: 'text',
      fallback: '',
      description: `CloudWatch alarms whose names begin with this run the flipper at once${signalsWithAlarms ? ', beside those that are signals' : ''}. Empty for none.`,
    },
    {
      name: 'SubnetIds',
      type: 'texts',
      fallback: [],
      description:
        "Subnets with a NAT gateway, separated by commas. Needed when the origins admit only known addresses, because Lambda's own addresses change. Empty for none.",
    },
    {
      name: 'SecurityGroupIds',
      type: 'texts',
      fallback: [],
      description: 'Security groups that allow the function to connect to the origins, separated by commas. Needed with SubnetIds.',
    },
    {
      name: 'NotificationEmail',
      type: 'text',
      fallback: '',
      description:
        'Gets the alarms of this stack, and flips if edge.config.ts has a notification of type sns. Confirm it in the mail that arrives. Empty for none.',
    },
    { name: 'Shadow', type: 'flag', fallback: false, description: 'Logs what it would do and writes nothing.' },
    {
      name: 'Runtime',
      type: 'text',
      fallback: 'nodejs24.x',
      values: ['nodejs22.x', 'nodejs24.x'],
      description: 'Runtime of the function.',
    },
    {
      name: 'MemoryMb',
      type: 'number',
      fallback: 256,
      min: 192,
      max: 2_048,
      description: 'The function uses about 105 MB; processor time grows with memory.',
    },
    {
      name: 'LogRetentionDays',
      type: 'number',
      fallback: 30,
      values: [7, 14, 30, 60, 90, 180, 365],
      description: "Days for which CloudWatch keeps the function's log.",
    },
    {
      name: 'ReservedConcurrency',
      type: 'number',
      fallback: 4,
      min: 0,
      max: 10,
      description:
        'Concurrency reserved for the flipper: for the schedule, an alarm, an operator and a report at the same time. 0 reserves none, for an account whose quota is too small.',
    },
  ];
}

function secretInputs(secret: readonly string[]): DeployInput[] {
  const keys = secret.length === 1 ? `the key ${secret[0]}` : `the keys ${secret.join(', ')}`;
  return [
    {
      name: 'SecretArn',
      type: 'text',
      pattern: 'arn:aws[a-z-]*:secretsmanager:.+',
      description: `A secret in Secrets Manager in this region, as JSON with ${keys}. The function reads it at its cold start, so it is in no template, log or environment.`,
    },
    {
      name: 'SecretKmsKeyArn',
      type: 'text',
      fallback: '',
      pattern: '(arn:aws[a-z-]*:kms:.+)?',
      description: "The KMS key of the secret, if it is a key of yours. Empty for AWS's own key.",
    },
  ];
}

function describeVariable(variable: string): string {
  return variable === 'VIEWER_DOMAIN' ? 'VIEWER_DOMAIN, the name that viewers use.' : `${variable} of distribution.json or edge.config.ts.`;
}

function monitoringInputs({ distributions }: EdgeConfig): DeployInput[] {
  return [
    ...(distributions === undefined ? [distributionId] : []),
    {
      name: 'FlipperRegion',
      type: 'text',
      fallback: 'us-west-2',
      pattern: '[a-z]{2}(-[a-z]+)+-\\d',
      description: 'The region of the flipper, for its metrics on the dashboard. A flipper that runs as a process writes none.',
    },
    {
      name: 'TopicArn',
      type: 'text',
      fallback: '',
      pattern: '(arn:aws[a-z-]*:sns:us-east-1:\\d{12}:.+)?',
      description: 'A topic of yours in us-east-1 that gets the alarms. Empty for a topic of this stack.',
    },
    {
      name: 'NotificationEmail',
      type: 'text',
      fallback: '',
      description: 'Gets the alarms. Confirm it in the mail that arrives. Empty for none.',
    },
    {
      name: 'FailedRequestsPercent',
      type: 'number',
      fallback: 5,
      min: 0,
      max: 100,
      description: "The alarm goes off when more than this per cent of viewers' requests get 5xx for five minutes.",
    },
  ];
}

const distributionId: DeployInput = {
  name: 'DistributionId',
  type: 'text',
  pattern: 'E[A-Z0-9]{6,20}',
  description: 'Id of the distribution; the command distribution:plan shows it.',
};

/** Names that inputs of a deployment have anyway. */
const taken = [
  'FlipperName',
  'KeyValueStoreArn',
  'SecretArn',
  'SecretKmsKeyArn',
  'SignalAlarmPrefix',
  'SubnetIds',
  'SecurityGroupIds',
  'NotificationEmail',
  'Shadow',
  'Runtime',
  'MemoryMb',
  'LogRetentionDays',
  'ReservedConcurrency',
  'DistributionId',
  'FlipperRegion',
  'TopicArn',
  'FailedRequestsPercent',
  'CodeBucket',
  'CodeKey',
];

/**
 * An input's name for each environment variable: `ViewerDomain` for VIEWER_DOMAIN. No two are alike, whatever the case
 * of their letters.
 */
export function inputNamesOf(variables: readonly string[]): Map<string, string> {
  const used = new Set(taken.map((name) => name.toLowerCase()));
  return new Map(
    variables.map((variable) => {
      const words = variable.split('_').map((word) => `${word.charAt(0)}${word.slice(1).toLowerCase()}`);
      let name = words.join('');
      for (let next = 2; used.has(name.toLowerCase()); next++) name = `${words.join('')}V${next}`;
      used.add(name.toLowerCase());
      return [variable, name];
    }),
  );
}
