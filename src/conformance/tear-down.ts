import { classifyAwsError } from '../aws/aws-error.ts';
import type { CallService, ServiceOutput } from '../aws/call-service.ts';
import { isRecord } from '../text/is-record.ts';
import { messageOf } from '../text/message-of.ts';
import { type MadeKind, namePrefix } from './journal.ts';
import type { ConformanceTarget } from './target.ts';
import { tagKey } from './throw-away.ts';

/** Something that a run made. */
export interface Leftover {
  kind: MadeKind;
  /** The id of a distribution, the name of anything else. */
  name: string;
}

export interface NotRemoved extends Leftover {
  reason: string;
}

type TearDownTarget = Pick<ConformanceTarget, 'call' | 'callerAccount' | 'accountId' | 'sleep' | 'now' | 'pace'>;

/**
 * Removes all that runs with these names made, or any run. Removes what is `known` to be made, too, since a list may be
 * behind a creation. Returns what is left.
 */
export async function tearDown(
  target: TearDownTarget,
  runs: readonly string[] | 'all',
  onRemoved: (one: Leftover) => void,
  known: readonly Leftover[] = [],
): Promise<NotRemoved[]> {
  const { found, left } = await findLeftovers(target, runs);
  const unlisted = known.filter((one) => !found.some(({ kind, name }) => kind === one.kind && name === one.name));
  const stays = await removeAll(target, [...found, ...unlisted], onRemoved);
  return [...left, ...stays];
}

/** Removes these and nothing else: what is in use last. Returns what is left. */
export async function removeAll(
  target: TearDownTarget,
  found: readonly Leftover[],
  onRemoved: (one: Leftover) => void,
): Promise<NotRemoved[]> {
  const wrong = await findWrongAccount(target);
  if (wrong !== undefined) return found.map((one) => ({ ...one, reason: wrong }));
  const left: NotRemoved[] = [];
  const of = (kind: MadeKind) => found.filter((one) => one.kind === kind);
  const attempt = async (one: Leftover, work: () => Promise<unknown>) => {
    try {
      await work();
      onRemoved(one);
    } catch (error) {
      left.push({ ...one, reason: messageOf(error) });
    }
  };
  // All are disabled first, since each takes minutes until it can be deleted.
  for (const one of of('distribution')) await repeat(target, () => disable(target.call, one.name)).catch(() => undefined);
  for (const one of of('distribution')) await attempt(one, () => removeDistribution(target, one.name));
  for (const kind of ['function', 'store', 'lambda', 'role'] as const)
    for (const one of of(kind)) await attempt(one, () => repeat(target, () => removers[kind](target.call, one.name)));
  return left;
}

const removers: Readonly<Record<Exclude<MadeKind, 'distribution'>, (call: CallService, name: string) => Promise<unknown>>> = {
  function: async (call, Name) => {
    const { ETag } = await call('cloudfront', 'DescribeFunction', { Name, Stage: 'DEVELOPMENT' });
    await call('cloudfront', 'DeleteFunction', { Name, IfMatch: ETag });
  },
  store: async (call, Name) => {
    const { ETag } = await call('cloudfront', 'DescribeKeyValueStore', { Name });
    await call('cloudfront', 'DeleteKeyValueStore', { Name, IfMatch: ETag });
  },
  lambda: (call, FunctionName) => call('lambda', 'DeleteFunction', { FunctionName }),
  role: (call, RoleName) => call('iam', 'DeleteRole', { RoleName }),
};

async function disable(call: CallService, Id: string): Promise<void> {
  const { ETag, DistributionConfig } = await call('cloudfront', 'GetDistributionConfig', { Id });
  if (!isRecord(DistributionConfig) || DistributionConfig['Enabled'] === false) return;
  await call('cloudfront', 'UpdateDistribution', { Id, IfMatch: ETag, DistributionConfig: { ...DistributionConfig, Enabled: false } });
}

async function removeDistribution(target: TearDownTarget, Id: string): Promise<void> {
  const { call, sleep, now, pace } = target;
  const until = now() + pace.deployMs;
  await repeat(target, () => disable(call, Id));
  while (true) {
    const isGone = await repeat(target, async () => {
      const { ETag, Distribution } = await call('cloudfront', 'GetDistribution', { Id });
      if (!isRecord(Distribution) || Distribution['Status'] !== 'Deployed') return false;
      await call('cloudfront', 'DeleteDistribution', { Id, IfMatch: ETag });
      return true;
    });
    if (isGone !== false) return;
    if (now() > until) throw new Error('it is not Deployed yet');
    await sleep(pace.pollMs);
  }
}

const maxAttempts = 10;
const inUse = /InUse|DeleteConflict|ResourceConflict|ResourceInUse|NotDisabled/;
const gone = /^(NoSuch\w+|EntityNotFound|ResourceNotFoundException)$/;

/** Repeats what may work later; what is gone already is done. */
async function repeat<T>({ sleep, pace }: TearDownTarget, work: () => Promise<T>, attempts = maxAttempts): Promise<T | undefined> {
  for (let made = 1; ; made++) {
    try {
      return await work();
    } catch (error) {
      const { name } = error as Error;
      if (gone.test(name)) return undefined;
      const mayWork = inUse.test(name) || ['throttled', 'unsent', 'unknown', 'conflict'].includes(classifyAwsError(error));
      if (!mayWork || made >= attempts) throw error;
      await sleep(Math.min(pace.pollMs, 500 * 2 ** made));
    }
  }
}

/**
 * Everything with the name of a run: a distribution by comment and tag, a role by path and name, the others by name.
 */
export async function findLeftovers(
  target: TearDownTarget,
  runs: readonly string[] | 'all',
  { attempts = maxAttempts }: { attempts?: number } = {},
): Promise<{ found: Leftover[]; left: NotRemoved[] }> {
  const left: NotRemoved[] = [];
  const found: Leftover[] = [];
  const wrong = await findWrongAccount(target);
  for (const [kind, list] of Object.entries(lists) as [MadeKind, (typeof lists)[MadeKind]][]) {
    const all = `all of ${namePrefix}*`;
    if (wrong !== undefined) {
      left.push({ kind, name: all, reason: wrong });
      continue;
    }
    try {
      for (const { name, label, arn } of (await repeat(target, () => list(target.call), attempts)) ?? []) {
        const run = typeof label === 'string' ? ownName.exec(label)?.[1] : undefined;
        if (run === undefined || (runs !== 'all' && !runs.includes(run))) continue;
        if (arn === undefined || (await hasTag(target, arn, run))) found.push({ kind, name });
      }
    } catch (error) {
      left.push({ kind, name: all, reason: `cannot list them: ${messageOf(error)}` });
    }
  }
  return { found, left };
}

/** Credentials can become those of another account while a run, or a question, waits. */
async function findWrongAccount({ accountId, callerAccount }: TearDownTarget): Promise<string | undefined> {
  const caller = await callerAccount?.();
  return caller === undefined || caller === accountId ? undefined : `the credentials are of account ${caller} now, not of ${accountId}`;
}

/** The names that the kit gives, and those that its cases try, whole: another name that begins so is not ours. */
const ownName = new RegExp(`^(${namePrefix}[0-9a-f]{8})(?:-(?:cp|rt|edge|after|store|a|b|no)|[ .]no|x+|, may be deleted)?$`);

async function hasTag(target: TearDownTarget, Resource: string, run: string): Promise<boolean> {
  const answer = await repeat(target, () => target.call('cloudfront', 'ListTagsForResource', { Resource }));
  const tags = isRecord(answer?.['Tags']) ? answer['Tags']['Items'] : undefined;
  return Array.isArray(tags) && tags.some((tag) => isRecord(tag) && tag['Key'] === tagKey && tag['Value'] === run);
}

interface Listed {
  name: string;
  /** What must be a name of a run. */
  label: unknown;
  /** Whose tag must be there as well. */
  arn?: string;
}

const lists: Readonly<Record<MadeKind, (call: CallService) => Promise<Listed[]>>> = {
  distribution: async (call) =>
    (await pages((Marker) => call('cloudfront', 'ListDistributions', { Marker }), 'DistributionList', 'NextMarker')).map((one) => ({
      name: String(one['Id']),
      label: one['Comment'],
      arn: String(one['ARN']),
    })),
  function: async (call) =>
    (await pages((Marker) => call('cloudfront', 'ListFunctions', { Marker, Stage: 'DEVELOPMENT' }), 'FunctionList', 'NextMarker')).map(
      named('Name'),
    ),
  store: async (call) =>
    (await pages((Marker) => call('cloudfront', 'ListKeyValueStores', { Marker }), 'KeyValueStoreList', 'NextMarker')).map(named('Name')),
  lambda: async (call) =>
    (await pages((Marker) => call('lambda', 'ListFunctions', { Marker }), 'Functions', 'NextMarker')).map(named('FunctionName')),
  role: async (call) =>
    (await pages((Marker) => call('iam', 'ListRoles', { Marker, PathPrefix: `/${tagKey}/` }), 'Roles', 'Marker')).map(named('RoleName')),
};

function named(key: string): (one: Record<string, unknown>) => Listed {
  return (one) => ({ name: String(one[key]), label: one[key] });
}

const maxPages = 100;

/** All items of a list: in `Items` of a member, or the member itself. */
async function pages(list: (marker: string | undefined) => Promise<ServiceOutput>, member: string, next: string) {
  const all: Record<string, unknown>[] = [];
  let marker: string | undefined;
  for (let page = 0; page < maxPages; page++) {
    const answer = await list(marker);
    const found = answer[member];
    const items = isRecord(found) ? found['Items'] : found;
    if (Array.isArray(items)) all.push(...items.filter(isRecord));
    const more = isRecord(found) ? found[next] : answer[next];
    if (typeof more !== 'string' || more === '') return all;
    marker = more;
  }
  throw new Error(`the list has more than ${maxPages} pages`);
}
