/**
 * A distribution's config in a form whose lists can be compared: each item under its identity, without counts and
 * without what AWS derives.
 */
export type Tree = Leaf | Fields | List;
type Leaf = string | number | boolean;
export interface Fields {
  kind: 'fields';
  fields: ReadonlyMap<string, Tree>;
}
export interface List extends ListRule {
  kind: 'list';
  items: ReadonlyMap<string, Tree>;
}

interface ListRule {
  /** `items` are compared one by one: an item that one side lacks is an addition. A `value` is compared as a whole. */
  unit: 'items' | 'value';
  isOrdered: boolean;
  /** The field that identifies an item; undefined when the item does. */
  keyField: string | undefined;
}

const itemsBy = (keyField: string | undefined, isOrdered = false): ListRule => ({ unit: 'items', isOrdered, keyField });
const wholeBy = (keyField: string | undefined, isOrdered = false): ListRule => ({ unit: 'value', isOrdered, keyField });

/**
 * By the field that holds `Quantity` and `Items`. Order matters in two: the first matching behavior wins, a group's
 * first member is tried first.
 */
const listRules: Readonly<Record<string, ListRule>> = {
  Aliases: itemsBy(undefined),
  Origins: itemsBy('Id'),
  CustomHeaders: itemsBy('HeaderName'),
  OriginGroups: itemsBy('Id'),
  CacheBehaviors: itemsBy('PathPattern', true),
  CustomErrorResponses: itemsBy('ErrorCode'),
  FunctionAssociations: itemsBy('EventType'),
  LambdaFunctionAssociations: itemsBy('EventType'),
  Members: wholeBy('OriginId', true),
};
const setOfValues = wholeBy(undefined);
const bareArray = wholeBy(undefined, true);

/** Host and header names are case-insensitive. */
const caselessLists = ['Aliases', 'CustomHeaders'];

/** AWS writes these older fields beside the certificate's real ones. */
const derivedFields: Readonly<Record<string, readonly string[]>> = { ViewerCertificate: ['Certificate', 'CertificateSource'] };

export const noFields: Fields = { kind: 'fields', fields: new Map() };

/** The tree of a plain value; undefined and null have none. `name` is the field that holds it. */
function toTree(value: unknown, name = ''): Tree | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return listOf(value, name, bareArray);
  if (typeof value === 'object') return fieldsOf(value as Record<string, unknown>, name);
  return value as Leaf;
}

/** The whole config. */
export function configTree(config: object): Fields {
  return fieldsOf(config as Record<string, unknown>, '');
}

function fieldsOf(value: Record<string, unknown>, name: string): Fields {
  const isCounted = typeof value['Quantity'] === 'number';
  const fields = new Map<string, Tree>();
  if (isCounted) fields.set('Items', listOf(Array.isArray(value['Items']) ? value['Items'] : [], name, listRules[name] ?? setOfValues));
  for (const [key, item] of Object.entries(value)) {
    if ((isCounted && (key === 'Quantity' || key === 'Items')) || derivedFields[name]?.includes(key)) continue;
    const tree = toTree(item, key);
    if (tree !== undefined) fields.set(key, tree);
  }
  return { kind: 'fields', fields };
}

function listOf(values: readonly unknown[], name: string, rule: ListRule): List {
  const items = new Map<string, Tree>();
  for (const value of values) {
    const tree = toTree(value, `${name}[]`);
    if (tree === undefined) continue;
    const key = identify(value, rule);
    items.set(caselessLists.includes(name) ? key.toLowerCase() : key, tree);
  }
  return { kind: 'list', ...rule, items };
}

function identify(value: unknown, { keyField }: ListRule): string {
  if (value === null || typeof value !== 'object') return String(value);
  return keyField === undefined ? JSON.stringify(value) : String((value as Record<string, unknown>)[keyField]);
}

/** The plain value of a tree, counts included, as the API takes it. */
export function fromTree(tree: Tree): unknown {
  if (typeof tree !== 'object') return tree;
  if (tree.kind === 'list') return [...tree.items.values()].map(fromTree);
  const plain: Record<string, unknown> = {};
  for (const [key, item] of tree.fields) {
    if (key !== 'Items' || typeof item !== 'object' || item.kind !== 'list') plain[key] = fromTree(item);
    else {
      plain['Quantity'] = item.items.size;
      if (item.items.size > 0) plain['Items'] = fromTree(item);
    }
  }
  return plain;
}

/** The counted list in these fields; undefined when there is none. */
export function countedList(tree: Tree | undefined): List | undefined {
  if (typeof tree !== 'object' || tree.kind !== 'fields') return undefined;
  const items = tree.fields.get('Items');
  return typeof items === 'object' && items.kind === 'list' ? items : undefined;
}

/** `Origins` and `singapore` below a path: `Origins[singapore]`; `Items` is not shown. */
export function pathOf(parent: string, field: string): string {
  if (field === 'Items') return parent;
  return parent === '' ? field : `${parent}.${field}`;
}

/** The path without its keys: `Origins[singapore].OriginPath` becomes `Origins[].OriginPath`. */
function schemaPath(path: string): string {
  return path.replace(/\[[^\]]*\]/g, '[]').replace(/^(DefaultCacheBehavior|CacheBehaviors\[\])(?=\.|$)/, 'behavior');
}

/**
 * What AWS uses for an absent field, and writes out when the config is read.
 * https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html
 * Empty text, false and empty lists need no entry.
 */
const defaults: Readonly<Record<string, Leaf>> = {
  PriceClass: 'PriceClass_All',
  HttpVersion: 'http2',
  ConnectionMode: 'direct',
  'ViewerCertificate.CloudFrontDefaultCertificate': true,
  'ViewerCertificate.SSLSupportMethod': 'vip',
  'ViewerCertificate.MinimumProtocolVersion': 'TLSv1',
  'Restrictions.GeoRestriction.RestrictionType': 'none',
  'Origins[].ConnectionAttempts': 3,
  'Origins[].ConnectionTimeout': 10,
  'Origins[].CustomOriginConfig.OriginReadTimeout': 30,
  'Origins[].CustomOriginConfig.OriginKeepaliveTimeout': 5,
  'Origins[].CustomOriginConfig.IpAddressType': 'ipv4',
  'Origins[].S3OriginConfig.OriginReadTimeout': 30,
  'Origins[].VpcOriginConfig.OriginReadTimeout': 30,
  'Origins[].VpcOriginConfig.OriginKeepaliveTimeout': 5,
  'OriginGroups[].SelectionCriteria': 'default',
  'behavior.MinTTL': 0,
  'behavior.DefaultTTL': 86_400,
  'behavior.MaxTTL': 31_536_000,
  'CustomErrorResponses[].ErrorCachingMinTTL': 10,
};

const listDefaults: Readonly<Record<string, readonly string[]>> = {
  'behavior.AllowedMethods': ['GET', 'HEAD'],
  'behavior.AllowedMethods.CachedMethods': ['GET', 'HEAD'],
  // Not documented. If AWS uses others, the plan lists them as kept for a file that leaves them out.
  'Origins[].CustomOriginConfig.OriginSslProtocols': ['TLSv1', 'TLSv1.1', 'TLSv1.2'],
};

/** The default of the leaf at this path; undefined when it is empty text, false or not known. */
function defaultLeaf(path: string): Leaf | undefined {
  return defaults[schemaPath(path)];
}

/** The default of the list at this path. */
function defaultItems(path: string): readonly string[] {
  return listDefaults[schemaPath(path)] ?? [];
}

/** Without every field that has its default value; undefined when nothing is left. */
export function stripDefaults(tree: Tree, path = ''): Tree | undefined {
  if (typeof tree !== 'object') return tree === '' || tree === false || tree === defaultLeaf(path) ? undefined : tree;
  if (tree.kind === 'list') return stripList(tree, path);
  const kept = [...tree.fields].flatMap(([name, item]): [string, Tree][] => {
    const stripped = stripDefaults(item, pathOf(path, name));
    return stripped === undefined ? [] : [[name, stripped]];
  });
  return kept.length === 0 ? undefined : { kind: 'fields', fields: new Map(kept) };
}

function stripList(list: List, path: string): Tree | undefined {
  const usual = defaultItems(path);
  if (list.items.size === usual.length && usual.every((key) => list.items.has(key))) return undefined;
  if (list.unit === 'value') return list;
  // An item stays, even when all its fields have their defaults.
  const items = [...list.items].map(([key, item]): [string, Tree] => [
    key,
    typeof item === 'object' ? (stripDefaults(item, `${path}[${key}]`) ?? { kind: 'fields', fields: new Map() }) : item,
  ]);
  return { ...list, items: new Map(items) };
}

/**
 * The file leaves this open: empty text, an empty list, `Enabled: false`, no geographic restriction, CloudFront's own
 * certificate. Most files contain it because the API demands it, so it does not remove what a team added elsewhere.
 */
export function leavesOpen(tree: Tree): boolean {
  if (typeof tree !== 'object') return tree === '';
  if (tree.kind === 'list') return tree.items.size === 0;
  const { fields } = tree;
  if (fields.get('Enabled') === false || fields.get('RestrictionType') === 'none' || fields.get('CloudFrontDefaultCertificate') === true)
    return true;
  return [...fields.values()].every(leavesOpen);
}

/** The same list without items, for a side that lacks it; undefined when the list is compared as a whole. */
export function emptyLike(tree: Tree): Fields | undefined {
  const list = countedList(tree);
  if (list?.unit !== 'items') return undefined;
  return { kind: 'fields', fields: new Map([['Items', { ...list, items: new Map() }]]) };
}

/**
 * One difference. `add` and `remove` are whole items of a list; in a new config every field without its default is an
 * `add`. `change` is one field, where an undefined side is an unknown default.
 */
export interface ConfigChange {
  kind: 'add' | 'remove' | 'change';
  path: string;
  before?: unknown;
  after?: unknown;
}

/** The changes that lead from one config to the other, in field order; empty when both mean the same. */
export function diffConfigs(before: Fields, after: Fields): ConfigChange[] {
  return diffTrees(stripDefaults(before), stripDefaults(after), '', '');
}

function diffTrees(before: Tree | undefined, after: Tree | undefined, path: string, keyField: string): ConfigChange[] {
  if (before === undefined && after === undefined) return [];
  const shape = typeof before === 'object' ? before : after;
  if (typeof shape !== 'object') return diffLeaves(before, after, path);
  if (shape.kind === 'list') return diffLists(before as List | undefined, after as List | undefined, path);
  const [from, to] = [asFields(before), asFields(after)];
  const ended = endedSettings(from, to);
  if (ended !== undefined) {
    const rest = diffTrees(without(from), after, path, keyField);
    return [{ kind: 'remove', path: pathOf(path, 'ForwardedValues'), before: ended }, ...rest];
  }
  return [...new Set([...from.keys(), ...to.keys()])]
    .filter((name) => name !== keyField)
    .flatMap((name) => diffTrees(from.get(name), to.get(name), pathOf(path, name), ''));
}

/**
 * The cache settings that cache policies replaced. CloudFront ignores them beside a policy, so a plan shows them as
 * removed.
 */
const legacySettings = ['ForwardedValues', 'MinTTL', 'DefaultTTL', 'MaxTTL'];

/** The legacy settings of a behavior that gets a cache policy instead; undefined when it has none, or keeps them. */
function endedSettings(from: Fields['fields'], to: Fields['fields']): unknown {
  const had = [...from].filter(([name]) => legacySettings.includes(name));
  if (had.length === 0 || from.has('CachePolicyId') || !to.has('CachePolicyId') || to.has('ForwardedValues')) return undefined;
  return fromTree({ kind: 'fields', fields: new Map(had) });
}

function without(fields: Fields['fields']): Fields {
  return { kind: 'fields', fields: new Map([...fields].filter(([name]) => !legacySettings.includes(name))) };
}

function asFields(tree: Tree | undefined): Fields['fields'] {
  return typeof tree === 'object' && tree.kind === 'fields' ? tree.fields : noFields.fields;
}

function diffLeaves(before: Tree | undefined, after: Tree | undefined, path: string): ConfigChange[] {
  if (before === after) return [];
  const usual = defaultLeaf(path) ?? (typeof (before ?? after) === 'boolean' ? false : undefined);
  return [{ kind: 'change', path, before: before ?? usual, after: after ?? usual }];
}

function diffLists(before: List | undefined, after: List | undefined, path: string): ConfigChange[] {
  const list = before ?? after;
  if (list === undefined) return [];
  const from = before?.items ?? new Map<string, Tree>();
  const to = after?.items ?? new Map<string, Tree>();
  if (list.unit === 'value') return diffValues(before, after, path);
  const items = [...new Set([...from.keys(), ...to.keys()])].flatMap((key): ConfigChange[] => {
    const [old, fresh] = [from.get(key), to.get(key)];
    const at = `${path}[${key}]`;
    if (old === undefined && fresh !== undefined) return [{ kind: 'add', path: at, after: fromTree(fresh) }];
    if (fresh === undefined && old !== undefined) return [{ kind: 'remove', path: at, before: fromTree(old) }];
    return list.keyField === undefined ? [] : diffTrees(old, fresh, at, list.keyField);
  });
  return list.isOrdered ? [...items, ...diffOrder([...from.keys()], [...to.keys()], path)] : items;
}

function diffValues(before: List | undefined, after: List | undefined, path: string): ConfigChange[] {
  const keys = (list: List | undefined) => (list === undefined ? [...defaultItems(path)] : [...list.items.keys()]);
  const sorted = (list: List | undefined) => ((before ?? after)?.isOrdered ? keys(list) : keys(list).sort());
  const [from, to] = [sorted(before), sorted(after)];
  return JSON.stringify(from) === JSON.stringify(to) ? [] : [{ kind: 'change', path, before: from, after: to }];
}

/** Compares the order of the items that both sides have. */
function diffOrder(from: string[], to: string[], path: string): ConfigChange[] {
  const stay = (keys: string[], others: string[]) => keys.filter((key) => others.includes(key));
  if (JSON.stringify(stay(from, to)) === JSON.stringify(stay(to, from))) return [];
  return [{ kind: 'change', path, before: from, after: to }];
}
