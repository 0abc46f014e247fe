import { okRecord, parseHealthRecord, weightAt } from '../../../kvs/health-record.ts';
import type { FlipperPolicy } from '../../config/services.ts';
import type { FlagStore } from '../../core/flag-store.ts';
import type { SignalSource } from '../../core/signal.ts';
import type { Verdict } from '../../core/state-record.ts';
import { isRecord } from '../../text/is-record.ts';
import { type Clock, systemClock } from '../clock.ts';
import { type FlipperMemory, type FlipperSummary, runFlipper } from '../flipper.ts';
import { type FlipperEvent, type FlipperLog, storeAnswers } from '../flipper-event.ts';
import { formatEventJson } from '../format-flipper-event.ts';
import { type Channel, openNotifier } from '../notify/notifier.ts';

export interface FlipperLambdaOptions {
  /** The function's name, a dimension of its metrics. */
  name: string;
  /** Who writes; unique among the environments that Lambda keeps of this function. */
  by: string;
  shadow: boolean;
  policy: FlipperPolicy;
  signals: Readonly<Record<string, readonly SignalSource[]>>;
  openStore: () => Promise<FlagStore>;
  channels: readonly Channel[];
  /** One line to the log, alone on it. */
  write: (line: string) => void;
  /** Default: the system's. */
  clock?: Clock;
  /** Default: Math.random. */
  random?: () => number;
}

/** What Lambda hands over with each event. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

/**
 * Why the function runs, and so how: `watch` probes until its time is over, `once` probes until the verdicts are clear.
 */
export type Trigger =
  | { mode: 'watch'; trigger: 'schedule' }
  | { mode: 'once'; trigger: 'alarm'; alarm: string; state: string }
  | { mode: 'once'; trigger: 'report' }
  | { mode: 'once'; trigger: 'manual' };

/** What an invocation answers and logs. */
export type RunReport = Trigger & {
  /** Every origin was probed, and the store was in reach at the end. */
  succeeded: boolean;
  verdicts: Readonly<Record<string, Verdict>>;
  held: string | undefined;
  durationMs: number;
};

/**
 * Before the function's time is up: probing ends, so that a write on its way, its verification and notifications end in
 * time.
 */
const reserveMs = 8_000;

/** Before the function's time is up: whatever is not done is left, so that the log still gets its metrics. */
const lastMs = 3_000;

/** For notifications at the very end. What is not delivered goes on when Lambda wakes this environment next. */
const drainMs = 2_000;

/**
 * Twice the schedule. Older evidence does not count, and the record may have changed: origins are proven and the record
 * is read again.
 */
const maxMemoryAgeMs = 120_000;

/**
 * The flipper as a Lambda handler. What it knows stays in memory from one invocation to the next; a cold start learns
 * record and state from the store.
 */
export function openFlipperLambda(options: FlipperLambdaOptions): (event: unknown, context: LambdaContext) => Promise<RunReport> {
  const { name, by, shadow, policy, signals, channels, write, clock = systemClock, random = Math.random } = options;
  const metrics = openFlipperMetrics({ origins: policy.origins, flipper: name });
  const logEvent: FlipperLog = (event, at) => {
    metrics.take(event, at);
    if (isWorthALine(event)) write(formatEventJson(event, at));
  };
  const notifier = openNotifier({ channels: shadow ? [] : channels, by, log: logEvent, clock, random });
  let memory: { at: number; known: FlipperMemory } | undefined;

  return async (event, context) => {
    const trigger = parseTrigger(event);
    const startedAt = clock.monotonic();
    const timeMs = context.getRemainingTimeInMillis();
    const run = new Run(policy.origins);
    const stop = new AbortController();
    const over = new AbortController();
    clock.sleep(timeMs - reserveMs, over.signal).then(() => stop.abort());
    const isWarm = memory !== undefined && Math.abs(clock.now() - memory.at) <= maxMemoryAgeMs;
    // Old evidence proves nothing. What the store held is known all the same, and is put back should another tool have
    // removed it.
    const from = memory && (isWarm ? memory.known : { ...memory.known, live: undefined, held: undefined, tracks: {} });
    memory = undefined;
    let summary: FlipperSummary | undefined;
    let readMemory: (() => FlipperMemory) | undefined;
    try {
      const running = options.openStore().then((store) =>
        runFlipper({
          mode: trigger.mode,
          shadow,
          by,
          policy,
          signals,
          store,
          signal: stop.signal,
          clock,
          random,
          log: (event, at) => {
            logEvent(event, at);
            notifier.take(event, at);
            run.take(event);
          },
          onStart: (read) => {
            readMemory = read;
          },
          ...(from && { from }),
        }),
      );
      summary = await inTime(running, timeMs - lastMs, clock, over.signal);
      memory = { at: clock.now(), known: summary.memory };
      await notifier.drain(drainMs);
      return report();
    } finally {
      over.abort();
      stop.abort();
      // A call that hangs must not cost what is known: a write that landed unseen is reported by the next run.
      if (memory === undefined && readMemory !== undefined) memory = { at: clock.now(), known: readMemory() };
      const { succeeded, verdicts } = report();
      for (const line of metrics.flush(clock.now(), { verdicts, succeeded })) write(line);
      write(JSON.stringify({ event: 'run', at: new Date(clock.now()).toISOString(), ...report() }));
    }

    function report(): RunReport {
      const verdicts = Object.fromEntries(Object.entries(summary?.evidence ?? {}).map(([id, { verdict }]) => [id, verdict]));
      const succeeded = summary !== undefined && run.isComplete;
      return { ...trigger, succeeded, verdicts, held: summary?.held, durationMs: Math.round(clock.monotonic() - startedAt) };
    }
  };
}

/**
 * Reads the event: the schedule sends `{"run": "watch"}`, EventBridge an alarm's change of state; any other event is a
 * manual run.
 */
export function parseTrigger(event: unknown): Trigger {
  if (!isRecord(event)) return { mode: 'once', trigger: 'manual' };
  if (event['run'] === 'watch') return { mode: 'watch', trigger: 'schedule' };
  if (event['run'] === 'report') return { mode: 'once', trigger: 'report' };
  const { detail } = event;
  if (event['source'] !== 'aws.cloudwatch' || !isRecord(detail)) return { mode: 'once', trigger: 'manual' };
  const state = isRecord(detail['state']) ? detail['state']['value'] : undefined;
  return { mode: 'once', trigger: 'alarm', alarm: String(detail['alarmName'] ?? ''), state: String(state ?? '') };
}

/**
 * Two healthy origins make thousands of good probes a day. Beginning and end of an invocation are in its `run` line.
 */
function isWorthALine(event: FlipperEvent): boolean {
  return !(event.event === 'start' || event.event === 'stop' || (event.event === 'probe' && event.opinion === 'good'));
}

/** What makes a run a success. */
class Run {
  readonly #unseen: Set<string>;
  #isStoreLost = false;

  constructor(origins: readonly string[]) {
    this.#unseen = new Set(origins);
  }

  take(event: FlipperEvent): void {
    if (event.event === 'probe') this.#unseen.delete(event.origin);
    else if (event.event === 'store-failed') this.#isStoreLost = true;
    else if (storeAnswers.has(event.event)) this.#isStoreLost = false;
  }

  get isComplete(): boolean {
    return this.#unseen.size === 0 && !this.#isStoreLost;
  }
}

/** Rejects after `ms`. Lambda would end the function without a log line. */
async function inTime<T>(work: Promise<T>, ms: number, clock: Clock, over: AbortSignal): Promise<T> {
  const late = clock.sleep(ms, over).then(() => {
    throw new Error('the time of the function is nearly over, and a call has no answer yet');
  });
  late.catch(() => undefined);
  // What is left behind may fail later, when no caller waits for it.
  work.catch(() => undefined);
  return Promise.race([work, late]);
}

export interface FlipperMetrics {
  /** Takes every event of a flipper. */
  take: FlipperLog;
  /**
   * The figures since the last flush, as lines of CloudWatch's embedded metric format. Each must be alone on its line
   * of the log.
   */
  flush(at: number, run: { verdicts: Readonly<Record<string, Verdict>>; succeeded: boolean }): string[];
}

export interface FlipperMetricsOptions {
  origins: readonly string[];
  /** Dimension `Flipper`, so that two flippers in one account do not mix. */
  flipper: string;
  /** Default `EdgeFailover`. */
  namespace?: string;
}

/** Values of one metric in one line (CloudWatch guide, CloudWatch_Embedded_Metric_Format_Specification.html). */
const maxValues = 100;

type Metric = readonly [name: string, unit: string, value: number | readonly number[]];

/**
 * Counts a flipper's events for CloudWatch. Names and dimensions are stable: alarms in infra/flipper.yaml and
 * dashboards read them.
 */
export function openFlipperMetrics({ origins, flipper, namespace = 'EdgeFailover' }: FlipperMetricsOptions): FlipperMetrics {
  let record: string | undefined;
  let counts = { flips: 0, storeFailures: 0, notificationFailures: 0 };
  let latencies = new Map<string, number[]>();

  const take: FlipperLog = (event) => {
    if (event.event === 'probe' && event.signal === 'http')
      latencies.set(event.origin, [...(latencies.get(event.origin) ?? []), event.latencyMs]);
    else if (event.event === 'record' || event.event === 'edit' || event.event === 'restore') record = event.record;
    else if (event.event === 'flip' && !event.shadow) {
      record = event.to;
      counts.flips += 1;
    } else if (event.event === 'store-failed') counts.storeFailures += 1;
    else if (event.event === 'notify-failed') counts.notificationFailures += 1;
  };

  const line = (at: number, dimensions: Readonly<Record<string, string>>, metrics: readonly Metric[]) =>
    JSON.stringify({
      _aws: {
        Timestamp: at,
        CloudWatchMetrics: [
          {
            Namespace: namespace,
            Dimensions: [Object.keys(dimensions)],
            Metrics: metrics.map(([Name, Unit]) => ({ Name, Unit })),
          },
        ],
      },
      ...dimensions,
      ...Object.fromEntries(metrics.map(([name, , value]) => [name, value])),
    });

  return {
    take,
    flush: (at, { verdicts, succeeded }) => {
      const entries = parseHealthRecord(record ?? okRecord) ?? [];
      const lines = origins.map((origin) => {
        const verdict = verdicts[origin] ?? 'unknown';
        const values = latencies.get(origin)?.slice(-maxValues) ?? [];
        const metrics: Metric[] = [];
        // Unknown is neither: no value, so that an average of this metric stays honest.
        if (verdict !== 'unknown') metrics.push(['Healthy', 'None', verdict === 'healthy' ? 1 : 0]);
        if (record !== undefined) metrics.push(['Weight', 'Percent', weightAt(entries, origin, Math.floor(at / 1_000))]);
        if (values.length > 0) metrics.push(['ProbeLatency', 'Milliseconds', values]);
        return metrics.length === 0 ? undefined : line(at, { Flipper: flipper, Origin: origin }, metrics);
      });
      const { flips, storeFailures, notificationFailures } = counts;
      counts = { flips: 0, storeFailures: 0, notificationFailures: 0 };
      latencies = new Map();
      return [
        ...lines.filter((each) => each !== undefined),
        line(at, { Flipper: flipper }, [
          ['SuccessfulRuns', 'Count', succeeded ? 1 : 0],
          ['Flips', 'Count', flips],
          ['StoreFailures', 'Count', storeFailures],
          ['NotificationFailures', 'Count', notificationFailures],
        ]),
      ];
    },
  };
}
