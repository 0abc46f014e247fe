import { cutText } from '../../kvs/cut-text.ts';
import { reportsKey } from '../../kvs/keys.ts';
import { maxValueBytes } from '../../kvs/limits.ts';
import type { KeyChange, StoreSnapshot } from './flag-store.ts';
import type { ProbeResult } from './signal.ts';
import { parseJson, reportsSchema } from './stored-schema.ts';

/** What a monitor outside says about one origin. Times are epoch milliseconds; in the store they are whole seconds. */
export interface Report {
  origin: string;
  source: string;
  opinion: 'healthy' | 'unhealthy';
  /** When the monitor formed it. */
  at: number;
  /** From here on it does not count. */
  until: number;
  reason: string;
}

/** A signal that takes reports: one opinion for each. */
export type ReportedPlace = Pick<Report, 'origin' | 'source'>;

/** How long an opinion may hold. A flipper looks for new ones every minute, so that a shorter one could pass unseen. */
export const minReportTtlMs = 60_000;
export const maxReportTtlMs = 3_600_000;

/**
 * Reporter, store and flipper have three clocks; a report may also be on its way for a while. A later one is worth no
 * more than none.
 */
export const maxReportLagMs = 60_000;

/**
 * A source that called an origin unhealthy says nothing else for this long: one that alternates would write, and run
 * flippers, each time. Half of the minute after which monitors report a change: one that reports each change once must
 * not lose a recovery because it came a second early.
 */
export const minRecoveryMs = 30_000;

/**
 * Signals of type `reported` in a configuration: as many opinions fit into one value, whatever the origins are called.
 */
export const maxReportedSignals = 8;

export const reportSourceText = /^[a-z][a-z0-9-]{0,23}$/;

/** Every opinion in the value, expired ones included; what cannot be read is left out. */
export function parseReports(text: string | undefined): Report[] {
  return (reportsSchema.safeParse(parseJson(text)).data ?? []).flatMap((entry) => (entry === undefined ? [] : [entry]));
}

/** One line of JSON within a value's limit: long reasons are cut first, then all of them. */
export function formatReports(reports: readonly Report[]): string {
  for (const maxBytes of [120, 60, 20, 0]) {
    const text = JSON.stringify(
      reports.map(({ origin, source, opinion, at, until, reason }) => {
        const cut = maxBytes === 0 ? '' : cutText(reason, maxBytes);
        return [origin, source, opinion === 'healthy' ? 'h' : 'u', seconds(at), seconds(until), ...(cut === '' ? [] : [cut])];
      }),
    );
    if (Buffer.byteLength(text) <= maxValueBytes) return text;
  }
  return '[]';
}

function seconds(at: number): number {
  return Math.floor(at / 1_000);
}

/**
 * What the report says now. An expired one, one from the future, and none at all are no opinion: silence is never bad
 * news.
 */
export function judgeReport(report: Report | undefined, now: number): Pick<ProbeResult, 'opinion' | 'detail'> {
  if (report === undefined) return { opinion: 'none', detail: 'nothing reported yet' };
  if (report.at > now + maxReportLagMs) return { opinion: 'none', detail: 'the report is from the future: check the clocks' };
  if (endOf(report) <= now) return { opinion: 'none', detail: 'the report has expired' };
  if (report.opinion === 'healthy') return { opinion: 'good' };
  return { opinion: 'bad', detail: report.reason === '' ? 'reported unhealthy' : `reported unhealthy: ${report.reason}` };
}

/** No opinion lasts longer than the longest allowed, whichever tool wrote the value. */
function endOf({ at, until }: Report): number {
  return Math.min(until, at + maxReportTtlMs);
}

export interface ReportPlan {
  /**
   * `kept`: the same opinion still holds for at least half of the time asked for. `superseded`: the source has a newer
   * one. `too-soon`: it called the origin unhealthy less than `minRecoveryMs` ago. Bad news is never too soon.
   */
  outcome: 'written' | 'kept' | 'superseded' | 'too-soon';
  /** The opinion in force after this. */
  report: Report;
  /** What the same source said before, if that has not expired. */
  before: Report | undefined;
  /** Only for `written`. */
  change: KeyChange | undefined;
}

/**
 * What storing this report does. Each write costs API calls of every flipper, so an opinion is renewed when half of its
 * time is over. Opinions that no signal of `places` takes, and those that have expired, leave the value. Pure, for
 * `FlagStore.update`.
 */
export function planReport({ values }: StoreSnapshot, report: Report, places: readonly ReportedPlace[], now: number): ReportPlan {
  const isSame = (a: ReportedPlace, b: ReportedPlace) => a.origin === b.origin && a.source === b.source;
  const live = parseReports(values.get(reportsKey)).filter(
    (each) => judgeReport(each, now).opinion !== 'none' && places.some((place) => isSame(place, each)),
  );
  const before = live.find((each) => isSame(each, report));
  if (before !== undefined && seconds(before.at) > seconds(report.at))
    return { outcome: 'superseded', report: before, before, change: undefined };
  if (before !== undefined && before.opinion === report.opinion && (endOf(before) - now) * 2 >= report.until - now)
    return { outcome: 'kept', report: before, before, change: undefined };
  if (before?.opinion === 'unhealthy' && report.opinion === 'healthy' && now - before.at < minRecoveryMs)
    return { outcome: 'too-soon', report: before, before, change: undefined };
  const others = live.filter((each) => !isSame(each, report));
  const value = formatReports([...others, report]);
  return { outcome: 'written', report, before, change: { puts: [{ key: reportsKey, value }], deletes: [] } };
}
