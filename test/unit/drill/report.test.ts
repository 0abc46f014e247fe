import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketAt, chooseBuckets } from '../../../src/drill/count-report.ts';
import type { Drill, DrillFlip, ViewerOutcome } from '../../../src/drill/drill-record.ts';
import { buildDrillReport, type DrillReport } from '../../../src/drill/report.ts';
import { countLost, formatDrillPage } from '../../../src/drill/report-page.ts';
import { europe, good, outcome, singapore } from './hand-made-drill.ts';
import { expectSoundPage } from './page-rules.ts';
import { context } from './run-context.ts';

const maxBytes = 1_000_000;
const report = (spoil: Partial<Drill> = {}) => buildDrillReport({ ...good, ...spoil }, context);
const total = (counts: { ok: number; failed: number }[]) => counts.reduce((sum, { ok, failed }) => sum + ok + failed, 0);

const anyOutcome = fc.record({
  startedAt: fc.integer({ min: -100, max: 11_000 }),
  ms: fc.integer({ min: 0, max: 30_000 }),
  method: fc.constantFrom('GET', 'POST', 'HEAD'),
  country: fc.constantFrom('IN', 'US', 'DE', 'XX', ''),
  status: fc.constantFrom(0, 200, 502),
  region: fc.constantFrom(singapore, europe, 'mars-1', undefined),
  ok: fc.boolean(),
});

/** A day in which the origin flaps two hundred times. */
function longDrill(): Drill {
  const day = 86_400_000;
  const countries = Array.from({ length: 200 }, (_, place) => `C${place}`);
  const at = (place: number, of: number) => Math.floor((day * place) / of);
  const outcomes = Array.from({ length: 30_000 }, (_, place): ViewerOutcome => {
    const ok = place % 7 > 0;
    const method = place % 5 > 2 ? 'POST' : 'GET';
    return outcome(at(place, 30_000), { ok, method, country: countries[place % 200] ?? '', region: place % 2 ? europe : singapore });
  });
  const flips = Array.from({ length: 400 }, (_, place): DrillFlip => {
    const writtenAt = 2_000 + at(place, 400);
    const [from, to] = place % 2 === 0 ? ['ok', 'singapore=0'] : ['singapore=0', 'ok'];
    return { writtenAt, servedAt: writtenAt + 2_000, from, to, reason: 'x'.repeat(5_000) };
  });
  return {
    ...good,
    outcomes,
    requests: outcomes.slice(0, 2_000).map(({ startedAt, ms }) => ({ at: startedAt, ms, origins: ['singapore'] })),
    flips,
    probes: Array.from({ length: 30_000 }, (_, place) => ({
      at: at(place, 30_000),
      origin: place % 2 ? 'singapore' : 'europe',
      signal: 'http',
      opinion: place % 3 ? 'good' : 'bad',
    })),
    verdicts: flips.map(({ writtenAt }, place) => ({ at: writtenAt, origin: 'singapore', verdict: place % 2 ? 'healthy' : 'unhealthy' })),
    timeline: {
      ...good.timeline,
      unhealthyAt: 2_000,
      writtenAt: 2_000,
      propagatedAt: 4_000,
      endedAt: day,
      failbackAt: undefined,
      records: flips.map(({ servedAt, to }) => ({ at: servedAt, record: to })),
    },
  };
}

describe('chooseBuckets', () => {
  it('covers the drill with at most 120 buckets, one of which begins at the fault', () => {
    const times = fc.tuple(fc.integer({ min: 0, max: 1e12 }), fc.integer({ min: 0, max: 1e10 }), fc.float({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(times, ([startedAt, lengthMs, share]) => {
        const endedAt = startedAt + lengthMs;
        const anchor = Math.round(startedAt + lengthMs * share);
        const { from, bucketMs, count } = chooseBuckets(startedAt, endedAt, anchor);
        expect(count).toBeLessThanOrEqual(121);
        expect(from).toBeLessThanOrEqual(startedAt);
        expect(from + count * bucketMs).toBeGreaterThanOrEqual(endedAt);
        expect((anchor - from) % bucketMs).toBe(0);
        expect(bucketAt({ from, bucketMs, count }, startedAt)).toBeGreaterThanOrEqual(0);
        expect(bucketAt({ from, bucketMs, count }, endedAt)).toBeLessThan(count);
      }),
    );
  });
});

describe('the top of the page', () => {
  const buckets = (ok: number, failed: number) =>
    report()
      .buckets.slice(0, 1)
      .map((bucket) => ({ ...bucket, methods: { POST: { ok, failed } } }));

  it.each([
    { ok: 4, failed: 0, share: '0 %' },
    { ok: 413, failed: 57, share: '12.1 %' },
    { ok: 99_999, failed: 1, share: '0.1 %' },
    { ok: 0, failed: 0, share: '0 %' },
  ])('has the lost POSTs as a share: $failed of $failed + $ok is $share', ({ ok, failed, share }) => {
    expect(countLost(buckets(ok, failed), 'POST')).toEqual({ requests: ok + failed, failed, share });
  });

  it('has the picture, then the figures with lost POSTs in amber, then both kinds of times', () => {
    const page = formatDrillPage(report());
    const places = ['<h1>', 'id="overview-title"', 'class="tiles"', 'class="late">100 %', 'class="note"', 'Promises'].map((part) =>
      page.indexOf(part),
    );
    expect(places.every((place, index) => place > (places[index - 1] ?? 0))).toBe(true);
    expect(page.slice(page.indexOf('class="note"'))).toMatch(/edge\.config\.ts the flipper probes every 10s and needs at most 19s/);
  });
});

describe('buildDrillReport', () => {
  it('counts every request once by method, once by country, and every answer once by origin', () => {
    fc.assert(
      fc.property(fc.array(anyOutcome, { maxLength: 60 }), (outcomes) => {
        const { buckets } = report({ outcomes });
        expect(total(buckets.flatMap(({ methods }) => Object.values(methods)))).toBe(outcomes.length);
        expect(total(buckets.flatMap(({ countries }) => Object.values(countries)))).toBe(outcomes.length);
        const answers = buckets.flatMap(({ origins }) => Object.values(origins)).reduce((sum, count) => sum + count, 0);
        expect(answers).toBe(outcomes.filter(({ ok }) => ok).length);
      }),
    );
  });

  it('counts every probe once, by its origin', () => {
    const [home, away] = report().probes;
    expect([home?.good, home?.bad, home?.failures, away?.good]).toEqual([2, 2, [{ class: 'connect', probes: 2 }], 1]);
    expect(home?.buckets.reduce((sum, { good: probes, bad }) => sum + probes + bad, 0)).toBe(4);
  });

  it('puts the countries beyond the busiest twelve together', () => {
    const outcomes = Array.from({ length: 30 }, (_, place) => outcome(100 * place, { country: `C${place % 15}` }));
    const { countries } = report({ outcomes });
    expect(countries).toHaveLength(13);
    expect(countries.at(-1)).toBe('others');
  });

  it('marks fault, verdict, flip, propagation, restore, each step of the ramp and the end of the failback, in order', () => {
    const { markers, fromMs, toMs } = report();
    expect(markers.map(({ kind, atMs }) => [kind, atMs])).toEqual([
      ['fault', 0],
      ['verdict', 500],
      ['written', 600],
      ['propagated', 1_000],
      ['restored', 5_000],
      ['ramp', 6_000],
      ['failback', 8_000],
    ]);
    for (const { atMs } of markers) expect(atMs >= fromMs && atMs <= toMs).toBe(true);
  });

  it('marks nothing that happened after the end of the drill', () => {
    const timeline = { ...good.timeline, endedAt: 6_500, failbackAt: undefined };
    const kinds = report({ timeline }).markers.map(({ kind }) => kind);
    expect(kinds).toEqual(['fault', 'verdict', 'written', 'propagated', 'restored']);
  });

  it('shows the weights as the edge served them', () => {
    expect(report().weights).toEqual([
      { atMs: -1_000, weight: 100 },
      { atMs: 1_000, weight: 0 },
      { atMs: 6_000, weight: 25 },
      { atMs: 8_000, weight: 100 },
    ]);
  });

  it('describes failed requests and times in words', () => {
    expect(report().verdict).toEqual({
      isKept: true,
      headline: 'Every promise was kept',
      sentences: [
        'singapore refused every connection for 5s.',
        'The flipper detected it after 500ms, and the flip was at the edge 1s after the fault.',
        'After the fault 0 of 3 GET and 1 of 1 POST failed; the last of them was sent 300ms after the fault.',
        'The failback was complete 3s after the restore.',
      ],
    });
  });

  it.each([
    { when: 'a promise was broken', spoil: { outcomes: [...good.outcomes, outcome(1_100, { ok: false })] }, says: 'A promise was broken' },
    {
      when: 'the flip never came',
      spoil: { timeline: { ...good.timeline, unhealthyAt: undefined, writtenAt: undefined, propagatedAt: undefined } },
      says: 'The flipper did not detect it.',
    },
    { when: 'the failback did not end', spoil: { timeline: { ...good.timeline, failbackAt: undefined } }, says: 'did not complete' },
    { when: 'no request was sent', spoil: { outcomes: [] }, says: 'No viewer sent a request' },
  ])('says so when $when', ({ spoil, says }) => {
    const { headline, sentences } = report(spoil).verdict;
    expect([headline, ...sentences].join(' ')).toContain(says);
    expectSoundPage(formatDrillPage(report(spoil)));
  });
});

describe('formatDrillPage', () => {
  const page = formatDrillPage(report());

  it('is one sound page without script, whose charts are described and repeated in tables', () => {
    expectSoundPage(page);
    const charts = page.match(/<svg class="plot"/g)?.length ?? 0;
    expect(charts).toBeGreaterThan(6);
    expect(page.match(/role="img" aria-labelledby="/g)).toHaveLength(charts);
    expect(page.match(/<details>/g)?.length).toBe(page.match(/<figure>/g)?.length);
  });

  it('holds the promises with their figures, the times, the counts, the settings and the command', () => {
    for (const text of [
      'no GET fails',
      '0 violations in 3 requests',
      'verdict: singapore is unhealthy',
      'failback: 25 % at singapore',
      'connect 2',
      '3 bad in a row',
      'npm run drill -- --report out/',
      '1a2b3c4d5e',
    ])
      expect(page).toContain(text);
  });

  it('shows failed requests below the line, not by colour alone', () => {
    const chart = page.slice(page.indexOf('id="method-1-title"'));
    const [, zero] = /<line class="zero"[^>]* y1="([\d.]+)"/.exec(chart) ?? [];
    const [, failed] = /<path class="x" d="M[\d.]+ ([\d.]+)h/.exec(chart) ?? [];
    expect(Number(zero)).toBeGreaterThan(0);
    expect(failed).toBe(zero);
  });

  it('escapes whatever text gets into a drill', () => {
    const evil = `</title><script>alert("x")</script>&'\u0000\ud800`;
    const evilDrill: Drill = {
      ...good,
      fault: evil,
      outcomes: [...good.outcomes, outcome(1_500, { country: evil, method: evil })],
      verdicts: good.verdicts.map((verdict) => ({ ...verdict, why: evil })),
      flips: good.flips.map((flip) => ({ ...flip, reason: evil })),
    };
    const evilContext = { ...context, command: evil, revision: evil, versions: { [evil]: evil } };
    const evilPage = formatDrillPage(buildDrillReport(evilDrill, evilContext));
    expectSoundPage(evilPage);
    expect(evilPage).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;\ufffd\ufffd');
  });

  it('is sound for any drill', () => {
    fc.assert(
      fc.property(fc.array(anyOutcome, { maxLength: 30 }), (outcomes) => expectSoundPage(formatDrillPage(report({ outcomes })))),
      { numRuns: 10 },
    );
  });

  it('stays below 1 MB for a day of flapping with 30,000 requests from 200 countries, and so does its JSON', () => {
    const long: DrillReport = buildDrillReport(longDrill(), context);
    const longPage = formatDrillPage(long);
    expect(Buffer.byteLength(longPage)).toBeLessThan(maxBytes);
    expect(Buffer.byteLength(JSON.stringify(long))).toBeLessThan(maxBytes);
    expect(long.moreMarkers).toBeGreaterThan(300);
    expect(longPage).toContain(`${long.moreMarkers} more flips are not listed`);
    expectSoundPage(longPage);
  });
});
