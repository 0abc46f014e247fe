import type { EdgeConfig } from '../config/edge-config.ts';
import { awsRegionText } from '../config/edge-config-rules.ts';
import { type DeployText, deployText, fillText } from './deploy-text.ts';

// The policies of docs/iam: one for each role that people and CI take. The Lambda's own role is part of its deployment.

export const roleNames = ['publisher', 'operator', 'flipper', 'reader', 'image-pusher'] as const;
export type RoleName = (typeof roleNames)[number];

/**
 * An IAM policy document. What the configuration does not say is a `${PLACEHOLDER}`, explained in docs/iam/README.md.
 */
export interface PolicyDocument {
  Version: '2012-10-17';
  Statement: { Sid: string; Effect: 'Allow'; Action: string | string[]; Resource: string | string[] }[];
}

/** What each role may do under this configuration, and nothing else. */
export function buildRolePolicies(config: EdgeConfig): Record<RoleName, PolicyDocument> {
  const account = config.accountId ?? [{ input: 'AWS_ACCOUNT_ID' }];
  const resources = resourcesOf(config, account);
  return {
    publisher: documentOf(publisherStatements(resources)),
    operator: documentOf(operatorStatements(resources)),
    flipper: documentOf([...findStore(resources), ...flipperStatements(config, resources)]),
    reader: documentOf(readerStatements(config, resources)),
    'image-pusher': documentOf(imagePusherStatements(config, account)),
  };
}

interface RoleResources {
  /** ARN in CloudFront, which has no region. */
  cloudFront: (resource: DeployText) => DeployText;
  functionArn: DeployText;
  storeArn: DeployText;
  /** EDGE_KVS_ARN is in `variables`: no command searches the store by its name. */
  knowsStore: boolean;
  distributionArns: readonly DeployText[];
  stagingArn: DeployText;
  topicArns: readonly DeployText[];
  partition: 'aws';
}

function resourcesOf({ functionName, variables, distributions, notifications }: EdgeConfig, account: DeployText): RoleResources {
  const cloudFront = (resource: DeployText) => deployText`arn:aws:cloudfront::${account}:${resource}`;
  const known = variables['EDGE_KVS_ARN'];
  const ids = distributions?.map(({ id }) => id) ?? [variables['EDGE_DISTRIBUTION_ID'] ?? [{ input: 'EDGE_DISTRIBUTION_ID' }]];
  const topics = notifications.flatMap((target) => (target.type === 'sns' ? [target.topicArnFrom] : []));
  const topicArn = (variable: string) => variables[variable] ?? deployText`arn:aws:sns:*:${account}:${{ input: 'EDGE_TOPIC_NAME' }}`;
  const topicArns = new Map(topics.map((variable) => [JSON.stringify(topicArn(variable)), topicArn(variable)]));
  return {
    cloudFront,
    functionArn: cloudFront(`function/${functionName}`),
    storeArn: known ?? cloudFront(deployText`key-value-store/${{ input: 'EDGE_KVS_ID' }}`),
    knowsStore: known !== undefined,
    distributionArns: [...new Set(ids)].map((id) => cloudFront(deployText`distribution/${id}`)),
    stagingArn: cloudFront(deployText`distribution/${{ input: 'EDGE_STAGING_DISTRIBUTION_ID' }}`),
    topicArns: [...topicArns.values()],
    partition: 'aws',
  };
}

const readStore = [
  'cloudfront-keyvaluestore:DescribeKeyValueStore',
  'cloudfront-keyvaluestore:GetKey',
  'cloudfront-keyvaluestore:ListKeys',
];
const writeStore = [...readStore, 'cloudfront-keyvaluestore:UpdateKeys'];

function findStore({ cloudFront, knowsStore }: RoleResources, sid = 'FindStore'): PolicyStatement[] {
  return knowsStore ? [] : [{ sid, actions: ['cloudfront:DescribeKeyValueStore'], resources: [cloudFront('key-value-store/*')] }];
}

function publisherStatements(resources: RoleResources): PolicyStatement[] {
  const { cloudFront, functionArn, storeArn, distributionArns, stagingArn } = resources;
  const policyArn = cloudFront('continuous-deployment-policy/*');
  return [
    {
      sid: 'Function',
      actions: [
        'cloudfront:DescribeFunction',
        'cloudfront:GetFunction',
        'cloudfront:PublishFunction',
        'cloudfront:TestFunction',
        'cloudfront:UpdateFunction',
      ],
      resources: [functionArn],
    },
    { sid: 'Store', actions: ['cloudfront:DescribeKeyValueStore'], resources: [cloudFront('key-value-store/*')] },
    { sid: 'KeysAndVersions', actions: writeStore, resources: [storeArn] },
    {
      sid: 'Distribution',
      actions: ['cloudfront:GetDistribution', 'cloudfront:UpdateDistribution'],
      resources: [...distributionArns, stagingArn],
    },
    { sid: 'Lists', actions: ['cloudfront:ListContinuousDeploymentPolicies', 'cloudfront:ListDistributions'], resources: ['*'] },
    {
      sid: 'StagedRollout',
      actions: [
        'cloudfront:CopyDistribution',
        'cloudfront:CreateContinuousDeploymentPolicy',
        'cloudfront:GetContinuousDeploymentPolicy',
        'cloudfront:UpdateContinuousDeploymentPolicy',
      ],
      resources: [...distributionArns, policyArn],
    },
    {
      sid: 'EndOfRollout',
      actions: ['cloudfront:DeleteContinuousDeploymentPolicy', 'cloudfront:DeleteDistribution'],
      resources: [stagingArn, policyArn],
    },
    {
      sid: 'CreateFunctionAndStore',
      actions: ['cloudfront:CreateFunction', 'cloudfront:CreateKeyValueStore'],
      resources: [functionArn, cloudFront('key-value-store/*')],
    },
    { sid: 'CreateDistribution', actions: ['cloudfront:CreateDistribution'], resources: [cloudFront('distribution/*')] },
  ];
}

function operatorStatements(resources: RoleResources): PolicyStatement[] {
  const { functionArn, storeArn, topicArns } = resources;
  return [
    ...findStore(resources),
    { sid: 'ReadLiveFunction', actions: ['cloudfront:GetFunction'], resources: [functionArn] },
    { sid: 'MoveTraffic', actions: writeStore, resources: [storeArn] },
    ...notifyStatements(topicArns),
  ];
}

function readerStatements(
  config: EdgeConfig,
  { cloudFront, functionArn, storeArn, distributionArns, partition }: RoleResources,
): PolicyStatement[] {
  return [
    { sid: 'Function', actions: ['cloudfront:DescribeFunction', 'cloudfront:GetFunction'], resources: [functionArn] },
    { sid: 'Store', actions: ['cloudfront:DescribeKeyValueStore'], resources: [cloudFront('key-value-store/*')] },
    { sid: 'Keys', actions: readStore, resources: [storeArn] },
    { sid: 'DistributionWithItsSecrets', actions: ['cloudfront:GetDistribution'], resources: distributionArns },
    {
      sid: 'Policies',
      actions: ['cloudfront:GetCachePolicy', 'cloudfront:GetOriginRequestPolicy'],
      resources: [cloudFront('cache-policy/*'), cloudFront('origin-request-policy/*')],
    },
    {
      sid: 'Lists',
      actions: ['cloudfront:ListDistributions', 'cloudwatch:DescribeAlarms', 'cloudwatch:GetMetricData'],
      resources: ['*'],
    },
    // The alarms of signals are in Lists already.
    ...signalStatements(config, partition).filter(({ sid }) => sid !== 'AlarmSignals'),
  ];
}

/** CI pushes the example origin's image to each region of AWS that has an origin. */
function imagePusherStatements({ origins }: EdgeConfig, account: DeployText): PolicyStatement[] {
  const repositories = Object.entries(origins)
    .filter(([, { region }]) => awsRegionText.test(region))
    .map(([alias, { region }]) => {
      const repository = { input: `${alias.toUpperCase().replaceAll('-', '_')}_REPOSITORY` };
      return deployText`arn:aws:ecr:${region}:${account}:repository/${repository}`;
    });
  return [
    { sid: 'LogIn', actions: ['ecr:GetAuthorizationToken'], resources: ['*'] },
    {
      sid: 'Push',
      actions: [
        'ecr:BatchCheckLayerAvailability',
        'ecr:BatchGetImage',
        'ecr:CompleteLayerUpload',
        'ecr:GetDownloadUrlForLayer',
        'ecr:InitiateLayerUpload',
        'ecr:PutImage',
        'ecr:UploadLayerPart',
      ],
      resources: repositories,
    },
  ].filter(({ resources }) => resources.length > 0);
}

function documentOf(statements: readonly PolicyStatement[]): PolicyDocument {
  const single = (list: readonly string[]): string | string[] => {
    const [first, ...others] = list;
    return first !== undefined && others.length === 0 ? first : [...list];
  };
  const fill = (text: DeployText) => fillText(text, (reference) => `\${${'input' in reference ? reference.input : reference.ref}}`);
  return {
    Version: '2012-10-17',
    Statement: statements.map(({ sid, actions, resources }) => ({
      Sid: sid,
      Effect: 'Allow',
      Action: single(actions),
      Resource: single(resources.map(fill)),
    })),
  };
}

/** JSON as the files of docs/iam have it: a list on one line where it fits into 140 columns. */
export function formatPolicy(value: unknown, indent = '', key = ''): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const line = `[${value.map((item) => JSON.stringify(item)).join(', ')}]`;
    const isSimple = value.every((item) => typeof item !== 'object');
    if (isSimple && `${indent}${key}${line},`.length <= 140) return line;
    return `[\n${value.map((item) => `${inner}${formatPolicy(item, inner)}`).join(',\n')}\n${indent}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, item]) => `${inner}"${name}": ${formatPolicy(item, inner, `"${name}": `)}`);
  return `{\n${fields.join(',\n')}\n${indent}}`;
}

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
function signalStatements({ origins }: Pick<EdgeConfig, 'origins'>, partition: DeployText): PolicyStatement[] {
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
function notifyStatements(topicArns: readonly DeployText[]): PolicyStatement[] {
  return topicArns.length === 0 ? [] : [{ sid: 'Notify', actions: ['sns:Publish'], resources: topicArns }];
}
