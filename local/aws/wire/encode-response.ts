import { writeJson } from './json.ts';
import type { OperationShape } from './shape.ts';
import { writeXml } from './write-xml.ts';

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
