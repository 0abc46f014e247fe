import { defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys, RealMap, setPrototypeOf } from './captured.ts';

const builtIn =
  '(?:Object|Function|Boolean|String|Number|Array|Date|RegExp|Promise|Symbol|[A-Za-z]*Error|ArrayBuffer|DataView|[A-Za-z0-9]+Array|Text(?:De|En)coder|Buffer|Math|JSON)';

/**
 * Whether a source may change an object that other runs share: it names a prototype or the global scope, assigns to a member of a built-in object or gives
 * one another name. Looking afterwards costs more than most runs do, so only such a function pays for it.
 */
const mayChangeRealm = new RegExp(
  `prototype|__proto__|globalThis|constructor|setPrototypeOf|getPrototypeOf|\\b${builtIn}\\s*(?:\\.\\s*[\\w$]+|\\[[^\\]]*\\])\\s*[-+*/%&|^]?=(?!=)|` +
    `(?:[=:]|\\breturn)\\s*${builtIn}\\b(?!\\s*[.([])|\\b(?:freeze|seal|preventExtensions|defineProperty|defineProperties|assign)\\s*\\(\\s*${builtIn}\\b|\\bdelete\\b[^;\\n]*${builtIn}`,
);

export function mayTouchRealm(source: string): boolean {
  return mayChangeRealm.test(source);
}

/** Puts every root back as it was; false when something cannot be put back, and this isolate must not run another function. */
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
