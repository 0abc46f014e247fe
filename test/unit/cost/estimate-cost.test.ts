import { describe, expect, it } from 'vitest';
import { type EdgeConfigInput, parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { estimateCost, type Schedule } from '../../../src/cost/flipper-cost.ts';
import { formatCost } from '../../../src/cost/format-cost.ts';
import { prices } from '../../../src/cost/prices.ts';

const origins = { singapore: { region: 'ap-southeast-1' }, europe: { region: 'eu-central-1' } };
const configOf = (given: Partial<EdgeConfigInput> = {}) => parseEdgeConfig({ origins, defaultOrder: ['singapore', 'europe'], ...given });
const estimate = (schedule: Schedule, given: Partial<EdgeConfigInput> = {}) => estimateCost(configOf(given), schedule);
const find = ({ items }: ReturnType<typeof estimate>, what: string | RegExp) => items.find((item) => item.what.match(what));

const watch: Schedule = { kind: 'watch' };
const lambda: Schedule = { kind: 'lambda' };

describe('the month’s bill', () => {
  it('has calls of the store at starts, flips and outages and one a minute, whatever the interval', () => {
    const bill = estimate(watch);
    expect(bill.items.map(({ count }) => count)).toEqual([30, 70, 120, 43_800]);
    expect(bill.usd).toBeCloseTo(44.02);
    expect(estimate(watch, { health: { intervalMs: 1_000 } }).usd).toBe(bill.usd);
  });

  it('has a call every 15 minutes for a single flipper, or at recheckMs', () => {
    expect(find(estimate(watch, { failover: { peerCheckMs: 0 } }), /other writers/)).toMatchObject({
      count: 2_920,
      usd: expect.closeTo(2.92),
    });
    expect(find(estimate(watch, { failover: { peerCheckMs: 0, recheckMs: 3_600_000 } }), /other writers/)).toMatchObject({ count: 730 });
    expect(find(estimate(watch, { failover: { recheckMs: 30_000 } }), /other writers/)).toMatchObject({ count: 87_600 });
  });

  it('reckons a cron’s every run as a start', () => {
    const bill = estimate({ kind: 'once', everyMs: 300_000 });
    expect(find(bill, /nothing changes/)).toMatchObject({ count: 8_760 * 3, usd: expect.closeTo(26.28) });
  });

  it('reckons Lambda’s time by memory and seconds', () => {
    const bill = estimate(lambda);
    expect(find(bill, 'Lambda time')).toMatchObject({ count: 43_800 * 50 * 0.25, usd: expect.closeTo(7.3, 2) });
    expect(find(bill, 'Lambda requests')).toMatchObject({ count: 43_800 });
    expect(find(bill, /^metrics/)).toMatchObject({ count: 10, usd: expect.closeTo(3) });
    expect(bill.usd).toBeCloseTo(bill.items.reduce((sum, { usd }) => sum + usd, 0));
  });

  it('reckons each look at a relayed signal as a call', () => {
    const [alarm, route53] = [
      { type: 'alarm' as const, alarmName: 'a' },
      { type: 'route53' as const, healthCheckId: '0123abcd-0123-0123-0123-0123456789ab' },
    ];
    const given: Partial<EdgeConfigInput> = {
      origins: { singapore: { ...origins.singapore, signals: [alarm, alarm, route53] }, europe: origins.europe },
      health: { intervalMs: 10_000 },
      notifications: [{ type: 'sns' }, { type: 'webhook' }],
    };
    const looks = 2_628_000 / 9.5;
    expect(find(estimate(watch, given), 'DescribeAlarms')).toMatchObject({ count: 2 * looks, usd: expect.closeTo(5.53, 2) });
    expect(find(estimate(watch, given), 'GetHealthCheckStatus')).toMatchObject({ count: looks, usd: 0 });
    expect(find(estimate(watch, given), 'Route 53 health checks')).toMatchObject({ count: 1, usd: 0.5 });
    expect(find(estimate(watch, given), 'messages to SNS')).toMatchObject({ count: 10 });
    expect(find(estimate(lambda, given), 'DescribeAlarms')).toMatchObject({ count: 2 * 43_800 * 6 });
  });
});

describe('formatCost', () => {
  const { value, lines } = formatCost(configOf());

  it('says for each way what it costs, and where every price it used is from', () => {
    expect(lines[0]).toBe('as a process, --watch, without its machine: $44.02 a month');
    expect(lines).toContainEqual(expect.stringMatching(/^in Lambda, .*: \$55\.\d\d a month$/));
    expect(lines).toContainEqual(expect.stringContaining(prices.keyValueStoreCall.source));
    expect(lines.join('\n')).not.toContain(prices.healthCheck.source);
    expect(value).toMatchObject({ bills: [{ usd: expect.closeTo(44.02) }, {}, {}], prices: { alarm: { usd: 0.1 } } });
  });

  it('keeps a source and a date with every price', () => {
    for (const { source, read } of Object.values(prices)) {
      expect(source).toMatch(/^https:\/\/aws\.amazon\.com\//);
      expect(read).not.toBe('');
    }
  });
});
