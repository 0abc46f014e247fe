import type { Shape, Structure } from './shape.ts';

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
