import type { EdgeConfig } from '../../config/edge-config.ts';
import { type PriceName, prices } from './prices.ts';

/** How the flipper is run: as a process, in Lambda by infra/flipper.yaml, or by a cron that starts it anew. */
export type Schedule = { kind: 'watch' } | { kind: 'lambda' } | { kind: 'once'; everyMs: number };

/** One line of a month's bill. */
interface CostItem {
  what: string;
  /** Units per month. */
  count: number;
  unit: string;
  usd: number;
  price: PriceName;
}

export interface CostEstimate {
  items: readonly CostItem[];
  usd: number;
}

/** A month of 730 hours, as AWS reckons. */
const monthMs = 730 * 3_600_000;

/** What a month brings besides peace: assumptions, since nobody knows. */
export const assumptions = {
  /** Outages, each one flip out and the ramp home. */
  outages: 2,
  /** Starts of a process: deployments and reboots. */
  processStarts: 10,
  /** Environments that Lambda opens a month: it replaces one every few hours, which is not documented. */
  lambdaStarts: 250,
};

/** KeyValueStore calls: the first look at record and state, and a flip with what it reads, writes and verifies. */
const callsPerStart = 3;
const callsPerFlip = 7;

/** As infra/flipper.yaml sets the function up. */
export const lambdaSetup = { memoryMb: 256, everyMs: 60_000, probingMs: 50_000, alarms: 4 };

/** Measured for two origins: an invocation's own lines and those that Lambda adds. */
const logBytesPerRun = { base: 1_100, perOrigin: 450 };

/** Metrics per origin, and those of the flipper itself: src/operations/flipper-metrics.ts. */
const metricsPerOrigin = 3;
const metricsPerFlipper = 4;

/** Calls and dollars of one month. Free tiers are left out: they belong to the account, not to the flipper. A process's machine is left out, too. */
export function estimateCost(
  config: Pick<EdgeConfig, 'origins' | 'health' | 'failover' | 'notifications'>,
  schedule: Schedule,
): CostEstimate {
  const origins = Object.values(config.origins);
  const signals = origins.flatMap((origin) => origin.signals);
  const flips = assumptions.outages * (1 + config.failover.ramp.length);
  const looks = looksPerMonth(config.health.intervalMs, schedule);
  const count = (type: string) => signals.filter((signal) => signal.type === type).length;
  const [alarms, healthChecks] = [count('alarm'), count('route53')];
  const topics = config.notifications.filter(({ type }) => type === 'sns').length;
  const items = [
    item('KeyValueStore calls while nothing changes', 'keyValueStoreCall', startsPerMonth(schedule) * callsPerStart),
    item(`KeyValueStore calls of ${flips} flips`, 'keyValueStoreCall', flips * callsPerFlip),
    ...(alarms === 0 ? [] : [item('DescribeAlarms calls', 'alarmCall', alarms * looks), item('alarms that are signals', 'alarm', alarms)]),
    ...(healthChecks === 0
      ? []
      : [
          item('GetHealthCheckStatus calls', 'healthCheckCall', healthChecks * looks),
          item('Route 53 health checks', 'healthCheck', healthChecks),
        ]),
    ...(topics === 0 ? [] : [item('messages to SNS', 'topicMessage', topics * flips)]),
    ...(schedule.kind === 'lambda' ? lambdaItems(origins.length) : []),
  ];
  return { items, usd: items.reduce((sum, { usd }) => sum + usd, 0) };
}

function item(what: string, price: PriceName, count: number): CostItem {
  const { usd, per, unit } = prices[price];
  return { what, count, unit, usd: (count / per) * usd, price };
}

function startsPerMonth(schedule: Schedule): number {
  if (schedule.kind === 'once') return monthMs / schedule.everyMs;
  return schedule.kind === 'watch' ? assumptions.processStarts : assumptions.lambdaStarts;
}

/** Looks at one signal that is not looked at again soon. */
function looksPerMonth(intervalMs: number, schedule: Schedule): number {
  if (schedule.kind === 'once') return monthMs / schedule.everyMs;
  // Up to a tenth of the interval comes off at random.
  const between = intervalMs * 0.95;
  if (schedule.kind === 'watch') return monthMs / between;
  const { everyMs, probingMs } = lambdaSetup;
  return (monthMs / everyMs) * (1 + Math.floor(probingMs / between));
}

function lambdaItems(origins: number): CostItem[] {
  const { memoryMb, everyMs, probingMs, alarms } = lambdaSetup;
  const runs = monthMs / everyMs;
  const metrics = origins * metricsPerOrigin + metricsPerFlipper;
  const bytes = runs * (logBytesPerRun.base + origins * logBytesPerRun.perOrigin);
  return [
    item('Lambda requests', 'lambdaRequest', runs),
    item('Lambda time', 'lambdaGigabyteSecond', (runs * probingMs * memoryMb) / 1_024 / 1_000),
    item('EventBridge Scheduler', 'scheduledCall', runs),
    item('metrics', 'metric', metrics),
    item('alarms of infra/flipper.yaml', 'alarm', alarms),
    item('log', 'logGigabyte', bytes / 1e9),
  ];
}
