import type { Aws } from '../aws/clients.ts';
import { openKeyValueStore } from '../aws/key-value-store.ts';
import { createEmptyStore, describeStore, type StoreDescription, waitForStore } from '../aws/key-value-store-control.ts';
import { askToWrite, nameTarget } from '../cli/ask-to-write.ts';
import type { Io } from '../cli/io.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import type { FlagStore } from '../core/flag-store.ts';
import { EdgeError } from '../errors.ts';
import { storeComment } from './create-store.ts';
import { describeStorePlan, formatStorePlan, type StorePlan } from './format-store-plan.ts';
import { planKeys } from './plan-keys.ts';
import { checkSize, type KeyWrite, listBatches, writeBatches } from './write-keys.ts';

/** What the commands about the store work on. */
export interface StoreTarget {
  aws: Aws;
  config: Pick<EdgeConfig, 'keyValueStoreName' | 'keys'>;
  /** EDGE_KVS_ARN: must be of the same store when it is set. */
  arn: string | undefined;
  /** The local cloud in place of AWS. Default false. */
  isLocal?: boolean;
}

/** More pages than a full store of 5 MB can have keys worth listing. */
const maxPages = 2_000;

/** Prints what apply would do, and writes nothing. */
export async function showStorePlan(target: StoreTarget, io: Io): Promise<number> {
  const found = await findStore(target);
  if (found !== undefined && !found.isReady)
    throw new EdgeError('NOT_READY', `key-value store ${found.name} is ${found.status.toLowerCase()}`, {
      hint: 'npm run kvs:apply waits for it',
    });
  const { plan } = await makePlan(target, found, io);
  io.result(describeStorePlan(plan), formatStorePlan(plan, io.colour));
  return 0;
}

/** Shows the plan, asks, creates the store when there is none and writes exactly that plan; returns the exit code. */
export async function applyStorePlan(target: StoreTarget, { yes, waitMs }: { yes: boolean; waitMs: number }, io: Io): Promise<number> {
  const { aws, config, isLocal = false } = target;
  const wait = async (store: StoreDescription) =>
    store.isReady
      ? store
      : waitForStore(await aws.cloudFront(), store.name, { timeoutMs: waitMs, progress: io.progress, signal: io.signal, now: io.now });
  const found = await findStore(target);
  const { plan, batches } = await makePlan(target, found && (await wait(found)), io);
  for (const line of formatStorePlan(plan, io.colour)) io.stderr(line);
  const isIdle = plan.arn !== undefined && plan.steps.length === 0;
  if (
    !isIdle &&
    !(await askToWrite(
      io,
      yes,
      'apply this',
      nameTarget({ isLocal, resource: `store ${config.keyValueStoreName}`, arn: found?.arn }, io.env),
    ))
  ) {
    io.stderr('nothing was written');
    return 1;
  }
  const store = found ?? (await wait(await createEmptyStore(await aws.cloudFront(), config.keyValueStoreName, storeComment)));
  if (!isIdle) await writeBatches(await openStore(target, store, io), batches, io.progress);
  io.result({ written: !isIdle, ...describeStorePlan({ ...plan, arn: store.arn }) }, [
    isIdle ? `key-value store ${store.name} is as declared` : `written: key-value store ${store.name} (${store.arn}) is as declared`,
  ]);
  return 0;
}

async function findStore({ aws, config, arn }: StoreTarget): Promise<StoreDescription | undefined> {
  const found = await describeStore(await aws.cloudFront(), config.keyValueStoreName);
  if (!arn || arn === found?.arn) return found;
  throw new EdgeError(
    'USAGE',
    `EDGE_KVS_ARN is ${arn}, but ${config.keyValueStoreName} ${found === undefined ? 'does not exist' : `is ${found.arn}`}`,
    { hint: 'unset EDGE_KVS_ARN, or check keyValueStoreName in edge.config.ts and whose credentials are in use' },
  );
}

async function openStore({ aws }: StoreTarget, { arn }: StoreDescription, io: Io): Promise<FlagStore> {
  return openKeyValueStore(await aws.keyValueStore(), arn, { log: io.progress, signal: io.signal });
}

async function makePlan(
  target: StoreTarget,
  found: StoreDescription | undefined,
  io: Io,
): Promise<{ plan: StorePlan; batches: readonly KeyWrite[][] }> {
  const values = found === undefined ? new Map<string, string>() : await readAll(await openStore(target, found, io), found.name);
  const { keyValueStoreName: name, keys } = target.config;
  const plan = planKeys(values, keys);
  const batches = listBatches(plan, values);
  checkSize(values, batches);
  return { plan: { name, arn: found?.arn, ...plan }, batches };
}

async function readAll(store: FlagStore, name: string): Promise<ReadonlyMap<string, string>> {
  const { values, complete } = await store.list(maxPages);
  if (complete) return values;
  throw new EdgeError('QUOTA', `key-value store ${name} has more keys than can be listed (${values.size})`, {
    hint: 'give this package a store of its own: keyValueStoreName in edge.config.ts',
  });
}
