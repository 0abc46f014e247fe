import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePathPattern } from '../../../local/edge/edge-plan.ts';
import { coversPattern } from '../../../src/config/path-pattern.ts';

describe('coversPattern', () => {
  it.each([
    ['*', '/api/*'],
    ['/*', '/api/*'],
    ['/api*', '/api/*'],
    ['api/*', '/api/*'],
    ['/api/*', 'api/v1/*'],
    ['/*/*', '/api/*'],
    ['/a?i/*', '/api/*'],
    ['*.json', '/api/*.json'],
  ])('%s takes everything of %s', (wide, narrow) => {
    expect(coversPattern(wide, narrow)).toBe(true);
  });

  it.each([
    ['/api/v1/*', '/api/*'],
    ['/api/*', '/api*'],
    ['/a?', '/a*'],
    ['/API/*', '/api/*'],
    ['*.json', '/api/*'],
    ['/api/?*', '/api/*'],
  ])('%s leaves something of %s', (wide, narrow) => {
    expect(coversPattern(wide, narrow)).toBe(false);
  });

  it('is never true of two patterns of which one matches a path that the other does not', () => {
    const pattern = fc.array(fc.constantFrom('a', 'b', '/', '*', '?'), { maxLength: 6 }).map((parts) => `/${parts.join('')}`);
    const path = fc.array(fc.constantFrom('a', 'b', '/'), { maxLength: 7 }).map((parts) => `/${parts.join('')}`);
    fc.assert(
      fc.property(pattern, pattern, path, (wide, narrow, tried) => {
        fc.pre(coversPattern(wide, narrow) && compilePathPattern(narrow)(tried));
        expect(compilePathPattern(wide)(tried)).toBe(true);
      }),
      { numRuns: 2_000, maxSkipsPerRun: 200 },
    );
  });
});
