import { Buffer } from 'node:buffer';
import { engineMembers, listedGlobals, listedPrototypes, listedValues } from '../../../src/edge/gate/listed.ts';
import { defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys, RealMap, setPrototypeOf } from './captured.ts';

/** `eval` is not listed, but it exists and throws. `console` and `require` are listed; each run brings its own. */
const keptGlobals = [...listedGlobals.keys(), ...listedValues, 'eval'].filter((name) => name !== 'console' && name !== 'require');

/**
 * Beside what is listed: without stackTraceLimit V8 records no stack, and an error could not be placed in the source.
 */
const keptStatics = ['length', 'name', 'prototype', 'stackTraceLimit', ...engineMembers];

/** ES 5.1 gives nearly every prototype its own two; AWS lists them once, for Object. `__proto__` is there in njs. */
const keptMembers = ['constructor', 'toString', 'valueOf', 'name', 'BYTES_PER_ELEMENT', '__proto__', ...engineMembers];

/**
 * Deletes everything from this realm that AWS does not list, so that it fails as at the edge: a ReferenceError for a
 * global, "is not a function" for a method. Returns the objects that a function can reach and change. It does not
 * restrict syntax: V8 parses more than CloudFront does. Well-known symbols cannot be deleted.
 */
export function restrictRealm(): object[] {
  const realm = globalThis as unknown as Record<string, unknown>;
  defineProperty(realm, 'InternalError', { value: openInternalError(), writable: true, configurable: true });
  defineProperty(realm, 'Buffer', { value: Buffer, writable: true, configurable: true });
  const roots: object[] = [];
  const typedArray = getPrototypeOf(Uint8Array) as { prototype: object };
  restrict('Uint8Array', typedArray, roots);
  for (const name of keptGlobals) {
    const root = realm[name];
    if (isObject(root) && root !== realm) restrict(name, root, roots);
  }
  // Last, because the code above may need a global of workerd.
  for (let scope: object | null = realm; scope !== null && scope !== Object.prototype; scope = getPrototypeOf(scope)) {
    keepOnly(scope, keptGlobals);
    roots.push(scope);
  }
  return roots;
}

function restrict(name: string, root: object, roots: object[]): void {
  keepOnly(root, [...keptStatics, ...(listedGlobals.get(name)?.members ?? [])]);
  roots.push(root);
  const { prototype } = root as { prototype?: unknown };
  if (!isObject(prototype)) return;
  const listed = listedPrototypes.get(name.endsWith('Error') ? 'Error' : name) ?? [];
  // ES 5.1 has this one; the engine has not.
  const present = listed.filter((member) => member !== 'toLocaleString');
  keepOnly(prototype, [...keptMembers, ...present]);
  roots.push(prototype);
}

function keepOnly(target: object, kept: readonly string[]): void {
  for (const key of ownKeys(target)) {
    if (typeof key === 'string' && !kept.includes(key)) deleteProperty(target, key);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'function' || (typeof value === 'object' && value !== null);
}

function openInternalError(): unknown {
  class InternalError extends Error {}
  defineProperty(InternalError.prototype, 'name', { value: 'InternalError', writable: true, configurable: true });
  return InternalError;
}

const builtIn =
  '(?:Object|Function|Boolean|String|Number|Array|Date|RegExp|Promise|Symbol|[A-Za-z]*Error|ArrayBuffer|DataView|[A-Za-z0-9]+Array|Text(?:De|En)coder|Buffer|Math|JSON)';

/**
 * Whether a source may change an object that other runs share: it names a prototype or the global scope, assigns to a
 * member of a built-in object or gives one another name. Looking afterwards costs more than most runs do, so only such
 * a function pays for it.
 */
const mayChangeRealm = new RegExp(
  `prototype|__proto__|globalThis|constructor|setPrototypeOf|getPrototypeOf|\\b${builtIn}\\s*(?:\\.\\s*[\\w$]+|\\[[^\\]]*\\])\\s*[-+*/%&|^]?=(?!=)|` +
    `(?:[=:]|\\breturn)\\s*${builtIn}\\b(?!\\s*[.([])|\\b(?:freeze|seal|preventExtensions|defineProperty|defineProperties|assign)\\s*\\(\\s*${builtIn}\\b|\\bdelete\\b[^;\\n]*${builtIn}`,
);

export function mayTouchRealm(source: string): boolean {
  return mayChangeRealm.test(source);
}

/**
 * Puts every root back as it was; false when something cannot be put back, and this isolate must not run another
 * function.
 */
export type Repair = () => boolean;

/** Remembers the roots as they are now. */
export function openRepair(roots: readonly object[]): Repair {
  const remembered = roots.map((root) => {
    const members = new RealMap<PropertyKey, PropertyDescriptor>();
    for (const key of ownKeys(root)) {
      const descriptor = getOwnPropertyDescriptor(root, key);
      if (descriptor !== undefined) members.set(key, descriptor);
    }
    return { root, prototype: getPrototypeOf(root), members };
  });
  return () => {
    let whole = true;
    for (let index = 0; index < remembered.length; index += 1) {
      const before = remembered[index];
      if (before !== undefined && !repairOne(before.root, before.prototype, before.members)) whole = false;
    }
    return whole;
  };
}

function repairOne(root: object, prototype: object | null, members: Map<PropertyKey, PropertyDescriptor>): boolean {
  let whole = true;
  if (getPrototypeOf(root) !== prototype) whole = setPrototypeOf(root, prototype);
  const keys = ownKeys(root);
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index];
    if (key !== undefined && !members.has(key) && !deleteProperty(root, key)) whole = false;
  }
  members.forEach((before, key) => {
    if (!same(before, getOwnPropertyDescriptor(root, key)) && !defineProperty(root, key, before)) whole = false;
  });
  return whole;
}

function same(a: PropertyDescriptor, b: PropertyDescriptor | undefined): boolean {
  return (
    b !== undefined &&
    a.value === b.value &&
    a.get === b.get &&
    a.set === b.set &&
    a.writable === b.writable &&
    a.configurable === b.configurable
  );
}
