import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { CustomPolicies } from './edge/policies.ts';

/** A function's LIVE stage, as the edge runs it. */
export interface PublishedFunction {
  arn: string;
  name: string;
  runtime: string;
  code: string;
  sha256: string;
  /** Absent when LIVE was published without an association: `cf.kvs()` then fails. */
  keyValueStoreArn: string | undefined;
}

export type PublishedChange = { kind: 'function'; arn: string } | { kind: 'store'; arn: string } | { kind: 'distribution'; id: string };

/**
 * A staging distribution that takes some of its primary's requests: a share, 0 to 1, or those with a header (name in
 * lower case).
 */
export interface PublishedStaging {
  id: string;
  takes: { share: number } | { header: string; value: string };
}

/**
 * The control plane as the edge sees it: deployed state, never DEVELOPMENT. Stores are the authoritative copies; the
 * replica adds the delay.
 */
export interface Published {
  /** The distribution's config once deployed; undefined before. */
  distribution(id: string): DistributionConfig | undefined;
  /** Absent or undefined when no enabled policy sends requests of the distribution to a staging one. */
  staging?(primaryId: string): PublishedStaging | undefined;
  /** The account's own policies; absent: none. */
  policies?(): CustomPolicies;
  liveFunction(arn: string): PublishedFunction | undefined;
  /** A snapshot of every key; undefined when no such store exists. */
  store(arn: string): ReadonlyMap<string, string> | undefined;
  /** Calls back synchronously after each change. Returns a function that ends it. */
  subscribe(listener: (change: PublishedChange) => void): () => void;
}
