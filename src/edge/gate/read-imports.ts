import { getLineInfo, type ImportDeclaration, type Program } from 'acorn';
import { listedModules } from './listed.ts';
import { parseCode } from './parse-code.ts';
import { isFunction, walk } from './syntax-tree.ts';

/** A binding that an import asks for: `import name from 'module'`. */
export interface ImportedName {
  name: string;
  module: string;
}

export interface ReadImports {
  imports: ImportedName[];
  /** The code with its imports overwritten by spaces, so that every other character keeps its line and column. */
  body: string;
  /** Why this code may not be given to any engine here, with its line; undefined when it may. */
  problem: string | undefined;
}

/**
 * What a function imports. Every way out of the places where functions run here is refused: a module that CloudFront does not have, `import()`,
 * and code that the engines read in different ways.
 */
export function readImports(code: string): ReadImports {
  const parsed = parseCode(code);
  const refuse = (text: string, at: number): ReadImports => {
    return { imports: [], body: code, problem: `${text} in ${getLineInfo(code, at).line}` };
  };
  if (!('program' in parsed)) return refuse(parsed.text ?? '', parsed.start);
  const [difference] = parsed.findings;
  if (difference !== undefined) return refuse(`${difference.rule}: ${difference.instead}`, difference.start);
  const outside = findWayOut(parsed.program);
  if (outside !== undefined) return refuse(outside.text, outside.at);

  const imports: ImportedName[] = [];
  let body = code;
  for (const node of parsed.program.body) {
    if (node.type !== 'ImportDeclaration') continue;
    imports.push({ name: node.specifiers[0]?.local.name ?? '', module: String(node.source.value) });
    // A semicolon in its place: what follows on the same line must not join the line before.
    body = `${body.slice(0, node.start)};${code.slice(node.start + 1, node.end).replace(/[^\n]/g, ' ')}${body.slice(node.end)}`;
  }
  return { imports, body, problem: undefined };
}

function findWayOut(program: Program): { text: string; at: number } | undefined {
  let found: { text: string; at: number } | undefined;
  walk(program, (node, ancestors) => {
    const text =
      node.type === 'ImportDeclaration'
        ? problemOf(node)
        : node.type === 'ImportExpression' || (node.type === 'MetaProperty' && node.meta.name === 'import')
          ? 'Illegal import statement'
          : node.type.startsWith('Export') && node.type.endsWith('Declaration')
            ? 'Illegal export statement'
            : node.type === 'AwaitExpression' && !ancestors.some(isFunction)
              ? 'await is only valid in async functions'
              : undefined;
    if (text !== undefined) found ??= { text, at: node.start };
  });
  return found;
}

function problemOf({ source, specifiers, attributes }: ImportDeclaration): string | undefined {
  const module = String(source.value);
  if (!listedModules.has(module)) return `Cannot find module ${JSON.stringify(module)}`;
  const isDefault = specifiers.length === 1 && specifiers[0]?.type === 'ImportDefaultSpecifier' && attributes.length === 0;
  return isDefault ? undefined : "only import name from 'module' is supported";
}
