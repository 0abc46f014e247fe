import { reportsKey } from '../../kvs/keys.ts';
import type { FlagStore } from '../core/flag-store.ts';
import {
  maxReportTtlMs,
  minRecoveryMs,
  minReportTtlMs,
  planReport,
  type Report,
  type ReportedPlace,
  type ReportPlan,
} from '../core/reports.ts';
import { EdgeError } from '../errors.ts';
import { nearestName } from '../text/nearest-name.ts';
import { formatDuration, formatTime } from '../text/time.ts';

/** What a monitor asks to be stored. */
export interface ReportRequest {
  origin: string;
  source: string;
  opinion: Report['opinion'];
  ttlMs: number;
  reason: string;
  /** Epoch milliseconds when the opinion was formed. */
  at: number;
}

export interface ReportTools {
  store: Pick<FlagStore, 'update'>;
  /** Whose reports a signal of the configuration takes. */
  places: readonly ReportedPlace[];
  now: () => number;
}

export type ReportResult = Omit<ReportPlan, 'change' | 'outcome'> & { outcome: Exclude<ReportPlan['outcome'], 'too-soon'> };

/**
 * Stores an opinion in one call. USAGE for a source that no signal of this origin takes and for a time outside the
 * limits; THROTTLED for `healthy` too soon after `unhealthy`. It moves no viewer: the flippers that read it do, and an
 * override stays what it is.
 */
export async function storeReport(request: ReportRequest, { store, places, now }: ReportTools): Promise<ReportResult> {
  checkReport(request, places);
  const { ttlMs, ...opinion } = request;
  const report: Report = { ...opinion, until: request.at + ttlMs };
  let plan: ReportPlan | undefined;
  await store.update([reportsKey], (snapshot) => {
    plan = planReport(snapshot, report, places, now());
    return plan.change;
  });
  if (plan === undefined) throw new Error('the store asked for no change');
  const { change: _, outcome, ...rest } = plan;
  if (outcome === 'too-soon') throw refuseTooSoon(rest.report, now());
  return { ...rest, outcome };
}

function checkReport({ origin, source, ttlMs }: ReportRequest, places: readonly ReportedPlace[]): void {
  const sources = places.filter((place) => place.origin === origin).map((place) => place.source);
  if (!sources.includes(source)) {
    const near = nearestName(source, sources);
    throw new EdgeError('USAGE', `edge.config.ts has no signal of type reported with source ${JSON.stringify(source)} for ${origin}`, {
      hint:
        sources.length === 0
          ? `add { type: 'reported', source: ${JSON.stringify(source)} } to origins.${origin}.signals, and deploy the flipper again`
          : near === undefined
            ? `sources of ${origin}: ${sources.join(', ')}`
            : `did you mean ${near}?`,
    });
  }
  if (ttlMs < minReportTtlMs || ttlMs > maxReportTtlMs)
    throw new EdgeError(
      'USAGE',
      `an opinion holds for ${formatDuration(minReportTtlMs)} to ${formatDuration(maxReportTtlMs)}, got ${formatDuration(ttlMs)}`,
      { hint: 'report again before it ends; after that the source has no opinion' },
    );
}

function refuseTooSoon({ origin, source, at }: Report, now: number): EdgeError {
  const leftMs = Math.max(1_000, at + minRecoveryMs - now);
  return new EdgeError(
    'THROTTLED',
    `${source} reported ${origin} unhealthy less than ${formatDuration(minRecoveryMs)} ago; nothing was written`,
    {
      hint: `report healthy again in ${formatDuration(leftMs)}`,
    },
  );
}

/** What became of a report, for people. */
export function formatReport({ outcome, report, before }: ReportResult, now: number): string[] {
  const { origin, source, opinion, until } = report;
  const ends = `until ${formatTime(until, now)}, ${formatDuration(until - now)} from now`;
  if (outcome === 'superseded') return [`${source} has a newer opinion about ${origin}: ${opinion} ${ends}; nothing was written`];
  if (outcome === 'kept') return [`${source} holds ${origin} ${opinion} already, ${ends}; nothing was written`];
  return [`written: ${source} holds ${origin} ${opinion} ${ends}${before === undefined ? '' : ` (was ${before.opinion})`}`];
}
