import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { LiveDistribution } from '../aws/distribution.ts';
import { completeDistribution } from '../config/complete-distribution.ts';
import { EdgeError } from '../errors.ts';
import { configTree, type Fields, fromTree, noFields } from './config-tree.ts';
import { type Change, diffConfigs } from './diff-config.ts';
import { type Kept, mergeConfig } from './merge-config.ts';

/** What applying distribution.json would do. */
export interface DistributionPlan {
  /** Undefined when there is none yet, and it would be created. */
  live: LiveDistribution | undefined;
  changes: readonly Change[];
  /** What is there and not in the file, and stays. */
  kept: readonly Kept[];
  /** Paths to be dropped that name nothing. */
  unusedDrops: readonly string[];
  /** The whole config to be sent. */
  next: DistributionConfig;
}

/**
 * The plan that makes the live distribution what the file says, but for what the file does not mention. Paths of `drop` that name nothing are ignored; `only`
 * names the top-level fields that may change, all of them when it is empty.
 */
export function planDistribution(
  live: LiveDistribution | undefined,
  file: DistributionConfig,
  drop: readonly string[] = [],
  only: readonly string[] = [],
): DistributionPlan {
  if (live === undefined) {
    const changes = diffConfigs(noFields, configTree(file)).map(({ path, after }): Change => ({ kind: 'add', path, after }));
    return { live, changes, kept: [], unusedDrops: drop, next: file };
  }
  const before = configTree(live.config);
  const { tree, kept, dropped } = mergeConfig(before, withOwnReference(configTree(file), before), drop);
  const unusedDrops = drop.filter((path) => !dropped.has(path));
  const changes = diffConfigs(before, tree).filter(({ path }) => only.length === 0 || only.includes(/^\w+/.exec(path)?.[0] ?? ''));
  const next = completeDistribution(withChanged(live.config, fromTree(tree) as DistributionConfig, changes));
  return { live, changes, kept, unusedDrops, next };
}

/** The live config with only those of its fields replaced in which something changes: the rest goes back to the byte as it came, unknown parts included. */
function withChanged(live: DistributionConfig, merged: DistributionConfig, changes: readonly Change[]): DistributionConfig {
  const changed = new Set(changes.map(({ path }) => /^\w+/.exec(path)?.[0]));
  const entries = Object.entries({ ...live, ...merged }).flatMap(([name]): [string, unknown][] => {
    const value = (changed.has(name) ? merged : live)[name as keyof DistributionConfig];
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(entries) as unknown as DistributionConfig;
}

/** USAGE when a path was to be dropped that names nothing which only the live distribution has. */
export function checkDrops({ kept, unusedDrops }: DistributionPlan): void {
  if (unusedDrops.length === 0) return;
  throw new EdgeError(
    'USAGE',
    `--drop ${unusedDrops.join(',')}: the live distribution has nothing there that distribution.json does not mention`,
    {
      hint: kept.length === 0 ? 'there is nothing to drop' : `what can be dropped: ${kept.map(({ path }) => path).join(', ')}`,
    },
  );
}

/** A CallerReference names the request that created the distribution and can never change: one that was found by its alias or id has its own. */
function withOwnReference(file: Fields, live: Fields): Fields {
  const own = live.fields.get('CallerReference');
  return own === undefined ? file : { kind: 'fields', fields: new Map([...file.fields, ['CallerReference', own]]) };
}
