import type { AnyNode, CallExpression, Expression, Identifier, MemberExpression, NewExpression } from 'acorn';
import { engineMembers, functionMembers, listedGlobals, listedPrototypes, listedValues, unlistedMethods } from './listed.ts';
import { type GateFinding, type GateLevel, type GateRule, isGuarded } from './problem.ts';
import type { Binding } from './scopes.ts';
import { literalText, nameOf } from './syntax-tree.ts';

/** Facts about the whole code for the rules about names. */
export interface NameContext {
  bindings: ReadonlyMap<Identifier, Binding>;
  /** Names of members that the code itself defines, on any object. */
  ownMembers: ReadonlySet<string>;
  /** Names that the code itself makes global. */
  ownGlobals: ReadonlySet<string>;
}

/** The rules about globals and members that AWS does not list. */
export function checkNames(node: AnyNode, ancestors: readonly AnyNode[], context: NameContext): GateFinding[] {
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

function refuse(node: AnyNode, rule: GateRule, instead: string, level?: GateLevel): GateFinding[] {
  return [{ start: node.start, end: node.end, rule, instead, ...(level && { level }) }];
}

/** A member that is only read, as in a feature test, is undefined and does not fail. */
function refuseMember(node: MemberExpression, rule: GateRule, parent: AnyNode | undefined, name: string): GateFinding[] {
  const isCalled = isCallee(node, parent) || (parent?.type === 'MemberExpression' && parent.object === node);
  const runs = !isCalled || engineMembers.has(name.slice(name.indexOf('.') + 1));
  return refuse(node, rule, adviseMember(name), runs ? 'warning' : undefined).map((finding) => ({ ...finding, at: node.property.start }));
}

function isCallee(node: AnyNode, parent: AnyNode | undefined): boolean {
  if (parent?.type === 'TaggedTemplateExpression') return parent.tag === node;
  return (parent?.type === 'CallExpression' || parent?.type === 'NewExpression') && parent.callee === node;
}

function isGlobal(node: AnyNode | undefined, context: NameContext): node is Identifier {
  return node?.type === 'Identifier' && context.bindings.get(node) === 'global';
}

function checkGlobal(node: Identifier, ancestors: readonly AnyNode[], context: NameContext): GateFinding[] {
  if (!isGlobal(node, context) || listedValues.has(node.name) || listedGlobals.has(node.name)) return [];
  if (context.ownGlobals.has(node.name)) return [];
  const parent = ancestors.at(-1);
  const isProbed = parent?.type === 'UnaryExpression' && parent.operator === 'typeof';
  return isProbed || isGuarded(node.name, node, ancestors) ? [] : refuse(node, globalRule(node.name), adviseGlobal(node.name));
}

function checkMember(node: MemberExpression, parent: AnyNode | undefined, context: NameContext): GateFinding[] {
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
): GateFinding[] {
  if (object === 'globalThis') {
    const isKnown = listedValues.has(name) || listedGlobals.has(name) || context.ownMembers.has(name);
    // The object exists, so a missing member is undefined and fails only when it is used.
    const isUsed = isCallee(node, parent) || parent?.type === 'MemberExpression';
    return isKnown ? [] : refuse(node, globalRule(name), adviseGlobal(name), isUsed ? undefined : 'warning');
  }
  const listed = listedGlobals.get(object);
  if (listed === undefined || listed.members.includes(name)) return [];
  if (object === 'console')
    return refuse(node, 'console', 'console.log is the only method', isCallee(node, parent) ? undefined : 'warning');
  const isOfFunction = (listed.call || listed.construct || object === 'Promise' || object === 'Symbol') && functionMembers.has(name);
  if (isOfFunction || (object === 'Function' && name === 'prototype')) return [];
  // The code defines it itself, as a polyfill, and runs.
  const level = context.ownMembers.has(name) ? { level: 'warning' as const } : {};
  return refuseMember(node, 'built-in', parent, `${object}.${name}`).map(({ at, ...finding }) => ({ ...finding, ...level }));
}

/** The listed object whose instance members this expression is sure to have: a literal, or `Array.prototype`. */
function prototypeOf(node: Expression | AnyNode, context: NameContext): string | undefined {
  if (node.type === 'ArrayExpression') return 'Array';
  if (node.type === 'TemplateLiteral' || literalText(node) !== undefined) return 'String';
  if (node.type === 'Literal' && node.regex) return 'RegExp';
  if (node.type !== 'MemberExpression' || nameOf(node) !== 'prototype' || !isGlobal(node.object, context)) return undefined;
  return listedPrototypes.has(node.object.name) ? node.object.name : undefined;
}

function checkCall(node: CallExpression | NewExpression, context: NameContext): GateFinding[] {
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

// What to write instead of a name that AWS does not list.

const plainObject = 'use a plain object, with Object.create(null) when a viewer chooses the keys';
const noTimers = 'a function runs to its end at once and cannot schedule anything';
const noNetwork = 'a function has no network: put the data into the KeyValueStore';
const noCode = 'code cannot be created from text: write the function in the source';
const ownErrors = 'use Error with a message';

const globalAdvice = new Map<string, string>([
  ['Map', plainObject],
  ['Set', `${plainObject} and true as value`],
  ['WeakMap', plainObject],
  ['WeakSet', plainObject],
  ['WeakRef', 'keep the object itself'],
  ['Proxy', 'write a function that does the check'],
  ['Reflect', 'use the method of Object that does the same'],
  ['BigInt', 'use Number, or split the value in two'],
  ['Intl', 'format by hand'],
  ['URL', 'cut request.uri with indexOf and slice; the query string is parsed in request.querystring'],
  ['URLSearchParams', "request.querystring is parsed already; or const querystring = require('querystring')"],
  ['structuredClone', 'JSON.parse(JSON.stringify(value))'],
  ['AggregateError', ownErrors],
  ['DOMException', ownErrors],
  ['eval', noCode],
  ['Function', noCode],
  ['setTimeout', noTimers],
  ['setInterval', noTimers],
  ['setImmediate', noTimers],
  ['clearTimeout', noTimers],
  ['clearInterval', noTimers],
  ['clearImmediate', noTimers],
  ['queueMicrotask', noTimers],
  ['fetch', noNetwork],
  ['XMLHttpRequest', noNetwork],
  ['WebSocket', noNetwork],
  ['process', 'there are no environment variables: read the KeyValueStore'],
  ['crypto', "const crypto = require('crypto');"],
  ['querystring', "const querystring = require('querystring');"],
  ['cf', "begin the file with import cf from 'cloudfront';"],
  ['global', 'globalThis'],
  ['window', 'globalThis'],
  ['escape', 'encodeURIComponent'],
  ['unescape', 'decodeURIComponent'],
  ['module', 'CloudFront only looks for a top-level function named handler'],
  ['exports', 'CloudFront only looks for a top-level function named handler'],
]);

const timers = new Set([...globalAdvice].filter(([, advice]) => advice === noTimers).map(([name]) => name));
const dynamicCode = new Set(['eval', 'Function']);

const memberAdvice = new Map<string, string>([
  ['Array.from', 'a for loop that fills an array, or Array.prototype.slice.call(arrayLike)'],
  ['Object.fromEntries', 'a for loop that sets the keys'],
  ['Object.hasOwn', 'Object.prototype.hasOwnProperty.call(object, key)'],
  ['Object.groupBy', 'a for loop that fills an object of arrays'],
  ['Object.getOwnPropertySymbols', 'string keys'],
  ['String.raw', 'a string with doubled backslashes'],
  ['Symbol.iterator', 'an index'],
  ['Symbol.asyncIterator', 'await in a for loop'],
  ['Promise.withResolvers', 'an async function'],
  ['Promise.try', 'an async function'],
  ['RegExp.escape', 'text.replace with a class of the special characters'],
  ['flat', 'reduce with concat'],
  ['flatMap', 'map, then reduce with concat'],
  ['at', 'an index, list[list.length - 1], or text.charAt(0)'],
  ['findLast', 'a for loop from the end'],
  ['findLastIndex', 'a for loop from the end'],
  ['matchAll', 'regex.exec in a loop, with the g flag'],
  ['normalize', 'the text as it is'],
  ['localeCompare', 'a < b ? -1 : a > b ? 1 : 0'],
  ['toLocaleLowerCase', 'toLowerCase'],
  ['toLocaleUpperCase', 'toUpperCase'],
  ['trimLeft', 'trimStart'],
  ['trimRight', 'trimEnd'],
  ['keys', 'Object.keys(object), or an index'],
  ['values', 'Object.values(object), or an index'],
  ['entries', 'Object.entries(object), or an index'],
  ['toReversed', 'slice().reverse()'],
  ['toSorted', 'slice().sort()'],
  ['toSpliced', 'slice(), then splice'],
  ['with', 'slice(), then set the element'],
  ['toUTF8', 'Buffer.from(text)'],
  ['toBytes', 'Buffer.from(text)'],
  ['fromUTF8', 'Buffer.from(text).toString()'],
  ['fromBytes', 'Buffer.from(bytes).toString()'],
  ['bytesFrom', 'Buffer.from(bytes).toString()'],
]);

/** What to write instead of this global. */
function adviseGlobal(name: string): string {
  return globalAdvice.get(name) ?? 'AWS’s runtime 2.0 page does not list this name: declare it, or remove it';
}

function globalRule(name: string): 'timer' | 'dynamic-code' | 'global' {
  if (timers.has(name)) return 'timer';
  return dynamicCode.has(name) ? 'dynamic-code' : 'global';
}

/** What to write instead of this member, `Array.from` or a bare method name. */
function adviseMember(name: string): string {
  const advice = memberAdvice.get(name) ?? memberAdvice.get(name.slice(name.indexOf('.') + 1));
  return advice === undefined ? 'AWS’s runtime 2.0 page does not list this member: write a function for it' : `use ${advice}`;
}
