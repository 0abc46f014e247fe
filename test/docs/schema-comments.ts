import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseSync } from 'oxc-parser';

/** The part of JSON Schema that zod writes for edge.config.ts. */
export interface JsonSchema {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  description?: string;
  default?: unknown;
  pattern?: string;
  /** What an editor shows for a value that `pattern` refuses. VS Code knows it. */
  patternErrorMessage?: string;
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
}

interface Node {
  type: string;
  start: number;
  end: number;
  [field: string]: unknown;
}

interface Source {
  file: string;
  text: string;
  comments: { value: string; start: number; end: number }[];
  /** Expressions by the name of their constant, or of the function that returns them. */
  named: Map<string, { value: Node; start: number }>;
  /** Files by the names that are imported from them. */
  imported: Map<string, string>;
}

interface Place {
  source: Source;
  expression: Node;
  path: string;
}

/**
 * Gives every field of the schema the comment above it in the source, and every pattern the message that a refusal
 * shows. Throws with the fields that have no comment: a comment is the only documentation of a field.
 */
export function annotate(json: JsonSchema, file: string, constant: string): void {
  const sources = new Map<string, Source>();
  const undocumented: string[] = [];

  function open(path: string): Source {
    const known = sources.get(path);
    if (known !== undefined) return known;
    const source = readSource(path);
    sources.set(path, source);
    return source;
  }

  function find(source: Source, name: string): { source: Source; value: Node; start: number } | undefined {
    const here = source.named.get(name);
    if (here !== undefined) return { source, ...here };
    const from = source.imported.get(name);
    return from === undefined ? undefined : find(open(from), name);
  }

  function walk({ source, expression, path }: Place, into: JsonSchema): void {
    const { root, messages } = unwrap(expression);
    if (into.pattern !== undefined && messages[0] !== undefined) into.patternErrorMessage ??= messages[0];
    const name = nameOf(root);
    if (name !== undefined) {
      const found = find(source, name);
      if (found === undefined) return;
      const comment = commentBefore(found.source, found.start);
      if (comment !== undefined) into.description ??= comment;
      walk({ source: found.source, expression: found.value, path }, into);
      return;
    }
    const [method, first] = zodCall(root);
    if (first === undefined) return;
    if (method === 'strictObject' || method === 'object') walkFields({ source, expression: first, path }, into);
    else if (method === 'array' && into.items !== undefined) walk({ source, expression: first, path: `${path}[]` }, into.items);
    else if (method === 'record' && typeof into.additionalProperties === 'object')
      walk({ source, expression: argumentsOf(root)[1] ?? first, path: `${path}.*` }, into.additionalProperties);
    else if (method === 'union' || method === 'discriminatedUnion') {
      const options = argumentsOf(root).find(({ type }) => type === 'ArrayExpression')?.['elements'] as Node[] | undefined;
      const schemas = into.oneOf ?? into.anyOf ?? [];
      for (const [index, option] of (options ?? []).entries())
        if (schemas[index] !== undefined) walk({ source, expression: option, path }, schemas[index]);
    }
  }

  function walkFields({ source, expression, path }: Place, into: JsonSchema): void {
    for (const property of (expression['properties'] ?? []) as Node[]) {
      const name = String((property['key'] as { name?: string; value?: string }).name ?? (property['key'] as { value?: string }).value);
      const field = into.properties?.[name];
      if (field === undefined) throw new Error(`${source.file}: ${path}.${name} is not in the JSON Schema`);
      const comment = commentBefore(source, property.start);
      if (comment !== undefined) field.description = comment;
      walk({ source, expression: property['value'] as Node, path: `${path}.${name}` }, field);
      if (field.description === undefined && field.const === undefined) undocumented.push(`${path}.${name}`.slice(1));
    }
  }

  const start = find(open(file), constant);
  if (start === undefined) throw new Error(`${file} has no ${constant}`);
  walk({ source: start.source, expression: start.value, path: '' }, json);
  if (undocumented.length > 0) throw new Error(`fields without a comment: ${undocumented.join(', ')}`);
}

/** The comment above a declaration, for a field that is not part of the schema itself. */
export function commentAbove(file: string, declaration: string): string {
  const source = readSource(file);
  const start = source.text.indexOf(declaration);
  const comment = start < 0 ? undefined : commentBefore(source, start);
  if (comment === undefined) throw new Error(`${file} has no comment above ${declaration}`);
  return comment;
}

function readSource(file: string): Source {
  const text = readFileSync(file, 'utf8');
  const { program, comments } = parseSync(file, text);
  const named: Source['named'] = new Map();
  const imported: Source['imported'] = new Map();
  for (const statement of program.body as unknown as Node[]) {
    const declaration = (statement['declaration'] ?? statement) as Node;
    if (statement.type === 'ImportDeclaration') {
      const from = (statement['source'] as { value: string }).value;
      if (from.startsWith('.'))
        for (const { local } of statement['specifiers'] as { local: { name: string } }[])
          imported.set(local.name, join(dirname(file), from));
    }
    if (declaration?.type === 'VariableDeclaration')
      for (const { id, init } of declaration['declarations'] as { id: { name: string }; init: Node }[])
        if (init) named.set(id.name, { value: init, start: statement.start });
    if (declaration?.type === 'FunctionDeclaration') {
      const body = (declaration['body'] as { body: Node[] }).body;
      const returned = body.find(({ type }) => type === 'ReturnStatement')?.['argument'] as Node | undefined;
      if (returned) named.set((declaration['id'] as { name: string }).name, { value: returned, start: statement.start });
    }
  }
  return { file, text, comments, named, imported };
}

/** The expression below a chain such as `.min(1).default([])`, with the messages of its `.regex(…, message)`. */
function unwrap(expression: Node): { root: Node; messages: string[] } {
  const messages: string[] = [];
  let root = expression;
  for (;;) {
    const callee = root.type === 'CallExpression' ? (root['callee'] as Node) : undefined;
    const object = callee?.type === 'MemberExpression' ? (callee['object'] as Node & { name?: string }) : undefined;
    if (callee === undefined || object === undefined || object.name === 'z') return { root, messages };
    const [, message] = argumentsOf(root);
    if ((callee['property'] as { name: string }).name === 'regex' && typeof message?.['value'] === 'string')
      messages.push(message['value']);
    root = object;
  }
}

/** `['array', argument]` of `z.array(argument)`. */
function zodCall(root: Node): [string | undefined, Node | undefined] {
  const callee = root['callee'] as Node | undefined;
  return [(callee?.['property'] as { name?: string } | undefined)?.name, argumentsOf(root)[0]];
}

/** Of a constant, or of a function that is called. */
function nameOf(root: Node): string | undefined {
  const node = root.type === 'CallExpression' ? (root['callee'] as Node) : root;
  return node.type === 'Identifier' ? String(node['name']) : undefined;
}

function argumentsOf(root: Node): Node[] {
  return (root['arguments'] ?? []) as Node[];
}

function commentBefore({ text, comments }: Source, start: number): string | undefined {
  const comment = comments.findLast(({ value, end }) => value.startsWith('*') && end <= start && text.slice(end, start).trim() === '');
  return comment?.value
    .replace(/^\*|^\s*\*/gm, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
