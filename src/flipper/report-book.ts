import { cutText } from '../../kvs/cut-text.ts';
import { reportsKey } from '../../kvs/keys.ts';
import type { ReportedSignal } from '../config/edge-config.ts';
import type { FlagStore } from '../core/flag-store.ts';
import { judgeReport, parseReports, type Report, type ReportedPlace } from '../core/reports.ts';
import type { SignalSource } from '../core/signal.ts';
import { messageOf } from '../text/message-of.ts';
import { type Clock, systemClock } from './clock.ts';

/** What monitors outside have reported, as read from the store. */
export interface ReportBook {
  /** The same store. What others ask of it shows the book whether anything has changed, so that it asks less itself. */
  watched(store: FlagStore): FlagStore;
  signalOf(origin: string, signal: ReportedSignal): SignalSource;
}

export interface ReportBookOptions {
  openStore: () => Promise<FlagStore>;
  /** After this long without news of the ETag the book asks for it, which is one API call. Default a minute. */
  checkMs?: number | undefined;
  clock?: Clock;
}

/** The local cloud's calls cost nothing. */
export const localReportCheckMs = 1_000;

/** After a failed read. Reports read before expire on their own meanwhile. */
const retryMs = 10_000;

/** Reads `remote/reports` once for all signals, and again only when the store has changed. */
export function openReportBook({ openStore, checkMs = 60_000, clock = systemClock }: ReportBookOptions): ReportBook {
  let reports: readonly Report[] = [];
  let readEtag: string | undefined;
  let seen: { etag: string; at: number } | undefined;
  let failure: { detail: string; at: number } | undefined;
  let reading: Promise<void> | undefined;

  const note = (etag: string) => {
    seen = { etag, at: clock.monotonic() };
  };

  async function refresh(): Promise<void> {
    try {
      const store = await openStore();
      // The ETag alone shows that nothing has changed; after a write of this process it has.
      if (seen !== undefined && clock.monotonic() - seen.at >= checkMs) note((await store.read([])).etag);
      if (readEtag === undefined || seen?.etag !== readEtag) {
        const { etag, values } = await store.read([reportsKey]);
        reports = parseReports(values.get(reportsKey));
        readEtag = etag;
        note(etag);
      }
      failure = undefined;
    } catch (error) {
      failure = { detail: cutText(`reports cannot be read: ${messageOf(error)}`, 160), at: clock.monotonic() };
    }
  }

  function isDue(): boolean {
    const now = clock.monotonic();
    if (failure !== undefined && now - failure.at < retryMs) return false;
    return readEtag === undefined || seen === undefined || seen.etag !== readEtag || now - seen.at >= checkMs;
  }

  async function find(place: ReportedPlace): Promise<Report | undefined> {
    if (isDue())
      reading ??= refresh().finally(() => {
        reading = undefined;
      });
    await reading;
    return reports.find(({ origin, source }) => origin === place.origin && source === place.source);
  }

  return {
    watched: (store) => ({
      ...store,
      read: async (keys) => {
        const snapshot = await store.read(keys);
        note(snapshot.etag);
        return snapshot;
      },
      update: async (keys, change) => {
        const done = await store.update(keys, change);
        // The write has a new ETag, which only the next read shows.
        if (done.written !== undefined) seen = undefined;
        return done;
      },
    }),
    signalOf: (origin, { source, required }) => ({
      name: `reported:${source}`,
      required,
      isFresh: false,
      thresholds: { unhealthyThreshold: 1, healthyThreshold: 1 },
      probe: async () => {
        const startedAt = clock.monotonic();
        const report = await find({ origin, source });
        const isUnread = readEtag === undefined && failure !== undefined;
        const found = isUnread ? { opinion: 'none' as const, detail: failure?.detail ?? '' } : judgeReport(report, clock.now());
        return { ...found, latencyMs: Math.round(clock.monotonic() - startedAt) };
      },
    }),
  };
}
