import { readFile, realpath } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import type { AnyNode, ExportNamedDeclaration, Program } from 'acorn';
import * as esbuild from 'esbuild';
import type { EdgeConfig } from '../config/edge-config.ts';
import { EdgeError } from '../errors.ts';
import { messageOf } from '../text/message-of.ts';
import { parseCode } from './gate/parse-code.ts';
import { isGuarded } from './gate/problem.ts';
import { resolveScopes } from './gate/scopes.ts';
import { nameOf, walk } from './gate/syntax-tree.ts';

/** Where the configuration names code of the team's own. */
const teamParts = ['before', 'after'] as const;

type TeamFiles = Pick<EdgeConfig, (typeof teamParts)[number]>;

/** How one file gives its function to the router. */
interface TeamModule {
  /** What to import from it. */
  name: 'default' | 'handler';
  /** The function takes the event, as a CloudFront Function does, and not the request. */
  takesEvent: boolean;
  /** Code in front of the file and behind it that make an export of what it has. */
  head: string;
  tail: string;
}

type TeamModules = ReadonlyMap<string, TeamModule & { file: string }>;

/** Whether the router is built together with code of the team's own. */
export function hasTeamCode(config: TeamFiles): boolean {
  return listTeamCode(config).length > 0;
}

/** The files that the configuration names. */
export function listTeamCode(config: TeamFiles): string[] {
  return teamParts.flatMap((part) => config[part] ?? []);
}

/**
 * Resolves 'virtual:team' to the functions of `before` and `after`. A file may be a module, CommonJS, or an existing
 * CloudFront Function, whose `handler` nothing exports. CONFIG_INVALID when it cannot be read or has no function.
 */
export async function teamCode(config: TeamFiles): Promise<esbuild.Plugin> {
  const modules = new Map<string, TeamModule & { file: string }>();
  for (const part of teamParts) {
    const named = config[part] && resolve(config[part]);
    // esbuild passes a file to its plugins by its real path.
    if (named !== undefined) modules.set(part, { ...(await readTeamModule(part, named)), file: await realpath(named) });
  }
  return {
    name: 'team-code',
    setup(build) {
      build.onResolve({ filter: /^virtual:(team|before|after)$/ }, ({ path }) => ({ path, namespace: 'team', sideEffects: false }));
      build.onLoad({ filter: /.*/, namespace: 'team' }, ({ path }) => ({
        contents: path === 'virtual:team' ? writeConstants(modules) : writeImport(modules, path.slice('virtual:'.length)),
        loader: 'js',
        resolveDir: resolve(),
      }));
      build.onLoad({ filter: /\.[cm]?[jt]s$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        const { head = '', tail = '' } = [...modules.values()].find(({ file }) => file === path) ?? {};
        const contents = `${head}${await nameModules(text, path)}${tail}`;
        return contents === text ? undefined : { contents, loader: loaderOf(path) };
      });
    },
  };
}

/** The names under which `splitImports` of build.ts finds what a file had called `require` for. */
export const requiredName = /\b__edge_(crypto|querystring|buffer)\b/g;

/** esbuild would put a function of its own in place of `require`. The columns stay. */
async function nameModules(text: string, path: string): Promise<string> {
  const call = /\brequire\(\s*(['"])(crypto|querystring|buffer)\1\s*\)/g;
  if (!call.test(text)) return text;
  // A mark in each place: acorn reads no TypeScript, and esbuild moves the columns.
  let count = 0;
  const program = await parseProgram(
    text.replace(call, () => `require(__edge_call_${count++})`),
    path,
  );
  const calls = program === undefined ? new Set<string>() : findCalls(program);
  count = 0;
  return text.replace(call, (found, _quote, name: string) =>
    calls.has(`__edge_call_${count++}`) ? `__edge_${name}`.padEnd(found.length) : found,
  );
}

/** The arguments with which the program calls `require`, and not a function of its own of that name. */
function findCalls(program: Program): Set<string> {
  const scopes = resolveScopes(program);
  const found = new Set<string>();
  walk(program, (node) => {
    if (node.type !== 'CallExpression' || node.callee.type !== 'Identifier' || node.callee.name !== 'require') return;
    const [argument] = node.arguments;
    if (scopes.get(node.callee) === undefined && argument?.type === 'Identifier') found.add(argument.name);
  });
  return found;
}

/** Apart from the functions: esbuild folds a constant only when it comes before everything else. */
function writeConstants(modules: TeamModules): string {
  return [
    `export const hasBefore = ${modules.has('before')};`,
    `export const hasAfter = ${modules.has('after')};`,
    `export const beforeTakesEvent = ${modules.get('before')?.takesEvent === true};`,
    `export const afterTakesEvent = ${modules.get('after')?.takesEvent === true};`,
  ].join('\n');
}

function writeImport(modules: TeamModules, part: string): string {
  const module = modules.get(part);
  return module === undefined ? 'export default 0;' : `export { ${module.name} as default } from ${JSON.stringify(module.file)};`;
}

function loaderOf(path: string): 'ts' | 'js' {
  return extname(path).includes('t') ? 'ts' : 'js';
}

async function readTeamModule(part: string, file: string): Promise<TeamModule> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new EdgeError('CONFIG_INVALID', `${part} in edge.config.ts: cannot read ${file}: ${cause.message}`, {
      cause,
      hint: 'the path begins at the folder of edge.config.ts',
    });
  });
  const program = await parseProgram(text, file);
  // What cannot be parsed is reported by the build, with line and column.
  const found = program === undefined ? { name: 'handler' as const, takesEvent: true, head: '', tail: '' } : findFunction(program);
  if (found !== undefined) return found;
  throw new EdgeError('CONFIG_INVALID', `${part} in edge.config.ts: ${file} has no function to call`, {
    hint: 'export default a function of the request, or write function handler(event) as in a CloudFront Function',
  });
}

async function parseProgram(text: string, file: string): Promise<Program | undefined> {
  try {
    const { code } = await esbuild.transform(text, { loader: loaderOf(file), logLevel: 'silent', tsconfigRaw: {} });
    const parsed = parseCode(code);
    return 'program' in parsed ? parsed.program : undefined;
  } catch (error) {
    if (messageOf(error).startsWith('Transform failed')) return undefined;
    throw error;
  }
}

/** A function that is called handler takes the event; any other one takes the request. */
function findFunction(program: Program): TeamModule | undefined {
  const asModule = findExport(program);
  if (asModule !== undefined) return asModule;
  const hasHandler = program.body.some(declaresHandler);
  if (!usesCommonJs(program))
    return hasHandler ? { name: 'handler', takesEvent: true, head: '', tail: '\nexport { handler };' } : undefined;
  const head = 'var module={exports:{}},exports=module.exports;';
  if (hasHandler) return { name: 'handler', takesEvent: true, head, tail: '\nexport { handler };' };
  const { names, whole } = findCommonExports(program);
  const member = ['handler', 'default'].find((name) => names.has(name));
  if (member !== undefined)
    return { name: 'default', takesEvent: member === 'handler', head, tail: `\nexport default module.exports.${member};` };
  return whole === undefined
    ? undefined
    : { name: 'default', takesEvent: isHandler(whole), head, tail: '\nexport default module.exports;' };
}

function findExport(program: Program): TeamModule | undefined {
  const plain = { head: '', tail: '' };
  const named = program.body.filter((statement) => statement.type === 'ExportNamedDeclaration');
  if (named.some(exportsHandler)) return { name: 'handler', takesEvent: true, ...plain };
  for (const statement of program.body) {
    if (statement.type === 'ExportDefaultDeclaration')
      return { name: 'default', takesEvent: isHandler(statement.declaration as AnyNode), ...plain };
  }
  for (const { specifiers } of named) {
    const found = specifiers.find(({ exported }) => textOf(exported) === 'default');
    if (found !== undefined) return { name: 'default', takesEvent: textOf(found.local) === 'handler', ...plain };
  }
  return undefined;
}

function exportsHandler({ declaration, specifiers }: ExportNamedDeclaration): boolean {
  return (declaration != null && declaresHandler(declaration)) || specifiers.some(({ exported }) => textOf(exported) === 'handler');
}

function declaresHandler(statement: AnyNode): boolean {
  if (statement.type === 'FunctionDeclaration') return statement.id?.name === 'handler';
  return statement.type === 'VariableDeclaration' && statement.declarations.some(({ id }) => textOf(id) === 'handler');
}

function isHandler(node: AnyNode): boolean {
  if (node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression') return node.id?.name === 'handler';
  return textOf(node) === 'handler';
}

function textOf(node: AnyNode): string | undefined {
  if (node.type === 'Identifier') return node.name;
  return node.type === 'Literal' ? String(node.value) : undefined;
}

/**
 * Whether the file needs `module` or `exports`: a CloudFront Function may have a test of `typeof module` around what
 * only Node runs.
 */
function usesCommonJs(program: Program): boolean {
  const scopes = resolveScopes(program);
  let found = false;
  walk(program, (node, ancestors) => {
    if (node.type !== 'Identifier' || (node.name !== 'module' && node.name !== 'exports')) return;
    if (!scopes.has(node) || scopes.get(node) !== undefined) return;
    const parent = ancestors.at(-1);
    if (parent?.type === 'UnaryExpression' && parent.operator === 'typeof') return;
    found ||= !isGuarded('module', node, ancestors) && !isGuarded('exports', node, ancestors);
  });
  return found;
}

/** The members that a CommonJS file exports, and what it puts in place of all exports. */
function findCommonExports(program: Program): { names: ReadonlySet<string>; whole: AnyNode | undefined } {
  const names = new Set<string>();
  let whole: AnyNode | undefined;
  const isExports = (node: AnyNode): boolean =>
    node.type === 'MemberExpression' ? textOf(node.object) === 'module' && nameOf(node) === 'exports' : textOf(node) === 'exports';
  walk(program, (node) => {
    if (node.type !== 'AssignmentExpression') return;
    const { left, right } = node;
    if (left.type === 'MemberExpression' && isExports(left.object as AnyNode)) names.add(nameOf(left) ?? '');
    if (!isExports(left)) return;
    if (right.type === 'ObjectExpression') {
      for (const property of right.properties) if (property.type === 'Property') names.add(nameOf(property) ?? '');
    } else whole = right;
  });
  return { names, whole };
}
