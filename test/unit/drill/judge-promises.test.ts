import { describe, expect, it } from 'vitest';
import type { Drill } from '../../../src/drill/drill.ts';
import { judgePromises } from '../../../src/drill/judge-promises.ts';
import { summarizeDrill } from '../../../src/drill/summarize-drill.ts';
import { servedWeight } from '../../../src/drill/timeline.ts';
import { europe, good, outcome, request } from './hand-made-drill.ts';

const judged = (drill: Drill) => Object.fromEntries(judgePromises(drill).map(({ promise, result }) => [promise, result]));
const promises = {
  safe: 'no GET fails',
  moved: 'nobody fails from 2 s after propagation',
  out: 'nobody is sent to weight 0 while another is up',
  home: 'everybody is home after the ramp',
};

describe('judgePromises', () => {
  it('finds every promise held in a good drill, in which only a POST failed before the flip', () => {
    expect(Object.values(judged(good))).toEqual(['held', 'held', 'held', 'held']);
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
    { when: 'a viewer is tried at an origin at weight 0', spoil: { requests: [request(3_000, ['singapore'])] }, broken: promises.out },
    {
      when: 'a viewer is left abroad after the ramp',
      spoil: { outcomes: [...good.outcomes, outcome(9_600, { region: europe })] },
      broken: promises.home,
    },
    { when: 'nobody asked after the ramp', spoil: { outcomes: good.outcomes.slice(0, -1) }, broken: promises.home },
    { when: 'the flip never came', spoil: { timeline: { ...good.timeline, propagatedAt: undefined } }, broken: promises.moved },
    { when: 'the ramp never ended', spoil: { timeline: { ...good.timeline, homeAt: undefined } }, broken: promises.home },
  ])('finds exactly one broken when $when', ({ spoil, broken }) => {
    const results = judged({ ...good, ...spoil });
    expect(Object.keys(results).filter((promise) => results[promise] === 'broken')).toEqual([broken]);
  });

  it('does not hold a request against the edge that was under way when the record changed', () => {
    expect(judged({ ...good, requests: [request(1_999, ['singapore']), request(6_990, ['singapore'], 20)] })[promises.out]).toBe('broken');
    expect(judged({ ...good, requests: [request(500, ['singapore']), request(6_990, ['singapore'], 20)] })[promises.out]).toBe('held');
  });

  it('lets everybody go to an origin at weight 0 when no other is up', () => {
    const records = [{ at: 0, record: 'singapore=0;europe=0' }];
    const drill = { ...good, timeline: { ...good.timeline, records }, requests: [request(3_000, ['singapore'])] };
    expect(judged(drill)[promises.out]).toBe('held');
  });

  it('promises nothing for GET when the fault is one that an origin group waits for', () => {
    expect(judged({ ...good, fault: 'hang' })[promises.safe]).toBe('skipped');
  });
});

describe('summarizeDrill', () => {
  it('counts from the first failed request to the flip, and from the fault to the last viewer who was tried there', () => {
    const { detectedMs, writtenMs, movedMs, homeMs, phases } = summarizeDrill(good);
    expect({ detectedMs, writtenMs, movedMs, homeMs }).toEqual({ detectedMs: 500, writtenMs: 300, movedMs: 200, homeMs: 3_000 });
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
