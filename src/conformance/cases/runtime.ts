import type { ConformanceCase } from '../conformance-case.ts';

const page = 'developer guide, runtime 2.0';
const njs = 'njs 0.7.12, whose error texts are those of CloudFront';
const rules = 'developer guide, helper methods for origin modification';
const restrictions = 'developer guide, restrictions on edge functions';

type Row = readonly [id: string, question: string, body: string, expect: unknown, source?: string, open?: string];

const fails = { fails: true };
const says = (answer: unknown) => ({ answer: String(answer) });

/** Syntax: whether the engine reads it. */
// biome-ignore format: one case a line
const grammar: readonly Row[] = [
  ['const-let', 'const and let', 'const a = 1; let b = 2; answer = a + b;', says(3)],
  ['arrow', 'arrow functions and rest parameters', 'const f = (...all) => all.length; answer = f(1, 2, 3);', says(3)],
  ['template', 'template literals', `const a = 2; answer = \`\${a}\${\`\${a}\`}\`;`, says(22)],
  ['tagged-template', 'tagged templates', 'const f = (parts) => parts[0]; answer = f`x`;', says('x'), 'not listed; njs has them', 'tagged templates'],
  ['power', 'the operator **', 'answer = 2 ** 3;', says(8)],
  ['separators', 'numeric separators', 'answer = 1_000;', says(1000)],
  ['labels', 'labels', 'outer: for (let i = 0; i < 3; i++) { for (;;) { continue outer; } } answer = 1;', says(1)],
  ['for-in', 'for-in', 'answer = 0; for (const name in { a: 1, b: 2 }) answer += name.length;', says(2)],
  ['try-finally', 'try, catch and finally', 'answer = 0; try { throw new Error("x"); } catch (e) { answer = 1; } finally { answer += 1; }', says(2)],
  ['named-groups', 'named groups of regular expressions', 'answer = /(?<a>b)/.exec("b").groups.a;', says('b')],
  ['nullish', 'the operator ??', 'answer = null ?? 1;', says(1), 'not listed; runs live in a public router'],
  ['optional-chaining', 'the operator ?.', 'const a = {}; answer = a?.b;', fails, 'not listed; public reports of failures'],
  ['logical-assignment', 'the operator ??=', 'let a = null; a ??= 1; answer = a;', fails, njs],
  ['default-parameters', 'default parameters', 'const f = function (a = 1) { return a; }; answer = f();', fails, njs],
  ['destructuring', 'destructuring', 'const { a } = { a: 1 }; answer = a;', fails, njs],
  ['spread-array', 'spread in an array', 'answer = [...[1, 2]].length;', fails, njs],
  ['spread-object', 'spread in an object', 'answer = { ...{ a: 1 } }.a;', fails, njs],
  ['spread-call', 'spread in a call', 'answer = Math.max(...[1, 2]);', fails, njs],
  ['class', 'classes', 'class A {} answer = 1;', fails, njs],
  ['for-of', 'for-of', 'for (const a of [1]) answer = a;', fails, njs],
  ['catch-unbound', 'catch without a name', 'try { answer = 1; } catch { answer = 2; }', fails, njs],
  ['await-argument', 'await among the arguments of a call', 'answer = String(await Promise.resolve(1));', fails, 'two live runs'],
  ['await-bound', 'await in a declaration', 'const a = await Promise.resolve(1); answer = a;', says(1)],
  ['await-template', 'await in a template literal', `answer = \`\${await Promise.resolve(1)}\`;`, says(1), njs],
  ['async-arrow', 'an async arrow function inside the handler', 'const f = async () => 1; answer = await f();', says(1), 'not listed; runs live in a public router'],
  ['shorthand', 'shorthand properties and methods', 'const a = 1; const o = { a, m() { return 2; } }; answer = o.a + o.m();', says(3), 'not listed; runs live in a public router'],
  ['look-behind', 'look-behind in a regular expression', 'answer = /(?<=a)b/.test("ab");', says(true), njs],
  ['export', 'export', 'answer = 1; export default 1;', fails, njs],
];

/** Objects and functions of the engine. */
// biome-ignore format: one case a line
const builtIns: readonly Row[] = [
  ['map', 'Map', 'answer = new Map().size;', fails, 'not listed; njs has none'],
  ['set', 'Set', 'answer = new Set().size;', fails, 'not listed; njs has none'],
  ['array-from', 'Array.from', 'answer = Array.from([1]).length;', fails, 'not listed; njs 0.7.12 has none'],
  ['array-flat', 'Array.prototype.flat', 'answer = [[1]].flat().length;', fails, 'not listed; njs 0.7.12 has none'],
  ['array-at', 'Array.prototype.at', 'answer = [1].at(0);', fails, 'not listed; njs 0.7.12 has none'],
  ['array-includes', 'Array.prototype.includes', 'answer = [1].includes(1);', says(true)],
  ['object-entries', 'Object.entries', 'answer = Object.entries({ a: 1 }).length;', says(1)],
  ['object-from-entries', 'Object.fromEntries', 'answer = Object.fromEntries([["a", 1]]).a;', fails, 'not listed; njs 0.7.12 has none'],
  ['replace-all', 'String.prototype.replaceAll', 'answer = "aa".replaceAll("a", "b");', says('bb')],
  ['match-all', 'String.prototype.matchAll', 'answer = "a".matchAll(/a/g);', fails, 'not listed; njs 0.7.12 has none'],
  ['pad-start', 'String.prototype.padStart', 'answer = "1".padStart(3, "0");', says('001')],
  ['promise-all', 'Promise.all', 'const all = await Promise.all([1, 2]); answer = all.length;', says(2)],
  ['typed-array', 'Uint8Array', 'answer = new Uint8Array(3).length;', says(3)],
  ['text-encoder', 'TextEncoder', 'answer = new TextEncoder().encode("é").length;', says(2)],
  ['atob', 'atob and btoa', 'answer = atob(btoa("x"));', says('x')],
  ['sha256', "the module crypto's sha256", 'answer = require("crypto").createHash("sha256").update("a").digest("hex").slice(0, 8);', says('ca978112')],
  ['buffer', 'Buffer', 'answer = Buffer.from("61", "hex").toString();', says('a')],
  ['querystring', 'the module querystring', 'answer = require("querystring").stringify({ a: "b c" });', says('a=b%20c')],
  ['eval', 'eval', 'answer = eval("1");', fails, 'developer guide: blocked'],
  ['function-constructor', 'the Function constructor', 'answer = new Function("return 1")();', fails, 'developer guide: blocked'],
  ['set-timeout', 'setTimeout', 'setTimeout(function () {}, 1); answer = 1;', fails, 'developer guide: blocked'],
  ['process', 'process', 'answer = process.env;', fails, 'developer guide: blocked'],
  ['clock', 'whether the clock moves during a run', 'const a = Date.now(); for (let i = 0; i < 2000; i++) {} answer = Date.now() - a;', says(0)],
  ['integer-names', 'the order of names that look like integers', 'answer = Object.keys({ b: 1, 2: 1, 1: 1 }).join("");', says('b21'), njs],
];

/** The event, the store and the helpers. */
// biome-ignore format: one case a line
const helpers: readonly Row[] = [
  ['kvs-get', 'a read of a key', 'const a = await cf.kvs().get("steady"); answer = a;', says('here')],
  ['kvs-missing', 'a read of a key that is not there', 'try { const a = await cf.kvs().get("never-there"); answer = a; } catch (e) { answer = "rejected"; }', says('rejected'), 'developer guide, KeyValueStore helpers'],
  ['kvs-missing-uncaught', 'the same without a catch', 'const a = await cf.kvs().get("never-there"); answer = a;', fails, 'developer guide, KeyValueStore helpers'],
  ['kvs-exists', 'exists', `const a = await cf.kvs().exists("steady"); const b = await cf.kvs().exists("never-there"); answer = \`\${a} \${b}\`;`, says('true false')],
  ['kvs-json', 'a read as JSON', 'const a = await cf.kvs().get("json", { format: "json" }); answer = a.a;', says(1)],
  ['kvs-bytes', 'a read as bytes', 'const a = await cf.kvs().get("steady", { format: "bytes" }); answer = a.length;', says(4)],
  ['kvs-meta', 'the fields of meta', 'const a = await cf.kvs().meta(); answer = Object.keys(a).sort().join(" ");', says('creationDateTime keyCount lastUpdatedDateTime')],
  ['kvs-count', 'count, which no page names', 'answer = typeof cf.kvs().count;', says('undefined'), 'no page names it'],
  ['raw-query', 'rawQueryString', 'answer = event.request.rawQueryString();', says('a=1'), 'developer guide; two public reports have an empty text from TestFunction', 'rawQueryString in TestFunction'],
  ['select', 'selectRequestOriginById', 'cf.selectRequestOriginById("b"); answer = 1;', says(1), rules],
  ['select-host', 'selectRequestOriginById with a hostHeader', 'cf.selectRequestOriginById("b", { hostHeader: "www.example.com" }); answer = 1;', says(1), rules],
  ['select-host-port', 'a hostHeader with a port', 'cf.selectRequestOriginById("b", { hostHeader: "www.example.com:443" }); answer = 1;', fails, rules],
  ['select-nothing', 'selectRequestOriginById without an id', 'cf.selectRequestOriginById(); answer = 1;', fails, rules],
  ['update', 'updateRequestOrigin with a domain', 'cf.updateRequestOrigin({ domainName: "www.example.com" }); answer = 1;', says(1), rules],
  ['update-address', 'an IP address as the domain', 'cf.updateRequestOrigin({ domainName: "192.0.2.1" }); answer = 1;', fails, rules],
  ['update-port', 'a domain with a port', 'cf.updateRequestOrigin({ domainName: "www.example.com:443" }); answer = 1;', fails, rules],
  ['update-path', 'an originPath that ends with /', 'cf.updateRequestOrigin({ originPath: "/a/" }); answer = 1;', fails, rules],
  ['update-attempts', 'four connection attempts', 'cf.updateRequestOrigin({ connectionAttempts: 4 }); answer = 1;', fails, rules],
  ['update-timeout', 'a read timeout of 121 s', 'cf.updateRequestOrigin({ timeouts: { readTimeout: 121 } }); answer = 1;', fails, rules],
  ['update-protocol', 'a customOriginConfig without a port', 'cf.updateRequestOrigin({ customOriginConfig: { protocol: "https", sslProtocols: ["TLSv1.2"] } }); answer = 1;', fails, rules],
  ['group', 'createRequestOriginGroup with objects', 'cf.createRequestOriginGroup({ originIds: [{ originId: "a" }, { originId: "b" }], failoverCriteria: { statusCodes: [503] } }); answer = 1;', says(1), rules],
  ['group-texts', 'createRequestOriginGroup with texts', 'cf.createRequestOriginGroup({ originIds: ["a", "b"], failoverCriteria: { statusCodes: [503] } }); answer = 1;', says(1), 'a live run in a public repository'],
  ['group-one', 'a group of one origin', 'cf.createRequestOriginGroup({ originIds: ["a"], failoverCriteria: { statusCodes: [503] } }); answer = 1;', fails, rules],
  ['group-three', 'a group of three origins', 'cf.createRequestOriginGroup({ originIds: ["a", "b", "c"], failoverCriteria: { statusCodes: [503] } }); answer = 1;', fails, rules],
  ['group-no-codes', 'a group without failoverCriteria', 'cf.createRequestOriginGroup({ originIds: ["a", "b"] }); answer = 1;', fails, rules],
  ['group-bad-code', 'a group with the code 418', 'cf.createRequestOriginGroup({ originIds: ["a", "b"], failoverCriteria: { statusCodes: [418] } }); answer = 1;', fails, rules],
  ['two-helpers', 'two helpers in one run', 'cf.selectRequestOriginById("b"); cf.selectRequestOriginById("a"); answer = 1;', fails, 'not documented', 'two helpers in one run'],
  ['log-custom-data', 'logCustomData', 'cf.logCustomData("x"); answer = 1;', says(1), 'developer guide, general helper methods'],
  ['edge-location', 'cf.edgeLocation', 'answer = typeof cf.edgeLocation;', says('object'), 'developer guide, general helper methods'],
];

/** What a handler returns. */
// biome-ignore format: one case a line
const outputs: readonly Row[] = [
  ['nothing', 'a handler that returns nothing', 'return undefined;', fails, restrictions],
  ['event', 'a handler that returns the event', 'return event;', fails, restrictions],
  ['text', 'a handler that returns a text', 'return "x";', fails, restrictions],
  ['throw', 'a handler that throws', 'throw new TypeError("on purpose");', fails, page],
  ['uri-relative', 'a URI without a leading slash', 'event.request.uri = "x"; answer = 1;', fails, restrictions],
  ['uri-space', 'a URI with a space', 'event.request.uri = "/a b"; answer = 1;', fails, restrictions],
  ['header-case', 'a header name with a capital', 'event.request.headers["X-Foo"] = { value: "1" }; answer = 1;', fails, 'a public source that quotes the message'],
  ['header-host', 'another Host', 'event.request.headers.host = { value: "other.example.com" }; answer = 1;', fails, restrictions],
  ['header-via', 'a Via of its own', 'event.request.headers.via = { value: "x" }; answer = 1;', fails, restrictions],
  ['header-connection', 'a Connection of its own', 'event.request.headers.connection = { value: "close" }; answer = 1;', fails, restrictions],
  ['header-edge', 'a header x-edge-foo', 'event.request.headers["x-edge-foo"] = { value: "1" }; answer = 1;', fails, restrictions],
  ['status-text', 'a response with its status as text', 'return { statusCode: "200" };', fails, page],
  ['status-99', 'a response with the status 99', 'return { statusCode: 99 };', fails, page],
  ['base64', 'a body that is not base64', 'return { statusCode: 200, body: { encoding: "base64", data: "%" } };', fails, page],
  ['response', 'a response with a body', 'return { statusCode: 200, statusDescription: "OK", body: { encoding: "text", data: "x" } };', { response: 200 }, page],
  ['set-cookie', 'a response with set-cookie among its headers', 'return { statusCode: 200, headers: { "set-cookie": { value: "a=1" } } };', fails, 'not documented; the stricter reading', 'set-cookie in a response'],
  ['content-length', 'a response with content-length among its headers', 'return { statusCode: 200, headers: { "content-length": { value: "1" } }, body: "x" };', fails, 'not documented; the stricter reading', 'content-length in a response'],
];

const toCase =
  (prefix: string) =>
  ([id, question, body, expect, source = page, open]: Row): ConformanceCase => ({
    id: `${prefix}-${id}`,
    group: 'function runtime',
    question,
    ask: { kind: 'function', body },
    expect,
    source,
    needs: 'free',
    ...(open && { open }),
  });

/** Whole functions, where the handler's body is not enough. */
// biome-ignore format: one case a line
const sources: readonly Row[] = [
  ['no-handler', 'code without a handler', 'function other(event) { return event.request; }', fails],
  ['syntax-error', 'code with a syntax error', 'function handler(event) { return ', fails],
  ['sync-handler', 'a handler that is not async', 'function handler(event) { event.request.headers["x-answer"] = { value: "sync" }; return event.request; }', says('sync')],
  ['kvs-top-level', 'cf.kvs() outside the handler', 'import cf from "cloudfront";\nconst store = cf.kvs();\nasync function handler(event) { const a = await store.get("steady"); event.request.headers["x-answer"] = { value: a }; return event.request; }', says('here'), "AWS's own sample"],
  ['top-level-await', 'await outside a function', 'import cf from "cloudfront";\nconst value = await cf.kvs().get("steady");\nfunction handler(event) { return event.request; }', fails, njs],
];

export const runtimeCases: readonly ConformanceCase[] = [
  ...grammar.map(toCase('grammar')),
  ...builtIns.map(toCase('built-in')),
  ...helpers.map(toCase('helper')),
  ...outputs.map(toCase('output')),
  ...sources.map((row): ConformanceCase => ({ ...toCase('code')(row), ask: { kind: 'function', source: row[2] } })),
];
