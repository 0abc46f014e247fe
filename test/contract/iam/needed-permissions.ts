import type { RecordedCall } from './record-calls.ts';

/** An action on a resource. */
export interface Permission {
  action: string;
  resource: string;
}

/**
 * Operations that need other actions than the one of their name (CloudFront API reference, CopyDistribution,
 * UpdateDistributionWithStagingConfig).
 */
const others: Readonly<Record<string, readonly string[]>> = {
  CopyDistribution: ['cloudfront:CopyDistribution', 'cloudfront:CreateDistribution', 'cloudfront:GetDistribution'],
  UpdateDistributionWithStagingConfig: ['cloudfront:GetDistribution', 'cloudfront:UpdateDistribution'],
};

/**
 * What IAM asks for before it lets this call through. Stores are found by name; their ARNs have another id, given by
 * `storeArn`.
 */
export function neededPermissions(call: RecordedCall, accountId: string, storeArn: (name: string) => string): Permission[] {
  const actions = others[call.operation] ?? [`${call.service}:${call.operation}`];
  const resource = resourceOf(call, accountId, storeArn);
  return actions.map((action) => ({ action, resource }));
}

function resourceOf({ service, operation, input }: RecordedCall, accountId: string, storeArn: (name: string) => string): string {
  const text = (name: string) => String(input[name] ?? '');
  const arn = (type: string, id: string) => `arn:aws:cloudfront::${accountId}:${type}/${id}`;
  if (service === 'cloudfront-keyvaluestore') return text('KvsARN');
  if (service === 'route53') return `arn:aws:route53:::healthcheck/${text('HealthCheckId')}`;
  if (service === 'sns') return text('TopicArn');
  if (service === 'cloudwatch' || operation.startsWith('List')) return '*';
  if (operation.endsWith('KeyValueStore')) return storeArn(text('Name'));
  if (operation.endsWith('Function')) return arn('function', text('Name'));
  if (operation.endsWith('ContinuousDeploymentPolicy')) return arn('continuous-deployment-policy', text('Id') || 'NEW');
  if (operation.endsWith('OriginRequestPolicy')) return arn('origin-request-policy', text('Id'));
  if (operation.endsWith('CachePolicy')) return arn('cache-policy', text('Id'));
  if (/Distribution/.test(operation)) return arn('distribution', text('Id') || text('PrimaryDistributionId') || 'NEW');
  throw new Error(`which resource is ${service}:${operation} about?`);
}
