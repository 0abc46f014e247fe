import type { AnyNode } from 'acorn';
import type { Finding, GateLevel, GateRule } from './problem.ts';
import { childrenOf, isFunction } from './syntax-tree.ts';

// AWS's page does not list these, and every native engine since njs 0.7.9 runs them; functions in production use them.
const unlistedOnly = new Set<GateRule>([
  'nullish',
  'async-closure',
  'object-literal',
  'number-literal',
  'escape',
  'trailing-comma',
  'block-function',
  'tagged-template',
]);

// The code loads with them and fails where they are reached.
const failWhenReached = new Set<GateRule>(['global', 'built-in', 'constructor', 'console', 'dynamic-code', 'timer', 'module']);

/** How bad a finding is that does not say so itself: it depends on the rule, and for what fails when it is reached on the place. */
export function levelOf({ rule, level }: Finding, node: AnyNode, ancestors: readonly AnyNode[]): GateLevel {
  if (level !== undefined) return level;
  if (unlistedOnly.has(rule)) return 'warning';
  return failWhenReached.has(rule) && maySkip(node, ancestors) ? 'warning' : 'error';
}

/** Whether a run of the function may get by without this node, or survive its failure: a branch, a loop, a catch, a function that nothing may call. */
export function maySkip(node: AnyNode, ancestors: readonly AnyNode[]): boolean {
  if (isOptional(node, ancestors)) return true;
  // A return above it in a block around it.
  let child = node;
  for (let i = ancestors.length - 1; i >= 0; i--) {
    const around = ancestors[i] as AnyNode;
    const statements: readonly AnyNode[] = around.type === 'BlockStatement' || around.type === 'Program' ? around.body : [];
    for (const statement of statements) {
      if (statement === child) break;
      if (mayLeave(statement)) return true;
    }
    child = around;
  }
  return false;
}

/** As `maySkip`, without regard to a return above it; `inside` ends the way up. */
export function isOptional(node: AnyNode, ancestors: readonly AnyNode[], inside?: AnyNode): boolean {
  let child = node;
  for (let i = ancestors.length - 1; i >= 0; i--) {
    const around = ancestors[i] as AnyNode;
    if (around === inside) return false;
    if (isFunction(around)) {
      if (inside !== undefined || !isHandler(around, ancestors.slice(0, i))) return true;
    } else if (isBranchOf(child, around)) return true;
    child = around;
  }
  return false;
}

function isBranchOf(child: AnyNode, around: AnyNode): boolean {
  switch (around.type) {
    case 'IfStatement':
    case 'ConditionalExpression':
    case 'WhileStatement':
    case 'SwitchCase':
      return child !== around.test;
    case 'LogicalExpression':
    case 'ForInStatement':
    case 'ForOfStatement':
      return child !== ('left' in around ? around.left : undefined) && child !== ('operator' in around ? undefined : around.right);
    case 'ForStatement':
      return child === around.body || child === around.update;
    case 'TryStatement':
      return child === around.block && Boolean(around.handler);
    case 'CatchClause':
      return true;
    default:
      return false;
  }
}

function isHandler(node: AnyNode, ancestors: readonly AnyNode[]): boolean {
  if (node.type === 'FunctionDeclaration') return node.id?.name === 'handler' && ancestors.at(-1)?.type === 'Program';
  const declarator = ancestors.at(-1);
  return declarator?.type === 'VariableDeclarator' && declarator.id.type === 'Identifier' && declarator.id.name === 'handler';
}

function mayLeave(node: AnyNode): boolean {
  if (node.type === 'ReturnStatement' || node.type === 'ThrowStatement') return true;
  return !isFunction(node) && childrenOf(node).some(mayLeave);
}

/** Whether code around the node runs only where `typeof name` has been asked: `if (typeof module !== 'undefined') module.exports = …`. */
export function isGuarded(name: string, node: AnyNode, ancestors: readonly AnyNode[]): boolean {
  let child = node;
  for (let i = ancestors.length - 1; i >= 0; i--) {
    const around = ancestors[i] as AnyNode;
    const test =
      around.type === 'IfStatement' || around.type === 'ConditionalExpression'
        ? around.test
        : around.type === 'LogicalExpression'
          ? around.left
          : undefined;
    if (test !== undefined && test !== child && asksFor(name, test)) return true;
    child = around;
  }
  return false;
}

function asksFor(name: string, test: AnyNode): boolean {
  if (test.type === 'UnaryExpression' && test.operator === 'typeof') {
    const { argument } = test;
    if (argument.type === 'Identifier') return argument.name === name;
    return argument.type === 'MemberExpression' && argument.property.type === 'Identifier' && argument.property.name === name;
  }
  return childrenOf(test).some((child) => asksFor(name, child));
}
