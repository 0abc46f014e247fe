import { existsSync } from 'node:fs';
import type { Io } from '../../src/cli/io.ts';
import { duration, flag, text } from '../../src/cli/option.ts';
import { distributionPath } from '../../src/config/distribution-file.ts';
import { openProject } from '../../src/config/open-project.ts';
import { type DistributionTarget, deployTimeoutMs, openDistributions } from '../../src/distribution/distribution.ts';
import { EdgeError } from '../../src/errors.ts';

/** Options of every command about the distribution. */
export const targetOptions = {
  id: text('id of the distribution; by default EDGE_DISTRIBUTION_ID, else the one with an alias of the file', { placeholder: 'id' }),
  local: flag('use the running local cloud instead of AWS'),
};

/** Options that choose what a plan may change. */
export const planOptions = {
  drop: text('parts to remove that the file does not mention, separated by commas', { placeholder: 'paths' }),
  only: text('the top-level fields that may change, such as PriceClass,Aliases; the others stay as they are', { placeholder: 'fields' }),
};

export const writeOptions = {
  yes: flag('write without asking'),
  'no-wait': flag('do not wait until every edge location has it'),
  'wait-for': duration('how long to wait for the edge locations', { fallback: deployTimeoutMs }),
};

interface TargetValues {
  id: string | undefined;
  local: boolean;
  drop?: string | undefined;
  only?: string | undefined;
}

/** Every distribution that the configuration names, else the one that distribution.json describes. */
export async function openTargets(values: TargetValues, io: Io): Promise<DistributionTarget[]> {
  const { config } = await openProject(io);
  if (config.distributions !== undefined && existsSync(distributionPath(io.env)))
    io.stderr('note: distribution.json is not applied, since edge.config.ts has `distributions`');
  const targets = await openDistributions({ env: io.env, isLocal: values.local, id: values.id, config });
  const [drop, only] = [splitList(values.drop), splitList(values.only)];
  return targets.map((target) => {
    if ('file' in target) return { ...target, drop, only };
    if (drop.length + only.length === 0) return target;
    throw new EdgeError('USAGE', '--drop and --only belong to distribution.json: with `distributions` only our own changes are made', {
      hint: 'change the rest with the tool that owns the distribution',
    });
  });
}

/** The same for what works on one distribution at a time. */
export async function openTarget(values: TargetValues, io: Io): Promise<DistributionTarget> {
  const [target, ...others] = await openTargets(values, io);
  if (target !== undefined && others.length === 0) return target;
  const ids = [target, ...others].map((each) => each?.id).join(', ');
  throw new EdgeError('USAGE', `edge.config.ts has several distributions, and this works on one: ${ids}`, {
    hint: `choose it: --id ${target?.id}`,
  });
}

/** Separated by commas: no path pattern and no host name has one. */
export function splitList(text: string | undefined): string[] {
  return (text ?? '').split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
}
