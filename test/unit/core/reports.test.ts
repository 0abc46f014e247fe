import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reportsKey } from '../../../kvs/keys.ts';
import { maxValueBytes } from '../../../kvs/limits.ts';
import {
  formatReports,
  judgeReport,
  maxReportedSignals,
  maxReportLagMs,
  maxReportTtlMs,
  minRecoveryMs,
  minReportTtlMs,
  parseReports,
  planReport,
  type Report,
} from '../../../src/core/reports.ts';

const now = Date.parse('2026-11-30T12:00:00Z');
const base: Report = { origin: 'singapore', source: 'prometheus', opinion: 'unhealthy', at: now, until: now + 600_000, reason: '5xx' };
const places = ['singapore', 'europe'].flatMap((origin) => ['prometheus', 'datadog'].map((source) => ({ origin, source })));

const snapshotOf = (...reports: Report[]) => ({ etag: '1', values: new Map([[reportsKey, formatReports(reports)]]) });

const arbitraryReport: fc.Arbitrary<Report> = fc
  .record({
    place: fc.constantFrom(...places),
    opinion: fc.constantFrom('healthy' as const, 'unhealthy' as const),
    at: fc.integer({ min: -maxReportLagMs / 1_000, max: maxReportLagMs / 1_000 }),
    ttl: fc.integer({ min: minReportTtlMs / 1_000, max: maxReportTtlMs / 1_000 }),
    reason: fc.constantFrom('', '5xx', 'p99 over 2 s'),
  })
  .map(({ place, opinion, at, ttl, reason }) => ({ ...place, opinion, at: now + at * 1_000, until: now + (at + ttl) * 1_000, reason }));

describe('the value', () => {
  it('reads back what was written, and always fits', () => {
    fc.assert(
      fc.property(fc.array(arbitraryReport, { maxLength: maxReportedSignals }), (reports) => {
        const text = formatReports(reports);
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxValueBytes);
        expect(parseReports(text)).toEqual(reports);
      }),
    );
  });

  it('holds every opinion even with the longest names, and drops the reasons then', () => {
    const longest = Array.from({ length: maxReportedSignals }, (_, index) => ({
      ...base,
      origin: `${index}`.padStart(63, 'o'),
      source: 's'.repeat(24),
      reason: 'é"\\'.repeat(200),
    }));
    const read = parseReports(formatReports(longest));
    expect(read.map(({ origin }) => origin)).toEqual(longest.map(({ origin }) => origin));
    expect(read.every(({ reason }) => reason === '')).toBe(true);
  });

  it('is never the reason for a failure, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.anything().map((any) => JSON.stringify([any]) ?? ''),
        ),
        (text) => {
          for (const report of parseReports(text)) judgeReport(report, now);
          planReport({ etag: '1', values: new Map([[reportsKey, text]]) }, base, places, now);
        },
      ),
    );
  });

  it('keeps the rows that can be read', () => {
    const good = JSON.parse(formatReports([base]))[0];
    expect(parseReports(JSON.stringify([['x'], null, good, { origin: 'a' }, [...good.slice(0, 3), 1e300, 1]]))).toEqual([base]);
  });
});

describe('an opinion', () => {
  it.each([
    { when: 'it holds', report: base, opinion: 'bad' },
    { when: 'it is good news', report: { ...base, opinion: 'healthy' as const }, opinion: 'good' },
    { when: 'there is none', report: undefined, opinion: 'none' },
    { when: 'it has just expired', report: { ...base, until: now }, opinion: 'none' },
    { when: 'the clock of its writer is a minute ahead', report: { ...base, at: now + maxReportLagMs }, opinion: 'bad' },
    { when: 'it is from the future', report: { ...base, at: now + maxReportLagMs + 1_000 }, opinion: 'none' },
    { when: 'it claims to last for ever', report: { ...base, at: now - maxReportTtlMs, until: now + 1e9 }, opinion: 'none' },
  ])('is $opinion when $when', ({ report, opinion }) => expect(judgeReport(report, now).opinion).toBe(opinion));

  it('gives the monitor’s reason where there is one', () => {
    expect(judgeReport(base, now).detail).toBe('reported unhealthy: 5xx');
    expect(judgeReport({ ...base, reason: '' }, now).detail).toBe('reported unhealthy');
  });

  it('of an expired report is never bad, at any clock', () => {
    fc.assert(
      fc.property(arbitraryReport, fc.integer({ min: 0, max: 1e10 }), (report, lateMs) => {
        expect(judgeReport(report, report.until + lateMs).opinion).toBe('none');
        expect(judgeReport(report, report.at + maxReportTtlMs + lateMs).opinion).toBe('none');
      }),
    );
  });
});

describe('planReport', () => {
  it('replaces what the same source said about the same origin, and nothing else', () => {
    const others = [
      { ...base, source: 'datadog', opinion: 'healthy' as const },
      { ...base, origin: 'europe', opinion: 'healthy' as const },
    ];
    const plan = planReport(snapshotOf({ ...base, opinion: 'healthy', at: now - 5_000 }, ...others), base, places, now);
    expect(plan).toMatchObject({ outcome: 'written', before: { opinion: 'healthy' } });
    expect(parseReports(plan.change?.puts[0]?.value)).toEqual([...others, base]);
    expect(plan.change?.puts.map(({ key }) => key)).toEqual([reportsKey]);
  });

  it('writes the same opinion again only when half of its time is over', () => {
    const again = { ...base, at: now, until: now + 600_000 };
    const held = (leftMs: number) => planReport(snapshotOf({ ...base, at: now - 60_000, until: now + leftMs }), again, places, now);
    expect(held(300_000)).toMatchObject({ outcome: 'kept', change: undefined, report: { until: now + 300_000 } });
    expect(held(299_000)).toMatchObject({ outcome: 'written', report: { until: now + 600_000 } });
  });

  it('bounds the writes of a source that alternates, and never delays bad news', () => {
    let value = '[]';
    let writes = 0;
    for (let second = 0; second < 600; second++) {
      const at = now + second * 1_000;
      const report: Report = { ...base, opinion: second % 2 === 0 ? 'healthy' : 'unhealthy', at, until: at + 600_000 };
      const { outcome, change } = planReport({ etag: '1', values: new Map([[reportsKey, value]]) }, report, places, at);
      if (report.opinion === 'unhealthy') expect(outcome).not.toBe('too-soon');
      value = change?.puts[0]?.value ?? value;
      writes += change === undefined ? 0 : 1;
    }
    // Two in each half minute.
    expect(writes).toBeLessThanOrEqual(40);
  });

  it('keeps a newer one of the same source, and takes one of the same second', () => {
    const newer: Report = { ...base, opinion: 'healthy', at: now + 1_000 };
    expect(planReport(snapshotOf(newer), base, places, now)).toStrictEqual({
      outcome: 'superseded',
      report: newer,
      before: newer,
      change: undefined,
    });
    const same: Report = { ...newer, at: now };
    expect(planReport(snapshotOf(same), base, places, now)).toMatchObject({ outcome: 'written', before: same, change: { deletes: [] } });
  });

  it('takes bad news that lasts longer at once', () => {
    const before = { ...base, at: now - 1_000, until: now + 61_000 };
    expect(planReport(snapshotOf(before), base, places, now)).toMatchObject({ outcome: 'written', report: base, before });
  });

  it('takes a recovery a minute after the bad news, a second early too', () => {
    const recovery: Report = { ...base, opinion: 'healthy', at: now, until: now + 600_000 };
    expect(planReport(snapshotOf({ ...base, at: now - 59_000 }), recovery, places, now)).toMatchObject({ outcome: 'written' });
    expect(planReport(snapshotOf({ ...base, at: now - minRecoveryMs + 1_000 }), recovery, places, now)).toMatchObject({
      outcome: 'too-soon',
    });
  });

  it('drops what has expired and what no signal takes any more', () => {
    const gone = [
      { ...base, source: 'datadog', until: now },
      { ...base, source: 'retired' },
    ];
    expect(parseReports(planReport(snapshotOf(...gone), base, places, now).change?.puts[0]?.value)).toEqual([base]);
  });

  const distinct = fc.uniqueArray(arbitraryReport, {
    maxLength: 12,
    selector: ({ origin, source, at }) => `${origin}/${source}/${at}`,
  });
  const deliver = (deliveries: readonly Report[], arrival: (report: Report) => number = () => now) => {
    let value = '[]';
    let latest = 0;
    for (const report of deliveries) {
      latest = Math.max(latest, arrival(report));
      const { change } = planReport({ etag: '1', values: new Map([[reportsKey, value]]) }, report, places, latest);
      value = change?.puts[0]?.value ?? value;
    }
    return parseReports(value);
  };
  const isOf = (place: Pick<Report, 'origin' | 'source'>) => (report: Report) =>
    report.origin === place.origin && report.source === place.source;

  it('ends with what each source said last, however often a report is repeated', () => {
    const inOrder = distinct.map((all) =>
      all.map((report, index) => ({ ...report, at: now + index * minRecoveryMs, until: now + index * minRecoveryMs + maxReportTtlMs })),
    );
    fc.assert(
      fc.property(inOrder, fc.array(fc.nat(11)), (all, repeats) => {
        const deliveries = all.flatMap((report, index) => [report, ...all.slice(0, index).filter((_, past) => repeats.includes(past))]);
        const held = deliver(deliveries, ({ at }) => at);
        for (const place of places) expect(held.find(isOf(place))?.opinion).toBe(all.findLast(isOf(place))?.opinion);
      }),
    );
  });

  it('never lets an older report replace a newer one that was stored, in any order', () => {
    fc.assert(
      fc.property(
        distinct.chain((all) => fc.shuffledSubarray([...all, ...all], { minLength: 2 * all.length })),
        (deliveries) => {
          const seen = new Map<string, number>();
          for (let count = 1; count <= deliveries.length; count++)
            for (const { origin, source, at } of deliver(deliveries.slice(0, count))) {
              expect(at).toBeGreaterThanOrEqual(seen.get(`${origin}/${source}`) ?? 0);
              seen.set(`${origin}/${source}`, at);
            }
        },
      ),
    );
  });
});
