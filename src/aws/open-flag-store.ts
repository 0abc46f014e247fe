import {
  type CloudFrontClient,
  CreateKeyValueStoreCommand,
  DescribeKeyValueStoreCommand,
  EntityAlreadyExists,
  EntityNotFound,
  type KeyValueStore,
} from '@aws-sdk/client-cloudfront';
import type { EdgeConfig } from '../config/edge-config.ts';
import { type LocalCloud, readLocalCloud } from '../config/local-cloud.ts';
import type { FlagStore } from '../core/flag-store.ts';
import { EdgeError } from '../errors.ts';
import { typed } from '../text/typed.ts';
import { wrapAwsError } from './aws-error.ts';
import { type Aws, openAws } from './clients.ts';
import { checkAccount } from './credentials.ts';
import { type PollOptions, poll } from './retry.ts';

export interface OpenFlagStoreOptions {
  /** AWS_*, EDGE_KVS_ARN (saves a call to the control plane), EDGE_LOCAL_PORT. */
  env: Readonly<Record<string, string | undefined>>;
  /** The running local cloud instead of AWS. */
  isLocal: boolean;
  config: Pick<EdgeConfig, 'keyValueStoreName' | 'keyPrefix' | 'accountId'>;
  log?: (line: string) => void;
  signal?: AbortSignal;
}

/** The store that holds the health record, and the local cloud when it is used. */
export async function openFlagStore(
  options: OpenFlagStoreOptions,
): Promise<{ store: FlagStore; arn: string; local: LocalCloud | undefined }> {
  const { env, isLocal, config, log, signal } = options;
  // The SDK loads while the local cloud answers.
  const loading = import('./key-value-store.ts');
  const local = isLocal ? await readLocalCloud(env) : undefined;
  const aws = openAws({ env, local });
  const arn = local?.keyValueStoreArn ?? (await findKeyValueStoreArn(aws, config.keyValueStoreName, env['EDGE_KVS_ARN']));
  if (local === undefined) checkAccount(arn.split(':')[4], config.accountId);
  const [{ openKeyValueStore }, client] = await Promise.all([loading, aws.keyValueStore()]);
  return {
    store: openKeyValueStore(client, arn, { keyPrefix: config.keyPrefix, ...(log && { log }), ...(signal && { signal }) }),
    arn,
    local,
  };
}

const arnPattern = /^arn:aws:cloudfront::\d{12}:key-value-store\/[0-9a-f-]{36}$/;

/**
 * ARN of the key-value store: EDGE_KVS_ARN when given, else one control plane call finds it by name.
 * NOT_FOUND when it does not exist; NOT_READY while it is being created.
 */
export async function findKeyValueStoreArn(aws: Aws, name: string, given: string | undefined): Promise<string> {
  if (given !== undefined && given !== '') {
    if (arnPattern.test(given)) return given;
    throw new EdgeError('USAGE', `EDGE_KVS_ARN must be the ARN of a key-value store, got ${JSON.stringify(given)}`, {
      hint: 'arn:aws:cloudfront::<account>:key-value-store/<id>; without EDGE_KVS_ARN the name finds the store',
    });
  }
  const [client, { DescribeKeyValueStoreCommand, EntityNotFound }] = await Promise.all([
    aws.cloudFront(),
    import('@aws-sdk/client-cloudfront'),
  ]);
  try {
    const { KeyValueStore } = await client.send(new DescribeKeyValueStoreCommand({ Name: name }));
    if (KeyValueStore?.ARN === undefined) throw new EdgeError('AWS', `CloudFront describes key-value store ${name} without its ARN`);
    // The values of the status are not documented; READY and PROVISIONING have been seen.
    if (/PROVISIONING/i.test(KeyValueStore.Status ?? ''))
      throw new EdgeError('NOT_READY', `key-value store ${name} is still being created`, { hint: 'it takes about half a minute' });
    return KeyValueStore.ARN;
  } catch (error) {
    if (error instanceof EntityNotFound)
      throw new EdgeError('NOT_FOUND', `key-value store ${name} does not exist in this account`, {
        hint: `create it with \`${typed('kvs:apply')}\`, or set keyValueStoreName in edge.config.ts`,
        cause: error,
      });
    throw wrapAwsError(error, `find key-value store ${name}`);
  }
}

/** A key-value store in the control plane. */
export interface StoreDescription {
  name: string;
  arn: string;
  /** Provisioning, ready or failed; the developer guide and the API differ in case. */
  status: string;
  isReady: boolean;
}

/** Provisioning took about 35 s in the one known live run. */
const maxPauseMs = 3_000;

/** The store of this name; undefined when there is none. */
export async function describeStore(client: CloudFrontClient, name: string): Promise<StoreDescription | undefined> {
  try {
    const { KeyValueStore } = await client.send(new DescribeKeyValueStoreCommand({ Name: name }));
    return readDescription(KeyValueStore, name);
  } catch (error) {
    if (error instanceof EntityNotFound) return undefined;
    throw wrapAwsError(error, `describe key-value store ${name}`);
  }
}

/**
 * Creates an empty store, not yet ready; returns the existing one when another writer was first or an earlier answer
 * was lost.
 */
export async function createEmptyStore(client: CloudFrontClient, name: string, comment: string): Promise<StoreDescription> {
  try {
    const { KeyValueStore } = await client.send(new CreateKeyValueStoreCommand({ Name: name, Comment: comment }));
    return readDescription(KeyValueStore, name);
  } catch (error) {
    if (!(error instanceof EntityAlreadyExists)) throw wrapAwsError(error, `create key-value store ${name}`);
    const existing = await describeStore(client, name);
    if (existing === undefined) throw wrapAwsError(error, `create key-value store ${name}`);
    return existing;
  }
}

/**
 * Waits until keys can be written and a function can be associated. NOT_READY when that takes longer than `timeoutMs`.
 */
export async function waitForStore(client: CloudFrontClient, name: string, options: PollOptions): Promise<StoreDescription> {
  return poll(
    async () => {
      const store = await describeStore(client, name);
      if (store === undefined)
        throw new EdgeError('NOT_FOUND', `key-value store ${name} no longer exists`, {
          hint: 'another operator or tool deleted it: run it again',
        });
      if (/fail/i.test(store.status))
        throw new EdgeError('AWS', `key-value store ${name} could not be created: its status is ${store.status}`, {
          hint: `delete it, then run it again: aws cloudfront delete-key-value-store --name ${name} --if-match <ETag>`,
        });
      return store.isReady ? { done: store } : { waiting: `key-value store ${name} is ${store.status.toLowerCase()}` };
    },
    maxPauseMs,
    options,
  );
}

function readDescription(store: KeyValueStore | undefined, name: string): StoreDescription {
  if (store?.ARN === undefined)
    throw new EdgeError('AWS', `CloudFront describes key-value store ${name} without its ARN`, { hint: 'run it again' });
  const status = store.Status ?? 'UNKNOWN';
  return { name, arn: store.ARN, status, isReady: /^ready$/i.test(status) };
}
