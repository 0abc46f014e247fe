import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePathPattern, normalizePath } from '../../../../local/edge/edge-plan.ts';

describe('a path pattern', () => {
  it.each([
    ['/api/*', '/api/', true],
    ['/api/*', '/api/v1/x', true],
    ['/api/*', '/api', false],
    ['/api/*', '/API/x', false],
    ['images/*.jpg', '/images/a.jpg', true],
    ['/images/*.jpg', '/images/a/b.jpg', true],
    ['/images/*.jpg', '/images/a.jpeg', false],
    ['*.gif', '/deep/down/x.gif', true],
    ['/a?c', '/abc', true],
    ['/a?c', '/ac', false],
    ['/a?c', '/a/c', true],
    ['/a*b*c', '/a1b2b3c', true],
    ['/a*b*c', '/a1b2b3', false],
    ['/exact', '/exact', true],
    ['/exact', '/exact/', false],
    ['/a.c', '/abc', false],
    ['*', '/', true],
  ])('%s on %s: %s', (pattern, path, expected) => {
    expect(compilePathPattern(pattern)(path)).toBe(expected);
  });

  it('agrees with the regular expression that means the same', () => {
    const text = fc.array(fc.constantFrom('a', 'b', '/', '*', '?'), { maxLength: 8 }).map((parts) => `/${parts.join('')}`);
    const path = fc.array(fc.constantFrom('a', 'b', '/'), { maxLength: 10 }).map((parts) => `/${parts.join('')}`);
    fc.assert(
      fc.property(text, path, (pattern, tried) => {
        const expression = new RegExp(`^${pattern.replace(/\*/g, '.*').replace(/\?/g, '.')}$`);
        expect(compilePathPattern(pattern)(tried)).toBe(expression.test(tried));
      }),
      { numRuns: 2_000 },
    );
  });

  it('stays quick on a pattern of many stars', () => {
    const begin = process.cpuUsage();
    compilePathPattern(`/${'*a'.repeat(40)}b`)(`/${'a'.repeat(8_000)}`);
    // A cost that doubles with each star would be years.
    expect(process.cpuUsage(begin).user).toBeLessThan(1_000_000);
  });
});

describe('a path as patterns see it', () => {
  it.each([
    ['/a/../b', '/b'],
    ['/a/./b', '/a/b'],
    ['/../../a', '/a'],
    ['/a/..', '/'],
    ['/%61%70i/x', '/api/x'],
    ['/a%2fb', '/a%2Fb'],
    ['/a//b', '/a//b'],
    ['/api/%2E%2E/secret', '/secret'],
  ])('%s is %s', (path, expected) => {
    expect(normalizePath(path)).toBe(expected);
  });
});
