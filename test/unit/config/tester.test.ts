import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type EdgeConfigInput, parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { buildFunction } from '../../../src/edge/build.ts';
import { configs } from '../../edge/router/configs.ts';

const sha256 = '0123456789abcdef'.repeat(4);
const parse = (tester: unknown, more: object = {}) =>
  parseEdgeConfig({ origins: { a: { region: 'eu-central-1' } }, defaultOrder: ['a'], tester, ...more } as EdgeConfigInput);

it('a tester has a header or a cookie, and a hash', () => {
  expect(parse({ header: 'x-tester', sha256 }).tester).toEqual({ header: 'x-tester', sha256 });
  expect(parse({ cookie: '__Host-tester', sha256 }).tester?.cookie).toBe('__Host-tester');
});

it.each([
  { tester: { sha256 }, path: 'tester' },
  { tester: { header: 'x-tester', cookie: 'tester', sha256 }, path: 'tester' },
  // A function never sees it.
  { tester: { header: 'x-edge-tester', sha256 }, path: 'tester.header' },
  { tester: { header: 'authorization', sha256 }, path: 'tester.header' },
  { tester: { header: 'X-Tester', sha256 }, path: 'tester.header' },
  { tester: { cookie: '__proto__', sha256 }, path: 'tester.cookie' },
  { tester: { cookie: 'a b', sha256 }, path: 'tester.cookie' },
  { tester: { header: 'x-tester', sha256: sha256.toUpperCase() }, path: 'tester.sha256' },
  { tester: { header: 'x-tester', sha256: 'secret' }, path: 'tester.sha256' },
  { tester: { header: 'x-tester', secret: 'secret' }, path: 'tester' },
])('refuses $tester', ({ tester, path }) => {
  expect(() => parse(tester)).toThrow(`  ${path}: `);
});

it('refuses a hash whose secret is known', () => {
  const [, example] = /tester: .*sha256: '([0-9a-f]{64})'/.exec(readFileSync('docs/config.md', 'utf8')) ?? [];
  for (const hash of [...['', 'undefined'].map((secret) => createHash('sha256').update(secret).digest('hex')), example])
    expect(() => parse({ header: 'x-tester', sha256: hash })).toThrow('tester.sha256: the secret of this hash is public');
});

it('refuses the header of a retry', () => {
  expect(() => parse({ header: 'x-a', sha256 }, { retryHeader: 'x-a' })).toThrow('tester.header: "x-a" is the retryHeader already');
});

it('costs nothing where it is not configured', async () => {
  const [tested, without] = await Promise.all([buildFunction(configs['tester-header']), buildFunction(configs.three)]);
  expect(tested.code).toContain('sha256');
  expect(without.code).not.toMatch(/sha256|tester/);
});
