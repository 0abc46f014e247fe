// What CloudFront Functions 2.0 has, from AWS's Developer Guide, functions-javascript-runtime-20.html, plus the parts of ES 5.1 which that page takes for
// granted (charCodeAt, toString). Where the page is silent and an ES 5.1 name is missing in njs, the engine that CloudFront's error texts come from, it is missing here.

/** Names in the global scope. `Buffer` is not on the page's list of globals, but AWS's samples use it. */
export const allowedGlobals = names(`
  Array ArrayBuffer Boolean Buffer DataView Date Error EvalError Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array InternalError JSON
  Math NaN Number Object Promise RangeError ReferenceError RegExp String Symbol SyntaxError TextDecoder TextEncoder TypeError URIError Uint16Array
  Uint32Array Uint8Array Uint8ClampedArray atob btoa decodeURI decodeURIComponent encodeURI encodeURIComponent eval globalThis isFinite isNaN parseFloat
  parseInt undefined`);

/** Own names of a constructor, beside length, name and prototype. `eval` and `Function` exist and throw. */
export const allowedStatics: Record<string, readonly string[]> = {
  Object: names(`
    assign create defineProperties defineProperty entries freeze getOwnPropertyDescriptor getOwnPropertyDescriptors getOwnPropertyNames getPrototypeOf is
    isExtensible isFrozen isSealed keys preventExtensions seal setPrototypeOf values`),
  String: names('fromCharCode fromCodePoint'),
  Number: names(`
    EPSILON MAX_SAFE_INTEGER MAX_VALUE MIN_SAFE_INTEGER MIN_VALUE NEGATIVE_INFINITY NaN POSITIVE_INFINITY isFinite isInteger isNaN isSafeInteger parseFloat
    parseInt`),
  Array: names('isArray of'),
  Date: names('UTC now parse'),
  Promise: names('all allSettled any race reject resolve'),
  Symbol: names('for keyFor'),
  ArrayBuffer: names('isView'),
  Math: names(`
    E LN10 LN2 LOG10E LOG2E PI SQRT1_2 SQRT2 abs acos acosh asin asinh atan atan2 atanh cbrt ceil clz32 cos cosh exp expm1 floor fround hypot imul log log10
    log1p log2 max min pow random round sign sin sinh sqrt tan tanh trunc`),
  JSON: names('parse stringify'),
  // Without stackTraceLimit V8 records no stack, and an error could not be placed in the source.
  Error: names('stackTraceLimit'),
  Buffer: names('alloc allocUnsafe byteLength compare concat from isBuffer isEncoding'),
};

/** Own names of a prototype, beside constructor. */
export const allowedMembers: Record<string, readonly string[]> = {
  Object: names('__proto__ hasOwnProperty isPrototypeOf propertyIsEnumerable toString valueOf'),
  Function: names('apply arguments bind call caller length name toString'),
  Boolean: names('toString valueOf'),
  String: names(`
    charAt charCodeAt codePointAt concat endsWith includes indexOf lastIndexOf length match padEnd padStart repeat replace replaceAll search slice split
    startsWith substr substring toLowerCase toString toUpperCase trim trimEnd trimStart valueOf`),
  Number: names('toExponential toFixed toPrecision toString valueOf'),
  Array: names(`
    concat copyWithin every fill filter find findIndex forEach includes indexOf join lastIndexOf length map pop push reduce reduceRight reverse shift slice
    some sort splice toString unshift`),
  Date: names(`
    getDate getDay getFullYear getHours getMilliseconds getMinutes getMonth getSeconds getTime getTimezoneOffset getUTCDate getUTCDay getUTCFullYear
    getUTCHours getUTCMilliseconds getUTCMinutes getUTCMonth getUTCSeconds setDate setFullYear setHours setMilliseconds setMinutes setMonth setSeconds
    setTime setUTCDate setUTCFullYear setUTCHours setUTCMilliseconds setUTCMinutes setUTCMonth setUTCSeconds toDateString toISOString toJSON
    toLocaleDateString toLocaleString toLocaleTimeString toString toTimeString toUTCString valueOf`),
  RegExp: names('exec flags global ignoreCase lastIndex multiline source sticky test toString'),
  Promise: names('catch finally then'),
  Symbol: names('toString valueOf'),
  Error: names('message name stack toString'),
  ArrayBuffer: names('byteLength slice'),
  DataView: names(`
    buffer byteLength byteOffset getFloat32 getFloat64 getInt16 getInt32 getInt8 getUint16 getUint32 getUint8 setFloat32 setFloat64 setInt16 setInt32 setInt8
    setUint16 setUint32 setUint8`),
  TextDecoder: names('decode encoding fatal ignoreBOM'),
  TextEncoder: names('encode encodeInto encoding'),
  Buffer: names(`
    buffer byteOffset compare copy equals fill includes indexOf lastIndexOf length readDoubleBE readDoubleLE readFloatBE readFloatLE readInt16BE readInt16LE
    readInt32BE readInt32LE readInt8 readIntBE readIntLE readUInt16BE readUInt16LE readUInt32BE readUInt32LE readUInt8 readUIntBE readUIntLE subarray swap16
    swap32 swap64 toJSON toString write writeDoubleBE writeDoubleLE writeFloatBE writeFloatLE writeInt16BE writeInt16LE writeInt32BE writeInt32LE writeInt8
    writeIntBE writeIntLE writeUInt16BE writeUInt16LE writeUInt32BE writeUInt32LE writeUInt8 writeUIntBE writeUIntLE`),
};

export const allowedTypedArrayStatics = names('from of');

export const allowedTypedArrayMembers = names(`
  buffer byteLength byteOffset copyWithin every fill filter find findIndex forEach includes indexOf join lastIndexOf length map reduce reduceRight reverse set
  slice some sort subarray toString`);

function names(list: string): string[] {
  return list.trim().split(/\s+/);
}
