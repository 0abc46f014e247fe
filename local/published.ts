import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { CustomPolicies } from './edge/custom-policies.ts';

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

/** A staging distribution that takes part of its primary's requests: a share of them, from 0 to 1, or those with a header, its name in lower case. */
export interface PublishedStaging {
  id: string;
  takes: { share: number } | { header: string; value: string };
}

/** What the control plane shows the edge: deployed state only, never DEVELOPMENT. The store is the authoritative copy; delay is the replica's business. */
export interface Published {
  /** The distribution's config once deployed; undefined before. */
  distribution(id: string): DistributionConfig | undefined;
  /** Absent, or undefined, where no enabled policy sends a distribution's requests elsewhere. */
  staging?(primaryId: string): PublishedStaging | undefined;
  /** The account's own policies; absent where there are none. */
  policies?(): CustomPolicies;
  liveFunction(arn: string): PublishedFunction | undefined;
  /** A snapshot of every key; undefined when no such store exists. */
  store(arn: string): ReadonlyMap<string, string> | undefined;
  /** Calls back synchronously after each change; returns the way to stop. */
  subscribe(listener: (change: PublishedChange) => void): () => void;
}
