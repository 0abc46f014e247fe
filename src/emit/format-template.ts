import { Document, isMap, isScalar, isSeq, type Node, type Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { isRecord } from '../text/is-record.ts';

export interface TemplateComments {
  /** Lines above the template. */
  head: readonly string[];
  /** Above resources, by their names. */
  resources: Readonly<Record<string, string>>;
}

/** Functions with a short tag: `!Ref X` for `{ Ref: 'X' }`. */
const tagged = new Set(['Ref', 'Fn::GetAtt', 'Fn::Sub', 'Fn::If', 'Fn::Not', 'Fn::And', 'Fn::Equals', 'Fn::Join']);

/** A template as YAML, with CloudFormation's short tags. */
export function formatTemplate(template: object, comments: TemplateComments): string {
  // By version 1.1, which CloudFormation reads: words such as OFF are then quoted.
  const document = new Document(null, { version: '1.1' });
  const contents = toNode(template);
  document.contents = contents as never;
  const sections = isMap(contents) ? contents : new YAMLMap();
  for (const [index, section] of sections.items.entries()) {
    if (index > 0) addSpace(section);
    if (!isMap(section.value) || !isKey(section, 'Resources')) continue;
    for (const [place, resource] of section.value.items.entries()) {
      if (place > 0) addSpace(resource);
      const comment = comments.resources[String((resource.key as Scalar).value)];
      if (comment !== undefined) (resource.key as Scalar).commentBefore = ` ${comment}`;
    }
  }
  document.commentBefore = comments.head.map((line) => ` ${line}`).join('\n');
  return document.toString({ lineWidth: 140, singleQuote: true, flowCollectionPadding: true, directives: false });
}

function toNode(value: unknown): Node {
  if (Array.isArray(value)) return listNode(value);
  if (!isRecord(value)) return new Scalar(value);
  const [entry, ...others] = Object.entries(value);
  if (entry !== undefined && others.length === 0 && tagged.has(entry[0])) return tagNode(entry[0], entry[1]);
  const map = new YAMLMap();
  for (const [key, item] of Object.entries(value)) if (item !== undefined) map.add({ key: new Scalar(key), value: toNode(item) });
  map.flow = isShort(map);
  return map;
}

function tagNode(name: string, value: unknown): Node {
  const node = name === 'Fn::GetAtt' && Array.isArray(value) ? new Scalar(value.join('.')) : toNode(value);
  node.tag = `!${name.replace('Fn::', '')}`;
  return node;
}

function listNode(values: readonly unknown[]): Node {
  const list = new YAMLSeq();
  for (const item of values) list.add(toNode(item));
  list.flow = isShort(list);
  return list;
}

/** Lists and mappings of a few short single values are on one line. */
function isShort(node: YAMLMap | YAMLSeq): boolean {
  const values = isSeq(node) ? node.items : (node as YAMLMap).items.map(({ value }) => value);
  const isSimple = values.every((value) => isScalar(value) || ((isSeq(value) || isMap(value)) && value.flow === true));
  return isSimple && JSON.stringify(node).length <= 90 && !JSON.stringify(node).includes('\\n');
}

function isKey(pair: Pair, name: string): boolean {
  return isScalar(pair.key) && pair.key.value === name;
}

function addSpace(pair: Pair): void {
  if (isScalar(pair.key)) pair.key.spaceBefore = true;
}
