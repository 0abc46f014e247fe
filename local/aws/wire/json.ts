import { ServiceError } from '../service-error.ts';
import type { Shape, Structure } from './shape.ts';

/**
 * Reads a JSON body as the body members of a structure. Unknown members are ignored, as the service's own serialiser
 * does.
 */
export function readJson(text: string, shape: Structure): Record<string, unknown> {
  let value: unknown;
  try {
    value = text === '' ? {} : JSON.parse(text);
  } catch {
    throw new ServiceError('SerializationException', 'the body is not JSON');
  }
  return readMembers(value, shape, '');
}

/** The JSON form of a structure's body members; dates are epoch seconds. */
export function writeJson(value: object, shape: Structure): string {
  const values = value as Record<string, unknown>;
  const body: Record<string, unknown> = {};
  for (const member of shape.members) {
    if (member.place !== 'body') continue;
    const entry = values[member.name];
    if (entry !== undefined) body[member.name] = entry instanceof Date ? entry.getTime() / 1000 : entry;
  }
  return JSON.stringify(body);
}

function readMembers(value: unknown, shape: Structure, path: string): Record<string, unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw wrongType(path, 'an object');
  const values = value as Record<string, unknown>;
  const result: Record<string, unknown> = {};
  for (const member of shape.members) {
    if (member.place !== 'body') continue;
    const at = path === '' ? member.name : `${path}.${member.name}`;
    const entry = Object.hasOwn(values, member.name) ? values[member.name] : undefined;
    if (entry !== undefined && entry !== null) result[member.name] = readValue(entry, member.shape(), at);
    else if (member.required)
      throw new ServiceError(
        'ValidationException',
        `1 validation error detected: Value null at '${at}' failed to satisfy constraint: Member must not be null`,
      );
  }
  return result;
}

function readValue(value: unknown, shape: Shape, path: string): unknown {
  if (shape.kind === 'structure') return readMembers(value, shape, path);
  if (shape.kind === 'list') {
    if (!Array.isArray(value)) throw wrongType(path, 'a list');
    return value.map((item, index) => readValue(item, shape.item(), `${path}[${index}]`));
  }
  if (typeof value !== shape.kind) throw wrongType(path, `a ${shape.kind}`);
  return value;
}

function wrongType(path: string, expected: string): ServiceError {
  return new ServiceError('SerializationException', `${path === '' ? 'the body' : path} must be ${expected}`);
}

/** A decimal number as the wire carries it; undefined for anything else, NaN, Infinity and an empty text among them. */
export function parseNumber(text: string): number | undefined {
  return /^-?\d{1,15}(\.\d{1,10})?$/.test(text) ? Number(text) : undefined;
}
