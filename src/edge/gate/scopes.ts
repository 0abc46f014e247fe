import type { AnyNode, Identifier, Program } from 'acorn';
import { childrenOf, isFunction, isReference } from './syntax-tree.ts';

/** Where a variable's name is declared: nowhere in the code, at its top level, or deeper. */
export type Binding = 'global' | 'top' | 'inner';

/** The names that one block, function or program declares. */
export interface Scope {
  node: AnyNode;
  names: Set<string>;
  parent: Scope | undefined;
}

/**
 * Every identifier that names a variable, with the scope that declares it; undefined for a name that the code does not
 * declare.
 */
export function resolveScopes(program: Program): Map<Identifier, Scope | undefined> {
  const resolved = new Map<Identifier, Scope | undefined>();
  const visit = (node: AnyNode, parent: AnyNode | undefined, outer: Scope | undefined): void => {
    const scope = opensScope(node) ? { node, names: namesIn(node), parent: outer } : outer;
    if (node.type === 'Identifier' && isReference(node, parent)) resolved.set(node, scopeOf(node.name, scope));
    for (const child of childrenOf(node)) visit(child, node, scope);
  };
  visit(program, undefined, undefined);
  return resolved;
}

/** Where the name of each of these identifiers is declared. */
export function bindingsOf(scopes: ReadonlyMap<Identifier, Scope | undefined>): Map<Identifier, Binding> {
  const binding = (scope: Scope | undefined): Binding => (scope === undefined ? 'global' : scope.parent === undefined ? 'top' : 'inner');
  return new Map([...scopes].map(([identifier, scope]) => [identifier, binding(scope)]));
}

function scopeOf(name: string, innermost: Scope | undefined): Scope | undefined {
  for (let scope = innermost; scope !== undefined; scope = scope.parent) if (scope.names.has(name)) return scope;
  return undefined;
}

function opensScope(node: AnyNode): boolean {
  return isFunction(node) || scopeTypes.has(node.type);
}

const scopeTypes = new Set<string>([
  'Program',
  'BlockStatement',
  'ForStatement',
  'ForInStatement',
  'ForOfStatement',
  'SwitchStatement',
  'CatchClause',
  'ClassDeclaration',
  'ClassExpression',
]);

/** Names that this scope declares. A function or the program also declares every `var` in its blocks. */
function namesIn(scope: AnyNode): Set<string> {
  const names = new Set<string>();
  const isExpression = scope.type === 'FunctionExpression' || scope.type === 'ClassExpression';
  if (isExpression && scope.id) names.add(scope.id.name);
  if ('params' in scope) for (const param of scope.params) addPattern(names, param);
  if (scope.type === 'CatchClause' && scope.param) addPattern(names, scope.param);
  if (isFunction(scope) || scope.type === 'Program') hoistVars(names, scope);
  for (const child of childrenOf(scope)) addDeclaration(names, child);
  return names;
}

function hoistVars(names: Set<string>, node: AnyNode): void {
  for (const child of childrenOf(node)) {
    if (child.type === 'VariableDeclaration' && child.kind === 'var') addDeclaration(names, child);
    if (!isFunction(child)) hoistVars(names, child);
  }
}

function addDeclaration(names: Set<string>, node: AnyNode): void {
  switch (node.type) {
    case 'VariableDeclaration':
      for (const declaration of node.declarations) addPattern(names, declaration.id);
      return;
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      if (node.id) names.add(node.id.name);
      return;
    case 'ImportDeclaration':
      for (const specifier of node.specifiers) names.add(specifier.local.name);
      return;
    case 'ExportNamedDeclaration':
    case 'ExportDefaultDeclaration':
    case 'SwitchCase':
      for (const child of childrenOf(node)) addDeclaration(names, child);
      return;
    default:
  }
}

function addPattern(names: Set<string>, pattern: AnyNode): void {
  switch (pattern.type) {
    case 'Identifier':
      names.add(pattern.name);
      return;
    case 'AssignmentPattern':
      addPattern(names, pattern.left);
      return;
    case 'Property':
      addPattern(names, pattern.value);
      return;
    case 'ObjectPattern':
    case 'ArrayPattern':
    case 'RestElement':
      for (const child of childrenOf(pattern)) addPattern(names, child);
      return;
    default:
  }
}
