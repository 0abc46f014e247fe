import type { EdgeConfig } from '../config/edge-config.ts';
import { formatDuration } from '../text/time.ts';
import { type CostItem, costItem, prices, sumUsd } from './prices.ts';

/** How the flipper runs: as a process, in Lambda by infra/flipper.yaml, or started by cron. */
export type Schedule = { kind: 'watch' } | { kind: 'lambda' } | { kind: 'once'; everyMs: number };

export interface CostEstimate {
  items: readonly CostItem[];
  usd: number;
}

/** AWS's month of 730 hours. */
export const monthMs = 730 * 3_600_000;

/** Assumed events of a month. */
export const assumptions = {
  /** Outages, each with one flip and one failback. */
  outages: 2,
  /** How long an origin is down each time; the flipper reads the flag every minute meanwhile. */
  outageMinutes: 30,
  /** Starts of a process: deployments and reboots. */
  processStarts: 10,
  /** Environments that Lambda opens a month: it replaces one every few hours, which is not documented. */
  lambdaStarts: 250,
};

/** KeyValueStore calls: to read record and state at the start, and to read, write and verify a flip. */
const callsPerStart = 3;
const callsPerFlip = 7;
const callsPerOutageMinute = 2;
/** Describe, for the ETag. */
const callsPerCheck = 1;

/** As infra/flipper.yaml sets the function up. */
export const lambdaSetup = { memoryMb: 256, everyMs: 60_000, probingMs: 50_000, alarms: 1 };

/** Measured for two origins: an invocation's own lines and those that Lambda adds. */
const logBytesPerRun = { base: 1_100, perOrigin: 450 };

const outageCalls = assumptions.outages * assumptions.outageMinutes * callsPerOutageMinute;

/** Metrics per origin, and those of the flipper itself: src/flipper/lambda/flipper-lambda.ts. */
const metricsPerOrigin = 3;
const metricsPerFlipper = 4;

/**
 * Calls and dollars of one month. Without free tiers, which belong to the account, and without the machine of a
 * process.
 */
export function estimateCost(
  config: Pick<EdgeConfig, 'origins' | 'health' | 'failover' | 'notifications'>,
  schedule: Schedule,
): CostEstimate {
  const origins = Object.values(config.origins);
  const signals = origins.flatMap((origin) => origin.signals);
  const flips = assumptions.outages * (1 + config.failover.ramp.length);
  const probes = probesPerMonth(config.health.intervalMs, schedule);
  const count = (type: string) => signals.filter((signal) => signal.type === type).length;
  const [alarms, healthChecks] = [count('alarm'), count('route53')];
  const topics = config.notifications.filter(({ type }) => type === 'sns').length;
  const items = [
    costItem('KeyValueStore calls while nothing changes', prices.keyValueStoreCall, startsPerMonth(schedule) * callsPerStart),
    costItem(`KeyValueStore calls of ${flips} flips`, prices.keyValueStoreCall, flips * callsPerFlip),
    // Each new run reads the store anyway.
    ...(schedule.kind === 'once'
      ? []
      : [
          costItem('KeyValueStore calls while an origin is down', prices.keyValueStoreCall, outageCalls),
          costItem(checkName(config.failover), prices.keyValueStoreCall, (monthMs / checkMs(config.failover)) * callsPerCheck),
        ]),
    ...(alarms === 0
      ? []
      : [costItem('DescribeAlarms calls', prices.alarmCall, alarms * probes), costItem('alarms that are signals', prices.alarm, alarms)]),
    ...(healthChecks === 0
      ? []
      : [
          costItem('GetHealthCheckStatus calls', prices.healthCheckCall, healthChecks * probes),
          costItem('Route 53 health checks', prices.healthCheck, healthChecks),
        ]),
    ...(topics === 0 ? [] : [costItem('messages to SNS', prices.topicMessage, topics * flips)]),
    ...(schedule.kind === 'lambda' ? lambdaItems(origins.length) : []),
  ];
  return { items, usd: sumUsd(items) };
}

type Checks = Pick<EdgeConfig['failover'], 'peerCheckMs' | 'recheckMs'>;

function checkMs({ peerCheckMs, recheckMs }: Checks): number {
  return peerCheckMs > 0 ? Math.min(peerCheckMs, recheckMs) : recheckMs;
}

function checkName(checks: Checks): string {
  const knob = checks.peerCheckMs > 0 && checks.peerCheckMs <= checks.recheckMs ? 'peerCheckMs' : 'recheckMs';
  return `KeyValueStore calls to see other writers, every ${formatDuration(checkMs(checks))} (${knob})`;
}

function startsPerMonth(schedule: Schedule): number {
  if (schedule.kind === 'once') return monthMs / schedule.everyMs;
  return schedule.kind === 'watch' ? assumptions.processStarts : assumptions.lambdaStarts;
}

/** Regular probes of one signal. */
function probesPerMonth(intervalMs: number, schedule: Schedule): number {
  if (schedule.kind === 'once') return monthMs / schedule.everyMs;
  // Jitter removes up to a tenth of the interval.
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
    costItem('Lambda requests', prices.lambdaRequest, runs),
    costItem('Lambda time', prices.lambdaGigabyteSecond, (runs * probingMs * memoryMb) / 1_024 / 1_000),
    costItem('EventBridge Scheduler', prices.scheduledCall, runs),
    costItem('metrics', prices.metric, metrics),
    costItem('alarms of infra/flipper.yaml', prices.alarm, alarms),
    costItem('log', prices.logGigabyte, bytes / 1e9),
  ];
}
