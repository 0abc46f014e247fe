import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { compareWays, estimateStack, freeTierCredits, type StackOptions, stackAssumptions } from '../../../src/cost/cost.ts';
import { formatStack } from '../../../src/cost/format-cost.ts';
import { costItem, edgePrices, freeTiers, type Price, prices, regionPrices, sumUsd } from '../../../src/cost/prices.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';

const config = parseEdgeConfig(edgeConfig);
const base: StackOptions = {
  requests: 100_000_000,
  bytesPerResponse: 20_000,
  tasksPerRegion: 2,
  homePercent: 70,
  viewers: stackAssumptions.viewers,
  schedule: { kind: 'lambda' },
};
const estimate = (more: Partial<StackOptions> = {}) => estimateStack(config, { ...base, ...more });
const itemsOf = (bill: ReturnType<typeof estimate>) => bill.parts.flatMap(({ items }) => items);
const find = (bill: ReturnType<typeof estimate>, what: string, detail?: string) =>
  itemsOf(bill).filter((item) => item.what === what && (detail === undefined || item.detail === detail));

describe('the price of a number of units', () => {
  const stepped: Price = {
    usd: 10,
    per: 1,
    unit: 'GB',
    source: '',
    read: '',
    above: [
      { units: 5, usd: 4 },
      { units: 8, usd: 1 },
    ],
  };
  it.each([
    [0, 0],
    [5, 50],
    [6, 54],
    [8, 62],
    [10, 64],
  ])('goes step by step: %i cost %i', (units, usd) => {
    expect(costItem('', stepped, units).usd).toBe(usd);
  });

  it('is the published one of 60 TB to Europe', () => {
    const terabyte = 1_024;
    expect(costItem('', edgePrices.europe.transfer, 60 * terabyte).usd).toBeCloseTo(terabyte * (10 * 0.085 + 40 * 0.08 + 10 * 0.06));
  });
});

describe('the month’s bill of the whole', () => {
  it('has the edge, the flipper, a stack in each region, and nothing twice', () => {
    expect(estimate().parts.map(({ name }) => name)).toEqual([
      'edge',
      'flipper',
      'singapore, ap-southeast-1, home',
      'europe, eu-central-1, standby',
      'monitoring',
    ]);
  });

  it('reckons each request by the viewer’s price region, the function and its read', () => {
    const bill = estimate();
    expect(sumUsd(find(bill, 'requests'))).toBeCloseTo(40 + 60 * 1.2);
    expect(sumUsd(find(bill, 'runs of the function'))).toBeCloseTo(10);
    expect(sumUsd(find(bill, 'its reads of the health record'))).toBeCloseTo(3);
    expect(find(bill, 'data to viewers', 'india')[0]?.count).toBeCloseTo((25e6 * 20_000) / 2 ** 30);
  });

  it('keeps two tasks of each region on demand and puts half of the others on Spot', () => {
    const tasks = (tasksPerRegion: number) =>
      ['tasks on demand', 'tasks on Spot'].map((kind) => find(estimate({ tasksPerRegion }), kind, 'CPU').map(({ count }) => count / 365));
    expect([1, 2, 4].map(tasks)).toEqual([
      [
        [1, 1],
        [0, 0],
      ],
      [
        [2, 2],
        [0, 0],
      ],
      [
        [3, 3],
        [1, 1],
      ],
    ]);
  });

  it('assumes what the templates of infra/ say', () => {
    const { task, tasksOnDemand, spotPercentBeyond, zones, alarmsPerRegion, dashboardsPerRegion, monitoring } = stackAssumptions;
    const [region, watch] = ['region', 'monitoring'].map((name) =>
      readFileSync(new URL(`../../../infra/${name}.yaml`, import.meta.url), 'utf8'),
    );
    const countOf = (text: string | undefined, type: string) => text?.match(new RegExp(`^    Type: AWS::${type}$`, 'gm'))?.length;
    const defaultOf = (name: string) => Number(new RegExp(`^  ${name}:\n(?:    .*\n)*?    Default: (\\d+)$`, 'm').exec(region ?? '')?.[1]);
    expect(region).toMatch(new RegExp(`Cpu: '${task.vcpu * 1_024}'\n +Memory: '${task.gigabytes * 1_024}'`));
    expect([defaultOf('MinTasks'), defaultOf('SpotWeight')]).toEqual([tasksOnDemand, spotPercentBeyond / (100 - spotPercentBeyond)]);
    expect([countOf(region, 'EC2::NatGateway'), countOf(region, 'CloudWatch::Alarm'), countOf(region, 'CloudWatch::Dashboard')]).toEqual([
      zones,
      alarmsPerRegion,
      dashboardsPerRegion,
    ]);
    expect([countOf(watch, 'CloudWatch::Alarm'), countOf(watch, 'CloudWatch::Dashboard')]).toEqual([
      monitoring.alarms,
      monitoring.dashboards,
    ]);
  });

  it('takes the larger of bytes and new connections for the load balancer’s units', () => {
    const units = (bytesPerResponse: number) => find(estimate({ bytesPerResponse, homePercent: 100 }), 'its capacity units')[0]?.count;
    expect(units(20_000)).toBeCloseTo((1e8 * 20_000) / 2 ** 30);
    expect(units(0)).toBeCloseTo((1e8 * 0.1) / (25 * 3_600));
  });

  it('costs the fixed part without a request, the warm standby included', () => {
    const bill = estimate({ requests: 0 });
    for (const what of ['requests', 'data to viewers', 'runs of the function', 'its capacity units', 'logs'])
      expect(sumUsd(find(bill, what))).toBe(0);
    const standby = bill.parts.find(({ name }) => name.endsWith('standby'))?.usd ?? 0;
    expect(standby).toBeGreaterThan(100);
    expect(bill.usd).toBeLessThan(estimate({ requests: 1 }).usd);
  });

  const anyOptions = fc.record({
    requests: fc.integer({ min: 0, max: 1e12 }),
    bytesPerResponse: fc.integer({ min: 0, max: 1e7 }),
    tasksPerRegion: fc.integer({ min: 1, max: 1_000 }),
    homePercent: fc.integer({ min: 0, max: 100 }),
  });

  it('is the sum of its parts, each the sum of its items, and never less for more requests', () => {
    fc.assert(
      fc.property(anyOptions, fc.integer({ min: 0, max: 1e12 }), (options, more) => {
        const bill = estimate(options);
        expect(bill.usd).toBeCloseTo(sumUsd(itemsOf(bill)), 4);
        for (const { usd, items } of bill.parts) expect(usd).toBeCloseTo(sumUsd(items), 4);
        expect(estimate({ ...options, requests: options.requests + more }).usd).toBeGreaterThanOrEqual(bill.usd);
        for (const { usd, count } of itemsOf(bill)) expect(usd >= 0 && count >= 0).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('takes off free tiers once per account, and never more than was billed', () => {
    fc.assert(
      fc.property(anyOptions, (options) => {
        const items = itemsOf(estimate(options));
        const credits = freeTierCredits(items);
        for (const { usd } of credits) expect(usd).toBeLessThanOrEqual(0);
        expect(-sumUsd(credits)).toBeLessThanOrEqual(sumUsd(items));
      }),
      { numRuns: 200 },
    );
    const small = freeTierCredits(itemsOf(estimate({ requests: 2_000_000, bytesPerResponse: 1_000 })));
    const all = (what: string) => sumUsd(find(estimate({ requests: 2_000_000, bytesPerResponse: 1_000 }), what));
    expect(small.find(({ what }) => what.includes('function runs'))?.usd).toBeCloseTo(-all('runs of the function'));
    expect(small.find(({ what }) => what.includes('requests to CloudFront'))?.usd).toBeCloseTo(-all('requests'));
    const large = freeTierCredits(itemsOf(estimate()));
    expect(large.find(({ what }) => what.includes('function runs'))?.usd).toBeCloseTo(-0.2);
    expect(large.find(({ what }) => what === '10 alarms')?.usd).toBeCloseTo(-1);
  });

  it('names the region whose prices are used for one that has none of its own', () => {
    const elsewhere = parseEdgeConfig({ ...edgeConfig, origins: { ...edgeConfig.origins, europe: { region: 'eu-west-3' } } });
    const { parts, standIns } = estimateStack(elsewhere, base);
    expect(standIns).toEqual([{ region: 'eu-west-3', pricesOf: 'eu-central-1' }]);
    expect(parts.find(({ name }) => name.startsWith('europe'))?.usd).toBe(
      estimate().parts.find(({ name }) => name.startsWith('europe'))?.usd,
    );
  });

  it('compares what moves traffic: Lambda@Edge, and a flipper that reads the store each minute', () => {
    const [here = 0, lambda = 0, calls = 0, polling = 0] = compareWays(1e8, estimate().parts).map(({ usd }) => usd);
    expect(here).toBeCloseTo(13);
    expect(lambda).toBeCloseTo(60 + 1e8 * 0.005 * 0.125 * 0.000_050_01);
    expect(calls).toBeCloseTo(sumUsd(itemsOf(estimate()).filter(({ what }) => what.startsWith('KeyValueStore calls'))));
    expect(calls).toBeLessThan(polling * 0.35);
    expect(polling).toBeCloseTo(131.4);
  });
});

describe('the printed bill', () => {
  const { parts, usd } = estimate();
  const report = {
    parts,
    usd,
    fixedUsd: estimate({ requests: 0 }).usd,
    credits: freeTierCredits(itemsOf(estimate())),
    isFreeTierDeducted: false,
    ways: compareWays(1e8, parts),
    standIns: [],
  };
  const amount = (line: string | undefined) => Number((/\$([\d,.]+)/.exec(line ?? '')?.[1] ?? '').replaceAll(',', ''));

  it('fits into 80 columns and one screen, and its total is that of the lines above it', () => {
    const lines = formatStack(report, { all: false, colour: false });
    expect(lines.length).toBeLessThanOrEqual(25);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    const end = lines.findIndex((line) => line.startsWith('a month'));
    const sum = lines.slice(0, end).reduce((total, line) => total + amount(line), 0);
    expect(Math.abs(sum - amount(lines[end]))).toBeLessThan(0.05);
  });

  it('lists every item and every source when asked for all', () => {
    const text = formatStack(report, { all: true, colour: false }).join('\n');
    for (const { what, price } of itemsOf(estimate())) {
      expect(text).toContain(what);
      expect(text).toContain(price.source);
    }
  });

  it('says whose prices a region has that has none of its own', () => {
    const lines = formatStack(
      { ...report, standIns: [{ region: 'sa-east-1', pricesOf: 'ap-southeast-1' }] },
      { all: false, colour: false },
    );
    expect(lines).toContain('note: sa-east-1 has the prices of ap-southeast-1: src/cost/prices.ts has none of its own');
  });

  it('deducts free tiers only when asked', () => {
    const total = (lines: readonly string[]) => amount(lines.find((line) => line.startsWith('a month')));
    expect(total(formatStack(report, { all: false, colour: false }))).toBeCloseTo(usd, 1);
    const deducted = formatStack({ ...report, isFreeTierDeducted: true }, { all: false, colour: false });
    expect(total(deducted)).toBeCloseTo(usd + sumUsd(report.credits), 1);
  });
});

it('keeps with every price where it is from, and when and how surely it was read', () => {
  const every = [
    ...Object.values(prices),
    ...Object.values(edgePrices).flatMap((each) => Object.values(each)),
    ...Object.values(regionPrices).flatMap((each) => Object.values(each)),
  ];
  for (const { usd, per, source, read } of every) {
    expect(source).toMatch(/^https:\/\/aws\.amazon\.com\/|^the AWS price list/);
    expect(read).not.toBe('');
    expect(usd >= 0 && per > 0).toBe(true);
  }
  for (const { prices: covered } of freeTiers) for (const price of covered) expect(every).toContain(price);
});

it('has nothing for a host outside AWS', () => {
  const elsewhere = parseEdgeConfig({
    origins: { home: { region: 'eu-central-1' }, cellar: { region: 'Falkenstein' } },
    defaultOrder: ['home', 'cellar'],
  });
  const { parts } = estimateStack(elsewhere, base);
  expect(parts.find(({ name }) => name.startsWith('cellar, Falkenstein'))).toMatchObject({ items: [], usd: 0 });
});
