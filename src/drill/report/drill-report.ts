import { parseHealthRecord, weightAt } from '../../../kvs/health-record.ts';
import type { EdgeConfig } from '../../config/edge-config.ts';
import type { Drill, OriginWait } from '../drill.ts';
import { type DrillSummary, summarizeDrill } from '../summarize-drill.ts';
import { chooseBuckets } from './choose-buckets.ts';
import { countLooks, type OriginLooks } from './count-looks.ts';
import { countOutcomes, type OutcomeBucket } from './count-outcomes.ts';
import { type DrillVerdictInWords, describeDrill } from './describe-drill.ts';
import { listMarkers, type Marker } from './list-markers.ts';

/** What a reader needs to run it again, and to compare two reports. */
export interface RunContext {
  /** The command, as it would be typed. */
  command: string;
  /** The revision of the working tree; null where git knows nothing. */
  revision: string | null;
  /** By name: the package, node, the platform. */
  versions: Readonly<Record<string, string>>;
  requestsPerSecond: number;
  propagationMs: number;
  /** The same for people, with what CloudFront takes. */
  propagation: string;
  health: EdgeConfig['health'];
  failover: EdgeConfig['failover'];
  perRequestFailover: boolean;
  /** What edge.config.ts says where the drill has times of its own. */
  configured: Pick<EdgeConfig, 'health' | 'failover'>;
}

/** One drill as a file: of bounded size however long it took. Times are milliseconds from the fault unless they say otherwise. */
export interface DrillReport {
  /** ISO 8601, the first request. */
  startedAt: string;
  fromMs: number;
  toMs: number;
  bucketMs: number;
  verdict: DrillVerdictInWords;
  summary: Omit<DrillSummary, 'seconds'>;
  markers: Marker[];
  /** Moments that are left out. */
  moreMarkers: number;
  origins: { id: string; region: string; wait: OriginWait | null }[];
  methods: string[];
  countries: string[];
  buckets: OutcomeBucket[];
  /** The share of its viewers that the edge left the broken origin, from each moment on. */
  weights: { atMs: number; weight: number }[];
  looks: OriginLooks[];
  lagMs: number;
  context: RunContext;
}

/** Weights that are told; of an origin that flaps for hours the first ones are. */
const maxWeights = 200;

/** Counts a drill for a report. Pure. */
export function buildDrillReport(drill: Drill, context: RunContext): DrillReport {
  const { timeline, config, outcomes, broken } = drill;
  const { brokenAt, startedAt, endedAt } = timeline;
  const buckets = chooseBuckets(startedAt, endedAt, brokenAt);
  const ids = Object.keys(config.origins);
  const regions = Object.fromEntries(Object.entries(config.origins).map(([id, { region }]) => [id, region]));
  const { seconds: _, ...summary } = summarizeDrill(drill);
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
    ...countOutcomes(outcomes, buckets, regions, brokenAt),
    weights: weights.slice(0, maxWeights),
    looks: countLooks(drill, ids, buckets, brokenAt),
    lagMs: drill.lagMs,
    context,
  };
}
