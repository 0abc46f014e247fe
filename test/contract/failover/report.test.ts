import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { reportsKey } from '../../../kvs/keys.ts';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { listReportedPlaces } from '../../../src/config/origin-names.ts';
import { flipKeys, planFlip } from '../../../src/core/flip.ts';
import { parseReports } from '../../../src/core/reports.ts';
import { readStatus } from '../../../src/failover/failover-status.ts';
import { formatStatus } from '../../../src/failover/format-failover.ts';
import { type ReportRequest, storeReport } from '../../../src/failover/report.ts';
import { openTestStore, type TestStore } from '../aws/open-test-store.ts';

const signals = [
  { type: 'http' as const, required: true },
  { type: 'reported' as const, source: 'prometheus' },
  { type: 'reported' as const, source: 'datadog' },
];
const config = parseEdgeConfig({
  origins: { singapore: { region: 'ap-southeast-1', signals }, europe: { region: 'eu-central-1' } },
  defaultOrder: ['singapore', 'europe'],
});
const places = listReportedPlaces(config);
const origins = Object.keys(config.origins);

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());
beforeEach(async () => {
  await test.store.update([], () => ({
    puts: [{ key: 'health', value: 'ok' }],
    deletes: [...test.values().keys()].filter((key) => key !== 'health'),
  }));
  test.control.calls.length = 0;
});

const report = (given: Partial<ReportRequest> = {}) =>
  storeReport(
    { origin: 'singapore', source: 'prometheus', opinion: 'unhealthy', ttlMs: 600_000, reason: '5xx', at: Date.now(), ...given },
    { store: test.store, places, now: Date.now },
  );
const operations = () => test.control.calls.map(({ operation }) => operation);

describe('a report', () => {
  it('is one write beside the record, which it does not touch', async () => {
    expect(await report()).toMatchObject({ outcome: 'written', before: undefined });
    expect(operations()).toEqual(['DescribeKeyValueStore', 'GetKey', 'UpdateKeys']);
    expect(test.values().get('health')).toBe('ok');
    expect(parseReports(test.values().get(reportsKey))).toMatchObject([{ source: 'prometheus', opinion: 'unhealthy', reason: '5xx' }]);
  });

  it('writes nothing when the same opinion holds for long enough', async () => {
    await report();
    test.control.calls.length = 0;
    expect(await report()).toMatchObject({ outcome: 'kept' });
    expect(operations()).not.toContain('UpdateKeys');
  });

  it('of a recovery is refused too soon after bad news from the same source, and nothing is written', async () => {
    await report();
    test.control.calls.length = 0;
    await expect(report({ opinion: 'healthy' })).rejects.toMatchObject({ code: 'THROTTLED', hint: expect.stringMatching(/in \d/) });
    expect(operations()).not.toContain('UpdateKeys');
    expect(await report({ opinion: 'healthy', source: 'datadog' })).toMatchObject({ outcome: 'written' });
  });

  it('of every source is kept when all arrive at the same time', async () => {
    await Promise.all([report(), report({ source: 'datadog', opinion: 'healthy' }), report()]);
    expect(
      parseReports(test.values().get(reportsKey))
        .map(({ source }) => source)
        .sort(),
    ).toEqual(['datadog', 'prometheus']);
  });

  it('cannot move an override, nor the record at all', async () => {
    const flip = { kind: 'override' as const, weights: { singapore: 100, europe: 0 }, until: Date.now() + 3_600_000 };
    await test.store.update(flipKeys, (snapshot) => planFlip(snapshot, flip, { at: Date.now(), by: 'ann', reason: 'test', origins }));
    const before = [...test.values()].filter(([key]) => key !== reportsKey);
    await report();
    expect([...test.values()].filter(([key]) => key !== reportsKey)).toEqual(before);
  });

  it.each([
    { what: 'a source that no signal takes', given: { source: 'prometheu' }, hint: 'did you mean prometheus?' },
    { what: 'a source of another origin', given: { origin: 'europe' }, hint: expect.stringContaining('add { type: ') },
    { what: 'too short a time', given: { ttlMs: 59_999 }, hint: expect.any(String) },
    { what: 'too long a time', given: { ttlMs: 3_600_001 }, hint: expect.any(String) },
  ])('with $what is refused, and nothing is asked of the store', async ({ given, hint }) => {
    await expect(report(given)).rejects.toMatchObject({ code: 'USAGE', hint });
    expect(operations()).toEqual([]);
  });

  it('is in the status until it expires', async () => {
    await report();
    const context = { origins, audiences: [], edge: undefined, now: Date.now };
    const status = await readStatus(test.store, context);
    expect(status.reports).toMatchObject([{ origin: 'singapore', source: 'prometheus', opinion: 'unhealthy' }]);
    expect(formatStatus(status, { where: 'here', colour: false, verbose: false }).join('\n')).toMatch(
      /reports\n {2}singapore +unhealthy +by prometheus, (10m|9m 59s) left: 5xx\n/,
    );
    expect(await readStatus(test.store, { ...context, now: () => Date.now() + 600_000 })).not.toHaveProperty('reports');
  });
});
