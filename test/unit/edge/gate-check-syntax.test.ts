import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSyntax } from '../../../src/edge/gate/check-syntax.ts';
import { listedGlobals, listedPrototypes, listedValues, unlistedMethods } from '../../../src/edge/gate/listed.ts';
import { acceptedBodies, acceptedExpressions, fileOf, refusedCases } from './gate-cases.ts';

// Refused although the engine runs them: a helper that exists nowhere, and what would hide a module's name from every
// check.
const strict = [
  "import cf from 'cloudfront'; const x = cf.overrideRequestOrigin;",
  "const x = require('crypto', 1);",
  'const x = require(`crypto`);',
];

const rulesOf = (code: string) => checkSyntax(code).map(({ rule }) => rule);
const inHandler = (body: string) => `async function handler(event) {\n  ${body}\n}\n`;

describe('the syntax gate', () => {
  it.each(refusedCases)('refuses $code', (refused) => {
    expect(rulesOf(fileOf(refused))).toEqual(refused.rules);
  });

  // The engine that refuses, throws or runs it is tried in edge/njs/gate-in-njs.test.ts.
  it.each(refusedCases.filter(({ code }) => !strict.includes(code)))('has the level of what njs does ($njs): $code', (refused) => {
    const levels = checkSyntax(fileOf(refused)).map(({ level }) => level);
    expect(levels.includes('error')).toBe(refused.njs !== 'runs');
  });

  it.each([
    "if (typeof module !== 'undefined') module.exports = event;",
    "if (typeof module === 'object' && module.exports) { module.exports = event; }",
    "const timer = typeof setTimeout === 'function' ? setTimeout : undefined;",
    "typeof process !== 'undefined' && process.env && (event.x = process.env.X);",
    "const own = typeof Map !== 'undefined' ? new Map() : {};",
  ])('has nothing to say about a guard: %s', (body) => {
    expect(checkSyntax(inHandler(body))).toEqual([]);
  });

  it.each([
    "if (event.debug) console.error('x');",
    "try { return Function('return this')(); } catch (e) { return event; }",
    'const has = Object.hasOwn ? Object.hasOwn(event, "a") : "a" in event;',
    'const list = [1]; if (list.flat) list.flat();',
    "if (event.ok) return event; console.error('x');",
    "function report(text) { console.error(text); } if (event.debug) report('x');",
    'const f = console.error || console.log; if (event.debug) f("x");',
    "while (event.more) { eval('1'); }",
    "const fs = event.x ? require('fs') : undefined;",
  ])('warns where a run may get by: %s', (body) => {
    const levels = checkSyntax(inHandler(body)).map(({ level }) => level);
    expect(levels.length).toBeGreaterThan(0);
    expect(levels).not.toContain('error');
  });

  it.each([
    { code: 'const handler = (event) => event.request;', level: 'warning' },
    { code: 'let handler = function (event) { return event.request; };', level: 'warning' },
    { code: 'var handler = (() => (event) => event.request)();', level: 'warning' },
    { code: 'function other() {}', level: 'error' },
  ])('takes a variable named handler with a warning: $code', ({ code, level }) => {
    expect(checkSyntax(code)).toMatchObject([{ rule: 'handler', level }]);
  });

  it.each([
    'const keys = Object.keys({ 1: 1, 20: 1, b: 1 });',
    "const until = Date.parse('2026-08-01T10:00:00Z') + Date.parse('2026-08-01');",
    "const text = atob('aGVsbG8=');",
    'const is = /^\\/(?:a|b)+\\.(?:js|css)$/i.test(event.uri);',
    'const is = /(?<=a|bc)d/.test(event.uri);',
  ])('has nothing to say about expressions that both dialects know: %s', (body) => {
    expect(checkSyntax(inHandler(body))).toEqual([]);
  });

  it.each(acceptedExpressions)('accepts %s', (expression) => {
    expect(checkSyntax(inHandler(`return ${expression};`))).toEqual([]);
  });

  it.each(acceptedBodies)('accepts %s', (body) => {
    expect(checkSyntax(inHandler(body))).toEqual([]);
  });

  it.each([
    { when: 'is missing', code: 'function other() {}', rules: ['handler'] },
    { when: 'is not at the top level', code: 'function f() { function handler() {} return handler; }', rules: ['handler'] },
    { when: 'is a constant', code: 'const handler = function () {};', rules: ['handler'] },
    { when: 'is exported', code: 'export function handler() {}', rules: ['export'] },
    { when: 'is there', code: 'function handler() {}', rules: [] },
  ])('wants a top-level function named handler: $when', ({ code, rules }) => {
    expect(rulesOf(code)).toEqual(rules);
  });

  it('takes imports of whole modules before everything else, in any order', () => {
    const code =
      "import crypto from 'crypto';\nimport cf from 'cloudfront';\nfunction handler() { cf.kvs(); return crypto.createHash('md5'); }\n";
    expect(checkSyntax(code)).toEqual([]);
  });

  it('knows the members of an imported or required module by its own name for it', () => {
    const code = (use: string) =>
      `import edge from 'cloudfront';\nconst hash = require('crypto');\nfunction handler() { return ${use}; }\n`;
    expect(rulesOf(code('edge.kvs()'))).toEqual([]);
    expect(rulesOf(code('edge.count()'))).toEqual(['module']);
    expect(rulesOf(code("hash.createHmac('sha1', 'k')"))).toEqual([]);
    expect(rulesOf(code('hash.randomUUID()'))).toEqual(['module']);
  });

  it('leaves a name alone that the code declares itself', () => {
    expect(checkSyntax('function Map() {}\nfunction handler(event) { var process = 1; return new Map(process); }')).toEqual([]);
    expect(checkSyntax('function handler(require) { return require("fs"); }')).toEqual([]);
    expect(rulesOf('function f(Map) { return Map; }\nfunction handler() { return Map; }')).toEqual(['global']);
    expect(rulesOf('function handler() { { let URL = 1; } return URL; }')).toEqual(['global']);
    expect(checkSyntax('function handler() { { var URL = 1; } return URL; }')).toEqual([]);
    expect(checkSyntax('function handler() { try { f(); } catch (URL) { return URL; } function f() {} }')).toEqual([]);
  });

  it('leaves a method alone that the code defines itself', () => {
    expect(rulesOf(inHandler('const list = event.list; return list.at(0);'))).toEqual(['built-in']);
    expect(checkSyntax(inHandler('const list = { at: function (i) { return i; } }; return list.at(0);'))).toEqual([]);
    expect(checkSyntax(inHandler('const list = {}; list.at = function (i) { return i; }; return list.at(0);'))).toEqual([]);
    expect(rulesOf(inHandler('const own = { at: 1 }; return [own].at(0);'))).toEqual(['built-in']);
  });

  it('does not take a header or a label for a built-in', () => {
    expect(
      checkSyntax(inHandler("process: for (;;) break process; return { Map: event.request.headers.process, 'fetch': event.at };")),
    ).toEqual([]);
  });

  it('says where, what and what to write instead', () => {
    const code =
      "import cf from 'cloudfront';\nasync function handler(event) {\n  const r = JSON.parse(await cf.kvs().get('health'));\n  return r;\n}\n";
    expect(checkSyntax(code, { file: 'router.js' })).toEqual([
      {
        level: 'error',
        file: 'router.js',
        line: 3,
        column: 24,
        endLine: 3,
        endColumn: 52,
        found: "await cf.kvs().get('health')",
        rule: 'await-in-arguments',
        instead: 'await into a variable first: const value = await promise; then pass value',
      },
    ]);
  });

  it('lists every problem in the order of the code, long ones cut and on one line', () => {
    const problems = checkSyntax(inHandler(`class A {\n${' m() {}\n'.repeat(20)}}\n  new Map(); event?.a;`));
    expect(problems.map(({ rule, line }) => [rule, line])).toEqual([
      ['class', 2],
      ['global', 24],
      ['optional-chaining', 24],
    ]);
    expect(problems[0]?.found).toHaveLength(60);
    expect(problems[0]?.found).not.toMatch(/\n/);
  });

  it('reports code that is not JavaScript as one problem where it stops', () => {
    expect(checkSyntax('function handler() {\n  let = ;\n}')).toMatchObject([{ rule: 'parse', line: 2 }]);
    expect(checkSyntax('const a: string = 1;')).toMatchObject([{ rule: 'parse', line: 1, column: 8 }]);
  });

  it('never throws, whatever the text', () => {
    const fragment = fc.oneof(
      fc.string(),
      fc.constantFrom(...refusedCases.map(({ code }) => code)),
      fc.constantFrom('{', '}', '(', '`', '/', '\u2028'),
    );
    fc.assert(fc.property(fc.array(fragment), (parts) => Array.isArray(checkSyntax(parts.join('\n')))));
  });

  it('finds each refused construct wherever it is among accepted code', () => {
    const body = fc.constantFrom(...refusedCases.filter(({ place }) => place === undefined));
    const around = fc.array(
      fc.constantFrom('if (event) { ~ }', 'for (;;) { ~ break; }', 'try { ~ } catch (e) { e; }', 'switch (1) { case 1: { ~ } }'),
    );
    fc.assert(
      fc.property(body, around, ({ code, rules }, wrappers) => {
        const wrapped = wrappers.reduce((inner, wrapper) => wrapper.replace('~', () => inner), code);
        for (const rule of rules) expect(rulesOf(inHandler(wrapped))).toContain(rule);
      }),
    );
  });

  it('refuses every unlisted method on any receiver, and every listed one on none', () => {
    for (const name of unlistedMethods) expect(rulesOf(inHandler(`return event.x.${name}();`)), name).toEqual(['built-in']);
    for (const name of [...listedPrototypes.values()].flat()) {
      if (name !== 'constructor') expect(rulesOf(inHandler(`return event.x.${name}();`)), name).toEqual([]);
    }
  });

  it('accepts every listed global and each of its members', () => {
    for (const name of listedValues) expect(rulesOf(`function handler() { return ${name}; }`), name).toEqual([]);
    for (const [name, { members }] of listedGlobals) {
      if (name !== 'require') expect(rulesOf(`function handler() { return ${name}; }`), name).toEqual([]);
      for (const member of members) expect(rulesOf(`function handler() { return ${name}.${member}; }`), `${name}.${member}`).toEqual([]);
    }
  });

  it('finds nothing wrong with a function of 10 KB, the most that CloudFront takes', () => {
    const line =
      "  if (event.request.uri === '/a' && list.indexOf('b') >= 0) { event.request.uri = '/b' + Math.floor(Math.random() * 10); }\n";
    const code = `async function handler(event) {\n  const list = ['a'];\n${line.repeat(80)}  return event.request;\n}\n`;
    expect(code.length).toBeGreaterThan(9_500);
    expect(checkSyntax(code)).toEqual([]);
  });
});
