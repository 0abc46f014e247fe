import { readFile } from 'node:fs/promises';
import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { decodeText, parseDistribution } from '../../config/distribution-file.ts';
import { EdgeError } from '../../errors.ts';
import { isRecord } from '../../text/is-record.ts';
import { lineOf, messageOf } from '../../text/message-of.ts';
import { isTerraformState, listStateDistributions, type StateDistribution } from './terraform-state.ts';

/** The distribution that init works on, and where its settings come from. */
export interface FoundDistribution {
  /** `local`: of the local cloud. `terraform`: from a state, which is also the tool that owns the distribution. */
  source: 'live' | 'local' | 'saved' | 'terraform';
  /** Undefined where the source does not have it, such as the output of get-distribution-config. */
  id: string | undefined;
  /** `d….cloudfront.net`. */
  domainName: string | undefined;
  /** Its ARN, which has the account. */
  arn: string | undefined;
  config: DistributionConfig;
}

const howToSave = 'aws cloudfront get-distribution --id E… > saved.json writes one';
const howToShow = 'terraform show -json > state.json writes one; terraform state pull does, too';

/** A saved get-distribution or get-distribution-config output, or a bare DistributionConfig. */
export async function readSavedDistribution(path: string, id: string | undefined): Promise<FoundDistribution> {
  const text = await readAnyText(path, howToSave);
  const raw = parseJson(text, path, howToSave);
  if (isTerraformState(raw)) throw misread(path, 'a Terraform state', `--from-tfstate ${path}`);
  if (isRecord(raw) && isRecord(raw['DistributionList'])) throw misread(path, 'a list of distributions', howToSave);
  if (isRecord(raw) && isRecord(raw['Resources']))
    throw misread(path, 'a CloudFormation template', 'deploy it, then init --distribution with the id of the distribution');
  const whole = isRecord(raw) ? raw : {};
  // The whole answer, or its part by `--query Distribution`.
  const found = isRecord(whole['Distribution']) ? whole['Distribution'] : isRecord(whole['DistributionConfig']) ? whole : {};
  const { Id, ARN, DomainName } = found;
  const saved = typeof Id === 'string' ? Id : undefined;
  if (saved !== undefined && id !== undefined && saved !== id)
    throw new EdgeError('USAGE', `${path} has distribution ${saved}, and --distribution names ${id}`, { hint: 'leave out one of them' });
  return {
    source: 'saved',
    id: saved ?? id,
    domainName: typeof DomainName === 'string' ? DomainName : undefined,
    arn: typeof ARN === 'string' ? ARN : undefined,
    config: parseDistribution(text, {}, path),
  };
}

/** The distribution of a Terraform state; `id` chooses when there are several. */
export async function readStateDistribution(path: string, id: string | undefined): Promise<FoundDistribution> {
  const raw = parseJson(await readAnyText(path, howToShow), path, howToShow);
  if (!isTerraformState(raw)) {
    const isSaved = isRecord(raw) && ['Distribution', 'DistributionConfig', 'Origins'].some((name) => name in raw);
    throw isSaved ? misread(path, 'output of the AWS CLI', `--from ${path}`) : misread(path, 'no Terraform state', howToShow);
  }
  const { id: found, ...rest } = chooseOne(listStateDistributions(raw), path, id);
  return { source: 'terraform', id: found ?? id, domainName: rest.domainName, arn: rest.arn, config: rest.config };
}

function chooseOne(all: readonly StateDistribution[], path: string, id: string | undefined): StateDistribution {
  const named = all.map(({ address, id: own }) => `${own ?? 'not created yet'} (${address})`).join(', ');
  if (all.length === 0)
    throw new EdgeError('NOT_FOUND', `${path} has no aws_cloudfront_distribution`, {
      hint: 'it may be in another state: run terraform show -json in the folder that creates the distribution',
    });
  if (id === undefined) {
    const [only, second] = all;
    if (only !== undefined && second === undefined) return only;
    throw new EdgeError('USAGE', `${path} has ${all.length} distributions: ${named}`, { hint: 'choose one: --distribution <id>' });
  }
  const chosen = all.find((each) => each.id === id);
  if (chosen === undefined) throw new EdgeError('NOT_FOUND', `${path} has no distribution ${id}`, { hint: `it has ${named}` });
  return chosen;
}

async function readAnyText(path: string, hint: string): Promise<string> {
  try {
    return decodeText(await readFile(path));
  } catch (cause) {
    throw new EdgeError('CONFIG_MISSING', `cannot read ${path}: ${messageOf(cause)}`, { cause, hint });
  }
}

function parseJson(text: string, path: string, hint: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EdgeError('CONFIG_INVALID', `${path} is not JSON: ${lineOf(cause)}`, { cause, hint: `${hint}, with --output json` });
  }
}

function misread(path: string, found: string, hint: string): EdgeError {
  return new EdgeError('CONFIG_INVALID', `${path} is ${found}, which this option does not read`, { hint });
}
