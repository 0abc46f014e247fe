import type { FunctionSummary } from '@aws-sdk/client-cloudfront';
import type { Account, FunctionRecord, FunctionStage } from '../account.ts';
import { ServiceError } from '../service-error.ts';
import { distributionsOfFunction } from './distribution-references.ts';

type StageName = 'DEVELOPMENT' | 'LIVE';

/** The function, or NoSuchFunctionExists. */
export function findFunction(name: string, account: Account): FunctionRecord {
  const record = account.functions.get(name);
  if (record === undefined) throw new ServiceError('NoSuchFunctionExists', `there is no function called ${name}`);
  return record;
}

/** The stage asked for; a function that was never published has no LIVE. The model does not say what an absent stage means: DEVELOPMENT here. */
export function findStage(
  name: string,
  stage: string | undefined,
  account: Account,
): { record: FunctionRecord; stage: FunctionStage; name: StageName } {
  const stageName = parseStage(stage) ?? 'DEVELOPMENT';
  const record = findFunction(name, account);
  const found = stageName === 'LIVE' ? record.live : record.development;
  if (found === undefined) throw new ServiceError('NoSuchFunctionExists', `the function ${name} was never published`);
  return { record, stage: found, name: stageName };
}

/** InvalidArgument for anything but the two stages. */
export function parseStage(stage: string | undefined): StageName | undefined {
  if (stage === undefined || stage === 'DEVELOPMENT' || stage === 'LIVE') return stage;
  throw new ServiceError('InvalidArgument', `unknown stage ${stage}`);
}

/** The status texts are those of AWS's samples; when each appears is not documented. */
export function summarizeFunction(record: FunctionRecord, name: StageName, stage: FunctionStage, account: Account): FunctionSummary {
  const published = record.live !== undefined;
  const used = published && distributionsOfFunction(record.arn, account).length > 0;
  return {
    Name: record.name,
    Status: used ? 'DEPLOYED' : published ? 'UNASSOCIATED' : 'UNPUBLISHED',
    FunctionConfig: stage.config,
    FunctionMetadata: { FunctionARN: record.arn, Stage: name, CreatedTime: stage.createdAt, LastModifiedTime: stage.modifiedAt },
  };
}
