import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findLateImport } from '../../../local/runtime/find-late-import.ts';
import { readImports } from '../../../local/runtime/read-imports.ts';

describe('readImports', () => {
  it.each([
    { when: 'there is none', code: 'function handler() {}', imports: [] },
    {
      when: 'one stands on the first line',
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
    { when: 'it comes after code', code: "const a = 1;\nimport cf from 'cloudfront';", imports: [] },
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
        for (let at = 0; at < code.length; at += 1) if (body[at] !== code[at]) expect(body[at]).toBe(' ');
        expect(body.split('\n').length).toBe(code.split('\n').length);
      }),
    );
  });
});

describe('findLateImport', () => {
  it.each([
    { code: "import cf from 'cloudfront';\nfunction handler() {}", found: undefined },
    { code: "function handler() { return 'import(x)'; } // import it", found: undefined },
    { code: 'function handler() { return /import/.test(`import it`); }', found: undefined },
    { code: "function handler() {\n return import('node:fs');\n}", found: 'found in 2' },
    { code: "let a;\nimport cf from 'cloudfront';", found: 'found in 2' },
    { code: 'import.meta', found: 'found in 1' },
    { code: 'import "unterminated', found: 'found in 1' },
    { code: '"unterminated import', found: undefined },
  ])('$code', ({ code, found }) => {
    if (found === undefined) expect(findLateImport(code)).toBeUndefined();
    else expect(findLateImport(code)).toContain(found);
  });
});
