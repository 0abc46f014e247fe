import { listedPrototypes } from './listed.ts';

const names = (text: string): string[] => text.split(/\s+/);

// Method names of ECMAScript 2025 instances that code can get hold of without naming an unlisted constructor. Map, Set, Proxy and their like
// are missing on purpose: their constructors are refused, and `get`, `has` or `delete` are everybody's method names.
const standardMethods = names(`
  at charAt charCodeAt codePointAt concat endsWith includes indexOf isWellFormed lastIndexOf localeCompare match matchAll normalize padEnd
  padStart repeat replace replaceAll search slice split startsWith substr substring toLocaleLowerCase toLocaleUpperCase toLowerCase toString
  toUpperCase toWellFormed trim trimEnd trimStart trimLeft trimRight valueOf
  copyWithin entries every fill filter find findIndex findLast findLastIndex flat flatMap forEach join keys map pop push reduce reduceRight
  reverse shift some sort splice toLocaleString toReversed toSorted toSpliced unshift values with set subarray
  toExponential toFixed toPrecision hasOwnProperty isPrototypeOf propertyIsEnumerable apply bind call exec test compile
  catch finally then resize transfer transferToFixedLength
  getBigInt64 getBigUint64 getFloat16 setBigInt64 setBigUint64 setFloat16
`).filter((name) => name !== '');

/** Of runtime 1.0, and of njs's own; DG functions-javascript-runtime-features.html says that 2.0 has none of them. */
const runtimeOneMethods = names('bytesFrom fromBytes fromUTF8 toBytes toUTF8');

const listedMethods = new Set([...listedPrototypes.values()].flat());

/** Method names that the standard knows and AWS does not list: calling one on whatever object is refused, unless the code defines such a member itself. */
export const unlistedMethods: ReadonlySet<string> = new Set(
  [...standardMethods, ...runtimeOneMethods].filter((name) => !listedMethods.has(name)),
);
