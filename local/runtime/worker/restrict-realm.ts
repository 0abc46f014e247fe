import { Buffer } from 'node:buffer';
import { allowedGlobals, allowedMembers, allowedStatics, allowedTypedArrayMembers, allowedTypedArrayStatics } from './allowed.ts';
import { defineProperty, deleteProperty, getPrototypeOf, ownKeys } from './captured.ts';

const alwaysKept = ['length', 'name', 'prototype', 'constructor'];
const errors = ['EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError'];
const typedArrays = [
  'Float32Array',
  'Float64Array',
  'Int8Array',
  'Int16Array',
  'Int32Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Uint16Array',
  'Uint32Array',
];

/**
 * Deletes from this realm everything that CloudFront's runtime lacks, so that touching it fails the way it fails at the edge: a ReferenceError for a global, "is not
 * a function" for a method. Returns the objects a function can reach and change. Syntax is another matter: V8 parses more than CloudFront does.
 */
export function restrictRealm(): object[] {
  const realm = globalThis as unknown as Record<string, unknown>;
  defineProperty(realm, 'InternalError', { value: openInternalError(), writable: true, configurable: true });
  defineProperty(realm, 'Buffer', { value: Buffer, writable: true, configurable: true });
  const typedArray = getPrototypeOf(Uint8Array) as { prototype: object };
  const roots: object[] = [typedArray, typedArray.prototype];
  keepOnly(typedArray, allowedTypedArrayStatics);
  keepOnly(typedArray.prototype, allowedTypedArrayMembers);
  for (const name of allowedGlobals) {
    const root = realm[name];
    if (typeof root !== 'function' && (typeof root !== 'object' || root === null)) continue;
    if (root === realm) continue;
    roots.push(root);
    keepOnly(root, name in allowedStatics ? (allowedStatics[name] ?? []) : typedArrays.includes(name) ? ['BYTES_PER_ELEMENT'] : []);
    const { prototype } = root as { prototype?: unknown };
    if (typeof prototype !== 'object' && typeof prototype !== 'function') continue;
    if (prototype === null) continue;
    roots.push(prototype);
    keepOnly(
      prototype,
      errors.includes(name) ? ['name', 'message'] : typedArrays.includes(name) ? ['BYTES_PER_ELEMENT'] : (allowedMembers[name] ?? []),
    );
  }
  // The last one: what stands above may have needed a global of workerd.
  for (let scope: object | null = realm; scope !== null && scope !== Object.prototype; scope = getPrototypeOf(scope)) {
    keepOnly(scope, allowedGlobals, []);
    roots.push(scope);
  }
  return roots;
}

function keepOnly(target: object, allowed: readonly string[], kept: readonly string[] = alwaysKept): void {
  for (const key of ownKeys(target)) {
    if (typeof key === 'string' && !allowed.includes(key) && !kept.includes(key)) deleteProperty(target, key);
  }
}

function openInternalError(): unknown {
  class InternalError extends Error {}
  defineProperty(InternalError.prototype, 'name', { value: 'InternalError', writable: true, configurable: true });
  return InternalError;
}
