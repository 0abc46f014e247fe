import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answerForm } from '../../../scripts/failover/answer-form.ts';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { auditHistory } from '../../../src/core/audit.ts';
import { listAudiences } from '../../../src/core/viewer-shares.ts';
import type { OverrideNotice } from '../../../src/failover/format-failover.ts';
import type { OriginProbe } from '../../../src/probe/probe-origin.ts';
import { openTestStore, type TestStore } from '../aws/open-test-store.ts';

const config = parseEdgeConfig({
  origins: { singapore: { region: 'ap-southeast-1' }, europe: { region: 'eu-central-1' } },
  defaultOrder: ['singapore', 'europe'],
});
const form = { command: 'to', origin: 'europe', for: '10m', reason: 'ALB 5xx' };
const well: OriginProbe = { kind: 'good' };

let test: TestStore;
let sent: OverrideNotice[];
let probes: Record<string, OriginProbe>;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());
beforeEach(async () => {
  sent = [];
  probes = { singapore: well, europe: well };
  await test.store.update([], () => ({
    puts: [{ key: 'health', value: 'ok' }],
    deletes: [...test.values().keys()].filter((key) => key !== 'health'),
  }));
});

const send = (body: object, identity?: string) =>
  answerForm(JSON.stringify(body), {
    store: test.store,
    origins: Object.keys(config.origins),
    audiences: listAudiences(config),
    by: 'ann@laptop',
    identity,
    sleep: async () => undefined,
    proveOrigin: async (origin) => probes[origin] ?? well,
    channels: [
      {
        name: 'webhook',
        send: async (notice) => {
          sent.push(notice);
          return undefined;
        },
      },
    ],
    now: Date.now,
    signal: new AbortController().signal,
  });
const record = () => test.values().get('health');

describe('a move asked by a page', () => {
  it.each([
    { given: { by: 'bob' }, by: 'bob (111122223333:user/ann)' },
    { given: {}, by: 'ann@laptop (111122223333:user/ann)' },
  ])('has the identity of the credentials in the audit: $by', async ({ given, by }) => {
    await send({ ...form, ...given, write: 'yes' }, '111122223333:user/ann');
    expect(auditHistory(test.values())).toMatchObject([{ by }]);
  });

  it('is shown first, with its plan, and nothing is written', async () => {
    const answer = await send(form);
    expect(answer).toMatchObject({ written: false, asks: true, seen: '"none"' });
    expect(answer).toMatchObject({
      plan: {
        weights: [
          { origin: 'singapore', before: 100, after: 0 },
          { origin: 'europe', before: 100, after: 100 },
        ],
        dangers: [],
        ends: null,
      },
    });
    expect(sent).toEqual([]);
    expect(record()).toBe('ok');
  });

  it('is then written as the command writes it: override, reason, author, audit', async () => {
    const shown = await send(form);
    const answer = await send({ ...form, write: 'yes', seen: 'seen' in shown ? shown.seen : '' });
    expect(answer).toMatchObject({ written: true });
    expect('lines' in answer && answer.lines.at(-1)).toMatch(/^written: singapore 0 %, europe 100 % until .* UTC \(flip #1\)$/);
    expect(record()).toMatch(/^singapore=0@\d+;europe=100@\d+$/);
    expect(sent).toMatchObject([{ of: 'override', event: { by: 'ann@laptop', reason: 'ALB 5xx', to: record() } }]);
    expect(auditHistory(test.values())).toMatchObject([{ kind: 'override', reason: 'ALB 5xx', by: 'ann@laptop' }]);
  });

  it('names in the audit the author that the form names', async () => {
    await send({ ...form, by: 'bob', write: 'yes' });
    expect(auditHistory(test.values())[0]?.by).toBe('bob');
  });

  it('ends with auto, which is news only while an override is in force', async () => {
    await send({ ...form, write: 'yes' });
    expect(await send({ command: 'auto', reason: 'recovered', write: 'yes' })).toMatchObject({ written: true });
    expect(record()).toBe('ok');
    const again = await send({ command: 'auto', reason: 'recovered' });
    expect(again).toMatchObject({ written: false, asks: false, lines: ['no override is in force: nothing to do'] });
  });

  it('onto an origin that answers badly is refused with its hint, unless the glass is broken', async () => {
    probes['europe'] = { kind: 'bad', problem: 'answered 503' };
    const refused = await send({ ...form, write: 'yes' });
    expect(refused).toMatchObject({ code: 'ORIGIN_UNHEALTHY', problems: [expect.stringContaining('answered 503')] });
    expect('hint' in refused && refused.hint).toContain('break-glass');
    expect(record()).toBe('ok');
    expect(await send({ ...form, 'break-glass': 'both are down', write: 'yes' })).toMatchObject({ written: true });
    expect(auditHistory(test.values())[0]?.breakGlass).toBe('both are down');
  });

  it('is not written over an override that was not there when the plan was shown', async () => {
    const shown = await send(form);
    await send({ ...form, command: 'drain', origin: 'europe', by: 'bob', write: 'yes' });
    const before = record();
    const late = await send({ ...form, write: 'yes', seen: 'seen' in shown ? shown.seen : '' });
    expect(late).toMatchObject({ code: 'CONFLICT' });
    expect(record()).toBe(before);
  });

  it('is written over an override that a flipper only noted since the plan was shown', async () => {
    const until = '2100-01-01T00:00:00.000Z';
    const override = { weights: { singapore: 0 }, until, reason: 'by hand', by: 'carol' };
    const put = (found: object) =>
      test.store.update([], () => ({
        puts: [
          { key: 'health', value: `singapore=0@${Date.parse(until) / 1_000}` },
          { key: 'state', value: JSON.stringify({ sequence: 1, origins: {}, override: found }) },
        ],
        deletes: [],
      }));
    await put(override);
    const shown = await send(form);
    await put({ ...override, notedAt: '2026-11-30T00:00:00.000Z' });
    expect(await send({ ...form, write: 'yes', seen: 'seen' in shown ? shown.seen : '' })).toMatchObject({ written: true });
  });

  it('that makes no sense is one problem', async () => {
    expect(await send({ ...form, for: '' })).toMatchObject({ code: 'USAGE', problems: [expect.stringContaining('--for is missing')] });
  });
});
