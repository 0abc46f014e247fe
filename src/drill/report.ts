import { cutText } from '../../kvs/cut-text.ts';
import { parseHealthRecord, weightAt } from '../../kvs/health-record.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import { formatMs } from '../text/time.ts';
import { chooseBuckets, countProbes, countViewerOutcomes, type OriginProbes, type OutcomeBucket } from './count-report.ts';
import type { Drill, OriginWait } from './drill-record.ts';
import { type DrillSummary, summarizeDrill } from './summarize-drill.ts';

/** What a reader needs to repeat the run and to compare two reports. */
export interface RunContext {
  /** The command as typed. */
  command: string;
  /** The git revision; null outside a repository. */
  revision: string | null;
  /** By name: the package, node, the platform. */
  versions: Readonly<Record<string, string>>;
  requestsPerSecond: number;
  propagationMs: number;
  /** The same for people, with CloudFront's own times. */
  propagation: string;
  health: EdgeConfig['health'];
  failover: EdgeConfig['failover'];
  perRequestFailover: boolean;
  /** The values of edge.config.ts that the drill replaces by its own. */
  configured: Pick<EdgeConfig, 'health' | 'failover'>;
  /**
   * What the same outage costs on AWS with the configured values, in sentences. Absent where no outage was predicted.
   */
  onAws?: readonly string[];
}

/**
 * One drill as a file: of bounded size however long it took. Times are milliseconds from the fault unless they say
 * otherwise.
 */
export interface DrillReport {
  /** ISO 8601, the first request. */
  startedAt: string;
  fromMs: number;
  toMs: number;
  bucketMs: number;
  verdict: DrillVerdictInWords;
  summary: Omit<DrillSummary, 'seconds' | 'marks'>;
  markers: Marker[];
  /** The number of moments left out. */
  moreMarkers: number;
  origins: { id: string; region: string; wait: OriginWait | null }[];
  methods: string[];
  countries: string[];
  buckets: OutcomeBucket[];
  /** The broken origin's weight at the edge, from each moment on. */
  weights: { atMs: number; weight: number }[];
  probes: OriginProbes[];
  lagMs: number;
  context: RunContext;
}

/** Only the first weights of an origin that flaps for hours. */
const maxWeights = 200;

/** Builds a drill's report. Pure. */
export function buildDrillReport(drill: Drill, context: RunContext): DrillReport {
  const { timeline, config, outcomes, broken } = drill;
  const { brokenAt, startedAt, endedAt } = timeline;
  const buckets = chooseBuckets(startedAt, endedAt, brokenAt);
  const ids = Object.keys(config.origins);
  const regions = Object.fromEntries(Object.entries(config.origins).map(([id, { region }]) => [id, region]));
  const { seconds: _, marks: __, ...summary } = summarizeDrill(drill);
  const { markers, more } = listMarkers(drill);
  const fromMs = buckets.from - brokenAt;
  const weights = timeline.records.map(({ at, record }) => ({
    atMs: Math.max(at - brokenAt, fromMs),
    weight: weightAt(parseHealthRecord(record) ?? [], broken, at / 1_000),
  }));
  return {
    startedAt: new Date(startedAt).toISOString(),
    fromMs,
    toMs: fromMs + buckets.count * buckets.bucketMs,
    bucketMs: buckets.bucketMs,
    verdict: describeDrill(summary, drill),
    summary,
    markers,
    moreMarkers: more,
    origins: ids.map((id) => ({ id, region: regions[id] ?? '', wait: drill.waits[id] ?? null })),
    ...countViewerOutcomes(outcomes, buckets, regions, brokenAt),
    weights: weights.slice(0, maxWeights),
    probes: countProbes(drill, ids, buckets, brokenAt),
    lagMs: drill.lagMs,
    context,
  };
}

/** A moment marked in every chart. */
interface Marker {
  kind: 'fault' | 'verdict' | 'written' | 'propagated' | 'restored' | 'ramp' | 'failback' | 'flip';
  /** Milliseconds from the fault. */
  atMs: number;
  label: string;
  /** The evidence in words; may be empty. */
  detail: string;
}

/** Only the first moments of an origin that flaps for hours. */
const maxMarkers = 30;

/** The moments of a drill in order, and the number of further ones. Pure. */
function listMarkers({ timeline, broken, fault, flips, verdicts }: Drill): { markers: Marker[]; more: number } {
  const { brokenAt, unhealthyAt, writtenAt, propagatedAt, restoredAt, failbackAt, endedAt } = timeline;
  const all: Marker[] = [];
  const add = (kind: Marker['kind'], at: number | undefined, label: string, detail = '') => {
    if (at !== undefined && at <= endedAt) all.push({ kind, atMs: at - brokenAt, label, detail: cutText(detail, 200) });
  };
  const why = verdicts.find(({ origin, at }) => origin === broken && at === unhealthyAt)?.why;
  add('fault', brokenAt, `${broken} breaks`, `fault: ${fault}`);
  add('verdict', unhealthyAt, `verdict: ${broken} is unhealthy`, why);
  add('restored', restoredAt, `${broken} is restored`);
  for (const { writtenAt: at, servedAt, to, reason } of flips) {
    const weight = weightAt(parseHealthRecord(to) ?? [], broken, at / 1_000);
    const waited = `written ${formatMs(servedAt - at)} before; record: ${to}`;
    if (at === writtenAt) {
      add('written', at, `flip written: ${to}`, reason);
      add('propagated', propagatedAt, 'the flip is at the edge', `${formatMs(servedAt - at)} after the write`);
    } else if (servedAt === failbackAt) add('failback', servedAt, 'failback complete: every weight is 100', waited);
    else if (restoredAt !== undefined && at >= restoredAt && weight > 0)
      add('ramp', servedAt, `failback: ${weight} % at ${broken}`, waited);
    else add('flip', servedAt, `flip: ${to}`, `${waited}; ${reason}`);
  }
  all.sort((a, b) => a.atMs - b.atMs);
  const kept = all.length <= maxMarkers ? all : all.filter(({ kind }) => kind !== 'ramp' && kind !== 'flip');
  const rest = all.length <= maxMarkers ? [] : all.filter(({ kind }) => kind === 'ramp' || kind === 'flip');
  const shown = [...kept, ...rest.slice(0, maxMarkers - kept.length)].sort((a, b) => a.atMs - b.atMs);
  return { markers: shown, more: all.length - shown.length };
}

/** A drill in a few sentences. */
interface DrillVerdictInWords {
  isKept: boolean;
  headline: string;
  sentences: string[];
}

const faults: Readonly<Record<string, string>> = {
  refuse: 'refused every connection',
  hang: 'accepted requests and never answered',
  slow: 'answered too late',
  '5xx': 'answered with a server error',
  'bad-body': 'failed its health check and broke off its answers',
  flaky: 'answered every second request with a server error',
  half: 'answered half of its requests, at random, with a server error',
};

/** The result in words: promises, failed requests, times. Pure. */
function describeDrill(summary: DrillReport['summary'], { broken, fault, timeline, outcomes }: Drill): DrillVerdictInWords {
  const brokenPromises = summary.promises.filter(({ result }) => result === 'broken').length;
  const outageMs = (timeline.restoredAt ?? timeline.endedAt) - timeline.brokenAt;
  const sent = outcomes.filter(({ startedAt }) => startedAt >= timeline.brokenAt);
  const lost = (method: string) => {
    const all = sent.filter((outcome) => outcome.method === method);
    return `${all.filter(({ ok }) => !ok).length} of ${all.length} ${method}`;
  };
  const methods = [...new Set(sent.map(({ method }) => method))].sort();
  const lastFailed = sent.filter(({ ok }) => !ok).reduce((last, { startedAt }) => Math.max(last, startedAt), 0);
  return {
    isKept: brokenPromises === 0,
    headline:
      brokenPromises === 0
        ? 'Every promise was kept'
        : brokenPromises === 1
          ? 'A promise was broken'
          : `${brokenPromises} promises were broken`,
    sentences: [
      `${broken} ${faults[fault] ?? `broke (${fault})`} for ${formatMs(outageMs)}.`,
      summary.detectedMs === null
        ? 'The flipper did not detect it.'
        : `The flipper detected it after ${formatMs(summary.detectedMs)}${
            timeline.propagatedAt === undefined
              ? ', but no flip reached the edge.'
              : `, and the flip was at the edge ${formatMs(timeline.propagatedAt - timeline.brokenAt)} after the fault.`
          }`,
      sent.length === 0
        ? 'No viewer sent a request after the fault.'
        : lastFailed === 0
          ? `No request failed: ${methods.map(lost).join(', ')}.`
          : `After the fault ${methods.map(lost).join(' and ')} failed; the last of them was sent ${formatMs(lastFailed - timeline.brokenAt)} after the fault.`,
      summary.failbackMs === null
        ? 'The failback did not complete.'
        : `The failback was complete ${formatMs(summary.failbackMs)} after the restore.`,
    ],
  };
}
