/** A shape of the API model. Members are resolved late, because shapes may refer to each other. */
export type Shape =
  | { kind: 'string' | 'number' | 'boolean' | 'timestamp' | 'blob' }
  | { kind: 'list'; itemName: string; item: () => Shape }
  | Structure;

export interface Structure {
  kind: 'structure';
  name: string;
  members: readonly Member[];
}

export interface Member {
  name: string;
  /** The element, header, query argument or path label that carries it. */
  wireName: string;
  place: 'body' | 'payload' | 'label' | 'header' | 'query';
  required: boolean;
  shape: () => Shape;
}

export interface OperationShape {
  name: string;
  method: string;
  /** Path segments; a label is written `{Name}`. */
  segments: readonly string[];
  /** Query arguments that are part of the address, such as `WithTags`. */
  query: readonly string[];
  status: number;
  input: Structure;
  output: Structure;
}

type Schema = readonly unknown[];
type Traits = Readonly<Record<string, unknown>>;

const nothing: Structure = { kind: 'structure', name: 'Unit', members: [] };
const structures = new WeakMap<Schema, Structure>();

/**
 * Reads an operation schema that the AWS SDK exports (`CreateFunction$`); its layout is the SDK's, pinned by
 * package-lock.json and the contract tests.
 */
export function operationShape(schema: Schema): OperationShape {
  const [, , name, traits, input, output] = schema;
  const [method, uri, status] = (traits as { http: [string, string, number] }).http;
  const [path = '', query = ''] = uri.split('?');
  return {
    name: String(name),
    method,
    segments: path.split('/').slice(1),
    query: query === '' ? [] : query.split('&'),
    status,
    input: structureOf(input),
    output: structureOf(output),
  };
}

/** The name and HTTP status of an error schema (`NoSuchOrigin$`); undefined for any other value. */
export function errorStatus(schema: unknown): { name: string; status: number } | undefined {
  if (!Array.isArray(schema) || schema[0] !== -3) return undefined;
  const status = (schema[3] as Traits)['httpError'];
  return typeof status === 'number' ? { name: String(schema[2]), status } : undefined;
}

function structureOf(ref: unknown): Structure {
  const shape = shapeOf(ref);
  return shape.kind === 'structure' ? shape : nothing;
}

function shapeOf(ref: unknown): Shape {
  const { target } = unwrap(ref);
  if (typeof target === 'number') return simpleShape(target);
  if (!Array.isArray(target)) return nothing;
  const schema: Schema = target;
  if (schema[0] === 0) return shapeOf(schema[4]);
  if (schema[0] === 1) return { kind: 'list', itemName: itemName(schema[4]), item: () => shapeOf(schema[4]) };
  return structureShape(schema);
}

function structureShape(schema: Schema): Structure {
  const known = structures.get(schema);
  if (known !== undefined) return known;
  const [, , name, , names, refs, required = 0] = schema as readonly [number, string, string, unknown, string[], unknown[], number?];
  const shape: Structure = {
    kind: 'structure',
    name,
    members: names.map((member, index) => memberOf(member, refs[index], index < required)),
  };
  structures.set(schema, shape);
  return shape;
}

function memberOf(name: string, ref: unknown, required: boolean): Member {
  const { traits } = unwrap(ref);
  const shape = () => shapeOf(ref);
  const header = traits['httpHeader'];
  const query = traits['httpQuery'];
  if (typeof header === 'string') return { name, wireName: header.toLowerCase(), place: 'header', required, shape };
  if (typeof query === 'string') return { name, wireName: query, place: 'query', required, shape };
  if (traits['httpLabel'] === 1) return { name, wireName: name, place: 'label', required, shape };
  const xmlName = traits['xmlName'];
  if (traits['httpPayload'] === 1) {
    const target = shape();
    const rootName = typeof xmlName === 'string' ? xmlName : target.kind === 'structure' ? target.name : name;
    return { name, wireName: rootName, place: 'payload', required, shape };
  }
  return { name, wireName: typeof xmlName === 'string' ? xmlName : name, place: 'body', required, shape };
}

function itemName(ref: unknown): string {
  const xmlName = unwrap(ref).traits['xmlName'];
  return typeof xmlName === 'string' ? xmlName : 'member';
}

/** A reference is a number, a schema, a function that returns one, or any of these paired with traits. */
function unwrap(ref: unknown): { target: unknown; traits: Traits } {
  let target = ref;
  let traits: Traits = {};
  while (typeof target === 'function' || (Array.isArray(target) && typeof target[1] !== 'string')) {
    if (typeof target === 'function') target = target();
    else {
      traits = traitsOf(target[1]);
      target = target[0];
    }
  }
  return { target, traits };
}

/** Traits without a value are bits of a number; the two we need are the first and the fifth. */
function traitsOf(value: unknown): Traits {
  if (typeof value !== 'number') return (value ?? {}) as Traits;
  return { ...((value & 1) !== 0 && { httpLabel: 1 }), ...((value & 16) !== 0 && { httpPayload: 1 }) };
}

function simpleShape(code: number): Shape {
  if ((code & 64) !== 0) return { kind: 'list', itemName: 'member', item: () => simpleShape(code & ~64) };
  if (code === 1) return { kind: 'number' };
  if (code === 2) return { kind: 'boolean' };
  if (code >= 4 && code <= 7) return { kind: 'timestamp' };
  if (code === 21 || code === 42) return { kind: 'blob' };
  return { kind: 'string' };
}

/**
 * A request as it arrives: what the model requires is there. Members the model leaves open stay optional.
 * The SDK's own types allow undefined everywhere, since they describe what a caller may leave out.
 */
export type Decoded<T> = T extends Date | Uint8Array
  ? T
  : T extends readonly (infer Item)[]
    ? Decoded<Item>[]
    : T extends object
      ? { [Key in keyof T]: Decoded<Exclude<T[Key], undefined>> }
      : T;
