import type { AnyNode, Identifier, Program } from 'acorn';
import { type GateFinding, isOptional } from './problem.ts';
import { childrenOf, isFunction, isReference, walk } from './syntax-tree.ts';

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

/** One use of a variable, and the function that it is in. */
interface Use {
  node: Identifier;
  ancestors: readonly AnyNode[];
  inside: AnyNode | undefined;
  reads: boolean;
  /** From where on the variable has the value; undefined when this use writes none. */
  writtenAt: number | undefined;
  /** This use is the declaration itself. */
  declares: 'let' | 'var' | undefined;
}

/** A function inside an async one, and where it captures the variables around it. */
interface Closure {
  node: AnyNode;
  madeAt: number;
}

/**
 * Until njs 0.9.1 an async function goes on with copies of its variables after a wait, and a function made before the
 * wait keeps the old ones. SST saw CloudFront fail with the same words: "cannot access variable before initialization".
 * A declared function is made when its block begins, before every wait in it.
 */
export function findLateBindings(program: Program, scopes: ReadonlyMap<Identifier, Scope | undefined>): GateFinding[] {
  const waits = new Map<AnyNode, { end: number; node: AnyNode; ancestors: readonly AnyNode[] }[]>();
  const uses = new Map<Scope, Map<string, Use[]>>();
  walk(program, (node, ancestors) => {
    if (node.type === 'AwaitExpression') {
      const inside = functionAround(ancestors);
      if (inside !== undefined) waits.set(inside, [...(waits.get(inside) ?? []), { end: node.end, node, ancestors: [...ancestors] }]);
    }
    const scope = node.type === 'Identifier' ? scopes.get(node) : undefined;
    if (node.type !== 'Identifier' || scope === undefined) return;
    const names = uses.get(scope) ?? new Map<string, Use[]>();
    uses.set(scope, names);
    names.set(node.name, [...(names.get(node.name) ?? []), describeUse(node, ancestors)]);
  });

  const findings: GateFinding[] = [];
  for (const [scope, names] of uses) {
    for (const variable of names.values()) {
      const frame = frameOf(scope);
      const frameWaits = frame && waits.get(frame);
      if (frame === undefined || frameWaits === undefined) continue;
      const wait = frameWaits.map(({ end }) => end);
      const isSure = (at: number) => frameWaits.some((each) => each.end === at && !isOptional(each.node, each.ancestors, frame));
      const finding = checkVariable(variable, frame, wait, isSure);
      if (finding !== undefined) findings.push(finding);
    }
  }
  return findings;
}

function checkVariable(
  uses: readonly Use[],
  frame: AnyNode,
  waits: readonly number[],
  isSure: (at: number) => boolean,
): GateFinding | undefined {
  if (uses.some(({ node, ancestors }) => ancestors.at(-1)?.type === 'FunctionDeclaration' && isNameOf(node, ancestors.at(-1))))
    return undefined;
  const own = uses.filter(({ inside }) => inside === frame);
  const writes = own.filter(({ writtenAt }) => writtenAt !== undefined) as (Use & { writtenAt: number })[];
  for (const use of uses) {
    const closure = use.inside === frame ? undefined : closureAround(use, frame);
    if (closure === undefined) continue;
    const { madeAt } = closure;
    for (const write of writes) {
      // The function exists, the code after the wait has a copy of the variables, and the value went into the copy.
      const wait = waits.find((at) => madeAt < at && at <= write.writtenAt);
      if (wait === undefined || !use.reads) continue;
      const fails = write.declares === 'let';
      return report(use, fails && isSure(wait) && !isOptional(use.node, use.ancestors, use.inside) && isCalled(closure, frame), fails);
    }
    const isLost = (wait: number) => use.writtenAt !== undefined || writes.some(({ writtenAt }) => madeAt < writtenAt && writtenAt < wait);
    for (const read of own) {
      const wait = waits.find((at) => madeAt < at && at < read.node.start && isLost(at));
      const isRenewed = writes.some(({ writtenAt }) => wait !== undefined && wait < writtenAt && writtenAt < read.node.start);
      if (!read.reads || wait === undefined || isRenewed) continue;
      const fails = writes.some(({ declares, writtenAt }) => declares === 'let' && madeAt < writtenAt && writtenAt < wait);
      return report(read, fails && isSure(wait) && !isOptional(read.node, read.ancestors, frame), fails);
    }
  }
  return undefined;
}

function report({ node }: Use, isCertain: boolean, fails: boolean): GateFinding {
  const instead = fails
    ? 'CloudFront’s engine fails here with "cannot access variable before initialization": declare the inner function at the top level and pass it the value'
    : 'CloudFront’s engine sees the value from before the await here: declare the inner function at the top level, pass and return the value';
  return { start: node.start, end: node.end, rule: 'late-binding', instead, level: isCertain ? 'error' : 'warning', needsNjs: true };
}

/** Whether every run uses the name of a declared function; any other function counts as called. */
function isCalled({ node }: Closure, frame: AnyNode): boolean {
  if (node.type !== 'FunctionDeclaration') return true;
  let found = false;
  walk(frame, (each, ancestors) => {
    const isUse = each.type === 'Identifier' && each.name === node.id?.name && each !== node.id;
    if (isUse && !ancestors.includes(node) && !isOptional(each, ancestors, frame)) found = true;
  });
  return found;
}

function describeUse(node: Identifier, around: readonly AnyNode[]): Use {
  const ancestors = [...around];
  const parent = ancestors.at(-1);
  const use: Use = { node, ancestors, inside: functionAround(ancestors), reads: true, writtenAt: undefined, declares: undefined };
  if (parent?.type === 'VariableDeclarator' && parent.id === node) {
    const declaration = ancestors.at(-2);
    const isVar = declaration?.type === 'VariableDeclaration' && declaration.kind === 'var';
    const isLoop = ancestors.at(-3)?.type === 'ForInStatement';
    return { ...use, reads: false, writtenAt: parent.init || isLoop ? parent.end : undefined, declares: isVar ? 'var' : 'let' };
  }
  if (parent?.type === 'AssignmentExpression' && parent.left === node) {
    return { ...use, reads: parent.operator !== '=', writtenAt: parent.end };
  }
  if (parent?.type === 'UpdateExpression') return { ...use, writtenAt: parent.end };
  // A parameter; the body of an arrow function may be a name alone.
  const isParameter = parent !== undefined && 'params' in parent && parent.params.includes(node);
  return { ...use, reads: !isParameter };
}

function closureAround({ ancestors }: Use, frame: AnyNode): Closure | undefined {
  const at = ancestors.indexOf(frame);
  const place = ancestors.findIndex((node, index) => index > at && isFunction(node));
  const node = ancestors[place];
  if (at < 0 || node === undefined) return undefined;
  const block = ancestors[place - 1];
  return { node, madeAt: node.type === 'FunctionDeclaration' && block !== undefined ? block.start : node.start };
}

function functionAround(ancestors: readonly AnyNode[]): AnyNode | undefined {
  return ancestors.findLast(isFunction);
}

function frameOf(scope: Scope): AnyNode | undefined {
  for (let each: Scope | undefined = scope; each !== undefined; each = each.parent) if (isFunction(each.node)) return each.node;
  return undefined;
}

function isNameOf(node: Identifier, parent: AnyNode | undefined): boolean {
  return parent?.type === 'FunctionDeclaration' && parent.id === node;
}
