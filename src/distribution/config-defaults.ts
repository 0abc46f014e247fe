import { countedList, type Fields, type Leaf, type List, pathOf, schemaPath, type Tree } from './config-tree.ts';

/**
 * What AWS uses for a field that is left out, and writes out when the config is read (DistributionConfig and its parts in the API reference,
 * https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html). Empty text, false and empty lists need no entry.
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
  // Not documented. Should AWS use others, a file that leaves them out gets a line that they are kept, and no more.
  'Origins[].CustomOriginConfig.OriginSslProtocols': ['TLSv1', 'TLSv1.1', 'TLSv1.2'],
};

/** The default of the leaf at this path; undefined when it is empty text, false or not known. */
export function defaultLeaf(path: string): Leaf | undefined {
  return defaults[schemaPath(path)];
}

/** The default of the list at this path. */
export function defaultItems(path: string): readonly string[] {
  return listDefaults[schemaPath(path)] ?? [];
}

/** Without everything that is at its default; undefined when nothing is left. What is derived from another field of the same fields stays. */
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
  // An item is there or not, even when everything in it is at its default.
  const items = [...list.items].map(([key, item]): [string, Tree] => [
    key,
    typeof item === 'object' ? (stripDefaults(item, `${path}[${key}]`) ?? { kind: 'fields', fields: new Map() }) : item,
  ]);
  return { ...list, items: new Map(items) };
}

/**
 * The file says nothing here: empty text, an empty list, `Enabled: false`, no geographic restriction, CloudFront's own certificate. Such a statement is
 * in most files because the API wants it, and is no wish to remove what somebody added.
 */
export function saysNothing(tree: Tree): boolean {
  if (typeof tree !== 'object') return tree === '';
  if (tree.kind === 'list') return tree.items.size === 0;
  const { fields } = tree;
  if (fields.get('Enabled') === false || fields.get('RestrictionType') === 'none' || fields.get('CloudFrontDefaultCertificate') === true)
    return true;
  return [...fields.values()].every(saysNothing);
}

/** A list whose items stand for themselves, empty; for a side that does not have it. */
export function emptyLike(tree: Tree): Fields | undefined {
  const list = countedList(tree);
  if (list?.unit !== 'items') return undefined;
  return { kind: 'fields', fields: new Map([['Items', { ...list, items: new Map() }]]) };
}
