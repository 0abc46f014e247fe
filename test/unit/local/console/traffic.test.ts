import { describe, expect, it } from 'vitest';
import { keptSeconds, RequestSample, sampleSize, TrafficWindow } from '../../../../local/console/traffic.ts';
import { someRequest as request } from './some-request.ts';

describe('the window of traffic', () => {
  const open = () => new TrafficWindow(['singapore', 'europe']);

  it('counts a request at the origin that answered, in the second in which the answer was over', () => {
    const window = open();
    window.add({ ...request, at: 1_000_900, ms: 200 });
    window.add({ ...request, origins: ['singapore', 'europe'] });
    window.add({ ...request, origins: [], status: 403 });
    expect(window.all()).toMatchObject([
      { at: 1_000_000, byOrigin: { europe: 1, '': 1 }, failed: 0 },
      { at: 1_001_000, byOrigin: { singapore: 1 }, failed: 0 },
    ]);
  });

  it.each([
    { status: 499, failed: 0 },
    { status: 500, failed: 1 },
    { status: 504, failed: 1 },
    { status: 0, failed: 1 },
  ])('takes status $status for $failed failure', ({ status, failed }) => {
    const window = open();
    window.add({ ...request, status });
    expect(window.all()[0]).toMatchObject({ failed, byOrigin: failed === 1 ? {} : { singapore: 1 } });
  });

  it('reports percentiles at most a fifth too high', () => {
    const window = open();
    for (let ms = 1; ms <= 1_000; ms++) window.add({ ...request, at: 1_000_000 - ms, ms });
    const [{ p50Ms, p99Ms } = { p50Ms: 0, p99Ms: 0 }] = window.all();
    expect(p50Ms).toBeGreaterThanOrEqual(500);
    expect(p50Ms).toBeLessThanOrEqual(600);
    expect(p99Ms).toBeGreaterThanOrEqual(990);
    expect(p99Ms).toBeLessThanOrEqual(1_188);
  });

  it.each([0, 0.05, 1e9, Number.NaN])('takes a latency of %d ms without losing the request', (ms) => {
    const window = open();
    window.add({ ...request, at: 0, ms: 0 });
    window.add({ ...request, at: Number.isNaN(ms) ? 0 : -ms, ms });
    expect(window.all().reduce((sum, { byOrigin }) => sum + (byOrigin['singapore'] ?? 0), 0)).toBeGreaterThanOrEqual(1);
  });

  it('reports what has changed once', () => {
    const window = open();
    window.add(request);
    expect(window.takeChanged()).toHaveLength(1);
    expect(window.takeChanged()).toEqual([]);
    window.add(request);
    expect(window.takeChanged()[0]?.byOrigin).toEqual({ singapore: 2 });
  });

  it('keeps two minutes and no more, however many origins a function makes up', () => {
    const window = open();
    for (let n = 0; n < 1_000; n++) window.add({ ...request, at: 1_000_000 + n * 1_000, origins: [`made-up-${n}`] });
    const all = window.all();
    expect(all).toHaveLength(keptSeconds);
    expect(all.at(-1)?.at).toBe(1_999_000);
    expect(new Set(all.flatMap(({ byOrigin }) => Object.keys(byOrigin)))).toEqual(new Set(['others']));
    expect(window.takeChanged()).toHaveLength(keptSeconds);
  });
});

describe('the sample of requests', () => {
  const paths = ({ requests }: ReturnType<RequestSample['take']>) => requests.map(({ path }) => path);

  it('shows all of a few, the oldest first', () => {
    const sample = new RequestSample(Math.random);
    sample.add({ ...request, path: '/late', at: 2_000_000 });
    sample.add({ ...request, path: '/early' });
    const taken = sample.take();
    expect(paths(taken)).toEqual(['/early', '/late']);
    expect(taken.more).toBe(0);
    expect(sample.take()).toEqual({ requests: [], more: 0 });
  });

  it('shows a few of many and counts the rest, however many they are', () => {
    const sample = new RequestSample(Math.random);
    for (let n = 0; n < 10_000; n++) sample.add(request);
    const taken = sample.take();
    expect(taken.requests).toHaveLength(sampleSize);
    expect(taken.more).toBe(10_000 - sampleSize);
  });

  it('draws each request as often as any other', () => {
    let state = 1;
    // A generator of its own, so that the test decides the same way each time.
    const random = () => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    const drawn = new Map<string, number>();
    const sample = new RequestSample(random);
    for (let round = 0; round < 4_000; round++) {
      for (let n = 0; n < 30; n++) sample.add({ ...request, path: `/${n}` });
      for (const path of paths(sample.take())) drawn.set(path, (drawn.get(path) ?? 0) + 1);
    }
    for (let n = 0; n < 30; n++) expect(Math.abs((drawn.get(`/${n}`) ?? 0) - 800)).toBeLessThan(150);
  });

  it('shows the first failures whatever else was drawn', () => {
    const sample = new RequestSample(() => 0);
    for (let n = 0; n < 1_000; n++) sample.add({ ...request, status: n % 100 === 50 ? 502 : 200 });
    const { requests, more } = sample.take();
    expect(requests.filter(({ status }) => status === 502)).toHaveLength(sampleSize);
    expect(requests.length + more).toBe(1_000);
  });

  it('cuts what a viewer may make as long as he likes', () => {
    const sample = new RequestSample(Math.random);
    sample.add({ ...request, path: `/${'x'.repeat(8_000)}`, country: 'y'.repeat(8_000) });
    expect(JSON.stringify(sample.take()).length).toBeLessThan(1_000);
  });
});
