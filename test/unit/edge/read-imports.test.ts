import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readImports } from '../../../src/edge/gate/parse-code.ts';

describe('readImports', () => {
  it.each([
    { when: 'there is none', code: 'function handler() {}', imports: [] },
    {
      when: 'one is on the first line',
      code: "import cf from 'cloudfront';\nconst a = 1;",
      imports: [{ name: 'cf', module: 'cloudfront' }],
    },
    {
      when: 'the semicolon is missing',
      code: 'import cf from "cloudfront"\nconst a = 1;',
      imports: [{ name: 'cf', module: 'cloudfront' }],
    },
    {
      when: 'code follows on the same line',
      code: "import cf from'cloudfront';const a=1;",
      imports: [{ name: 'cf', module: 'cloudfront' }],
    },
    {
      when: 'comments come first and between',
      code: "// a router\n/* of\n ours */ import cf from 'cloudfront';\n// hashing\nimport crypto from 'crypto';\nx();",
      imports: [
        { name: 'cf', module: 'cloudfront' },
        { name: 'crypto', module: 'crypto' },
      ],
    },
    { when: 'it is a named import, which CloudFront refuses', code: "import { kvs } from 'cloudfront';", imports: [] },
    {
      when: 'it comes after code, as a bundler may leave it',
      code: "const a = 1;\nimport cf from 'cloudfront';",
      imports: [{ name: 'cf', module: 'cloudfront' }],
    },
  ])('finds them when $when', ({ code, imports }) => {
    const found = readImports(code);
    expect(found.imports).toEqual(imports);
    expect(found.body.includes('import')).toBe(imports.length === 0 && code.includes('import'));
  });

  it('leaves every other character on its line and column', () => {
    const line = fc.constantFrom(
      "import cf from 'cloudfront';",
      '// note',
      '/* two\nlines */',
      '',
      'let a = 1;',
      "'import x from y'",
      'import * as b from "b";',
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const code = lines.join('\n');
        const { body } = readImports(code);
        expect(body.length).toBe(code.length);
        for (let at = 0; at < code.length; at += 1) if (body[at] !== code[at]) expect(body[at]).toMatch(/[ ;]/);
        expect(body.split('\n').length).toBe(code.split('\n').length);
      }),
    );
  });
});

describe('readImports refuses', () => {
  it.each([
    { code: "import cf from 'cloudfront';\nfunction handler() {}", problem: undefined },
    { code: "function handler() { return 'import(x)'; } // import it", problem: undefined },
    { code: 'function handler() { return /import/.test(`import it`); }', problem: undefined },
    { code: "const less = '<!-- --' + (1 < !2);\n/* <!-- */", problem: undefined },
    { code: "function handler() {\n return import('node:fs');\n}", problem: ' in 2' },
    { code: "import { kvs } from 'cloudfront';", problem: ' in 1' },
    { code: "import * as cf from 'cloudfront';", problem: ' in 1' },
    { code: 'import.meta', problem: ' in 1' },
    { code: 'import "unterminated', problem: ' in 1' },
    { code: '"unterminated import', problem: ' in 1' },
    { code: "var a = 1\n<!-- '\nimport('node:fs') //'", problem: ' in 2' },
    { code: "var a = 1\n--> '\nimport('node:fs') //'", problem: ' in 2' },
    { code: "if (1) /[/]'/.test('');\nimport('node:fs');\n@", problem: ' in 3' },
    { code: '}\nimport("node:fs");\nfunction a() {', problem: ' in 1' },
    { code: 'await 1;', problem: ' in 1' },
    { code: 'export function handler() {}', problem: ' in 1' },
  ])('$code: $problem', ({ code, problem }) => {
    if (problem === undefined) expect(readImports(code).problem).toBeUndefined();
    else expect(readImports(code).problem).toContain(problem);
  });
});
