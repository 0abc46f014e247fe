import { okRecord, parseHealthRecord, weightAt } from '../../kvs/health-record.ts';
import type { Verdict } from '../core/state-record.ts';
import type { FlipperLog } from './flipper-event.ts';

export interface FlipperMetrics {
  /** Takes every event of a flipper. */
  take: FlipperLog;
  /** The figures since the last flush, as lines of CloudWatch's embedded metric format. Each must be alone on its line of the log. */
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

/** Counts a flipper's events for CloudWatch. Names and dimensions are stable: alarms in infra/flipper.yaml and dashboards read them. */
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
