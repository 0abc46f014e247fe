import { expect, it } from 'vitest';
import { formatPublishEvent, formatRelease } from '../../../src/publish/format-publish.ts';
import type { Release } from '../../../src/publish/publish-tools.ts';
import { formatStorePlan } from '../../../src/store/format-store-plan.ts';
import { listBatches, planKeys } from '../../../src/store/plan-keys.ts';

const release: Release = {
  outcome: 'published',
  name: 'origin-router',
  arn: 'arn',
  bytes: 1_282,
  sha256: 'f52ecce3a558'.padEnd(64, '0'),
  version: 7,
  steps: [],
  notes: [],
  changes: [],
  njs: 'passed',
};
const terminal = { columns: 80, colour: false };

it('the outcome of a release', () => {
  expect(
    [release, { ...release, outcome: 'unchanged' as const }, { ...release, njs: 'absent' as const }].map(formatRelease),
  ).toMatchInlineSnapshot(`
    [
      [
        "published: origin-router v7 is LIVE (f52ecce3a558); edge locations will pick it up; AWS gives no time bound",
      ],
      [
        "nothing to do: LIVE already runs this code (origin-router v7, f52ecce3a558)",
      ],
      [
        "published: origin-router v7 is LIVE (f52ecce3a558); edge locations will pick it up; AWS gives no time bound",
        "not proven: njs is not installed, so the code never ran in CloudFront’s kind of engine",
      ],
    ]
  `);
});

it('what a release reports', () => {
  const situation = { title: 'every origin healthy', record: 'ok', methods: ['GET'] };
  const methods = [{ method: 'GET', before: 'singapore, then europe', after: 'europe, then singapore' }];
  expect(
    [
      formatPublishEvent({ kind: 'step', step: 'upload', result: 'DEVELOPMENT created', durationMs: 312 }, terminal),
      formatPublishEvent({ kind: 'note', note: 'routing was not checked: njs is not installed' }, terminal),
      formatPublishEvent({ kind: 'changes', changes: [{ situation, changes: [{ countries: ['JP', 'KR'], methods }] }] }, terminal),
    ].flat(),
  ).toMatchInlineSnapshot(`
    [
      "upload    312 ms  DEVELOPMENT created",
      "note: routing was not checked: njs is not installed",
      "every origin healthy",
      "  2 countries (JP, KR): singapore, then europe → europe, then singapore",
      "every country: npm run function:explain -- --diff",
    ]
  `);
});

it('the plan of a store', () => {
  const values = new Map([
    ['health', 'ok'],
    ['state', '{}'],
    ['owned/000', 'flag/a\nflag/b'],
    ['flag/a', '1'],
    ['flag/b', '1'],
    ['theirs', 'x'],
  ]);
  const plan = planKeys(values, { 'flag/a': '2', 'flag/c': '3' });
  const whole = { name: 'edge-health', arn: 'arn', ...plan, batches: listBatches(plan, values) };
  expect(formatStorePlan(whole, false)).toMatchInlineSnapshot(`
    [
      "key-value store edge-health (arn)",
      "  ~ flag/a: 1 → 2",
      "  + flag/c: 3",
      "  - flag/b: 1",
      "1 to add, 1 to change, 1 to remove; 1 other key stays",
    ]
  `);
});
