import { ServiceError } from '../service-error.ts';
import { readJson } from './json.ts';
import { parseNumber } from './parse-number.ts';
import { readXml } from './read-xml.ts';
import type { Member, OperationShape } from './shape.ts';

export interface WireRequest {
  labels: ReadonlyMap<string, string>;
  query: ReadonlyMap<string, string>;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}

/** The operation's input from labels, query, headers and body. Missing headers are left to the operation: each has its own error for them. */
export function decodeRequest(shape: OperationShape, request: WireRequest, format: 'xml' | 'json'): Record<string, unknown> {
  const input = format === 'xml' ? decodeXml(shape, request.body) : decodeJson(shape, request.body);
  for (const member of shape.input.members) {
    const text = outsideBody(member, request);
    if (text !== undefined) input[member.name] = readParameter(member, text, format);
  }
  return input;
}

function decodeXml(shape: OperationShape, body: string): Record<string, unknown> {
  const { input } = shape;
  const payload = input.members.find((member) => member.place === 'payload');
  const outside = new Set(input.members.filter((member) => member.place !== 'body').map((member) => member.name));
  if (payload !== undefined) {
    const target = payload.shape();
    return target.kind === 'structure' ? { [payload.name]: readXml(body, target, payload.wireName, new Set()) } : {};
  }
  return outside.size === input.members.length ? {} : readXml(body, input, input.name, outside);
}

function decodeJson(shape: OperationShape, body: string): Record<string, unknown> {
  return shape.input.members.some((member) => member.place === 'body') ? readJson(body, shape.input) : {};
}

function outsideBody(member: Member, request: WireRequest): string | undefined {
  if (member.place === 'label') return request.labels.get(member.wireName);
  if (member.place === 'query') return request.query.get(member.wireName);
  if (member.place !== 'header') return undefined;
  const value = request.headers[member.wireName];
  return Array.isArray(value) ? value.join(', ') : value;
}

function readParameter(member: Member, text: string, format: 'xml' | 'json'): unknown {
  const { kind } = member.shape();
  const invalid = (expected: string) =>
    new ServiceError(format === 'xml' ? 'InvalidArgument' : 'ValidationException', `${member.wireName} must be ${expected}`);
  if (kind === 'number') {
    const value = parseNumber(text);
    if (value === undefined || !Number.isInteger(value)) throw invalid('a whole number');
    return value;
  }
  if (kind === 'boolean') {
    if (text !== 'true' && text !== 'false') throw invalid('true or false');
    return text === 'true';
  }
  return text;
}
