import type { Aws } from '../aws/clients.ts';
import { checkAccount, checkCallerAccount } from '../aws/credentials.ts';
import { openKeyValueStore } from '../aws/key-value-store.ts';
import { createEmptyStore, describeStore, type StoreDescription, waitForStore } from '../aws/open-flag-store.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import type { FlagStore } from '../core/flag-store.ts';
import { EdgeError } from '../errors.ts';
import { typed } from '../text/typed.ts';
import { storeComment, storeTimeoutMs } from './create-store.ts';
import { checkStoreSize, type KeysPlan, type KeyWrite, listBatches, planKeys, writeBatches } from './plan-keys.ts';

/** The store that edge.config.ts names, and how to reach it. */
export interface StoreTarget {
  aws: Aws;
  config: Pick<EdgeConfig, 'keyValueStoreName' | 'keys' | 'keyPrefix' | 'accountId'>;
  /** The local cloud, which has an account of its own. Default false. */
  isLocal?: boolean;
  /** EDGE_KVS_ARN: must be of the same store when it is set. */
  arn: string | undefined;
  /** One line about what is happening now. Default: nothing. */
  progress?: (line: string) => void;
  signal?: AbortSignal;
  now?: () => number;
  /** Milliseconds to wait for a new store, default 180,000. */
  waitMs?: number;
}

/** What makes the store hold the seed and the declared keys. */
export interface StorePlan extends KeysPlan {
  name: string;
  /** Before this package's own keys in the store. */
  keyPrefix?: string | undefined;
  /** Undefined for a store that does not exist yet. */
  arn: string | undefined;
  /** The writes, each batch all or nothing. */
  batches: readonly KeyWrite[][];
}

/** More pages than a full store of 5 MB needs. */
const maxPages = 2_000;

/** The plan for a store that is READY or missing. NOT_READY for one that CloudFront is still creating. */
export async function readStorePlan(target: StoreTarget): Promise<StorePlan> {
  const found = await findStore(target);
  if (found !== undefined && !found.isReady)
    throw new EdgeError('NOT_READY', `key-value store ${found.name} is ${found.status.toLowerCase()}`, {
      hint: `${typed('kvs:apply')} waits for it`,
    });
  return makePlan(target, found);
}

/** The same, after waiting for a store that CloudFront is still creating. */
export async function awaitStorePlan(target: StoreTarget): Promise<StorePlan> {
  const found = await findStore(target);
  return makePlan(target, found && (await waitUntilReady(target, found)));
}

export function isAsDeclared({ arn, steps }: StorePlan): boolean {
  return arn !== undefined && steps.length === 0;
}

/** Creates the store when there is none and writes exactly this plan; returns it with the store's ARN. */
export async function applyStorePlan(target: StoreTarget, plan: StorePlan): Promise<StorePlan & { arn: string }> {
  const { signal, progress = () => undefined } = target;
  try {
    const arn = plan.arn ?? (await createReadyStore(target, plan.name));
    if (!isAsDeclared(plan)) await writeBatches(await openStore(target, arn), plan.batches, progress);
    return { ...plan, arn };
  } catch (error) {
    throw signal?.aborted ? await explainInterruption(error, target, plan) : error;
  }
}

/** Reads the store again without the signal that ended the write: a batch without an answer may be in force. */
async function explainInterruption(cause: unknown, target: StoreTarget, plan: StorePlan): Promise<EdgeError> {
  const ended = target.signal?.reason instanceof EdgeError ? target.signal.reason.message : 'interrupted';
  const explain = (message: string) =>
    new EdgeError('INTERRUPTED', `${ended}${message}`, { cause, hint: `${typed('kvs:plan')} shows what is left; kvs:apply continues` });
  try {
    const found = await describeStore(await target.aws.cloudFront(), plan.name);
    if (found !== undefined && plan.arn === undefined)
      return explain(`, but key-value store ${plan.name} is created; its keys may be missing`);
    const values =
      found === undefined
        ? new Map<string, string>()
        : await readAll(await openStore({ aws: target.aws, config: target.config }, found.arn), plan.name);
    const changes = plan.steps.filter(({ kind }) => kind === 'add' || kind === 'change' || kind === 'remove');
    const inForce = changes.filter(({ key, after }) => values.get(key) === after).length;
    return explain(inForce === 0 ? ': no key has changed' : `, but ${inForce} of ${changes.length} changes are written and in force`);
  } catch {
    return explain(', and the key-value store cannot be read: some keys may be written');
  }
}

async function findStore({ aws, config, arn, isLocal }: StoreTarget): Promise<StoreDescription | undefined> {
  const found = await describeStore(await aws.cloudFront(), config.keyValueStoreName);
  if (!isLocal && found !== undefined) checkAccount(found.arn.split(':')[4], config.accountId);
  if (!isLocal && found === undefined) await checkCallerAccount(aws.sts, config.accountId);
  if (!arn || arn === found?.arn) return found;
  throw new EdgeError(
    'USAGE',
    `EDGE_KVS_ARN is ${arn}, but ${config.keyValueStoreName} ${found === undefined ? 'does not exist' : `is ${found.arn}`}`,
    { hint: 'unset EDGE_KVS_ARN, or check keyValueStoreName in edge.config.ts and whose credentials are in use' },
  );
}

async function createReadyStore(target: StoreTarget, name: string): Promise<string> {
  const { arn } = await waitUntilReady(target, await createEmptyStore(await target.aws.cloudFront(), name, storeComment));
  return arn;
}

async function waitUntilReady(target: StoreTarget, store: StoreDescription): Promise<StoreDescription> {
  if (store.isReady) return store;
  const { aws, progress, signal, now, waitMs: timeoutMs = storeTimeoutMs } = target;
  const waiting = { timeoutMs, ...(progress && { progress }), ...(signal && { signal }), ...(now && { now }) };
  return waitForStore(await aws.cloudFront(), store.name, waiting);
}

async function openStore(
  { aws, config, progress, signal }: Pick<StoreTarget, 'aws' | 'config' | 'progress' | 'signal'>,
  arn: string,
): Promise<FlagStore> {
  return openKeyValueStore(await aws.keyValueStore(), arn, { keyPrefix: config.keyPrefix, ...(progress && { log: progress }), signal });
}

async function makePlan(target: StoreTarget, found: StoreDescription | undefined): Promise<StorePlan> {
  const { keyValueStoreName: name, keys, keyPrefix } = target.config;
  const values = found === undefined ? new Map<string, string>() : await readAll(await openStore(target, found.arn), name);
  const plan = planKeys(values, keys);
  const batches = listBatches(plan, values);
  checkStoreSize(values, batches);
  return { name, keyPrefix, arn: found?.arn, ...plan, batches };
}

async function readAll(store: FlagStore, name: string): Promise<ReadonlyMap<string, string>> {
  const { values, complete } = await store.list(maxPages);
  if (complete) return values;
  throw new EdgeError('QUOTA', `key-value store ${name} has more keys than can be listed (${values.size})`, {
    hint: 'give this package a store of its own: keyValueStoreName in edge.config.ts',
  });
}
