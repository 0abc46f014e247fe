import { describe, expect, it } from 'vitest';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import type { LoggedRequest } from '../../../src/log/logged-request.ts';
import { type BacktestOptions, backtest } from '../../../src/predict/backtest.ts';
import { formatBacktest } from '../../../src/predict/format-predict.ts';
import { assumedPropagation } from '../../../src/predict/propagation.ts';
import { listEpisodes, openOriginFilter, openTrafficSeries } from '../../../src/predict/traffic-series.ts';
import { seededRandom } from '../../../src/text/seeded-random.ts';

const startAt = Date.UTC(2026, 10, 20);
const config = parseEdgeConfig({
  origins: { singapore: { region: 'ap-southeast-1' }, europe: { region: 'eu-central-1' } },
  defaultOrder: ['singapore', 'europe'],
});

const request = (seconds: number, status: number, more: Partial<LoggedRequest> = {}) =>
  ({ at: startAt + seconds * 1_000, status, durationMs: 100, result: 'Miss', ...more }) as LoggedRequest;

/** Four requests a second for this long; `shareAt` fails of them. */
function seriesOf(seconds: number, shareAt: (second: number) => number, perSecond = 4) {
  const random = seededRandom(7);
  const collected = openTrafficSeries();
  for (let second = 0; second < seconds; second += 1 / perSecond) collected.add(request(second, random() < shareAt(second) ? 503 : 200));
  return collected.series();
}

const run = (series: BacktestOptions['series'], more: Partial<BacktestOptions> = {}) =>
  backtest({
    config,
    broken: 'singapore',
    series,
    propagation: assumedPropagation,
    seed: 1,
    signal: new AbortController().signal,
    mostRepeats: 2,
    ...more,
  });

describe('the series of a log', () => {
  it('counts what reached an origin, in any order, and keeps its memory flat', () => {
    const collected = openTrafficSeries();
    collected.add(request(60, 502, { durationMs: 3_000 }));
    collected.add(request(0, 200));
    collected.add(request(1, 200, { result: 'Hit' }));
    collected.add(request(2, 0));
    collected.add(request(3, 200, { at: undefined }));
    expect(collected.series()).toMatchObject({ requests: 2, failed: 1, meanFailedMs: 3_000, unrouted: 2, skipped: 1 });
    for (let day = 0; day < 400; day++)
      for (let second = 0; second < 86_400; second += 60) collected.add(request(day * 86_400 + second, 200));
    const { buckets, bucketMs } = collected.series();
    expect(buckets.size).toBeLessThanOrEqual(250_001);
    expect(bucketMs).toBeGreaterThan(5_000);
  });

  it("counts one origin's requests where the log says whose they are", () => {
    const counts = openOriginFilter('singapore', ['singapore', 'europe'], { singapore: 'Sg.example.com', europe: undefined });
    const of = (logData: string | undefined, originHost: string | undefined) => counts({ logData, originHost });
    expect([of('app%3Bsingapore%3B12%3B-', undefined), of('app;europe;12;-', 'sg.example.com'), of(undefined, 'sg.example.com')]).toEqual([
      true,
      false,
      true,
    ]);
    expect([of('%', 'other.example.com'), of(undefined, undefined)]).toEqual([true, true]);
  });

  it('is empty for an empty log', () => {
    const series = openTrafficSeries().series();
    expect([series.fromMs, series.last, listEpisodes(series)]).toEqual([undefined, -1, []]);
  });
});

describe('a backtest', () => {
  it('moves no viewer without an outage', async () => {
    for (const share of [0, 0.003]) {
      const { outages, rows } = await run(seriesOf(1_800, () => share));
      expect(outages).toBe(0);
      for (const { falseMoves, found, lostMinutes } of rows) expect([falseMoves, found, lostMinutes]).toEqual([0, 0, 0]);
    }
  });

  it('finds a hard outage with every setting, loses less than the log did, and repeats itself', async () => {
    const series = seriesOf(1_200, (second) => (second > 300 && second < 700 ? 1 : 0.001));
    const [one, other] = [await run(series), await run(series)];
    expect(one).toEqual(other);
    expect([one.outages, one.rows[0]?.isToday, one.rows.length]).toEqual([1, true, 18]);
    for (const { found, lost, detectedMs, falseMoves } of one.rows) {
      expect(found).toBe(1);
      // Noise after the outage meets a threshold of two now and then.
      expect(falseMoves).toBeLessThanOrEqual(0.5);
      expect(lost).toBeLessThan(one.failedInOutages / 2);
      expect(detectedMs).toBeLessThan(60_000);
    }
    const lines = formatBacktest(one, { colour: false, columns: 80 });
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.join('\n')).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('with one request in five seconds, all failing, is still an outage', async () => {
    const { outages } = await run(seriesOf(1_800, (second) => (second > 600 && second < 1_200 ? 1 : 0), 0.2));
    expect(outages).toBe(1);
  });

  it.each([
    { name: 'one line', series: () => seriesOf(0.2, () => 1) },
    { name: 'failures alone', series: () => seriesOf(600, () => 1) },
  ])('takes $name', async ({ series }) => {
    const result = await run(series());
    expect(JSON.stringify(result)).not.toMatch(/NaN|Infinity/);
    expect(formatBacktest(result, { colour: false, columns: 80 }).length).toBeGreaterThan(5);
  });
});
