import { type Comment, getLineInfo, type Program, parse } from 'acorn';
import { walk } from '../../src/edge/gate/syntax-tree.ts';
import type { ImportedName } from './wire.ts';

export interface ReadSource {
  /** The source with its imports overwritten by spaces, so that every other character keeps its line and column. */
  body: string;
  imports: ImportedName[];
  /** Why it must not be compiled, with the line; undefined when it may be. */
  problem: string | undefined;
}

/**
 * Takes the default imports off a function's source and refuses what would be read otherwise when workerd compiles the rest: there it is a part of a function, in
 * which `import()` would lead out of everything that a function is shut up in, and `<!--` begins a comment.
 */
export function readImports(code: string): ReadSource {
  const imports: ImportedName[] = [];
  let body = code;
  const refused = (at: number, why: string): ReadSource => ({ body, imports, problem: `${why} in ${getLineInfo(code, at).line}` });
  try {
    for (const node of parse(code, { ecmaVersion: 'latest', sourceType: 'module' }).body) {
      if (node.type !== 'ImportDeclaration') continue;
      const [specifier] = node.specifiers;
      if (node.specifiers.length !== 1 || specifier?.type !== 'ImportDefaultSpecifier')
        return refused(node.start, `only a default import can be run, import name from 'module'; another one is`);
      imports.push({ name: specifier.local.name, module: String(node.source.value) });
      body = body.slice(0, node.start) + code.slice(node.start, node.end).replace(/[^\n]/g, ' ') + body.slice(node.end);
    }
    const comments: Comment[] = [];
    const program = parse(body, { ecmaVersion: 'latest', sourceType: 'script', onComment: comments });
    const html = comments.find(({ start }) => body[start] !== '/');
    if (html !== undefined) return refused(html.start, 'a comment begins with // or /*, not with <!-- or -->; one that does is');
    const dynamic = findDynamicImport(program);
    return dynamic === undefined ? { body, imports, problem: undefined } : refused(dynamic, 'import() cannot be run; it is');
  } catch (error) {
    if (!(error instanceof SyntaxError) || !('pos' in error)) throw error;
    return refused(Math.min(Number(error.pos), code.length), error.message.replace(/ \(\d+:\d+\)$/, ''));
  }
}

function findDynamicImport(program: Program): number | undefined {
  let found: number | undefined;
  walk(program, (node) => {
    if (node.type === 'ImportExpression') found ??= node.start;
  });
  return found;
}
