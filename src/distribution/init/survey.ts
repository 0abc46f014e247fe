import type { CacheBehavior, DefaultCacheBehavior, DistributionConfig, Origin } from '@aws-sdk/client-cloudfront';
import { defaultBehavior } from '../../config/path-pattern.ts';

/** What an origin is, as its domain name and its settings show it. */
export type OriginKind =
  | 'load balancer'
  | 'API Gateway'
  | 'Lambda function URL'
  | 'AWS service'
  | 'VPC origin'
  | 'custom host'
  | 'S3 bucket'
  | 'S3 website';

export interface SurveyedOrigin {
  id: string;
  domainName: string;
  kind: OriginKind;
  /** Of its x-region header, else of its domain name. */
  region: string | undefined;
  /** Init proposes it. Files in buckets are copies that CloudFront's own origin groups serve as well. */
  isRoutable: boolean;
  origin: Origin;
}

export interface SurveyedBehavior {
  /** Its path pattern, or `default`; the default behavior is the last one. */
  name: string;
  /** The origin that has its requests today: of a group, the first member. */
  target: string;
  /** The members when the target is an origin group, in their order; empty otherwise. */
  group: readonly string[];
  /** The ARN of the CloudFront Function on viewer-request. */
  viewerRequest: string | undefined;
  /** The ARN and event of Lambda@Edge on a viewer event, beside which CloudFront allows no function. */
  lambda: { event: string; arn: string } | undefined;
  behavior: DefaultCacheBehavior;
}

export interface DistributionSurvey {
  origins: readonly SurveyedOrigin[];
  /** In CloudFront's order: the first matching pattern has the request. */
  behaviors: readonly SurveyedBehavior[];
}

/** What a distribution has for init to choose from. */
export function surveyDistribution(config: DistributionConfig): DistributionSurvey {
  const { DefaultCacheBehavior: usual, CacheBehaviors, OriginGroups } = config;
  const groups = new Map(
    (OriginGroups?.Items ?? []).map(({ Id = '', Members }) => [Id, (Members?.Items ?? []).map(({ OriginId = '' }) => OriginId)]),
  );
  const survey = (name: string, behavior: CacheBehavior | DefaultCacheBehavior): SurveyedBehavior => {
    const target = behavior.TargetOriginId ?? '';
    const lambda = behavior.LambdaFunctionAssociations?.Items?.find(({ EventType }) => EventType?.startsWith('viewer-'));
    return {
      name,
      target: groups.get(target)?.[0] ?? target,
      group: groups.get(target) ?? [],
      viewerRequest: behavior.FunctionAssociations?.Items?.find(({ EventType }) => EventType === 'viewer-request')?.FunctionARN,
      lambda: lambda && { event: lambda.EventType ?? '', arn: lambda.LambdaFunctionARN ?? '' },
      behavior: behavior as DefaultCacheBehavior,
    };
  };
  return {
    origins: (config.Origins?.Items ?? []).map(surveyOrigin),
    behaviors: [
      ...(CacheBehaviors?.Items ?? []).map((behavior) => survey(nameOf(behavior), behavior)),
      ...(usual === undefined ? [] : [survey(defaultBehavior, usual)]),
    ],
  };
}

/** A path pattern of this name is not the default behavior. */
function nameOf({ PathPattern = '' }: CacheBehavior): string {
  return PathPattern === defaultBehavior ? `/${PathPattern}` : PathPattern;
}

function surveyOrigin(origin: Origin): SurveyedOrigin {
  const { Id: id = '', DomainName: domainName = '', CustomHeaders } = origin;
  const named = CustomHeaders?.Items?.find(({ HeaderName }) => HeaderName?.toLowerCase() === 'x-region')?.HeaderValue;
  const kind = kindOfOrigin(origin);
  return {
    id,
    domainName,
    kind,
    region: named || regionOf(domainName),
    isRoutable: kind !== 'S3 bucket' && kind !== 'S3 website',
    origin,
  };
}

const kinds: readonly [RegExp, OriginKind][] = [
  [/\.s3-website[.-][a-z0-9-]+\.amazonaws\.com(\.cn)?$/, 'S3 website'],
  [/(^|\.)s3([.-][a-z0-9.-]+)?\.amazonaws\.com(\.cn)?$/, 'S3 bucket'],
  [/\.elb(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?$/, 'load balancer'],
  [/\.execute-api\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|api\.aws)$/, 'API Gateway'],
  [/\.lambda-url\.[a-z0-9-]+\.on\.aws$/, 'Lambda function URL'],
  [
    /\.(amazonaws\.com(\.cn)?|awsapprunner\.com|elasticbeanstalk\.com|amazonlightsail\.com|on\.aws|api\.aws|amplifyapp\.com)$/,
    'AWS service',
  ],
];

/** By its domain name, and by what the config says of it. */
export function kindOfOrigin({ DomainName = '', CustomOriginConfig, S3OriginConfig, VpcOriginConfig }: Origin): OriginKind {
  if (VpcOriginConfig !== undefined) return 'VPC origin';
  const kind = kinds.find(([pattern]) => pattern.test(DomainName.toLowerCase()))?.[1];
  if (S3OriginConfig !== undefined && CustomOriginConfig === undefined) return 'S3 bucket';
  return kind ?? 'custom host';
}

/**
 * A region's code between dots or hyphens: `app-1.ap-southeast-1.elb.amazonaws.com`, `api-eu-central-1.example.com`.
 */
const regionText =
  /(?:^|[.-])((?:af|ap|ca|cn|eu|il|me|mx|sa|us)(?:-gov|-iso[a-z]?)?-(?:central|north|south|east|west|northeast|northwest|southeast|southwest)-\d)(?=[.-]|$)/;

/** The AWS region that a domain name contains; undefined when it contains none. */
export function regionOf(domainName: string): string | undefined {
  const name = domainName.toLowerCase();
  // The oldest names of EC2 hosts and buckets have no code.
  if (/\.compute-1\.amazonaws\.com$/.test(name)) return 'us-east-1';
  return regionText.exec(name)?.[1];
}

/**
 * Cities or lands of AWS's regions, as people call them:
 * https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
 */
export const placesOfRegions: Readonly<Record<string, string>> = {
  'af-south-1': 'cape-town',
  'ap-east-1': 'hong-kong',
  'ap-east-2': 'taipei',
  'ap-northeast-1': 'tokyo',
  'ap-northeast-2': 'seoul',
  'ap-northeast-3': 'osaka',
  'ap-south-1': 'mumbai',
  'ap-south-2': 'hyderabad',
  'ap-southeast-1': 'singapore',
  'ap-southeast-2': 'sydney',
  'ap-southeast-3': 'jakarta',
  'ap-southeast-4': 'melbourne',
  'ap-southeast-5': 'malaysia',
  'ap-southeast-6': 'new-zealand',
  'ap-southeast-7': 'thailand',
  'ca-central-1': 'montreal',
  'ca-west-1': 'calgary',
  'cn-north-1': 'beijing',
  'cn-northwest-1': 'ningxia',
  'eu-central-1': 'frankfurt',
  'eu-central-2': 'zurich',
  'eu-north-1': 'stockholm',
  'eu-south-1': 'milan',
  'eu-south-2': 'spain',
  'eu-west-1': 'ireland',
  'eu-west-2': 'london',
  'eu-west-3': 'paris',
  'il-central-1': 'tel-aviv',
  'me-central-1': 'uae',
  'me-south-1': 'bahrain',
  'mx-central-1': 'mexico',
  'sa-east-1': 'sao-paulo',
  'us-east-1': 'virginia',
  'us-east-2': 'ohio',
  'us-west-1': 'california',
  'us-west-2': 'oregon',
};

/** Words that name a place or a role in the name of one of several like origins. */
const placeWords = new Set(
  [
    'primary secondary main backup fallback failover standby passive active dr home replica',
    'us eu ap ca sa me af na asia europe america africa uk de fr ie sg in jp au br',
    'use usw usw2 use1 use2 euw euw1 euc euc1 apse apse1 apne1 aps1',
    'east west north south central northeast southeast southwest northwest',
    'fra sin iad pdx dub lhr cdg nrt bom syd gru sfo cmh arn',
  ]
    .join(' ')
    .split(' ')
    .concat(Object.values(placesOfRegions).flatMap((place) => [place, ...place.split('-')])),
);

/**
 * The domain name without the words in which the regions of one service differ: two names that leave the same are
 * alike.
 */
export function likenessOf({ domainName, kind }: Pick<SurveyedOrigin, 'domainName' | 'kind'>): string {
  const name = domainName.toLowerCase();
  const region = regionOf(name);
  // API Gateway and Lambda draw the first label at random.
  const own = kind === 'API Gateway' || kind === 'Lambda function URL' ? name.replace(/^[^.]+\./, '') : name;
  return (region === undefined ? own : own.replaceAll(region, ''))
    .split(/[.-]/)
    .filter((word) => word !== '' && !placeWords.has(word) && !placeWords.has(word.replace(/\d+$/, '')) && !isRandom(word))
    .join('.');
}

/** A part that a tool drew: long, with digits. One digit at the end may be a shard's, and shards are not alike. */
export function isRandom(word: string): boolean {
  return word.length >= 6 && /\d/.test(word) && !/^[a-z]+\d{1,2}$/.test(word);
}
