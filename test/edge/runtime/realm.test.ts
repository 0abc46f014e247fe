import { createHash, createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFunctionRuntime } from '../../../local/runtime/function-runtime.ts';
import type { FunctionRuntime } from '../../../src/edge/execution.ts';
import { openNjsRuntime } from '../../../src/edge/njs/njs.ts';
import { njs, runOf } from '../njs/sample.ts';
import { bodyOf, runOn } from './events.ts';

let runtime: FunctionRuntime;
beforeAll(async () => {
  runtime = await openFunctionRuntime({ timeLimitMs: 10_000 });
});
afterAll(() => runtime.close());

const absentGlobals = `AbortController AggregateError Atomics BigInt Blob Event Headers Intl Iterator Map MessageChannel Proxy Reflect Request Response Set SharedArrayBuffer
  URL URLSearchParams WeakMap WeakRef WeakSet WebAssembly WebSocketPair addEventListener caches clearInterval clearTimeout crypto escape fetch global navigator performance
  process queueMicrotask require.main scheduler self setImmediate setInterval setTimeout structuredClone unescape`;
const absentStatics = `Array.from Array.fromAsync Date.prototype.getYear Error.captureStackTrace JSON.rawJSON Math.f16round Number.range Object.fromEntries
  Object.groupBy Object.hasOwn Promise.try Promise.withResolvers RegExp.escape RegExp.$1 String.raw Buffer.copyBytesFrom
  ArrayBuffer.prototype.transfer Uint8Array.fromBase64`;
const absentMembers = `[].at [].findLast [].flat [].flatMap [].toSorted [].with ''.anchor ''.at ''.localeCompare ''.matchAll ''.normalize
  ''.isWellFormed (1).toLocaleString {}.__defineGetter__ /a/.dotAll /a/.unicode Promise.prototype.done`;
const presentOnes = `Array.prototype.entries Array.prototype.keys Array.prototype.values Object.getOwnPropertySymbols Symbol.iterator Array.isArray Array.of [].copyWithin [].includes [].reduceRight ''.charCodeAt ''.replaceAll ''.padEnd ''.trimStart Object.assign Object.entries
  Object.getOwnPropertyDescriptors Number.isSafeInteger Math.clz32 Math.imul Promise.allSettled Promise.any Symbol.for Symbol.keyFor JSON.stringify atob btoa TextDecoder
  TextEncoder Float64Array DataView ArrayBuffer.isView Uint8Array.from Uint8Array.prototype.subarray InternalError URIError Buffer Buffer.from globalThis decodeURI isNaN`;

function list(text: string): string[] {
  return text.trim().split(/\s+/);
}

it('a character beyond U+FFFF counts as two here, and as one in njs', async () => {
  expect(await bodyOf(runtime, "'😀'.length")).toBe('2');
  if (njs === undefined) return;
  const { output } = await openNjsRuntime({ njs }).run(runOf("function handler() { return ['😀'.length, '😀x'.slice(1)]; }"));
  expect(output).toEqual([1, 'x']);
});

describe('what CloudFront lacks is absent', () => {
  it.each(list(absentGlobals).filter((name) => !name.includes('.')))('%s is not defined', async (name) => {
    await expect(bodyOf(runtime, name)).rejects.toThrow(`ReferenceError: ${name} is not defined in 1`);
  });

  it('in static methods', async () => {
    expect(await bodyOf(runtime, `[${list(absentStatics).join(', ')}].filter(function (x) { return x !== undefined; })`)).toBe('');
  });

  it('in methods', async () => {
    expect(
      await bodyOf(
        runtime,
        `[${list(absentMembers)
          .map((name) => name.replace('{}', '({})'))
          .join(', ')}].filter(function (x) { return x !== undefined; })`,
      ),
    ).toBe('');
  });

  it.each([
    { name: 'eval', expression: "eval('1')" },
    { name: 'the Function constructor', expression: "new Function('return 1')()" },
    { name: 'the constructor of a function', expression: "(function () {}).constructor('return 1')()" },
    { name: 'the constructor of an async function', expression: "(async function () {}).constructor('return 1')()" },
    { name: 'import()', expression: "import('node:fs')" },
    { name: 'require of a module of Node', expression: "require('fs')" },
    { name: 'require of cloudfront', expression: "require('cloudfront')" },
    { name: 'a further digest algorithm', expression: "require('crypto').createHash('sha512')" },
    { name: 'a further digest encoding', expression: "require('crypto').createHash('md5').digest('latin1')" },
    { name: 'a further Buffer encoding', expression: "Buffer.from('a', 'latin1')" },
    { name: 'a further encoding to text', expression: "Buffer.from('a').toString('utf16le')" },
    { name: 'an undeclared variable', expression: '(function () { undeclared = 1; })()' },
  ])('$name fails', async ({ expression }) => {
    const { error } = await runOn(runtime, `function handler() { return { statusCode: 200, body: String(${expression}) }; }`);
    expect(error?.kind).toBe('execution');
  });
});

describe('what AWS lists is there', () => {
  it('in the global scope and on its objects', async () => {
    const names = list(presentOnes);
    const found = await bodyOf(runtime, `[${names.map((name) => `typeof ${name}`).join(', ')}]`);
    expect(names.filter((_, index) => found.split(',')[index] === 'undefined')).toEqual([]);
  });

  it.each(['md5', 'sha1', 'sha256'])('crypto with %s', async (algorithm) => {
    const long = 'k'.repeat(100);
    const expression = `[
      crypto.createHash('${algorithm}').update('a').update(Buffer.from('b')).digest('hex'), crypto.createHash('${algorithm}').update('\\u00e9').digest('base64url'),
      crypto.createHmac('${algorithm}', 'key').update('a').update('b').digest('base64'), crypto.createHmac('${algorithm}', '${long}').update('a').digest().toString('hex')]`;
    const hash = (text: string) => createHash(algorithm).update(text);
    const expected = [
      hash('ab').digest('hex'),
      hash('\u00e9').digest('base64url'),
      createHmac(algorithm, 'key').update('ab').digest('base64'),
      createHmac(algorithm, long).update('a').digest('hex'),
    ];
    for (const opening of ["import crypto from 'crypto';", "const crypto = require('crypto');"]) {
      const { output } = await runOn(runtime, `${opening}\nfunction handler() { return { statusCode: 200, body: ${expression}.join() }; }`);
      expect((output as { body: string }).body).toBe(expected.join());
    }
  });

  it.each([
    { expression: "JSON.stringify(require('querystring').parse('a=b&a=c%20d&e'))", value: '{"a":["b","c d"],"e":""}' },
    { expression: "require('querystring').stringify({ a: ['1', '2'], b: 'x y' })", value: 'a=1&a=2&b=x%20y' },
    { expression: "require('buffer').Buffer.from('aGk', 'base64url').toString('hex')", value: '6869' },
    { expression: "Buffer.concat([Buffer.alloc(2, 'ab'), Buffer.from([255])]).toString('base64')", value: 'YWL/' },
    { expression: "Buffer.from('abc').readUInt16BE(1)", value: '25187' },
    { expression: "Buffer.from('abc').indexOf('c')", value: '2' },
    { expression: "JSON.stringify(Buffer.from('a'))", value: '{"type":"Buffer","data":[97]}' },
    { expression: "Buffer.isEncoding('hex') + ',' + Buffer.isEncoding('latin1')", value: 'true,false' },
    { expression: "new TextDecoder().decode(new TextEncoder().encode('\\u00e9'))", value: '\u00e9' },
    { expression: "/(?<year>[0-9]{4})/.exec('in 2026').groups.year", value: '2026' },
    { expression: 'Object.prototype.toString.call(new Date()) + (new Date(0) instanceof Date)', value: '[object Date]true' },
  ])('$expression', async ({ expression, value }) => {
    expect(await bodyOf(runtime, expression)).toBe(value);
  });
});

describe('the clock', () => {
  const reads = '[Date.now(), new Date().getTime(), +new Date(), Date.parse(Date()) - Date.now() % 1000]';

  it('stays at the start of the run', async () => {
    const spinning = `(function () { var r = ${reads}; for (var i = 0; i < 3e6; i++) {} return r.concat(${reads}); })()`;
    const seen = new Set((await bodyOf(runtime, spinning, { now: 1_795_459_650_000 })).split(','));
    expect([...seen]).toEqual(['1795459650000']);
  });

  it('leaves given dates alone', async () => {
    expect(await bodyOf(runtime, 'new Date(2026, 0, 2).getDate() + new Date(86400000).toISOString() + Date.UTC(1970, 0, 2)')).toBe(
      '21970-01-02T00:00:00.000Z86400000',
    );
  });
});

describe('runs share nothing', () => {
  it('not the top level of the source', async () => {
    const code = 'let n = 0;\nfunction handler() { n++; return { statusCode: 200, body: String(n) }; }';
    const bodies = await Promise.all(Array.from({ length: 5 }, async () => ((await runOn(runtime, code)).output as { body: string }).body));
    expect(bodies).toEqual(['1', '1', '1', '1', '1']);
  });

  it.each([
    { what: 'a polyfill', change: 'Array.prototype.flat = function () { return "mine"; }', look: 'typeof [].flat', found: 'undefined' },
    { what: 'a replaced method', change: 'String.prototype.trim = function () { return "mine"; }', look: "' a '.trim()", found: 'a' },
    { what: 'a deleted method', change: 'delete Array.prototype.map', look: 'typeof [].map', found: 'function' },
    { what: 'a global', change: 'globalThis.leak = 1', look: 'typeof leak', found: 'undefined' },
    { what: 'a static', change: 'Math.one = 1', look: 'typeof Math.one', found: 'undefined' },
    { what: 'a static by another name', change: 'var m = Math;\n m.two = 1', look: 'typeof Math.two', found: 'undefined' },
    {
      what: 'a getter',
      change: "Object.defineProperty(Object.prototype, 'three', { get: function () { return 1; }, configurable: true })",
      look: 'typeof ({}).three',
      found: 'undefined',
    },
    {
      what: 'another prototype',
      change: 'Object.setPrototypeOf(Array.prototype, { four: 1 })',
      look: 'typeof [].four',
      found: 'undefined',
    },
    { what: 'a frozen prototype', change: 'Object.freeze(String.prototype)', look: 'Object.isFrozen(String.prototype)', found: 'false' },
    {
      what: 'a broken JSON',
      change: 'Object.prototype.toJSON = function () { return undefined; }',
      look: 'typeof ({}).toJSON',
      found: 'undefined',
    },
  ])('not $what, neither later nor in the same batch', async ({ change, look, found }) => {
    const changing = runOn(runtime, `function handler(event) { ${change}; return event.request; }`);
    expect(await bodyOf(runtime, look)).toBe(found);
    await changing;
    expect(await bodyOf(runtime, look)).toBe(found);
  });

  it('while a polyfill works within its run', async () => {
    expect(await bodyOf(runtime, '(Array.prototype.at = function (i) { return this[i]; }, [7].at(0))')).toBe('7');
  });
});
