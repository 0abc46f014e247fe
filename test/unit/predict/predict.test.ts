import { describe, expect, it } from 'vitest';
import { drillConfig } from '../../../scripts/drill/drill-config.ts';
import { type EdgeConfig, type EdgeConfigInput, parseEdgeConfig } from '../../../src/config/edge-config.ts';
import type { PredictOptions } from '../../../src/predict/assumptions.ts';
import { formatOnAws, formatPrediction } from '../../../src/predict/format-predict.ts';
import { type OutageKind, outageKinds } from '../../../src/predict/outage-kind.ts';
import { predict } from '../../../src/predict/predict.ts';
import { assumedPropagation } from '../../../src/predict/propagation.ts';

const second = 1_000;
const minute = 60 * second;
const json = { status: 'ok' };
const sample = {
  origins: {
    singapore: { region: 'ap-southeast-1', signals: [{ type: 'http', json }] },
    europe: { region: 'eu-central-1', signals: [{ type: 'http', json }] },
  },
  defaultOrder: ['singapore', 'europe'],
} satisfies EdgeConfigInput;

const configOf = (given: Partial<EdgeConfigInput> = {}): EdgeConfig => parseEdgeConfig({ ...sample, ...given });

async function predicted(kind: OutageKind, given: Partial<PredictOptions> = {}) {
  const prediction = await predict({
    config: configOf(),
    distribution: undefined,
    broken: 'singapore',
    kinds: [kind],
    flipper: 'watch',
    propagation: assumedPropagation,
    outageMs: 30 * minute,
    slowMs: 8 * second,
    rate: 1_000,
    postShare: 0.4,
    runs: 60,
    seed: 1,
    ...given,
  });
  const [outage] = prediction.kinds;
  if (outage === undefined) throw new Error('nothing was predicted');
  return { ...outage, prediction, way: (name: string) => outage.ways.find(({ way }) => way === name) };
}

describe('a prediction', () => {
  it('is the same for the same seed, and the one on file for the sample', async () => {
    const options = { kinds: outageKinds, runs: 40 };
    const [one, other, third] = [
      await predicted('refuse', options),
      await predicted('refuse', options),
      await predicted('refuse', { seed: 2 }),
    ];
    expect(one.prediction).toEqual(other.prediction);
    expect(third.detectedMs).not.toEqual(one.detectedMs);
    const { assumptions: _, ...figures } = one.prediction;
    await expect(`${JSON.stringify(figures, null, 2)}\n`).toMatchFileSnapshot('sample.golden.json');
  });

  it.each([
    { kind: 'refuse', from: 2, p95: 12.5 },
    { kind: '5xx', from: 2, p95: 13 },
    { kind: 'hang', from: 9, p95: 19.5 },
    { kind: 'unreachable', from: 6, p95: 16.5 },
    { kind: 'flaky', from: 10, p95: 28 },
    { kind: 'half', from: 2, p95: 65 },
  ] as const)('finds $kind as fast as docs/detection.md says', async ({ kind, from, p95 }) => {
    const { detectedMs } = await predicted(kind);
    expect(detectedMs.p50).toBeGreaterThan(from * second);
    expect(detectedMs.p95).toBeLessThan(p95 * second);
  });

  it('agrees with what the drill measures for its own times', async () => {
    const { detectedMs, failbackMs } = await predicted('refuse', { config: drillConfig(configOf()), outageMs: 10 * second });
    // A probe each second, two more 250 ms apart; the bench measures 536 ms from the first bad one to the flip.
    expect(detectedMs.p50).toBeGreaterThan(0.6 * second);
    expect(detectedMs.p95).toBeLessThan(1.9 * second);
    // Ramp of four steps, 2 s apart, after at least three good probes.
    expect(failbackMs.p50).toBeGreaterThan(6 * second);
    expect(failbackMs.p50).toBeLessThan(14 * second);
  });

  it('adds propagation to the flip, and counts requests until then', async () => {
    const instant = { parts: [{ share: 1, fromMs: 0, toMs: 0 }], source: 'test', isMeasured: true };
    const [now, later] = [await predicted('refuse', { propagation: instant }), await predicted('refuse')];
    expect((later.movedMs.p50 ?? 0) - (now.movedMs.p50 ?? 0)).toBeGreaterThan(28 * second);
    const { exposedMs = 0, failed } = later.way('this-configuration') ?? {};
    expect(failed).toEqual({ GET: 0, POST: Math.round(exposedMs * 0.4) });
    expect(later.way('none')?.failed).toEqual({ GET: 30 * 60 * 600, POST: 30 * 60 * 400 });
    expect(later.way('origin-groups')?.failed).toEqual({ GET: 0, POST: 30 * 60 * 400 });
  });

  it('scales with the rate, and loses nothing without requests', async () => {
    const [none, many] = [await predicted('hang', { rate: 0 }), await predicted('hang', { rate: 1e12 })];
    for (const { failed, slow } of none.ways) expect([...Object.values(failed), ...Object.values(slow)]).toEqual([0, 0, 0, 0]);
    for (const { failed } of many.ways) expect(failed.POST).toSatisfy(Number.isSafeInteger);
  });
});

describe('laws', () => {
  const meanOf = async (health: EdgeConfigInput['health'], kind: OutageKind = 'refuse') => {
    const { detectedMs } = await predicted(kind, { config: configOf({ health }), runs: 80 });
    return detectedMs.p50 ?? Number.POSITIVE_INFINITY;
  };

  it('a shorter interval detects no later', async () => {
    for (const kind of ['refuse', 'hang', 'half'] as const) {
      const times = [];
      for (const intervalMs of [2_000, 5_000, 10_000, 30_000]) times.push(await meanOf({ intervalMs }, kind));
      expect(times).toEqual(times.toSorted((one, other) => one - other));
    }
  });

  it('a higher threshold detects no earlier', async () => {
    const times = [];
    for (const unhealthyThreshold of [1, 2, 3, 5, 10]) times.push(await meanOf({ unhealthyThreshold }));
    expect(times).toEqual(times.toSorted((one, other) => one - other));
  });

  it('a Lambda detects no earlier than a process, and a run every 5 minutes later than both', async () => {
    const [watch, lambda, once] = [
      await predicted('refuse'),
      await predicted('refuse', { flipper: 'lambda' }),
      await predicted('refuse', { flipper: 'once' }),
    ];
    expect(lambda.detectedMs.p95).toBeGreaterThanOrEqual(watch.detectedMs.p95 ?? 0);
    expect(lambda.detectedMs.p95).toBeLessThan(26 * second);
    expect(once.detectedMs.p50).toBeGreaterThan(minute);
    expect(once.detectedMs.p95).toBeLessThan(5.2 * minute);
  });
});

describe('special configurations', () => {
  it('one origin has no way out', async () => {
    const { origins } = sample;
    const { prediction, movedMs, ways, detectedMs } = await predicted('refuse', {
      config: parseEdgeConfig({ origins: { singapore: origins.singapore }, defaultOrder: ['singapore'] }),
    });
    expect([prediction.hasSecond, movedMs.p50, detectedMs.p50 !== null]).toEqual([false, null, true]);
    for (const { exposedMs, failed } of ways) expect([exposedMs, failed.GET > 0]).toEqual([30 * minute, true]);
    expect(formatOnAws(prediction).join()).toContain('cannot leave');
  });

  it.each([
    { type: 'route53', more: { healthCheckId: '0123abcd-0123-0123-0123-0123456789ab' }, from: 60, to: 101 },
    { type: 'alarm', more: { alarmName: 'singapore-5xx' }, from: 60, to: 191 },
  ] as const)('a signal $type alone has its own delay', async ({ type, more, from, to }) => {
    const signals = [{ type, ...more }] as never;
    const origins = { ...sample.origins, singapore: { region: 'ap-southeast-1', signals } };
    const { detectedMs, prediction } = await predicted('refuse', { config: configOf({ origins }) });
    expect(detectedMs.p50).toBeGreaterThan(from * second);
    expect(detectedMs.p95).toBeLessThan(to * second);
    expect(prediction.assumptions.find(({ what }) => what === `signal ${type}`)).toMatchObject({ from: 'assumed' });
  });

  it('without perRequestFailover a GET fails as a POST does', async () => {
    const { way } = await predicted('refuse', { config: configOf({ perRequestFailover: false }), postShare: 0.5 });
    const { failed } = way('this-configuration') ?? {};
    expect(failed?.GET).toBe(failed?.POST);
    expect(failed?.GET).toBeGreaterThan(10_000);
  });

  it('a body that no signal reads is not seen', async () => {
    const origins = { ...sample.origins, singapore: { region: 'ap-southeast-1' } };
    const { detectedShare, movedMs, way, prediction } = await predicted('bad-body', { config: configOf({ origins }), runs: 10 });
    expect([detectedShare, movedMs.p50, way('this-configuration')?.exposedMs]).toEqual([0, null, 30 * minute]);
    expect(formatPrediction(prediction, { colour: false, columns: 80 }).join('\n')).toContain('do not see bad-body');
  });

  it('services are predicted as one', async () => {
    const services = [{ name: 'app', paths: ['/*'], order: ['singapore', 'europe'] }];
    const config = parseEdgeConfig({ origins: sample.origins, services });
    expect((await predicted('refuse', { config })).movedMs.p50).toBeLessThan(minute);
  });

  it('an interval of a day finds no outage of half an hour, at once', async () => {
    const health = { intervalMs: 86_400_000, timeoutMs: 3_000 };
    const { detectedShare } = await predicted('refuse', { config: configOf({ health }), runs: 20 });
    expect(detectedShare).toBeLessThan(0.2);
  });

  it('ends when it is aborted', async () => {
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    await expect(predicted('refuse', { signal: stop.signal })).rejects.toThrow('enough');
  });
});

it('fits a terminal of 80 columns, addresses of pages aside', async () => {
  const { prediction } = await predicted('hang', { kinds: outageKinds, runs: 20, rate: 2_000 });
  const lines = formatPrediction(prediction, { colour: false, columns: 80 });
  expect(lines.filter((line) => line.length > 80 && !line.includes('https://'))).toEqual([]);
  expect(lines.filter((line) => /NaN|undefined|Infinity/.test(line))).toEqual([]);
});
