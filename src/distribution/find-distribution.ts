import type { CloudFrontClient, DistributionConfig } from '@aws-sdk/client-cloudfront';
import { pMapIterable } from 'p-map';
import { type LiveDistribution, listDistributions, readDistributionById } from '../aws/distribution.ts';
import { EdgeError } from '../errors.ts';

const readsAtOnce = 4;

/**
 * The distribution that the file describes: the one with this id, else the one with an alias of the file, else the one
 * with the file's CallerReference; undefined when there is none. NOT_FOUND for an unknown id, USAGE when several
 * distributions have an alias of the file.
 */
export async function findLiveDistribution(
  client: CloudFrontClient,
  file: DistributionConfig | undefined,
  id: string | undefined,
): Promise<LiveDistribution | undefined> {
  const found = id ? await readGiven(client, id) : file && (await search(client, file));
  if (found !== undefined && file !== undefined) checkAccount(found, file);
  return found;
}

async function readGiven(client: CloudFrontClient, id: string): Promise<LiveDistribution> {
  const hint = 'check --id and EDGE_DISTRIBUTION_ID; `aws sts get-caller-identity` shows which account the credentials belong to';
  if (!/^[A-Z0-9]+$/.test(id))
    throw new EdgeError('USAGE', `--id must be a distribution id such as E2QWRUHEXAMPLE, got ${JSON.stringify(id)}`, { hint });
  const found = await readDistributionById(client, id).catch((error: unknown) => {
    // AWS does not document whether another account's id is unknown or forbidden.
    if (error instanceof EdgeError && error.code === 'ACCESS_DENIED') return undefined;
    throw error;
  });
  if (found !== undefined) return found;
  throw new EdgeError(
    'NOT_FOUND',
    `distribution ${id} does not exist, or these credentials cannot read it: it may belong to another account`,
    {
      hint,
    },
  );
}

async function search(client: CloudFrontClient, file: DistributionConfig): Promise<LiveDistribution | undefined> {
  // A staging distribution is a copy of its primary, never what the file describes.
  const summaries = (await listDistributions(client)).filter(({ Staging }) => Staging !== true);
  const aliases = new Set((file.Aliases?.Items ?? []).map((alias) => alias.toLowerCase()));
  const byAlias = summaries.filter(({ Aliases }) => Aliases?.Items?.some((alias) => aliases.has(alias.toLowerCase())));
  const [first, second] = byAlias;
  if (first?.Id !== undefined && second !== undefined)
    throw new EdgeError('USAGE', `several distributions have an alias of distribution.json: ${byAlias.map(({ Id }) => Id).join(', ')}`, {
      hint: `choose one: --id ${first.Id}`,
    });
  if (first?.Id !== undefined) return readDistributionById(client, first.Id);
  // The list has no CallerReference. The distribution most likely still has the file's comment.
  const ids = summaries
    .toSorted((a, b) => Number(b.Comment === file.Comment) - Number(a.Comment === file.Comment))
    .flatMap(({ Id }) => (Id === undefined ? [] : [Id]));
  for await (const read of pMapIterable(ids, (id) => readDistributionById(client, id), { concurrency: readsAtOnce }))
    if (read?.config.CallerReference === file.CallerReference) return read;
  return undefined;
}

/** A function of another account cannot be associated. AWS refuses it later and less clearly. */
function checkAccount(live: LiveDistribution, file: DistributionConfig): void {
  const account = /^arn:aws[\w-]*:cloudfront::(\d{12}):/.exec(live.arn)?.[1];
  const behaviors = [file.DefaultCacheBehavior, ...(file.CacheBehaviors?.Items ?? [])];
  for (const { FunctionARN } of behaviors.flatMap((behavior) => behavior?.FunctionAssociations?.Items ?? [])) {
    const other = /^arn:aws[\w-]*:cloudfront::(\d{12}):function\//.exec(FunctionARN ?? '')?.[1];
    if (account === undefined || other === undefined || other === account) continue;
    throw new EdgeError(
      'CONFIG_INVALID',
      `distribution ${live.id} belongs to account ${account}, but distribution.json names a function of account ${other}`,
      {
        hint: 'check AWS_ACCOUNT_ID and the credentials in use',
      },
    );
  }
}
