import {
  type CloudFrontClient,
  CreateDistributionCommand,
  type Distribution,
  DistributionAlreadyExists,
  type DistributionConfig,
  type DistributionSummary,
  GetDistributionCommand,
  ListDistributionsCommand,
  NoSuchDistribution,
  UpdateDistributionCommand,
} from '@aws-sdk/client-cloudfront';
import { EdgeError } from '../errors.ts';
import { wrapAwsError } from './aws-error.ts';
import { type PollOptions, poll } from './poll.ts';

/** A distribution as CloudFront holds it. */
export interface LiveDistribution {
  id: string;
  arn: string;
  /** `d….cloudfront.net`. */
  domainName: string;
  /** Every edge has this config. */
  isDeployed: boolean;
  /** Of config and distribution alike: an update takes it. */
  etag: string;
  config: DistributionConfig;
}

/** Minutes in practice. No duration is documented, and the SDK's own waiter asks once a minute, which hides the end for most of one. */
const maxPauseMs = 10_000;

/** The distribution with its config; undefined when this account has none of that id. */
export async function readDistributionById(client: CloudFrontClient, id: string): Promise<LiveDistribution | undefined> {
  try {
    const { Distribution, ETag } = await client.send(new GetDistributionCommand({ Id: id }));
    return readLive(Distribution, ETag);
  } catch (error) {
    if (error instanceof NoSuchDistribution) return undefined;
    throw wrapAwsError(error, `read distribution ${id}`);
  }
}

/** Every distribution of the account in short. */
export async function listDistributions(client: CloudFrontClient): Promise<DistributionSummary[]> {
  const found: DistributionSummary[] = [];
  let marker: string | undefined;
  try {
    do {
      const { DistributionList } = await client.send(new ListDistributionsCommand(marker === undefined ? {} : { Marker: marker }));
      found.push(...(DistributionList?.Items ?? []));
      marker = DistributionList?.IsTruncated ? DistributionList.NextMarker : undefined;
    } while (marker !== undefined);
  } catch (error) {
    throw wrapAwsError(error, 'list the distributions');
  }
  return found;
}

/** Creates it, not yet deployed; undefined when the config's CallerReference has made one before. */
export async function createDistribution(client: CloudFrontClient, config: DistributionConfig): Promise<LiveDistribution | undefined> {
  try {
    const { Distribution, ETag } = await client.send(new CreateDistributionCommand({ DistributionConfig: config }));
    return readLive(Distribution, ETag);
  } catch (error) {
    if (error instanceof DistributionAlreadyExists) return undefined;
    throw wrapWriteError(error, 'create the distribution');
  }
}

/** Replaces the whole config, not yet deployed. CONFLICT when `etag` is no longer its version. */
export async function updateDistribution(
  client: CloudFrontClient,
  id: string,
  config: DistributionConfig,
  etag: string,
): Promise<LiveDistribution> {
  try {
    const { Distribution, ETag } = await client.send(new UpdateDistributionCommand({ Id: id, DistributionConfig: config, IfMatch: etag }));
    return readLive(Distribution, ETag);
  } catch (error) {
    throw wrapWriteError(error, `update distribution ${id}`);
  }
}

/** Refusals whose message does not say what to do. */
const hints: Readonly<Record<string, string>> = {
  InvalidFunctionAssociation:
    'a function must be published (npm run function:publish), and have no Lambda@Edge function beside it on the viewer events of a behavior',
  NoSuchCachePolicy: 'check the policy ids in distribution.json',
  NoSuchOriginRequestPolicy: 'check the policy ids in distribution.json',
  NoSuchResponseHeadersPolicy: 'check the policy ids in distribution.json',
  InvalidViewerCertificate: 'ACM_CERTIFICATE_ARN must be of an issued certificate in us-east-1 that covers every alias',
  CNAMEAlreadyExists: 'aws cloudfront list-conflicting-aliases shows which distribution has the alias; it must let go of it first',
  NoSuchOrigin: 'what still targets the origin must change or be dropped with it',
};

function wrapWriteError(error: unknown, doing: string): unknown {
  const wrapped = wrapAwsError(error, doing);
  const hint = error instanceof Error ? hints[error.name] : undefined;
  return hint === undefined || !(wrapped instanceof EdgeError)
    ? wrapped
    : new EdgeError(wrapped.code, wrapped.message, { hint, cause: error });
}

/** Waits until every edge has the config. NOT_READY when that takes longer than `timeoutMs`. */
export async function waitForDeployed(client: CloudFrontClient, id: string, options: PollOptions): Promise<LiveDistribution> {
  return poll(
    async () => {
      const live = await readDistributionById(client, id);
      if (live === undefined)
        throw new EdgeError('NOT_FOUND', `distribution ${id} is gone`, { hint: 'another operator or tool deleted it meanwhile' });
      return live.isDeployed ? { done: live } : { waiting: `distribution ${id} is being deployed` };
    },
    maxPauseMs,
    options,
  );
}

export function readLive(distribution: Distribution | undefined, etag: string | undefined): LiveDistribution {
  const { Id, ARN, DomainName, Status, DistributionConfig: config } = distribution ?? {};
  if (Id === undefined || config === undefined || etag === undefined)
    throw new EdgeError('AWS', 'CloudFront answered about a distribution without its id, config or version', { hint: 'run it again' });
  return { id: Id, arn: ARN ?? '', domainName: DomainName ?? '', isDeployed: Status === 'Deployed', etag, config };
}
