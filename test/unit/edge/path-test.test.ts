import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesPattern } from '../../../src/config/path-pattern.ts';
import { pathTest } from '../../../src/edge/routes-module.ts';

const run = (pattern: string, uri: string) => new Function('uri', `return ${pathTest(pattern)}`)(uri) as boolean;

/** Character by character, every length of a star tried. */
function matches(pattern: string, path: string): boolean {
  if (pattern === '') return path === '';
  if (pattern.startsWith('*')) return matches(pattern.slice(1), path) || (path !== '' && matches(pattern, path.slice(1)));
  return path !== '' && (pattern[0] === '?' || pattern[0] === path[0]) && matches(pattern.slice(1), path.slice(1));
}

describe('the test of a path pattern', () => {
  it.each([
    { pattern: '*', test: 'true' },
    { pattern: '/login', test: 'uri==="/login"' },
    { pattern: 'api/*', test: 'uri.startsWith("/api/")' },
    { pattern: '*.jpg', test: 'uri.endsWith(".jpg")' },
    { pattern: '/a/*.jpg', test: 'uri.startsWith("/a/")&&uri.endsWith(".jpg")' },
    { pattern: '/ab*bc', test: 'uri.startsWith("/ab")&&uri.endsWith("bc")&&uri.length>=5' },
    { pattern: '/*/raw/**', test: 'uri.startsWith("/")&&uri.indexOf("/raw/",1)>=0' },
    { pattern: '/v?/x', test: '/^\\/v.\\/x$/.test(uri)' },
  ])('of $pattern is $test', ({ pattern, test }) => {
    expect(pathTest(pattern)).toBe(test);
  });

  it('matches what CloudFront’s grammar matches, and so does matchesPattern', () => {
    const text = (units: string[], maxLength: number) => fc.array(fc.constantFrom(...units), { maxLength }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text(['a', 'b', '*', '?', '.', '$', '+'], 8), text(['a', 'b', 'B', '.', '$', '+', '*', '?'], 10), (pattern, path) => {
        const wanted = matches(`/${pattern}`, `/${path}`);
        expect(run(`/${pattern}`, `/${path}`)).toBe(wanted);
        expect(matchesPattern(`/${pattern}`, `/${path}`)).toBe(wanted);
      }),
      { numRuns: 3_000 },
    );
  });

  it('takes no more time for a long path that almost matches', () => {
    const started = performance.now();
    expect(run(`/${'*a?'.repeat(40)}*z`, `/${'a'.repeat(8_000)}`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(500);
  });
});
