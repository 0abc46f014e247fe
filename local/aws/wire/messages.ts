import { ServiceError } from '../service-error.ts';
import type { Route } from '../transport/router.ts';
import { parseNumber, readJson, writeJson } from './json.ts';
import type { Member, OperationShape } from './shape.ts';
import { readXml, writeXml, writeXmlError } from './xml.ts';

interface WireRequest {
  labels: ReadonlyMap<string, string>;
  query: ReadonlyMap<string, string>;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}

/**
 * The operation's input from labels, query, headers and body. The operation checks for missing headers: each has its
 * own error.
 */
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

export interface WireResponse {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array;
}

/** The operation's result as the model places it: headers, a payload (XML or raw bytes), a JSON body, or nothing. */
export function encodeResponse(shape: OperationShape, output: object, format: 'xml' | 'json'): WireResponse {
  const values = output as Record<string, unknown>;
  const headers: Record<string, string> = {};
  for (const member of shape.output.members) {
    const value = values[member.name];
    if (member.place === 'header' && value !== undefined) headers[member.wireName === 'etag' ? 'ETag' : member.wireName] = String(value);
  }
  if (format === 'json') {
    return { status: shape.status, headers: { ...headers, 'content-type': 'application/json' }, body: writeJson(output, shape.output) };
  }
  const payload = shape.output.members.find((member) => member.place === 'payload');
  if (payload === undefined) return { status: shape.status, headers, body: '' };
  const value = values[payload.name];
  const target = payload.shape();
  if (value instanceof Uint8Array) return { status: shape.status, headers, body: value };
  const body = target.kind === 'structure' && value !== undefined ? writeXml(value as object, target, payload.wireName) : '';
  return { status: shape.status, headers: { ...headers, 'content-type': 'text/xml' }, body };
}

/** An error as the service words it: an XML document, or JSON with the code in a header. */
export function errorResponse(error: ServiceError, service: Route['service'], requestId: string): WireResponse {
  if (service === 'cloudfront')
    return {
      status: error.status,
      headers: { 'content-type': 'text/xml' },
      body: writeXmlError(error.code, error.message, error.status, requestId),
    };
  const code = /Exception$/.test(error.code) ? error.code : `${error.code}Exception`;
  return {
    status: error.status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': code },
    body: JSON.stringify({ Message: error.message }),
  };
}
