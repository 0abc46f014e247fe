// What to write instead of a name that AWS does not list.

const plainObject = 'use a plain object, with Object.create(null) when a viewer chooses the keys';
const noTimers = 'a function runs to its end at once: nothing can be put off';
const noNetwork = 'a function reaches no network: put what it needs into the KeyValueStore';
const noCode = 'code cannot be made from text: write the function out';
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
  ['module', 'a top-level function named handler is all that CloudFront looks for'],
  ['exports', 'a top-level function named handler is all that CloudFront looks for'],
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
export function adviseGlobal(name: string): string {
  return globalAdvice.get(name) ?? 'nothing of this name is on AWS’s runtime 2.0 page: declare it, or do without';
}

export function globalRule(name: string): 'timer' | 'dynamic-code' | 'global' {
  if (timers.has(name)) return 'timer';
  return dynamicCode.has(name) ? 'dynamic-code' : 'global';
}

/** What to write instead of this member, `Array.from` or a bare method name. */
export function adviseMember(name: string): string {
  const advice = memberAdvice.get(name) ?? memberAdvice.get(name.slice(name.indexOf('.') + 1));
  return advice === undefined ? 'no member of this name is on AWS’s runtime 2.0 page: write a function for it' : `use ${advice}`;
}
