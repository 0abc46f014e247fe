import { describe, expect, it } from 'vitest';
import { type Drill, servedWeight } from '../../../src/drill/drill-record.ts';
import { judgePromises, summarizeDrill } from '../../../src/drill/summarize-drill.ts';
import { europe, good, outcome, request } from './hand-made-drill.ts';

const judged = (drill: Drill) => Object.fromEntries(judgePromises(drill).map(({ id, result }) => [id, result]));
const promises = {
  safe: 'no-get-fails',
  moved: 'no-failure-after-flip',
  out: 'none-to-weight-zero',
  home: 'all-home-after-failback',
};

describe('judgePromises', () => {
  it('finds every promise kept in a good drill, in which only a POST failed before the flip', () => {
    expect(Object.values(judged(good))).toEqual(['kept', 'kept', 'kept', 'kept']);
  });

  it.each([
    { when: 'a GET fails before the flip', spoil: { outcomes: [...good.outcomes, outcome(1_100, { ok: false })] }, broken: promises.safe },
    {
      when: 'a POST fails 2 s after propagation',
      spoil: { outcomes: [...good.outcomes, outcome(4_000, { method: 'POST', ok: false })] },
      broken: promises.moved,
    },
    {
      when: 'a POST fails during the ramp',
      spoil: { outcomes: [...good.outcomes, outcome(7_500, { method: 'POST', ok: false })] },
      broken: promises.moved,
    },
    { when: 'a request goes to an origin at weight 0', spoil: { requests: [request(3_000, ['singapore'])] }, broken: promises.out },
    {
      when: 'a viewer is away from home after the failback',
      spoil: { outcomes: [...good.outcomes, outcome(9_600, { region: europe })] },
      broken: promises.home,
    },
    { when: 'no request came after the failback', spoil: { outcomes: good.outcomes.slice(0, -1) }, broken: promises.home },
    { when: 'the flip never came', spoil: { timeline: { ...good.timeline, propagatedAt: undefined } }, broken: promises.moved },
    { when: 'the failback never ended', spoil: { timeline: { ...good.timeline, failbackAt: undefined } }, broken: promises.home },
  ])('finds exactly one broken promise when $when', ({ spoil, broken }) => {
    const results = judged({ ...good, ...spoil });
    expect(Object.keys(results).filter((promise) => results[promise] === 'broken')).toEqual([broken]);
  });

  it('ignores a request that was in progress when the record changed', () => {
    expect(judged({ ...good, requests: [request(1_999, ['singapore']), request(6_990, ['singapore'], 20)] })[promises.out]).toBe('broken');
    expect(judged({ ...good, requests: [request(500, ['singapore']), request(6_990, ['singapore'], 20)] })[promises.out]).toBe('kept');
  });

  it('allows an origin at weight 0 when no other is up', () => {
    const records = [{ at: 0, record: 'singapore=0;europe=0' }];
    const drill = { ...good, timeline: { ...good.timeline, records }, requests: [request(3_000, ['singapore'])] };
    expect(judged(drill)[promises.out]).toBe('kept');
  });

  it('judges each request by the order of its own service, and none that passes through', () => {
    const services = [
      { name: 'files', paths: ['/files/*'], order: ['europe', 'singapore'], routes: [] },
      { name: 'api', paths: ['/api/*'], order: ['singapore', 'europe'], routes: [] },
    ];
    const outcomes = (path: string) => good.outcomes.map((each) => ({ ...each, path }));
    const home = (path: string) => judged({ ...good, config: { ...good.config, services }, outcomes: outcomes(path) })[promises.home];
    expect([home('/api/x'), home('/files/x'), home('/')]).toEqual(['kept', 'broken', 'kept']);
  });

  it('promises nothing for GET when the fault is one that an origin group waits for', () => {
    expect(judged({ ...good, fault: 'hang' })[promises.safe]).toBe('skipped');
  });
});

describe('summarizeDrill', () => {
  it('counts from the first failed request to the flip, and from the fault to the last viewer that was sent there', () => {
    const { detectedMs, writtenMs, movedMs, failbackMs, phases } = summarizeDrill(good);
    expect({ detectedMs, writtenMs, movedMs, failbackMs }).toEqual({ detectedMs: 500, writtenMs: 300, movedMs: 200, failbackMs: 3_000 });
    expect(phases.map(({ phase, requests, failed }) => [phase, requests, failed.GET, failed.POST])).toEqual([
      ['before', 1, 0, 0],
      ['during', 2, 0, 1],
      ['after', 2, 0, 0],
    ]);
  });
});

describe('servedWeight', () => {
  it('goes by the newest record that had arrived', () => {
    const { records } = good.timeline;
    expect([0, 1_999, 2_000, 7_000, 9_000].map((at) => servedWeight(records, 'singapore', at))).toEqual([100, 100, 0, 25, 100]);
  });
});
