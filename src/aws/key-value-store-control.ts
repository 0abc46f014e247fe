import {
  type CloudFrontClient,
  CreateKeyValueStoreCommand,
  DescribeKeyValueStoreCommand,
  EntityAlreadyExists,
  EntityNotFound,
  type KeyValueStore,
} from '@aws-sdk/client-cloudfront';
import { EdgeError } from '../errors.ts';
import { wrapAwsError } from './aws-error.ts';
import { type PollOptions, poll } from './retry.ts';

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
