import { describe, expect, it } from 'vitest';
import { applyBatch, emptyModel, kept } from '../../../../local/console/page/page-model.ts';
import { chooseTop, chooseTopMs, drawLine, drawStack, heightOf, placeLabels, placeOf } from '../../../../local/console/page/plot-lines.ts';
import { formatSpan } from '../../../../local/console/page/serving.ts';
import type { SampledRequest, Second, TimelineEntry } from '../../../../local/console/wire.ts';

const second = (at: number, more: Partial<Second> = {}): Second => ({ at, byOrigin: {}, failed: 0, p50Ms: 10, p99Ms: 100, ...more });
const request = { at: 1, path: '/' } as SampledRequest;
const entry = (id: number): TimelineEntry => ({ id, at: id, kind: 'note', tone: 'plain', text: String(id), detail: null });

describe('the page’s model', () => {
  it('takes a later account of a second for the earlier one, and an entry once', () => {
    const one = applyBatch(emptyModel, { now: 5_000, seconds: [second(4_000)], timeline: [entry(1), entry(2)] }, 4_900);
    const two = applyBatch(one, { now: 5_250, seconds: [second(4_000, { failed: 3 })], timeline: [entry(2), entry(3)] }, 5_100);
    expect(two.seconds).toEqual([second(4_000, { failed: 3 })]);
    expect(two.timeline.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(two.clockOffset).toBe(150);
  });

  it('keeps what a batch does not mention, and nothing after a fresh one', () => {
    const one = applyBatch(emptyModel, { now: 1, requests: [request], more: 7, timeline: [entry(9)] }, 1);
    const two = applyBatch(one, { now: 2 }, 2);
    expect(two).toMatchObject({ requests: [request], more: 7, timeline: [{ id: 9 }] });
    expect(applyBatch(two, { now: 3, fresh: true, timeline: [entry(1)] }, 3)).toMatchObject({
      requests: [],
      more: 0,
      timeline: [{ id: 1 }],
    });
  });

  it('stays within its bounds for as long as the page is open', () => {
    let model = emptyModel;
    for (let n = 0; n < 1_000; n++) {
      const now = n * 1_000;
      model = applyBatch(model, { now, seconds: [second(now)], requests: [request, request], timeline: [entry(n)] }, now);
    }
    expect(model.seconds.length).toBeLessThanOrEqual(kept.seconds + 1);
    expect(model.requests).toHaveLength(kept.requests);
    expect(model.timeline).toHaveLength(kept.entries);
    expect(model.timeline.at(-1)?.id).toBe(999);
  });
});

describe('the plot', () => {
  const scale = { width: 600, height: 100, spanMs: 120_000, stepMs: 1_000, topMs: 1_000 };

  it.each([
    { p99Ms: 3, topMs: 10 },
    { p99Ms: 10, topMs: 10 },
    { p99Ms: 11, topMs: 100 },
    { p99Ms: 5_000, topMs: 10_000 },
    { p99Ms: null, topMs: 10 },
  ])('reaches to $topMs ms for $p99Ms', ({ p99Ms, topMs }) => {
    expect(chooseTopMs([second(0, { p99Ms })])).toBe(topMs);
  });

  it('ends with the present at its right edge, begins at 1 ms, and gives a factor of ten a third of its height', () => {
    expect(placeOf(120_000, 120_000, scale)).toBe(600);
    expect(placeOf(0, 120_000, scale)).toBe(0);
    expect(heightOf(0.2, 100, 1_000)).toBe(0);
    expect(heightOf(10, 100, 1_000)).toBeCloseTo(33.3, 1);
    expect(heightOf(1_000, 100, 1_000)).toBe(100);
  });

  it('joins seconds that follow each other and leaves a gap for those without requests', () => {
    const seconds = [second(0), second(1_000), second(3_000, { p50Ms: null }), second(4_000)];
    const path = drawLine(seconds, ({ p50Ms }) => p50Ms, 120_000, scale);
    expect(path.match(/M/g)).toHaveLength(2);
    expect(path.match(/L/g)).toHaveLength(1);
  });

  it('stacks the counts of a second from the floor, failures last, and shows one failure of thousands', () => {
    const seconds = [second(60_000, { byOrigin: { singapore: 5_000, europe: 2_500 }, failed: 1 })];
    const series = [
      ({ byOrigin }: Second) => byOrigin['singapore'] ?? 0,
      ({ byOrigin }: Second) => byOrigin['europe'] ?? 0,
      ({ failed }: Second) => failed,
    ];
    const paths = drawStack(seconds, series, 120_000, { ...scale, top: 10_000 });
    const boxes = paths.map((d) => /^M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)/.exec(d)?.slice(1).map(Number) ?? []);
    expect(boxes).toEqual([
      [300, 50, 4, 50],
      [300, 25, 4, 25],
      [300, 23.5, 4, 1.5],
    ]);
  });

  it('draws nothing of a second that has left the chart', () => {
    expect(drawStack([second(-10_000, { failed: 5 })], [({ failed }) => failed], 120_000, { ...scale, top: 10 })).toEqual(['']);
  });

  it.each([
    [0, 4],
    [5, 5],
    [51, 100],
    [1_000, 1_000],
    [1_001, 2_000],
  ])('has an axis for %d that ends at %d', (most, top) => {
    expect(chooseTop(most)).toBe(top);
  });

  it('puts labels that would cover each other into rows, and leaves out those for which there is none', () => {
    expect(
      placeLabels(
        [
          { x: 0, width: 50 },
          { x: 10, width: 50 },
          { x: 20, width: 50 },
          { x: 55, width: 50 },
        ],
        2,
      ),
    ).toEqual([0, 1, undefined, 0]);
  });
});

it.each([
  [-5, '0 s'],
  [45_000, '45 s'],
  [60_000, '1 min'],
  [125_000, '2 min 5 s'],
  [7_200_000, '2 h'],
  [11_400_000, '3 h 10 min'],
])('says %d ms as %s', (ms, text) => {
  expect(formatSpan(ms)).toBe(text);
});
