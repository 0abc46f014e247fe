import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { LiveDistribution } from '../aws/distribution.ts';
import { completeDistribution } from '../config/complete-distribution.ts';
import { EdgeError } from '../errors.ts';
import {
  type ConfigChange,
  configTree,
  countedList,
  diffConfigs,
  emptyLike,
  type Fields,
  fromTree,
  type List,
  leavesOpen,
  noFields,
  pathOf,
  stripDefaults,
  type Tree,
} from './config-tree.ts';
import { findHazards, type Hazard } from './hazards.ts';

/** What would change on a distribution. */
export interface DistributionPlan {
  /** Undefined when the distribution would be created. */
  live: LiveDistribution | undefined;
  changes: readonly ConfigChange[];
  /** What the live config has, the file does not mention, and stays. */
  kept: readonly Kept[];
  /** Paths to drop that name nothing. */
  unusedDrops: readonly string[];
  /** The whole config to send. */
  next: DistributionConfig;
  /** What the changes do to viewers, or could not do. */
  hazards: readonly Hazard[];
  /** Another tool describes the distribution; the plan has our own changes alone. */
  isOwn?: true;
}

/**
 * The plan that makes the live distribution match the file and keeps what the file does not mention. `drop` removes
 * kept paths, and ignores those that name nothing. `only` names the top-level fields that may change; empty means all.
 */
export function planDistribution(
  live: LiveDistribution | undefined,
  file: DistributionConfig,
  drop: readonly string[] = [],
  only: readonly string[] = [],
): DistributionPlan {
  if (live === undefined) {
    const changes = diffConfigs(noFields, configTree(file)).map(({ path, after }): ConfigChange => ({ kind: 'add', path, after }));
    return { live, changes, kept: [], unusedDrops: drop, next: file, hazards: [] };
  }
  const before = configTree(live.config);
  const { tree, kept, dropped } = mergeConfig(before, withOwnReference(configTree(file), before), drop);
  const unusedDrops = drop.filter((path) => !dropped.has(path));
  const changes = diffConfigs(before, tree).filter(({ path }) => only.length === 0 || only.includes(/^\w+/.exec(path)?.[0] ?? ''));
  const next = completeDistribution(withChanged(live.config, fromTree(tree) as DistributionConfig, changes));
  return { live, changes, kept, unusedDrops, next, hazards: findHazards({ live, changes, next }) };
}

/**
 * Replaces only the top-level fields that change: the rest goes back byte for byte, including parts that this package
 * does not know.
 */
function withChanged(live: DistributionConfig, merged: DistributionConfig, changes: readonly ConfigChange[]): DistributionConfig {
  const changed = new Set(changes.map(({ path }) => /^\w+/.exec(path)?.[0]));
  const entries = Object.entries({ ...live, ...merged }).flatMap(([name]): [string, unknown][] => {
    const value = (changed.has(name) ? merged : live)[name as keyof DistributionConfig];
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(entries) as unknown as DistributionConfig;
}

/** USAGE when a path to drop names nothing that only the live distribution has. */
export function checkDrops({ kept, unusedDrops }: DistributionPlan): void {
  if (unusedDrops.length === 0) return;
  throw new EdgeError('USAGE', `--drop ${unusedDrops.join(',')}: distribution.json has it, or the live distribution does not`, {
    hint: kept.length === 0 ? 'there is nothing to drop' : `--drop accepts: ${kept.map(({ path }) => path).join(', ')}`,
  });
}

/** A CallerReference never changes: a distribution that was found by alias or id has its own. */
function withOwnReference(file: Fields, live: Fields): Fields {
  const own = live.fields.get('CallerReference');
  return own === undefined ? file : { kind: 'fields', fields: new Map([...file.fields, ['CallerReference', own]]) };
}

/** Something the live config has and the file does not mention. It stays unless `--drop` names it. */
export interface Kept {
  path: string;
  value: Tree;
}

export interface Merged {
  tree: Fields;
  kept: readonly Kept[];
  /** The paths to drop that named something. */
  dropped: ReadonlySet<string>;
}

interface Merging {
  drop: readonly string[];
  kept: Kept[];
  dropped: Set<string>;
}

/** AWS accepts one group of these fields: when the file has one and the live config another, the live group goes. */
const alternatives: readonly (readonly (readonly string[])[])[] = [
  [['CustomOriginConfig'], ['S3OriginConfig'], ['VpcOriginConfig']],
  [['CachePolicyId'], ['ForwardedValues', 'MinTTL', 'DefaultTTL', 'MaxTTL']],
];

const certificateFields = ['ACMCertificateArn', 'IAMCertificateId', 'CloudFrontDefaultCertificate'];

/** The live config with the file's part put into it. A path of `drop` covers everything below it. */
export function mergeConfig(live: Fields, file: Fields, drop: readonly string[] = []): Merged {
  const merging: Merging = { drop, kept: [], dropped: new Set() };
  const tree = mergeFields(live, file, '', merging);
  return { tree, kept: merging.kept, dropped: merging.dropped };
}

function merge(live: Tree | undefined, file: Tree | undefined, path: string, merging: Merging): Tree | undefined {
  if (live === undefined) return file;
  if (file === undefined) {
    const empty = emptyLike(live);
    return empty === undefined ? keep(live, undefined, path, merging) : merge(live, empty, path, merging);
  }
  if (!hasItems(live) && leavesOpen(file) && !leavesOpen(live)) return keep(live, file, path, merging);
  if (typeof live !== 'object' || typeof file !== 'object' || live.kind !== file.kind) return file;
  if (live.kind === 'list' && file.kind === 'list') return mergeLists(live, file, path, merging);
  return mergeFields(live as Fields, file as Fields, path, merging);
}

/** Each item of such a list is kept or dropped separately. */
function hasItems(tree: Tree): boolean {
  return (typeof tree === 'object' && tree.kind === 'list' ? tree : countedList(tree))?.unit === 'items';
}

function keep<F extends Tree | undefined>(live: Tree, file: F, path: string, merging: Merging): Tree | F {
  const by = merging.drop.find((dropped) => covers(dropped, path));
  if (by !== undefined) {
    merging.dropped.add(by);
    return file;
  }
  const notable = stripDefaults(live, path);
  if (notable !== undefined && !leavesOpen(live)) merging.kept.push({ path, value: notable });
  return live;
}

function covers(dropped: string, path: string): boolean {
  return path === dropped || path.startsWith(`${dropped}.`) || path.startsWith(`${dropped}[`);
}

function mergeFields(live: Fields, file: Fields, path: string, merging: Merging): Fields {
  if (path === 'ViewerCertificate' && certificateKind(live) !== certificateKind(file)) return file;
  const replaced = replacedFields(live, file);
  const fields = new Map<string, Tree>();
  for (const name of new Set([...live.fields.keys(), ...file.fields.keys()])) {
    if (replaced.has(name)) continue;
    const merged = merge(live.fields.get(name), file.fields.get(name), pathOf(path, name), merging);
    if (merged !== undefined) fields.set(name, merged);
  }
  return { kind: 'fields', fields };
}

/**
 * The other settings mean something else with another kind of certificate: `vip` is free with CloudFront's own and
 * costs money with an uploaded one.
 */
function certificateKind({ fields }: Fields): string | undefined {
  return certificateFields.find((name) => fields.has(name) && fields.get(name) !== false && fields.get(name) !== '');
}

function replacedFields(live: Fields, file: Fields): Set<string> {
  const replaced = new Set<string>();
  for (const groups of alternatives) {
    const named = groups.find((group) => group.some((name) => file.fields.has(name)));
    if (named === undefined) continue;
    for (const name of groups.flat()) if (!named.includes(name) && live.fields.has(name) && !file.fields.has(name)) replaced.add(name);
  }
  // An origin access control of a bucket cannot sign for another kind of origin.
  if (replaced.has('S3OriginConfig') && !file.fields.has('OriginAccessControlId')) replaced.add('OriginAccessControlId');
  return replaced;
}

function mergeLists(live: List, file: List, path: string, merging: Merging): List {
  if (file.unit === 'value') return file;
  const items = new Map<string, Tree>();
  for (const key of mergeOrder([...live.items.keys()], [...file.items.keys()])) {
    const [before, wanted] = [live.items.get(key), file.items.get(key)];
    // An alias has no fields; the live one may differ in case.
    const merged =
      before !== undefined && typeof wanted !== 'object' && wanted !== undefined
        ? before
        : merge(before, wanted, `${path}[${key}]`, merging);
    if (merged !== undefined) items.set(key, merged);
  }
  return { ...file, items };
}

/**
 * The file's items in the file's order, the others where they were among them. New items go before the file's next
 * item, or after its last.
 */
function mergeOrder(live: readonly string[], file: readonly string[]): string[] {
  const waiting = [...file];
  const order: string[] = [];
  let end = 0;
  for (const key of live) {
    if (!file.includes(key)) order.push(key);
    else {
      while (waiting[0] !== undefined && !live.includes(waiting[0])) order.push(...waiting.splice(0, 1));
      order.push(...waiting.splice(0, 1));
      end = order.length;
    }
  }
  order.splice(end === 0 ? order.length : end, 0, ...waiting);
  return order;
}
