import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { Account, DistributionRecord } from '../account.ts';
import type { Decoded } from '../wire/shape.ts';

type Config = Decoded<DistributionConfig>;
export type BehaviorConfig = Config['DefaultCacheBehavior'];

/** Every behavior with its name in messages, the default one first. */
export function behaviorsOf(config: Config): { at: string; behavior: BehaviorConfig }[] {
  const others = config.CacheBehaviors?.Items ?? [];
  return [
    { at: 'the default cache behavior', behavior: config.DefaultCacheBehavior },
    ...others.map((behavior) => ({ at: `the cache behavior ${behavior.PathPattern}`, behavior })),
  ];
}

/** The function ARNs a distribution refers to. */
export function functionArnsOf(config: Config): Set<string> {
  return new Set(
    behaviorsOf(config).flatMap(({ behavior }) =>
      (behavior.FunctionAssociations?.Items ?? []).map((association) => association.FunctionARN),
    ),
  );
}

export function distributionsOfFunction(arn: string, account: Account): DistributionRecord[] {
  return [...account.distributions.values()].filter((record) => functionArnsOf(record.config).has(arn));
}
