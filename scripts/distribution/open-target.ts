import type { Io } from '../../src/cli/io.ts';
import { duration, flag, text } from '../../src/cli/option.ts';
import { openProject } from '../../src/config/open-project.ts';
import { type DistributionTarget, deployTimeoutMs, openDistribution } from '../../src/distribution/distribution.ts';

/** Options of every command about the distribution. */
export const targetOptions = {
  id: text('which distribution; without it EDGE_DISTRIBUTION_ID, else the one with an alias of the file', { placeholder: 'id' }),
  local: flag('the running local cloud instead of AWS'),
};

/** Options that choose what a plan may change. */
export const planOptions = {
  drop: text('what to remove although the file does not mention it, separated by commas', { placeholder: 'paths' }),
  only: text('the top-level fields that may change, such as PriceClass,Aliases; the others stay as they are', { placeholder: 'fields' }),
};

export const writeOptions = {
  yes: flag('write without asking'),
  'no-wait': flag('do not wait until every edge location has it'),
  'wait-for': duration('how long to wait for the edge locations', { fallback: deployTimeoutMs }),
};

export async function openTarget(
  values: { id: string | undefined; local: boolean; drop?: string | undefined; only?: string | undefined },
  io: Io,
): Promise<DistributionTarget> {
  const { config } = await openProject(io.env);
  const target = await openDistribution({ env: io.env, isLocal: values.local, id: values.id, config });
  return { ...target, drop: splitList(values.drop), only: splitList(values.only) };
}

/** Separated by commas: no path pattern and no host name has one. */
export function splitList(text: string | undefined): string[] {
  return (text ?? '').split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
}
