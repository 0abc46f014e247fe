import { emptyLike, saysNothing, stripDefaults } from './config-defaults.ts';
import { countedList, type Fields, type List, pathOf, type Tree } from './config-tree.ts';

/** Something the live config has and the file does not mention: it stays unless it is named to be dropped. */
export interface Kept {
  path: string;
  value: Tree;
}

export interface Merged {
  tree: Fields;
  kept: readonly Kept[];
  /** Of the paths to be dropped, those that named something. */
  dropped: ReadonlySet<string>;
}

interface Merging {
  drop: readonly string[];
  kept: Kept[];
  dropped: Set<string>;
}

/** Fields of which AWS takes only one group: when the file names one group and the live config another, the live one goes. */
const alternatives: readonly (readonly (readonly string[])[])[] = [
  [['CustomOriginConfig'], ['S3OriginConfig'], ['VpcOriginConfig']],
  [['CachePolicyId'], ['ForwardedValues', 'MinTTL', 'DefaultTTL', 'MaxTTL']],
];

const certificateFields = ['ACMCertificateArn', 'IAMCertificateId', 'CloudFrontDefaultCertificate'];

/** The live config with the file's part put into it. A path of `drop` also covers everything below it. */
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
  if (!hasItems(live) && saysNothing(file) && !saysNothing(live)) return keep(live, file, path, merging);
  if (typeof live !== 'object' || typeof file !== 'object' || live.kind !== file.kind) return file;
  if (live.kind === 'list' && file.kind === 'list') return mergeLists(live, file, path, merging);
  return mergeFields(live as Fields, file as Fields, path, merging);
}

/** A list of which each item is kept or dropped for itself. */
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
  if (notable !== undefined && !saysNothing(live)) merging.kept.push({ path, value: notable });
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

/** With another kind of certificate its settings change their meaning: `vip`, the default beside CloudFront's own certificate, costs money beside one's own. */
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
    // An alias is nothing but its key, which may be spelled in another case.
    const merged =
      before !== undefined && typeof wanted !== 'object' && wanted !== undefined
        ? before
        : merge(before, wanted, `${path}[${key}]`, merging);
    if (merged !== undefined) items.set(key, merged);
  }
  return { ...file, items };
}

/** The file's items in the file's order, the others where they stood among them; new ones go before the file's next item, or after its last. */
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
