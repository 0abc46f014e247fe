import { XMLParser } from 'fast-xml-parser';
import { messageOf } from '../../../src/text/message-of.ts';
import { ServiceError } from '../service-error.ts';
import { parseNumber } from './json.ts';
import type { Shape, Structure } from './shape.ts';

interface Element {
  name: string;
  text: string;
  children: Element[];
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  maxNestedTags: 40,
  // Left to readReferences: the parser knows no numeric references.
  processEntities: false,
  cdataPropName: '#cdata',
});

const namedReferences: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * Reads an XML body as a structure of the model. Refuses what the service refuses: text that is not well-formed,
 * another root, unknown and repeated elements, wrong types, missing required members. Document types are refused
 * outright.
 */
export function readXml(text: string, shape: Structure, rootName: string, skip: ReadonlySet<string>): Record<string, unknown> {
  const root = parseRoot(text);
  if (root.name !== rootName) throw malformed(`the root element is ${root.name}, expected ${rootName}`);
  return readStructure(root, shape, decapitalize(rootName), skip);
}

function parseRoot(text: string): Element {
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw malformed('document type declarations are not accepted');
  let nodes: unknown;
  try {
    nodes = parser.parse(text, true);
  } catch (cause) {
    throw malformed(messageOf(cause));
  }
  const roots = elements(nodes).children;
  const [root] = roots;
  if (root === undefined || roots.length !== 1) throw malformed('exactly one root element is expected');
  return root;
}

/**
 * The parser's ordered form is `{ tag: children }`, `{ '#text': text }` or `{ '#cdata': children }`; processing
 * instructions begin with `?`.
 */
function elements(nodes: unknown): { text: string; children: Element[] } {
  let text = '';
  const children: Element[] = [];
  for (const node of Array.isArray(nodes) ? nodes : []) {
    for (const [key, value] of Object.entries(node as Record<string, unknown>)) {
      if (key === '#text') text += readReferences(String(value));
      else if (key === '#cdata') text += String((value as { '#text': unknown }[])[0]?.['#text'] ?? '');
      else if (key !== ':@' && !key.startsWith('?')) children.push({ name: key, ...elements(value) });
    }
  }
  return { text, children };
}

function readReferences(text: string): string {
  return text.replace(/&([^;&]{0,10});?/g, (whole, reference: string) => {
    const digits = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(reference);
    const code = digits === null ? undefined : Number.parseInt(digits[1] ?? digits[2] ?? '', digits[1] === undefined ? 10 : 16);
    const character = code === undefined ? namedReferences[reference] : code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
    if (character === undefined || !whole.endsWith(';')) throw malformed(`unknown reference ${whole}`);
    return character;
  });
}

function readStructure(element: Element, shape: Structure, path: string, skip: ReadonlySet<string> = new Set()): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const child of element.children) {
    const member = shape.members.find((candidate) => candidate.wireName === child.name && !skip.has(candidate.name));
    if (member === undefined) throw mismatched(`unexpected element ${child.name} in ${path}`);
    if (Object.hasOwn(result, member.name)) throw mismatched(`element ${child.name} is repeated in ${path}`);
    result[member.name] = readShape(child, member.shape(), `${path}.${decapitalize(member.name)}`);
  }
  for (const member of shape.members)
    if (member.required && !skip.has(member.name) && !Object.hasOwn(result, member.name))
      throw malformed(
        `1 validation error detected: Value null at '${path}.${decapitalize(member.name)}' failed to satisfy constraint: Member must not be null`,
      );
  return result;
}

function readShape(element: Element, shape: Shape, path: string): unknown {
  if (shape.kind === 'structure') return readStructure(element, shape, path);
  if (shape.kind === 'list') {
    const item = shape.item();
    return element.children.map((child, index) => {
      if (child.name !== shape.itemName) throw mismatched(`unexpected element ${child.name} in ${path}, expected ${shape.itemName}`);
      return readShape(child, item, `${path}.${index + 1}.member`);
    });
  }
  if (element.children.length > 0) throw mismatched(`unexpected element ${element.children[0]?.name} in ${path}`);
  return readText(element.text, shape.kind, path);
}

function readText(text: string, kind: Exclude<Shape['kind'], 'list' | 'structure'>, path: string): unknown {
  switch (kind) {
    case 'string':
      return text;
    case 'number': {
      const value = parseNumber(text.trim());
      if (value === undefined) throw mismatched(`${path} is not a number`);
      return value;
    }
    case 'boolean': {
      const value = text.trim();
      if (value !== 'true' && value !== 'false') throw mismatched(`${path} is neither true nor false`);
      return value === 'true';
    }
    case 'timestamp': {
      const value = new Date(text.trim());
      if (Number.isNaN(value.getTime())) throw mismatched(`${path} is not a date`);
      return value;
    }
    case 'blob': {
      const base64 = text.replace(/\s/g, '');
      if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) throw mismatched(`${path} is not base64`);
      return Buffer.from(base64, 'base64');
    }
  }
}

function malformed(detail: string): ServiceError {
  return new ServiceError('MalformedXML', detail);
}

function mismatched(detail: string): ServiceError {
  return new ServiceError('MalformedInput', detail);
}

function decapitalize(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** The namespace of every CloudFront body (API 2020-05-31). */
const cloudfrontNamespace = 'http://cloudfront.amazonaws.com/doc/2020-05-31/';

const declaration = '<?xml version="1.0"?>\n';

/** Writes a structure of the model as an XML document; undefined members are left out. */
export function writeXml(value: object, shape: Structure, rootName: string): string {
  return `${declaration}<${rootName} xmlns="${cloudfrontNamespace}">${writeMembers(value, shape)}</${rootName}>`;
}

/** CloudFront's error document. */
export function writeXmlError(code: string, message: string, status: number, requestId: string): string {
  const type = status < 500 ? 'Sender' : 'Receiver';
  const error = `<Error><Type>${type}</Type><Code>${escapeText(code)}</Code><Message>${escapeText(message)}</Message></Error>`;
  return `${declaration}<ErrorResponse xmlns="${cloudfrontNamespace}">${error}<RequestId>${escapeText(requestId)}</RequestId></ErrorResponse>`;
}

function writeMembers(value: object, shape: Structure): string {
  const values = value as Record<string, unknown>;
  return shape.members
    .filter((member) => member.place === 'body')
    .map((member) => writeElement(member.wireName, values[member.name], member.shape()))
    .join('');
}

function writeElement(name: string, value: unknown, shape: Shape): string {
  if (value === undefined || value === null) return '';
  if (shape.kind === 'structure') return `<${name}>${writeMembers(value, shape)}</${name}>`;
  if (shape.kind === 'list') {
    const item = shape.item();
    return `<${name}>${(value as unknown[]).map((entry) => writeElement(shape.itemName, entry, item)).join('')}</${name}>`;
  }
  return `<${name}>${escapeText(simpleText(value))}</${name}>`;
}

function simpleText(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return String(value);
}

/** Characters that XML 1.0 cannot carry at all (a function may log them) become U+FFFD. */
function escapeText(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, (character) => ('\t\n\r'.includes(character) ? character : '\uFFFD'))
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#xD;');
}
