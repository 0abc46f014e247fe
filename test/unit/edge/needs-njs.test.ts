import { expect, it } from 'vitest';
import { findNjsNeeds } from '../../../src/edge/njs/needs-njs.ts';

it.each([
  { code: 'const a = { b: 1, 10: 1 };', lines: [1] },
  { code: "const a = {\n '2': 1 };", lines: [2] },
  { code: "m[404] = '/404';", lines: [1] },
  { code: "'😀'", lines: [1, 1] },
  { code: "'\\u{1F600}' + '\\uD83D'", lines: [1, 1] },
  { code: 'a;\n/(?i)x/', lines: [2] },
  { code: '/x[^]y/', lines: [1] },
  { code: '/(?<!a+)b/', lines: [1] },
  { code: '/\\Aab\\z/', lines: [1] },
  { code: '/[[:alpha:]]/', lines: [1] },
  { code: 'async function h(e) { const x = 1; const f = () => x; await g(); return f(); }', lines: [1] },
  { code: 'async function h(e) { await g(); const x = 1; return f();\n function f() { return x; } }', lines: [2] },
  { code: 'const seen = {};\nseen[name] = 1;\nObject.keys(seen);', lines: [2] },
  { code: 'for (const name in query)\n  kept[name] = query[name];', lines: [2] },
])('finds what only njs can show in $code', ({ code, lines }) => {
  expect(findNjsNeeds(code).map(({ line }) => line)).toEqual(lines);
});

it.each([
  'const a = { b: 1, c10: 1 }; a[0]; a[i] = 1;',
  "'caf\\u00e9 \\u20ac é文'",
  '/^(?:a|b)(?=c)[\\w.-]+?\\/\\d{2,}$/.test(x)',
  '/(?<year>\\d{4})/',
  'async function h(e) { const v = await g(); return list.map((x) => x + v); }',
  'async function h(e) { const f = (x) => x + 1; await g(); return f(1); }',
  "for (const name in headers) { headers['x-' + name] = headers[name]; e.request.headers[name] = 1; }",
  'const seen = {}; seen[name] = 1; if (seen[other]) done();',
  'function h(e) { const x = 1; return [1].map((y) => x + y); }',
])('finds nothing in %s', (code) => {
  expect(findNjsNeeds(code)).toEqual([]);
});
