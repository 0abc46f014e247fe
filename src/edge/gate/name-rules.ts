import type { AnyNode, CallExpression, Expression, Identifier, MemberExpression, NewExpression } from 'acorn';
import { adviseGlobal, adviseMember, globalRule } from './advice.ts';
import { functionMembers, listedGlobals, listedPrototypes, listedValues } from './listed.ts';
import type { Finding, GateRule } from './problem.ts';
import type { Origin } from './scopes.ts';
import { literalText, nameOf } from './syntax-tree.ts';
import { unlistedMethods } from './unlisted-members.ts';

/** What the rules about names need to know of the whole code. */
export interface NameContext {
  origins: ReadonlyMap<Identifier, Origin>;
  /** Names of members that the code itself defines, on whatever object. */
  ownMembers: ReadonlySet<string>;
}

/** What a node breaks by naming a global or a member that AWS does not list. */
export function checkNames(node: AnyNode, parent: AnyNode | undefined, context: NameContext): Finding[] {
  switch (node.type) {
    case 'Identifier':
      return checkGlobal(node, parent, context);
    case 'MemberExpression':
      return checkMember(node, parent, context);
    case 'CallExpression':
    case 'NewExpression':
      return checkCall(node, context);
    default:
      return [];
  }
}

function refuse(node: AnyNode, rule: GateRule, instead: string): Finding[] {
  return [{ start: node.start, end: node.end, rule, instead }];
}

function refuseMember(node: MemberExpression, rule: GateRule, instead: string): Finding[] {
  return refuse(node, rule, instead).map((finding) => ({ ...finding, at: node.property.start }));
}

function isGlobal(node: AnyNode | undefined, context: NameContext): node is Identifier {
  return node?.type === 'Identifier' && context.origins.get(node) === 'global';
}

function checkGlobal(node: Identifier, parent: AnyNode | undefined, context: NameContext): Finding[] {
  if (!isGlobal(node, context) || listedValues.has(node.name) || listedGlobals.has(node.name)) return [];
  const isProbed = parent?.type === 'UnaryExpression' && parent.operator === 'typeof';
  return isProbed ? [] : refuse(node, globalRule(node.name), adviseGlobal(node.name));
}

function checkMember(node: MemberExpression, parent: AnyNode | undefined, context: NameContext): Finding[] {
  const name = nameOf(node);
  if (name === undefined) return [];
  const object = node.object;
  if (isGlobal(object, context)) return checkGlobalMember(node, object.name, name, context);
  const kind = prototypeOf(object, context);
  if (kind !== undefined) {
    const isListed = listedPrototypes.get(kind)?.includes(name) || listedPrototypes.get('Object')?.includes(name);
    return isListed ? [] : refuseMember(node, 'built-in', adviseMember(name));
  }
  const isCalled = (parent?.type === 'CallExpression' || parent?.type === 'NewExpression') && parent.callee === node;
  if (!isCalled || context.ownMembers.has(name)) return [];
  if (name === 'constructor') return refuseMember(node, 'dynamic-code', 'name the constructor that is meant');
  return unlistedMethods.has(name) ? refuseMember(node, 'built-in', adviseMember(name)) : [];
}

function checkGlobalMember(node: MemberExpression, object: string, name: string, context: NameContext): Finding[] {
  if (object === 'globalThis') {
    const isKnown = listedValues.has(name) || listedGlobals.has(name) || context.ownMembers.has(name);
    return isKnown ? [] : refuse(node, globalRule(name), adviseGlobal(name));
  }
  const listed = listedGlobals.get(object);
  if (listed === undefined || listed.members.includes(name)) return [];
  if (object === 'console') return refuse(node, 'console', 'console.log is the only method');
  const isOfFunction = (listed.call || listed.construct || object === 'Promise' || object === 'Symbol') && functionMembers.has(name);
  if (isOfFunction || (object === 'Function' && name === 'prototype')) return [];
  return refuse(node, 'built-in', adviseMember(`${object}.${name}`));
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
    const allowed = listed === undefined || (node.type === 'NewExpression' ? listed.construct : listed.call);
    return allowed ? [] : refuse(node, 'constructor', adviseConstructor(callee.name));
  }
  if (callee.type !== 'MemberExpression' || !isGlobal(callee.object, context)) return [];
  if (callee.object.name === 'console' && node.arguments.length > 1) {
    return refuse(node, 'console', "join the values into one argument: 'a' + ' ' + b");
  }
  if (callee.object.name === 'Object' && nameOf(callee) === 'create' && node.arguments.length > 1) {
    return refuse(node, 'built-in', 'give Object.create one argument, then Object.defineProperty');
  }
  return [];
}

function adviseConstructor(name: string): string {
  if (name === 'Promise') return 'write an async function, or Promise.resolve';
  if (name === 'Symbol') return 'use a string key; of Symbol only Symbol.for and Symbol.keyFor are listed';
  return listedGlobals.get(name)?.construct === true ? `write new ${name}()` : `${name} makes no objects: call its methods`;
}
