import type { AnyNode } from 'acorn';
import { childrenOf, isFunction } from './syntax-tree.ts';

/**
 * `error`: the engine or a documented rule of CloudFront refuses it. `warning`: AWS's page does not list it although
 * the engine runs it, or it fails only when it is reached. `note`: nothing is wrong with the code, but V8 at the local
 * edge does something else than CloudFront.
 */
export type GateLevel = 'error' | 'warning' | 'note';

/** A place in a function's code that CloudFront may not run. */
export interface GateProblem {
  level: GateLevel;
  /** Set when V8 behaves differently from CloudFront here; `npm run edge -- --engine njs` behaves the same. */
  needsNjs?: true;
  /** The source file if a source map leads there, else the name given with the code; undefined without either. */
  file: string | undefined;
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
  /** Where it ends, from 1, the column behind the last character; absent without a place. */
  endLine?: number;
  endColumn?: number;
  /** The code in question, on one line, cut to 60 characters. */
  found: string;
  rule: GateRule;
  /** What to write instead. */
  instead: string;
}

export type GateRule =
  | 'size'
  | 'parse'
  | 'handler'
  | 'import'
  | 'export'
  | 'module'
  | 'global'
  | 'built-in'
  | 'constructor'
  | 'console'
  | 'dynamic-code'
  | 'timer'
  | 'await-in-arguments'
  | 'async-closure'
  | 'top-level-await'
  | 'destructuring'
  | 'default-parameter'
  | 'spread'
  | 'optional-chaining'
  | 'nullish'
  | 'logical-assignment'
  | 'optional-catch-binding'
  | 'for-of'
  | 'class'
  | 'generator'
  | 'bigint'
  | 'tagged-template'
  | 'meta-property'
  | 'object-literal'
  | 'number-literal'
  | 'escape'
  | 'regex-flag'
  | 'trailing-comma'
  | 'block-function'
  | 'statement'
  | 'html-comment'
  | 'line-end'
  | 'character'
  | 'regex'
  | 'late-binding'
  | 'no-local-engine'
  | 'second-helper'
  | 'engine'
  | 'njs';

/** A problem before it is placed: offsets into the code, `text` in place of the code found there. */
export interface GateFinding {
  start: number;
  end: number;
  /** Where the problem is placed when that is not the start: the member at the end of a long chain. */
  at?: number;
  rule: GateRule;
  instead: string;
  text?: string;
  /** Default: `levelOf`. */
  level?: GateLevel;
  needsNjs?: true;
}

/** Whether CloudFront refuses the code, or may. Another team's function stops at these; ours stops at warnings too. */
export function isRefusal({ level }: Pick<GateProblem, 'level'>): boolean {
  return level === 'error';
}

/**
 * `functions/origin-router.ts:12:7 optional-chaining: a?.b; write a && a.b`; a warning or a note says that it is one.
 */
export function formatGateProblem(problem: GateProblem): string {
  const place = [problem.file ?? 'function', problem.line, problem.column].join(':');
  const level = problem.level === 'error' ? '' : `${problem.level} `;
  return `${place} ${level}${problem.rule}: ${problem.found}; ${problem.instead}`;
}

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

/** The level of a finding without one: by its rule, and for code that fails only when reached, by its place. */
export function levelOf({ rule, level }: GateFinding, node: AnyNode, ancestors: readonly AnyNode[]): GateLevel {
  if (level !== undefined) return level;
  if (unlistedOnly.has(rule)) return 'warning';
  return failWhenReached.has(rule) && maySkip(node, ancestors) ? 'warning' : 'error';
}

/** Whether a run may skip this node or survive its failure: a branch, a loop, a catch, a function without a call. */
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

/** As `maySkip`, ignoring a return above it; the search upwards ends at `inside`. */
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

/** Whether a test of `typeof name` guards the node: `if (typeof module !== 'undefined') module.exports = …`. */
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
