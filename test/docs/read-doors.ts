import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { parseSync } from 'oxc-parser';

/** One exported or reachable name. */
export interface Declared {
  name: string;
  kind: 'function' | 'type' | 'class';
  comment: string;
  /** Its signature or shape, without comments and bodies, on one line. */
  text: string;
  /** Of an interface. */
  members: { name: string; type: string; comment: string }[];
}

/** A module that a team imports. */
export interface Door {
  /** `local` of `cloudfront-edge-failover/local`. */
  name: string;
  summary: string;
  example: string;
  exports: Declared[];
  /** Types of this repository that the exports name and do not export; by name. */
  behind: Declared[];
}

interface Node {
  type: string;
  start: number;
  end: number;
  [field: string]: unknown;
}

interface Source {
  path: string;
  text: string;
  body: Node[];
  comments: { value: string; start: number; end: number }[];
}

const root = new URL('../../', import.meta.url);
/** Its types are those of a schema, which docs/config.md and docs/edge-config.schema.json describe. */
const schemaFile = 'src/config/edge-config.ts';

export function readDoors(): Door[] {
  const files = readdirSync(new URL('api/', root)).filter((file) => file.endsWith('.ts'));
  return files
    .map((file) => readDoor(file.replace(/\.ts$/, ''), `api/${file}`))
    .toSorted((one, other) => one.name.localeCompare(other.name));
}

function readDoor(name: string, path: string): Door {
  const source = read(path);
  const [head] = source.comments;
  // Without an example it belongs to what follows it.
  const isHead = head !== undefined && head.start === 0 && head.value.includes('@example');
  const [summary = '', example = ''] = (isHead ? unstar(head.value) : '').split(/^@example\n/m);
  const found = listExports(source);
  const exports = found.map(({ name: exported, from, inner }) => declare(from, inner, exported));
  const known = new Set(found.map(({ from, inner }) => `${from.path} ${inner}`));
  const behind = new Map<string, Declared>();
  const follow = (from: Source, declared: string): void => {
    const node = findDeclaration(from, declared);
    for (const used of node === undefined ? [] : namesIn(node)) {
      const target = locate(from, used);
      if (target === undefined || target.source.path === schemaFile) continue;
      const key = `${target.source.path} ${target.name}`;
      if (known.has(key)) continue;
      known.add(key);
      behind.set(key, declare(target.source, target.name, target.name));
      follow(target.source, target.name);
    }
  };
  for (const { from, inner } of found) if (from.path !== schemaFile) follow(from, inner);
  return {
    name,
    summary: summary.trim(),
    example: example.trimEnd(),
    exports,
    behind: [...behind.values()].toSorted((one, other) => one.name.localeCompare(other.name)),
  };
}

function read(path: string): Source {
  const text = readFileSync(new URL(path, root), 'utf8');
  const { program, comments } = parseSync(path, text);
  return { path, text, body: program.body as unknown as Node[], comments };
}

/** The exported names in order, each with the file and the name of its declaration. */
function listExports(source: Source): { name: string; from: Source; inner: string }[] {
  return source.body.flatMap((node) => {
    if (node.type !== 'ExportNamedDeclaration') return [];
    const declaration = node['declaration'] as Node | null;
    if (declaration !== null) return namesOf(declaration).map((name) => ({ name, from: source, inner: name }));
    const target = node['source'] as { value: string } | null;
    const from = target === null ? source : read(posix.join(dirname(source.path), target.value));
    return (node['specifiers'] as Node[]).map(({ local, exported }) => ({
      name: nameOf(exported),
      from,
      inner: nameOf(local),
    }));
  });
}

function nameOf(node: unknown): string {
  return String((node as { name?: unknown }).name ?? '');
}

function namesOf(declaration: Node): string[] {
  const list = declaration['declarations'] as Node[] | undefined;
  return list === undefined ? [nameOf(declaration['id'])] : list.map(({ id }) => nameOf(id));
}

function findDeclaration({ body }: Source, name: string): Node | undefined {
  for (const node of body) {
    const declaration = node.type === 'ExportNamedDeclaration' ? (node['declaration'] as Node | null) : node;
    if (
      declaration !== null &&
      /Declaration$/.test(declaration.type) &&
      declaration.type !== 'ImportDeclaration' &&
      namesOf(declaration).includes(name)
    )
      return declaration;
  }
  return undefined;
}

/** Where a name that is used in a file is declared in this repository. */
function locate(source: Source, name: string): { source: Source; name: string } | undefined {
  for (const node of source.body) {
    const from = (node['source'] as { value?: string } | null | undefined)?.value;
    if (from === undefined || !from.startsWith('.') || (node.type !== 'ImportDeclaration' && node.type !== 'ExportNamedDeclaration'))
      continue;
    const specifier = (node['specifiers'] as Node[]).find(({ type, local }) => type === 'ImportSpecifier' && nameOf(local) === name);
    const path = posix.join(dirname(source.path), from);
    if (specifier !== undefined && existsSync(new URL(path, root))) return { source: read(path), name: nameOf(specifier['imported']) };
  }
  return findDeclaration(source, name) === undefined ? undefined : { source, name };
}

/** Names of types in a declaration, bodies excluded. */
function namesIn(declaration: Node): string[] {
  const names = new Set<string>();
  const visit = (node: unknown, key: string): void => {
    if (Array.isArray(node)) for (const item of node) visit(item, key);
    else if (typeof node === 'object' && node !== null && 'type' in node) {
      const { type, typeName, exprName, expression } = node as Node;
      if (type === 'TSTypeReference' || type === 'TSInterfaceHeritage' || type === 'TSTypeQuery') {
        const target = (typeName ?? exprName ?? expression) as Node;
        if (target.type === 'Identifier') names.add(nameOf(target));
      }
      for (const [name, child] of Object.entries(node)) if (name !== 'body' || !/^Function/.test(type)) visit(child, name);
    }
  };
  visit(declaration, '');
  return [...names];
}

function declare(source: Source, inner: string, name: string): Declared {
  const node = findDeclaration(source, inner);
  if (node === undefined) throw new Error(`${source.path} exports ${inner} without a declaration`);
  const kind = node.type === 'FunctionDeclaration' ? 'function' : node.type === 'ClassDeclaration' ? 'class' : 'type';
  if (node.type === 'VariableDeclaration')
    throw new Error(`${source.path}: a door exports functions, classes and types, and ${inner} is a value`);
  const isSchema = source.path === schemaFile && kind === 'type';
  const interfaceBody = node.type === 'TSInterfaceDeclaration' ? ((node['body'] as Node)['body'] as Node[]) : [];
  return {
    name,
    kind,
    comment: commentBefore(source, node.start),
    text: isSchema ? `type ${inner} of docs/edge-config.schema.json` : textOf(source, node),
    members: interfaceBody.map((member) => ({
      ...splitMember(slice(source, member.start, member.end)),
      comment: commentBefore(source, member.start),
    })),
  };
}

function textOf(source: Source, node: Node): string {
  if (node.type === 'FunctionDeclaration') return signatureOf(source, node);
  if (node.type !== 'ClassDeclaration') return slice(source, node.start, node.end);
  const body = node['body'] as Node;
  const members = (body['body'] as Node[]).map((member) => {
    const inner = (member['value'] as Node | null)?.['body'] as Node | undefined;
    return slice(source, member.start, inner?.start ?? member.end);
  });
  return `${slice(source, node.start, body.start)} { ${members.join('; ')} }`;
}

/** Parameters as a caller sees them: a default makes one optional, and what is taken apart inside is `options`. */
function signatureOf(source: Source, node: Node): string {
  const parameters = node['params'] as Node[];
  const [first] = parameters;
  const part = (each: unknown) => slice(source, (each as Node).start, (each as Node).end);
  const head = slice(source, node.start, first?.start ?? (node['body'] as Node).start).replace(/^async /, '');
  if (first === undefined) return head;
  const written = parameters.map((parameter) => {
    const isOptional = parameter.type === 'AssignmentPattern';
    const target = isOptional ? (parameter['left'] as Node) : parameter;
    const type = target['typeAnnotation'] as Node | null;
    const given = slice(source, target.start, type?.start ?? target.end);
    const name = target.type === 'ObjectPattern' ? 'options' : given;
    return `${name}${isOptional ? '?' : ''}${type === null ? '' : part(type)}`;
  });
  return `${head}${written.join(', ')})${node['returnType'] === null ? '' : part(node['returnType'])}`;
}

/** A part of the source on one line, without comments. */
function slice({ text, comments }: Source, start: number, end: number): string {
  let part = '';
  let at = start;
  for (const comment of comments) {
    if (comment.start < start || comment.end > end) continue;
    part += text.slice(at, comment.start);
    at = comment.end;
  }
  return `${part}${text.slice(at, end)}`
    .replace(/\s+/g, ' ')
    .replace(/([([<]) | (?=[)\]>])/g, '$1')
    .replace(/,(?=[)\]])/g, '')
    .replace(/;$/, '')
    .trim();
}

/** `timeoutMs?: number | undefined` is the member `timeoutMs?` of the type `number`. */
function splitMember(text: string): { name: string; type: string } {
  const bare = text.replace(/^readonly /, '');
  const [, name = bare, type = ''] = /^([\w$]+\??|\[[^\]]+\](?=\())(?::\s*|(?=\())(.*)$/s.exec(bare) ?? [];
  return { name, type: name.endsWith('?') ? type.replace(/ \| undefined$/, '').replace(/^\((.*)\)$/, '$1') : type };
}

function commentBefore({ text, comments }: Source, start: number): string {
  const before = comments.findLast(
    ({ end, start: from }) => end <= start && from > 0 && /^\s*(?:export\s+)?(?:default\s+)?$/.test(text.slice(end, start)),
  );
  return before === undefined || !before.value.startsWith('*') ? '' : unstar(before.value).replace(/\s+/g, ' ').trim();
}

function unstar(comment: string): string {
  return comment
    .replace(/^\*/, '')
    .replace(/^[ \t]*\*[ \t]?/gm, '')
    .trim();
}
