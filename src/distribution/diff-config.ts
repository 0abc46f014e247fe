import { defaultItems, defaultLeaf, type Fields, fromTree, type List, noFields, pathOf, stripDefaults, type Tree } from './config-tree.ts';

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
