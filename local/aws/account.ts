import { createHash } from 'node:crypto';
import type {
  CachePolicyConfig,
  ContinuousDeploymentPolicyConfig,
  DistributionConfig,
  FunctionConfig,
  OriginRequestPolicyConfig,
} from '@aws-sdk/client-cloudfront';
import type { FunctionRuntime } from '../../src/edge/execution.ts';
import type { Published, PublishedChange, PublishedStaging } from '../published.ts';
import { createEtag } from './etag.ts';
import type { Decoded } from './wire/shape.ts';

/** A stage of a function: DEVELOPMENT always exists, LIVE once published. */
export interface FunctionStage {
  config: Decoded<FunctionConfig>;
  code: Uint8Array;
  etag: string;
  pastEtags: string[];
  createdAt: Date;
  modifiedAt: Date;
}

export interface FunctionRecord {
  name: string;
  arn: string;
  development: FunctionStage;
  live: FunctionStage | undefined;
}

export interface StoreRecord {
  name: string;
  id: string;
  arn: string;
  comment: string;
  status: 'PROVISIONING' | 'READY';
  createdAt: Date;
  modifiedAt: Date;
  /** Control plane: changes with the comment. */
  etag: string;
  pastEtags: string[];
  /** Data plane: changes with every write of a key. Never equal to the control plane's. */
  dataEtag: string;
  dataModifiedAt: Date;
  /** Each write replaces it, so that a reader has a snapshot. */
  values: ReadonlyMap<string, string>;
  totalBytes: number;
}

export interface DistributionRecord {
  id: string;
  arn: string;
  domainName: string;
  status: 'InProgress' | 'Deployed';
  config: Decoded<DistributionConfig>;
  /** What the edge runs: the config of the last finished deployment. */
  deployed: DistributionConfig | undefined;
  /** Of a staging distribution: the distribution it was copied from. */
  primaryId: string | undefined;
  etag: string;
  pastEtags: string[];
  modifiedAt: Date;
  /** Stops the running deployment's timer. */
  cancelDeployment: () => void;
}

export interface PolicyRecord {
  id: string;
  config: Decoded<ContinuousDeploymentPolicyConfig>;
  etag: string;
  pastEtags: string[];
  modifiedAt: Date;
}

/** An account's own cache or origin request policy. */
interface CustomPolicyRecord<Config> {
  id: string;
  config: Decoded<Config>;
  etag: string;
  pastEtags: string[];
  modifiedAt: Date;
}

interface AccountOptions {
  accountId: string;
  now: () => number;
  random: () => number;
  provisionMs: number;
  deployMs: number;
  runtime: FunctionRuntime | undefined;
  /**
   * The answer to a KVS write with a stale ETag. Live runs got ValidationException; the model says ConflictException.
   */
  staleWrite: () => 'ValidationException' | 'ConflictException';
}

/** The local account, in memory. Operations change it synchronously. */
export interface Account {
  options: AccountOptions;
  functions: Map<string, FunctionRecord>;
  stores: Map<string, StoreRecord>;
  /** ARNs of deleted stores: the service answers differently for ARNs that never existed. */
  deletedStoreArns: Set<string>;
  distributions: Map<string, DistributionRecord>;
  /** Continuous deployment policies by id. */
  policies: Map<string, PolicyRecord>;
  cachePolicies: Map<string, CustomPolicyRecord<CachePolicyConfig>>;
  originRequestPolicies: Map<string, CustomPolicyRecord<OriginRequestPolicyConfig>>;
  /** Tags by the resource's ARN. */
  tags: Map<string, Map<string, string>>;
  /** The clock as a date. */
  date(): Date;
  /** A new ETag; `KV` for the data plane, `E` elsewhere. */
  etag(prefix: 'E' | 'KV'): string;
  changed(change: PublishedChange): void;
  /** Runs once after this time unless the account is closed first. Returns a function that cancels it. */
  after(ms: number, run: () => void): () => void;
  published: Published;
  close(): void;
}

export function openAccount(options: AccountOptions): Account {
  const listeners = new Set<(change: PublishedChange) => void>();
  const timers = new Set<NodeJS.Timeout>();
  const functions = new Map<string, FunctionRecord>();
  const stores = new Map<string, StoreRecord>();
  const distributions = new Map<string, DistributionRecord>();
  const policies = new Map<string, PolicyRecord>();
  const cachePolicies: Account['cachePolicies'] = new Map();
  const originRequestPolicies: Account['originRequestPolicies'] = new Map();

  const published: Published = {
    distribution: (id) => distributions.get(id)?.deployed,
    staging: (primaryId) => publishedStaging(primaryId, { distributions, policies }),
    liveFunction(arn) {
      const found = [...functions.values()].find((record) => record.arn === arn);
      if (found?.live === undefined) return undefined;
      const { config, code } = found.live;
      return {
        arn,
        name: found.name,
        runtime: config.Runtime,
        code: Buffer.from(code).toString('utf8'),
        sha256: createHash('sha256').update(code).digest('hex'),
        keyValueStoreArn: config.KeyValueStoreAssociations?.Items?.[0]?.KeyValueStoreARN,
      };
    },
    policies: () => ({ cache: configsOf(cachePolicies), originRequest: configsOf(originRequestPolicies) }),
    store: (arn) => [...stores.values()].find((record) => record.arn === arn)?.values,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };

  return {
    options,
    functions,
    stores,
    deletedStoreArns: new Set(),
    distributions,
    policies,
    cachePolicies,
    originRequestPolicies,
    tags: new Map(),
    date: () => new Date(options.now()),
    etag: (prefix) => createEtag(prefix, options.random),
    changed(change) {
      for (const listener of [...listeners]) listener(change);
    },
    after(ms, run) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        run();
      }, ms);
      timer.unref();
      timers.add(timer);
      return () => {
        clearTimeout(timer);
        timers.delete(timer);
      };
    },
    published,
    close() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}

function configsOf<Config>(records: ReadonlyMap<string, { config: Config }>): Map<string, Config> {
  return new Map([...records].map(([id, { config }]) => [id, config]));
}

/** The staging distribution named in a policy's config. */
export function stagingOf(
  config: Decoded<ContinuousDeploymentPolicyConfig>,
  account: Pick<Account, 'distributions'>,
): DistributionRecord | undefined {
  const names = config.StagingDistributionDnsNames.Items ?? [];
  return [...account.distributions.values()].find((record) => record.config.Staging === true && names.includes(record.domainName));
}

/** The staging distribution of a primary's deployed config; undefined when there is no enabled policy. */
function publishedStaging(primaryId: string, account: Pick<Account, 'distributions' | 'policies'>): PublishedStaging | undefined {
  const policyId = account.distributions.get(primaryId)?.deployed?.ContinuousDeploymentPolicyId ?? '';
  const config = account.policies.get(policyId)?.config;
  const staging = config && stagingOf(config, account);
  const { SingleHeaderConfig: byHeader, SingleWeightConfig: byWeight } = config?.TrafficConfig ?? {};
  if (staging === undefined || config?.Enabled !== true) return undefined;
  if (byHeader !== undefined) return { id: staging.id, takes: { header: byHeader.Header.toLowerCase(), value: byHeader.Value } };
  return byWeight && { id: staging.id, takes: { share: byWeight.Weight } };
}
