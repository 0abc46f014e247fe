import type { AnyNode, CallExpression, Expression, Identifier, MemberExpression, NewExpression } from 'acorn';
import { adviseGlobal, adviseMember, globalRule } from './advice.ts';
import { isGuarded } from './levels.ts';
import { engineMembers, functionMembers, listedGlobals, listedPrototypes, listedValues } from './listed.ts';
import type { Finding, GateLevel, GateRule } from './problem.ts';
import type { Origin } from './scopes.ts';
import { literalText, nameOf } from './syntax-tree.ts';
import { unlistedMethods } from './unlisted-members.ts';

/** What the rules about names need to know of the whole code. */
export interface NameContext {
  origins: ReadonlyMap<Identifier, Origin>;
  /** Names of members that the code itself defines, on whatever object. */
  ownMembers: ReadonlySet<string>;
  /** Names that the code itself makes global. */
  ownGlobals: ReadonlySet<string>;
}

/** What a node breaks by naming a global or a member that AWS does not list. */
export function checkNames(node: AnyNode, ancestors: readonly AnyNode[], context: NameContext): Finding[] {
  const parent = ancestors.at(-1);
  switch (node.type) {
    case 'Identifier':
      return checkGlobal(node, ancestors, context);
    case 'MemberExpression':
      return checkMember(node, parent, context);
    case 'CallExpression':
    case 'NewExpression':
      return checkCall(node, context);
    default:
      return [];
  }
}

function refuse(node: AnyNode, rule: GateRule, instead: string, level?: GateLevel): Finding[] {
  return [{ start: node.start, end: node.end, rule, instead, ...(level && { level }) }];
}

/** A member that is only read, as a feature test does, is undefined and no failure. */
function refuseMember(node: MemberExpression, rule: GateRule, parent: AnyNode | undefined, name: string): Finding[] {
  const isCalled = isCallee(node, parent) || (parent?.type === 'MemberExpression' && parent.object === node);
  const runs = !isCalled || engineMembers.has(name.slice(name.indexOf('.') + 1));
  return refuse(node, rule, adviseMember(name), runs ? 'warning' : undefined).map((finding) => ({ ...finding, at: node.property.start }));
}

function isCallee(node: AnyNode, parent: AnyNode | undefined): boolean {
  if (parent?.type === 'TaggedTemplateExpression') return parent.tag === node;
  return (parent?.type === 'CallExpression' || parent?.type === 'NewExpression') && parent.callee === node;
}

function isGlobal(node: AnyNode | undefined, context: NameContext): node is Identifier {
  return node?.type === 'Identifier' && context.origins.get(node) === 'global';
}

function checkGlobal(node: Identifier, ancestors: readonly AnyNode[], context: NameContext): Finding[] {
  if (!isGlobal(node, context) || listedValues.has(node.name) || listedGlobals.has(node.name)) return [];
  if (context.ownGlobals.has(node.name)) return [];
  const parent = ancestors.at(-1);
  const isProbed = parent?.type === 'UnaryExpression' && parent.operator === 'typeof';
  return isProbed || isGuarded(node.name, node, ancestors) ? [] : refuse(node, globalRule(node.name), adviseGlobal(node.name));
}

function checkMember(node: MemberExpression, parent: AnyNode | undefined, context: NameContext): Finding[] {
  const name = nameOf(node);
  if (name === undefined) return [];
  const object = node.object;
  if (isGlobal(object, context)) return checkGlobalMember(node, parent, object.name, name, context);
  const kind = prototypeOf(object, context);
  if (kind !== undefined) {
    const isListed = listedPrototypes.get(kind)?.includes(name) || listedPrototypes.get('Object')?.includes(name);
    return isListed ? [] : refuseMember(node, 'built-in', parent, name);
  }
  if (!isCallee(node, parent) || context.ownMembers.has(name)) return [];
  if (name === 'constructor')
    return refuse(node, 'dynamic-code', 'name the constructor that is meant').map((each) => ({ ...each, at: node.property.start }));
  return unlistedMethods.has(name) ? refuseMember(node, 'built-in', parent, name) : [];
}

function checkGlobalMember(
  node: MemberExpression,
  parent: AnyNode | undefined,
  object: string,
  name: string,
  context: NameContext,
): Finding[] {
  if (object === 'globalThis') {
    const isKnown = listedValues.has(name) || listedGlobals.has(name) || context.ownMembers.has(name);
    // The object is there, so that a missing member is undefined and no failure by itself.
    const isUsed = isCallee(node, parent) || parent?.type === 'MemberExpression';
    return isKnown ? [] : refuse(node, globalRule(name), adviseGlobal(name), isUsed ? undefined : 'warning');
  }
  const listed = listedGlobals.get(object);
  if (listed === undefined || listed.members.includes(name)) return [];
  if (object === 'console')
    return refuse(node, 'console', 'console.log is the only method', isCallee(node, parent) ? undefined : 'warning');
  const isOfFunction = (listed.call || listed.construct || object === 'Promise' || object === 'Symbol') && functionMembers.has(name);
  if (isOfFunction || (object === 'Function' && name === 'prototype')) return [];
  // A polyfill is no better than its reason to be there, and it runs.
  const level = context.ownMembers.has(name) ? { level: 'warning' as const } : {};
  return refuseMember(node, 'built-in', parent, `${object}.${name}`).map(({ at, ...finding }) => ({ ...finding, ...level }));
}

/** The listed object whose instance members this expression certainly has: a literal, or `Array.prototype`. */
function prototypeOf(node: Expression | AnyNode, context: NameContext): string | undefined {
  if (node.type === 'ArrayExpression') return 'Array';
  if (node.type === 'TemplateLiteral' || literalText(node) !== undefined) return 'String';
  if (node.type === 'Literal' && node.regex) return 'RegExp';
  if (node.type !== 'MemberExpression' || nameOf(node) !== 'prototype' || !isGlobal(node.object, context)) return undefined;
  return listedPrototypes.has(node.object.name) ? node.object.name : undefined;
}

function checkCall(node: CallExpression | NewExpression, context: NameContext): Finding[] {
  const callee = node.callee;
  if (isGlobal(callee, context)) {
    const listed = listedGlobals.get(callee.name);
    if (callee.name === 'Function') return refuse(node, 'dynamic-code', adviseGlobal('Function'));
    const isNew = node.type === 'NewExpression';
    const allowed = listed === undefined || (isNew ? listed.construct : listed.call);
    const runs = callee.name === (isNew ? 'Promise' : 'Symbol');
    return allowed ? [] : refuse(node, 'constructor', adviseConstructor(callee.name), runs ? 'warning' : undefined);
  }
  if (callee.type !== 'MemberExpression' || !isGlobal(callee.object, context)) return [];
  if (callee.object.name === 'console' && node.arguments.length > 1) {
    return refuse(node, 'console', "join the values into one argument: 'a' + ' ' + b", 'warning');
  }
  if (callee.object.name === 'Object' && nameOf(callee) === 'create' && node.arguments.length > 1) {
    return refuse(node, 'built-in', 'give Object.create one argument, then Object.defineProperty', 'warning');
  }
  return [];
}

function adviseConstructor(name: string): string {
  if (name === 'Promise') return 'write an async function, or Promise.resolve';
  if (name === 'Symbol') return 'use a string key; of Symbol only Symbol.for and Symbol.keyFor are listed';
  return listedGlobals.get(name)?.construct === true ? `write new ${name}()` : `${name} makes no objects: call its methods`;
}
