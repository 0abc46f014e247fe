import * as esbuild from 'esbuild';
import { describe, expect, it } from 'vitest';
import { maxFunctionBytes } from '../../../kvs/limits.ts';
import { checkSyntax } from '../../../src/edge/gate/check-syntax.ts';
import { checkCodeSize, gate } from '../../../src/edge/gate/gate.ts';
import { formatGateProblem } from '../../../src/edge/gate/problem.ts';

describe('the size gate', () => {
  it('counts bytes, not characters', () => {
    expect(checkCodeSize('a'.repeat(maxFunctionBytes))).toEqual([]);
    expect(checkCodeSize('a'.repeat(maxFunctionBytes + 1))).toMatchObject([{ rule: 'size', found: '10241 bytes, the limit is 10240' }]);
    expect(checkCodeSize('é'.repeat(maxFunctionBytes / 2 + 1))).toMatchObject([{ rule: 'size' }]);
  });
});

describe('gate', () => {
  it('reports size and syntax together, and that no engine was asked', async () => {
    const report = await gate(`const handler = 1; //${' '.repeat(maxFunctionBytes)}`);
    expect(report).toMatchObject({ bytes: maxFunctionBytes + 21, njs: 'absent' });
    expect(report.problems.map(({ rule }) => rule)).toEqual(['size', 'handler']);
  });

  it('has nothing to say about a good function', async () => {
    expect(await gate('function handler(event) { return event.request; }')).toEqual({ problems: [], notes: [], bytes: 49, njs: 'absent' });
  });
});

describe('a note', () => {
  it('says where V8 at the local edge does something else', async () => {
    const { problems, notes } = await gate('function handler(event) {\n  return Object.keys({ b: 1, 10: 1 });\n}');
    expect(problems).toEqual([]);
    expect(notes).toMatchObject([{ rule: 'engine', level: 'note', needsNjs: true, line: 2 }]);
  });
});

describe('a problem in built code', () => {
  const source =
    'type Route = { origin: string };\n\nexport function handler(event: any) {\n  const route: Route = event.route;\n  return route.origin.normalize();\n}\n';

  it('leads through the source map to the line that a person wrote', async () => {
    const { code, map } = await esbuild.transform(source, {
      loader: 'ts',
      minify: true,
      sourcemap: 'external',
      sourcefile: 'functions/router.ts',
      format: 'esm',
    });
    const problem = checkSyntax(code, { file: 'dist/router.js', sourceMap: JSON.parse(map) }).find(({ rule }) => rule === 'built-in');
    expect(problem).toMatchObject({ file: 'functions/router.ts', line: 5, column: 23 });
  });

  it('keeps the place in the built file where the map has none', () => {
    const sourceMap = { version: 3, sources: ['a.ts'], names: [], mappings: '' };
    expect(checkSyntax('new Map();\nfunction handler() {}', { file: 'dist/router.js', sourceMap })).toMatchObject([
      { file: 'dist/router.js', line: 1, column: 5 },
    ]);
  });

  it('is one line for people', () => {
    const [problem] = checkSyntax('function handler(event) {\n  return event?.request;\n}', { file: 'router.js' });
    expect(problem && formatGateProblem(problem)).toBe('router.js:2:10 optional-chaining: event?.request; write a && a.b');
  });
});
