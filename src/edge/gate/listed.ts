// What AWS lists for cloudfront-js-2.0. DG = https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/
// Built-ins: DG functions-javascript-runtime-20.html. Where that page names a whole edition ("all ES 5.1 Date
// features"), this list has the edition's members. Three entries are not on the page but in AWS's own samples for this
// runtime: `Buffer` as a global, charCodeAt, and `import crypto from 'crypto'`
// (github.com/aws-samples/amazon-cloudfront-functions, kvs-jwt-verify).

const names = (text: string): readonly string[] => text.split(/\s+/).filter((name) => name !== '');

const typedArrays = names('Float32Array Float64Array Int8Array Int16Array Int32Array Uint8Array Uint8ClampedArray Uint16Array Uint32Array');

const errors = names('Error EvalError InternalError RangeError ReferenceError SyntaxError TypeError URIError');

const functions = names(`decodeURI decodeURIComponent encodeURI encodeURIComponent isFinite isNaN parseFloat parseInt atob btoa`);

/** How a listed global may be used. */
export interface ListedGlobal {
  call: boolean;
  construct: boolean;
  /** Members of the object itself, as in `Object.keys`. */
  members: readonly string[];
}

const both = { call: true, construct: true };
const neither = { call: false, construct: false };
// The page lists prototype methods of these without their constructor, but nothing else makes one.
const constructOnly = { call: false, construct: true };

/** Every global that AWS lists. */
export const listedGlobals: ReadonlyMap<string, ListedGlobal> = new Map<string, ListedGlobal>([
  [
    'Object',
    {
      ...both,
      members: names(`create defineProperties defineProperty freeze getOwnPropertyDescriptor getOwnPropertyDescriptors getOwnPropertyNames
        getPrototypeOf is isExtensible isFrozen isSealed keys preventExtensions seal setPrototypeOf assign entries values`),
    },
  ],
  ['String', { ...both, members: names('fromCharCode fromCodePoint') }],
  [
    'Number',
    {
      ...both,
      members:
        names(`EPSILON MAX_SAFE_INTEGER MIN_SAFE_INTEGER MAX_VALUE MIN_VALUE NaN NEGATIVE_INFINITY POSITIVE_INFINITY isFinite isInteger
        isNaN isSafeInteger parseInt parseFloat`),
    },
  ],
  ['Boolean', { ...both, members: [] }],
  [
    'Math',
    {
      ...neither,
      members: names(`E LN10 LN2 LOG10E LOG2E PI SQRT1_2 SQRT2 abs acos acosh asin asinh atan atan2 atanh cbrt ceil clz32 cos cosh exp expm1
        floor fround hypot imul log log1p log2 log10 max min pow random round sign sinh sin sqrt tan tanh trunc`),
    },
  ],
  ['Date', { ...both, members: names('now parse UTC') }],
  ['Function', { ...neither, members: [] }],
  ['RegExp', { ...both, members: [] }],
  ['JSON', { ...neither, members: names('parse stringify') }],
  ['Array', { ...both, members: names('isArray of') }],
  ...typedArrays.map((name): [string, ListedGlobal] => [name, { ...constructOnly, members: names('from of BYTES_PER_ELEMENT') }]),
  ['ArrayBuffer', { ...constructOnly, members: names('isView') }],
  ['DataView', { ...constructOnly, members: [] }],
  ['Promise', { ...neither, members: names('all allSettled any reject resolve race') }],
  ['Symbol', { ...neither, members: names('for keyFor') }],
  ['TextDecoder', { ...constructOnly, members: [] }],
  ['TextEncoder', { ...constructOnly, members: [] }],
  ['console', { ...neither, members: names('log') }],
  ...errors.map((name): [string, ListedGlobal] => [name, { ...both, members: [] }]),
  ...functions.map((name): [string, ListedGlobal] => [name, { ...neither, call: true, members: [] }]),
  ['Buffer', { ...neither, members: names('alloc allocUnsafe byteLength compare concat from isBuffer isEncoding') }],
  ['require', { ...neither, call: true, members: [] }],
]);

/** Globals that are plain values. */
export const listedValues: ReadonlySet<string> = new Set(names('globalThis NaN Infinity undefined arguments'));

/** Members every function and constructor has (ES 5.1). */
export const functionMembers: ReadonlySet<string> = new Set(names('prototype length name apply bind call'));

const objectPrototype = names('constructor hasOwnProperty isPrototypeOf propertyIsEnumerable toString valueOf toLocaleString');

const typedArrayPrototype =
  names(`copyWithin every fill filter find findIndex forEach includes indexOf join lastIndexOf map reduce reduceRight
  reverse some set slice sort subarray toString buffer byteLength byteOffset length`);

const numberKinds = names('Int8 Int16BE Int16LE Int32BE Int32LE IntBE IntLE UInt8 UInt16BE UInt16LE UInt32BE UInt32LE UIntBE UIntLE');
const floatKinds = names('DoubleBE DoubleLE FloatBE FloatLE');
const viewKinds = names('Float32 Float64 Int16 Int32 Int8 Uint16 Uint32 Uint8');

/** Members of each listed object's instances, as in `text.slice`. */
export const listedPrototypes: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ['Object', objectPrototype],
  [
    'String',
    names(`charAt charCodeAt concat indexOf lastIndexOf match replace search slice split substr substring toLowerCase trim toUpperCase
      codePointAt endsWith includes repeat startsWith padStart padEnd trimStart trimEnd replaceAll length`),
  ],
  ['Number', names('toExponential toFixed toPrecision')],
  [
    'Array',
    names(`concat every filter forEach indexOf join lastIndexOf map pop push reduce reduceRight reverse shift slice some sort splice unshift
      copyWithin fill find findIndex includes length`),
  ],
  ['Function', [...functionMembers]],
  ['RegExp', names('global ignoreCase multiline source sticky flags exec test lastIndex')],
  [
    'Date',
    names(`getDate getDay getFullYear getHours getMilliseconds getMinutes getMonth getSeconds getTime getTimezoneOffset getUTCDate getUTCDay
      getUTCFullYear getUTCHours getUTCMilliseconds getUTCMinutes getUTCMonth getUTCSeconds setDate setFullYear setHours setMilliseconds
      setMinutes setMonth setSeconds setTime setUTCDate setUTCFullYear setUTCHours setUTCMilliseconds setUTCMinutes setUTCMonth setUTCSeconds
      toDateString toISOString toJSON toLocaleDateString toLocaleTimeString toTimeString toUTCString`),
  ],
  ...typedArrays.map((name): [string, readonly string[]] => [name, typedArrayPrototype]),
  ['ArrayBuffer', names('slice byteLength')],
  ['DataView', [...viewKinds.flatMap((kind) => [`get${kind}`, `set${kind}`]), ...names('buffer byteLength byteOffset')]],
  ['Promise', names('catch finally then')],
  ['TextDecoder', names('decode encoding fatal ignoreBOM')],
  ['TextEncoder', names('encode encodeInto')],
  ['Error', names('message name stack')],
  [
    'Buffer',
    [
      ...[...numberKinds, ...floatKinds].flatMap((kind) => [`read${kind}`, `write${kind}`]),
      ...names('compare copy equals fill includes indexOf lastIndexOf subarray swap16 swap32 swap64 toJSON toString write'),
    ],
  ],
]);

/** Members that AWS does not list and every native engine has since njs 0.7.9: code that uses them runs. */
export const engineMembers: ReadonlySet<string> = new Set(names('entries keys values getOwnPropertySymbols iterator asyncIterator'));

/** The modules of the page and DG functions-custom-methods.html, with the members of each default export. */
export const listedModules: ReadonlyMap<string, readonly string[]> = new Map([
  // DG helper-functions-origin-modification.html, general-helper-methods.html, cwt-support-cloudfront-functions.html,
  // saas-specific-logic-function-code.html
  [
    'cloudfront',
    names('kvs updateRequestOrigin selectRequestOriginById createRequestOriginGroup edgeLocation logCustomData cwt distributionTenant'),
  ],
  ['crypto', names('createHash createHmac')],
  ['querystring', names('escape parse decode stringify encode unescape')],
  ['buffer', names('Buffer')],
]);

/** Algorithms of crypto.createHash and createHmac. */
export const listedAlgorithms: readonly string[] = names('md5 sha1 sha256');

/** Flags of ES 5.1 and `y`, which the page lists as RegExp.prototype.sticky. */
export const listedRegexFlags: ReadonlySet<string> = new Set('gimy');

// Method names of ECMAScript 2025 instances that code can reach without an unlisted constructor. Map, Set, Proxy and
// their like are not in the list: their constructors are refused, and `get`, `has` or `delete` are common names of own
// methods.
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

/**
 * Standard method names that AWS does not list: refused on any object, unless the code defines such a member itself.
 */
export const unlistedMethods: ReadonlySet<string> = new Set(
  [...standardMethods, ...runtimeOneMethods].filter((name) => !listedMethods.has(name)),
);
