/** A distribution's config in a form in which lists can be compared: every item under its identity, counts left out, what AWS derives left out. */
export type Tree = Leaf | Fields | List;
export type Leaf = string | number | boolean;
export interface Fields {
  kind: 'fields';
  fields: ReadonlyMap<string, Tree>;
}
export interface List extends ListRule {
  kind: 'list';
  items: ReadonlyMap<string, Tree>;
}

interface ListRule {
  /** `items` stand for themselves, and the one that only one side has is an addition to the other; a `value` only counts as a whole. */
  unit: 'items' | 'value';
  isOrdered: boolean;
  /** The field that identifies an item; undefined when the item does. */
  keyField: string | undefined;
}

const itemsBy = (keyField: string | undefined, isOrdered = false): ListRule => ({ unit: 'items', isOrdered, keyField });
const wholeBy = (keyField: string | undefined, isOrdered = false): ListRule => ({ unit: 'value', isOrdered, keyField });

/** By the field that holds `Quantity` and `Items`. Only two have an order: the first behavior that matches wins, the first member of a group is tried first. */
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

/** Names of hosts and headers mean the same in either case. */
const caselessLists = ['Aliases', 'CustomHeaders'];

/** Written by AWS beside the certificate's real fields, and older than they are. */
const derivedFields: Readonly<Record<string, readonly string[]>> = { ViewerCertificate: ['Certificate', 'CertificateSource'] };

export const noFields: Fields = { kind: 'fields', fields: new Map() };

/** The tree of a plain value; undefined and null have none. `name` is the field it stands in. */
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

/** The list that these fields count; undefined when they are no list. */
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

/** Where a path stands in the schema: `Origins[singapore].OriginPath` is `Origins[].OriginPath`. Keys may hold brackets no more than AWS lets them. */
export function schemaPath(path: string): string {
  return path.replace(/\[[^\]]*\]/g, '[]').replace(/^(DefaultCacheBehavior|CacheBehaviors\[\])(?=\.|$)/, 'behavior');
}
