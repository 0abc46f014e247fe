import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { isRecord } from '../../text/is-record.ts';

/** A distribution in a Terraform state, with those of its settings that CloudFront's API calls by another name. */
export interface StateDistribution {
  /** Such as `module.web.aws_cloudfront_distribution.site`. */
  address: string;
  id: string | undefined;
  domainName: string | undefined;
  arn: string | undefined;
  config: DistributionConfig;
}

type Attributes = Readonly<Record<string, unknown>>;

const type = 'aws_cloudfront_distribution';

/** Whether this is a state file, or what `terraform show -json` prints for a state or a plan. */
export function isTerraformState(raw: unknown): raw is Record<string, unknown> {
  return isRecord(raw) && ('terraform_version' in raw || Array.isArray(raw['resources']) || isRecord(raw['values']));
}

/** Every distribution of a state: a state file of version 4, or the output of `terraform show -json`. */
export function listStateDistributions(state: Record<string, unknown>): StateDistribution[] {
  return [...listOfFile(state), ...listOfShow(state)].flatMap(({ address, attributes }) =>
    isRecord(attributes)
      ? [
          {
            address,
            id: text(attributes['id']),
            domainName: text(attributes['domain_name']),
            arn: text(attributes['arn']),
            config: readTerraformDistribution(attributes),
          },
        ]
      : [],
  );
}

function listOfFile({ resources }: Record<string, unknown>): { address: string; attributes: unknown }[] {
  return records(resources)
    .filter((resource) => resource['type'] === type && resource['mode'] !== 'data')
    .flatMap(({ module, name, instances }) =>
      records(instances).map(({ index_key: key, attributes }) => ({
        address:
          [module, type, name].filter((part) => typeof part === 'string').join('.') + (key === undefined ? '' : `[${JSON.stringify(key)}]`),
        attributes,
      })),
    );
}

/** The values of a state; of a plan, those before it. */
function listOfShow(shown: Record<string, unknown>): { address: string; attributes: unknown }[] {
  const state = isRecord(shown['prior_state']) ? shown['prior_state'] : shown;
  const values = isRecord(state['values']) ? state['values'] : isRecord(shown['planned_values']) ? shown['planned_values'] : {};
  const inModule = (module: Record<string, unknown>): { address: string; attributes: unknown }[] => [
    ...records(module['resources'])
      .filter((resource) => resource['type'] === type && resource['mode'] !== 'data')
      .map(({ address, values: attributes }) => ({ address: text(address) ?? type, attributes })),
    ...records(module['child_modules']).flatMap(inModule),
  ];
  return isRecord(values['root_module']) ? inModule(values['root_module']) : [];
}

/** The attributes of an `aws_cloudfront_distribution`, as CloudFront's API has them. */
export function readTerraformDistribution(attributes: Attributes): DistributionConfig {
  const [usual = {}] = records(attributes['default_cache_behavior']);
  return {
    CallerReference: text(attributes['caller_reference']) ?? '',
    Comment: text(attributes['comment']) ?? '',
    Enabled: attributes['enabled'] !== false,
    Staging: attributes['staging'] === true,
    HttpVersion: text(attributes['http_version']) as DistributionConfig['HttpVersion'],
    ContinuousDeploymentPolicyId: text(attributes['continuous_deployment_policy_id']) ?? '',
    Aliases: counted(texts(attributes['aliases'])),
    Origins: counted(records(attributes['origin']).map(readOrigin)),
    OriginGroups: counted(
      records(attributes['origin_group']).map((group) => ({
        Id: text(group['origin_id']) ?? '',
        FailoverCriteria: { StatusCodes: counted(numbers(records(group['failover_criteria'])[0]?.['status_codes'])) },
        Members: counted(records(group['member']).map((member) => ({ OriginId: text(member['origin_id']) ?? '' }))),
      })),
    ),
    DefaultCacheBehavior: readBehavior(usual),
    CacheBehaviors: counted(
      records(attributes['ordered_cache_behavior']).map((behavior) => ({
        ...readBehavior(behavior),
        PathPattern: text(behavior['path_pattern']) ?? '',
      })),
    ),
  } as DistributionConfig;
}

function readOrigin(origin: Attributes): object {
  const [custom] = records(origin['custom_origin_config']);
  const [vpc] = records(origin['vpc_origin_config']);
  const timeouts = (from: Attributes) => ({
    OriginReadTimeout: number(from['origin_read_timeout']) ?? 30,
    OriginKeepaliveTimeout: number(from['origin_keepalive_timeout']) ?? 5,
  });
  return {
    Id: text(origin['origin_id']) ?? '',
    DomainName: text(origin['domain_name']) ?? '',
    OriginPath: text(origin['origin_path']) ?? '',
    CustomHeaders: counted(
      records(origin['custom_header']).map((header) => ({
        HeaderName: text(header['name']) ?? '',
        HeaderValue: text(header['value']) ?? '',
      })),
    ),
    ConnectionAttempts: number(origin['connection_attempts']) ?? 3,
    ConnectionTimeout: number(origin['connection_timeout']) ?? 10,
    OriginAccessControlId: text(origin['origin_access_control_id']) ?? '',
    ...(custom !== undefined && {
      CustomOriginConfig: {
        HTTPPort: number(custom['http_port']) ?? 80,
        HTTPSPort: number(custom['https_port']) ?? 443,
        OriginProtocolPolicy: text(custom['origin_protocol_policy']) ?? 'https-only',
        ...timeouts(custom),
      },
    }),
    ...(vpc !== undefined && { VpcOriginConfig: { VpcOriginId: text(vpc['vpc_origin_id']) ?? '', ...timeouts(vpc) } }),
    // Terraform keeps no block for a bucket behind an origin access control.
    ...(custom === undefined && vpc === undefined && { S3OriginConfig: { OriginAccessIdentity: '' } }),
  };
}

function readBehavior(behavior: Attributes): object {
  const [legacy] = records(behavior['forwarded_values']);
  const [cookies = {}] = records(legacy?.['cookies']);
  const associations = (name: string, arn: string, field: string) =>
    counted(records(behavior[name]).map((each) => ({ EventType: text(each['event_type']) ?? '', [field]: text(each[arn]) ?? '' })));
  return {
    TargetOriginId: text(behavior['target_origin_id']) ?? '',
    ViewerProtocolPolicy: text(behavior['viewer_protocol_policy']) ?? 'allow-all',
    AllowedMethods: { ...counted(texts(behavior['allowed_methods'])), CachedMethods: counted(texts(behavior['cached_methods'])) },
    CachePolicyId: text(behavior['cache_policy_id']),
    OriginRequestPolicyId: text(behavior['origin_request_policy_id']),
    RealtimeLogConfigArn: text(behavior['realtime_log_config_arn']),
    FunctionAssociations: associations('function_association', 'function_arn', 'FunctionARN'),
    LambdaFunctionAssociations: associations('lambda_function_association', 'lambda_arn', 'LambdaFunctionARN'),
    ...(legacy !== undefined && {
      ForwardedValues: {
        QueryString: legacy['query_string'] === true,
        Headers: counted(texts(legacy['headers'])),
        Cookies: { Forward: text(cookies['forward']) ?? 'none', WhitelistedNames: counted(texts(cookies['whitelisted_names'])) },
      },
      MinTTL: number(behavior['min_ttl']) ?? 0,
      DefaultTTL: number(behavior['default_ttl']) ?? 86_400,
      MaxTTL: number(behavior['max_ttl']) ?? 31_536_000,
    }),
  };
}

function counted<T>(Items: readonly T[]): { Quantity: number; Items?: readonly T[] } {
  return Items.length === 0 ? { Quantity: 0 } : { Quantity: Items.length, Items };
}

function records(value: unknown): Attributes[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'number') : [];
}

/** Terraform writes a field that is not set as null or as an empty text. */
function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
