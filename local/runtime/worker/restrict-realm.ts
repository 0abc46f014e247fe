import { Buffer } from 'node:buffer';
import { engineMembers, listedGlobals, listedPrototypes, listedValues } from '../../../src/edge/gate/listed.ts';
import { defineProperty, deleteProperty, getPrototypeOf, ownKeys } from './captured.ts';

/** `eval` is not listed, but it exists and throws. `console` and `require` are listed; each run brings its own. */
const keptGlobals = [...listedGlobals.keys(), ...listedValues, 'eval'].filter((name) => name !== 'console' && name !== 'require');

/** Beside what is listed: without stackTraceLimit V8 records no stack, and an error could not be placed in the source. */
const keptStatics = ['length', 'name', 'prototype', 'stackTraceLimit', ...engineMembers];

/** ES 5.1 gives nearly every prototype its own two; AWS lists them once, for Object. `__proto__` is there in njs. */
const keptMembers = ['constructor', 'toString', 'valueOf', 'name', 'BYTES_PER_ELEMENT', '__proto__', ...engineMembers];

/**
 * Deletes from this realm everything that AWS does not list, so that touching it fails the way it fails at the edge: a ReferenceError for a global, "is not a function"
 * for a method. Returns the objects a function can reach and change. Syntax is another matter: V8 parses more than CloudFront does. Well-known symbols cannot be deleted.
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
  // Last: what stands above may have needed a global of workerd.
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
