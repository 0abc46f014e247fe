import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { maxFunctionBytes } from '../../../kvs/limits.ts';
import conformance from '../../../scripts/conformance.ts';
import { run } from '../../../src/cli/run.ts';
import { conformanceCases, planConformance } from '../../../src/conformance/conformance.ts';
import { normalizeText, normalizeValue, sameAnswer } from '../../../src/conformance/conformance-case.ts';
import { formatConformancePage, formatConformancePlan } from '../../../src/conformance/format-conformance.ts';
import { openJournal } from '../../../src/conformance/journal.ts';
import { awsPace } from '../../../src/conformance/target.ts';
import { edgeFunctionCode } from '../../../src/conformance/throw-away-config.ts';
import { fakeHost } from '../cli/fake-host.ts';

const hidden = { run: 'edge-conformance-0badcafe', accountId: '111122223333', domains: ['d111.example.com'] };

it.each([
  ['the function edge-conformance-0badcafe-cp of 111122223333', 'the function <run>-cp of <account>'],
  ['arn:aws:cloudfront::111122223333:function/x is used by E1ABCDEFGHIJKL', '<arn> is used by <id>'],
  ['arn:aws:iam::444455556666:role/a/b, again', '<arn>, again'],
  ['since 2026-11-30T01:02:03.456Z at d111.example.com', 'since <time> at <domain>'],
  ['https://abc123.lambda-url.eu-central-1.on.aws/ and dabcdefghijklm.cloudfront.net', 'https://<domain>/ and <domain>'],
  ['a request 2b9d2b2e-7c0a-4a5e-9d6c-2f1f0a1b2c3d', 'a request <id>'],
])('reports %j without what is of this account', (text, said) => {
  expect(normalizeText(text, hidden)).toBe(said);
});

it('compares answers whatever the order of their fields, after their normalization', () => {
  const answer = normalizeValue({ b: [1, '111122223333'], at: new Date(0), gone: undefined }, hidden);
  expect(answer).toEqual({ b: [1, '<account>'], at: '<time>' });
  expect(sameAnswer({ a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 })).toBe(true);
  expect(sameAnswer({ a: 1 }, { a: '1' })).toBe(false);
});

it('has one function at the edge that CloudFront takes, with domains as long as AWS makes them', () => {
  const domain = `${'a'.repeat(32)}.lambda-url.ap-southeast-1.on.aws`;
  const code = edgeFunctionCode(conformanceCases, { domainA: domain, domainB: domain, nonce: hidden.run }, '1');
  expect(Buffer.byteLength(code)).toBeLessThan(maxFunctionBytes);
  expect(code).not.toMatch(/\{(domainA|domainB|nonce)\}/);
});

describe('the plan', () => {
  it('needs no distribution, and no requests, for cases of the APIs', () => {
    expect(planConformance({ pace: awsPace }, ['store-'])).toMatchObject({ needsDistribution: false, limits: { requests: 0 } });
  });

  it('costs at most $1 whole, at limits that a run cannot exceed', () => {
    const { usd, limits } = planConformance({ pace: awsPace });
    expect(usd).toBeGreaterThan(limits['store calls'] / 1_000);
    expect(usd).toBeLessThanOrEqual(1);
  });
});

it('has a page that a table can hold, whatever an answer is', () => {
  const page = formatConformancePage({
    target: 'aws',
    date: '2026-12-01',
    seconds: 1,
    summary: { same: 0, different: 1, 'could not ask': 0 },
    counts: { 'store calls': 0, requests: 0, 'free calls': 0 },
    usd: 0,
    left: [],
    rows: [
      {
        id: 'x',
        group: 'edge',
        question: 'a | b',
        emulated: '|',
        answered: '`<b>`',
        verdict: 'different',
        note: 'x\n| <script>',
        source: '',
      },
    ],
  });
  const row = page.split('\n').find((line) => line.startsWith('| x:')) ?? '';
  expect(row.replaceAll('\\|', '').split('|')).toHaveLength(6);
  expect(row).not.toContain('<script>');
});

const owned = ['--target', 'aws', '--i-own-this', '111122223333', '--region', 'eu-central-1'];

it.each([
  { args: ['--target', 'aws', '--region', 'eu-central-1'], fact: '--i-own-this' },
  { args: ['--target', 'aws', '--i-own-this', '12', '--region', 'eu-central-1'], fact: '12 digits' },
  { args: ['--target', 'aws', '--i-own-this', '111122223333'], fact: '--region' },
  { args: ['--target', 'aws', '--i-own-this', '111122223333', '--region', 'frankfurt'], fact: '--region' },
  { args: ['--only', 'store-stale-putt'], fact: 'store-stale-put' },
  { args: ['--only', 'store-,edg-'], fact: 'edg-' },
  { args: ['--only', ','], fact: '","' },
  { args: ['--target', 'azure'], fact: 'local or aws' },
  { args: ['--region', 'eu-central-1'], fact: '--target aws' },
  { args: ['--i-own-this', '111122223333', '--clean-up'], fact: '--target aws' },
  { args: [...owned, '--role', 'my-role', '--dry-run'], fact: 'my-role' },
  { args: [...owned, '--role', 'arn:aws:iam::444455556666:role/x', '--dry-run'], fact: '444455556666' },
])('refuses $args in one line', async ({ args, fact }) => {
  const host = fakeHost(args);
  await run(conformance, host);
  expect(host.codes.at(-1)).toBe(2);
  expect(host.err()).toContain(fact);
  expect(host.out()).toBe('');
});

it('does not call an account clean that its journal names, when only the local target is asked', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  const journal = join(folder, 'journal.jsonl');
  await openJournal(journal, { run: 'edge-conformance-00000001', accountId: '111122223333', region: 'eu-central-1' });
  const host = fakeHost(['--clean-up', '--journal', journal]);
  await run(conformance, host);
  await rm(folder, { recursive: true });
  expect(host.codes.at(-1)).toBe(2);
  expect(host.err()).toContain('--target aws --i-own-this 111122223333 --region eu-central-1 --clean-up');
});

it('promises no role of its own where one is given', () => {
  const plan = planConformance({ pace: awsPace });
  const role = 'arn:aws:iam::111122223333:role/x';
  expect(formatConformancePlan(plan).join()).toContain('a role without rights');
  expect(formatConformancePlan(plan, role).join()).not.toContain('a role without rights');
  expect(formatConformancePlan(plan, role).join()).toContain(role);
});

it('lists its cases, prints its plan, and has nothing to clean up locally, without any call', async () => {
  for (const [args, fact] of [
    [['--list'], 'store-stale-put'],
    [['--target', 'aws', '--i-own-this', '111122223333', '--region', 'eu-central-1', '--dry-run'], 'price  at most $'],
    [['--clean-up'], 'nothing behind'],
  ] as const) {
    const host = fakeHost([...args]);
    await run(conformance, host);
    expect(host.codes.filter((code) => code !== 0)).toEqual([]);
    expect(host.out()).toContain(fact);
  }
});
