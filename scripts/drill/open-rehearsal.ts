import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { withoutSequence } from '../../kvs/health-record.ts';
import type { EdgeRequestRecord } from '../../local/edge/exchange.ts';
import type { Propagation } from '../../local/edge/replica.ts';
import { parseOriginFault } from '../../local/origin/origin-fault.ts';
import type { WriteCount } from '../../local/origin/reference-origin.ts';
import { openAws } from '../../src/aws/clients.ts';
import { openKeyValueStore } from '../../src/aws/key-value-store.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import { aliasOf } from '../../src/config/origin-names.ts';
import { buildFlipPolicy, samplePaths } from '../../src/config/services.ts';
import type { FlipperWatch, Rehearsal } from '../../src/drill/drill.ts';
import type { DrillFlip, DrillProbe, DrillVerdict, OriginWait, ServedRecord, ViewerOutcome } from '../../src/drill/drill-record.ts';
import type { CellWrites } from '../../src/drill/matrix/matrix.ts';
import { runFlipper } from '../../src/flipper/flipper.ts';
import type { FlipperEvent } from '../../src/flipper/flipper-event.ts';
import { describeMoves } from '../../src/flipper/format-flipper-event.ts';
import { openSignals } from '../../src/flipper/open-signals.ts';
import { localReportCheckMs, openReportBook } from '../../src/flipper/report-book.ts';
import { openPublishedCloud, type PublishedCloud } from '../open-published-cloud.ts';
import { startTraffic } from './traffic.ts';

export interface RehearsalOptions {
  /** With the drill's own times; see drill-config.ts. */
  config: EdgeConfig;
  /** False: traffic never moves. */
  flipper: boolean;
  requestsPerSecond: number;
  /** Viewers are clients that try again with the configuration's `retryHeader`. Default false. */
  retrying?: boolean;
  /** How writes reach the cloud's edge. */
  propagation: Partial<Propagation>;
  /** Ctrl-C: every wait ends with its reason. */
  signal: AbortSignal;
  /** A line for people about what has happened. */
  note: (line: string) => void;
  /** What is being waited for before the first request. Default: no report. */
  onStep?: ((step: string) => void) | undefined;
}

export interface OpenRehearsal extends Rehearsal {
  /** Writes with an `Idempotency-Key` so far, at all origins together. */
  countWrites(): CellWrites;
  /** Ends open requests, viewers, flipper and cloud. */
  close(): Promise<void>;
}

/** The longest wait for one step; CloudFront's slowest edge location may need 75 s for a flip. */
const patienceMs = 120_000;
const lagResolutionMs = 10;

/**
 * Opens a local cloud, the flipper and viewers. Resolves when the flipper, if there is one, has found every origin
 * healthy.
 */
export async function openRehearsal(options: RehearsalOptions): Promise<OpenRehearsal> {
  const { config, signal, note } = options;
  const requests: EdgeRequestRecord[] = [];
  const outcomes: ViewerOutcome[] = [];
  const cloud = await openPublishedCloud({
    config,
    port: 0,
    signal,
    propagation: options.propagation,
    onRequest: (record) => requests.push(record),
    log: note,
    onStep: options.onStep,
  });
  const { watch, log } = watchFlipper(() => cloud.edge.replica.settlesAt(cloud.description.keyValueStoreArn), note);
  const stopFlipper = new AbortController();
  const flipper = options.flipper ? startFlipper(config, cloud, log, stopFlipper.signal) : undefined;
  const writes = Object.values(cloud.origins).map((origin) => origin.countWrites());
  const delay = monitorEventLoopDelay({ resolution: lagResolutionMs });
  delay.enable();
  const startedAt = Date.now();
  const traffic = startTraffic({
    edge: cloud.edge.url,
    requestsPerSecond: options.requestsPerSecond,
    // The paths of services alone: what passes through is not ours to rescue.
    paths: config.services && samplePaths(config).flatMap(({ path, service }) => (service === undefined ? [] : [path])),
    retryHeader: options.retrying ? config.retryHeader : undefined,
    random: Math.random,
    now: Date.now,
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  const rehearsal: OpenRehearsal = {
    watch,
    startedAt,
    outcomes,
    requests,
    waits: readWaits(cloud.distribution, config),
    async setFault(origin, text) {
      const fault = parseOriginFault(text);
      if (fault === undefined) throw new Error(`unknown fault ${text}`);
      await cloud.setFault(origin, fault);
    },
    async until(what, isDone) {
      const end = Date.now() + patienceMs;
      while (!isDone() && Date.now() < end) await sleep(50, undefined, { signal });
      if (!isDone()) note(`gave up waiting for ${what}`);
      return isDone();
    },
    pause: (ms) => sleep(ms, undefined, { signal }),
    // The histogram counts from tick to tick, with the requested time.
    lagMs: () => Math.max(0, Math.round(delay.percentile(99) / 1_000_000) - lagResolutionMs),
    stopTraffic: traffic.stop,
    countWrites() {
      const keys = [...new Set(writes.flatMap((counts) => [...counts.keys()]))];
      const sum = (key: string, what: keyof WriteCount) => writes.reduce((total, counts) => total + (counts.get(key)?.[what] ?? 0), 0);
      const twice = (what: keyof WriteCount) => keys.filter((key) => sum(key, what) > 1).length;
      return { keys: keys.length, reachedTwice: twice('received'), carriedOutTwice: twice('carriedOut') };
    },
    async close() {
      delay.disable();
      await traffic.abort();
      stopFlipper.abort();
      try {
        await flipper;
      } finally {
        await cloud.close();
      }
    },
  };
  try {
    options.onStep?.('waiting for the first health checks of each origin');
    if (options.flipper)
      await rehearsal.until('a healthy verdict on every origin', () =>
        Object.keys(config.origins).every((id) => watch.verdictOn(id) === 'healthy'),
      );
    return rehearsal;
  } catch (error) {
    await rehearsal.close();
    throw error;
  }
}

type Log = (event: FlipperEvent, at: number) => void;

async function startFlipper(config: EdgeConfig, cloud: PublishedCloud, log: Log, signal: AbortSignal): Promise<void> {
  const { description, distribution } = cloud;
  const client = await openAws({ env: {}, local: description }).keyValueStore();
  const store = openKeyValueStore(client, description.keyValueStoreArn, { keyPrefix: config.keyPrefix });
  const reports = openReportBook({ openStore: async () => store, checkMs: localReportCheckMs });
  await runFlipper({
    mode: 'watch',
    shadow: false,
    by: 'drill',
    policy: buildFlipPolicy(config),
    signals: openSignals(config, distribution, description.origins, undefined, reports),
    store: reports.watched(store),
    log,
    signal,
  });
}

/**
 * Records the flipper's events. `settlesAt` gives when the latest write will be at the edge; undefined when it is
 * there.
 */
function watchFlipper(settlesAt: () => number | undefined, note: (line: string) => void): { watch: FlipperWatch; log: Log } {
  const probes: DrillProbe[] = [];
  const verdicts: DrillVerdict[] = [];
  const flips: DrillFlip[] = [];
  const records: ServedRecord[] = [{ at: 0, record: 'ok' }];
  const watch: FlipperWatch = {
    probes,
    verdicts,
    flips,
    records,
    verdictOn: (origin) => verdicts.findLast((entry) => entry.origin === origin)?.verdict,
    unhealthyAt: (origin) => verdicts.find((entry) => entry.origin === origin && entry.verdict === 'unhealthy')?.at,
    flipAway: (origin) => flips.find(({ to }) => to.includes(`${origin}=0`)),
    failbackAt: (after) => records.find(({ at, record }) => withoutSequence(record) === 'ok' && at > after)?.at,
  };
  const log: Log = (event, at) => {
    if (event.event === 'probe') {
      const { origin, signal, opinion } = event;
      probes.push({ at, origin, signal, opinion, ...(event.class && { class: event.class }) });
    } else if (event.event === 'verdict') {
      verdicts.push({ at, origin: event.origin, verdict: event.to, ...(event.why === undefined ? {} : { why: event.why }) });
      note(`${event.origin} is ${event.to}`);
    } else if (event.event === 'flip') {
      const servedAt = settlesAt() ?? at;
      flips.push({ writtenAt: at, servedAt, from: event.from, to: event.to, reason: event.reason });
      records.push({ at: servedAt, record: event.to });
      note(`flip: ${describeMoves(event.moves)}`);
    } else if (event.event === 'store-failed') {
      note(`the store failed: ${event.message}`);
    }
  };
  return { watch, log };
}

function readWaits({ Origins }: DistributionConfig, { origins }: EdgeConfig): Record<string, OriginWait> {
  return Object.fromEntries(
    (Origins?.Items ?? []).map(({ Id = '', ConnectionAttempts, ConnectionTimeout, CustomOriginConfig }) => [
      aliasOf(origins, Id),
      {
        connectionAttempts: ConnectionAttempts ?? 3,
        connectTimeoutSeconds: ConnectionTimeout ?? 10,
        readTimeoutSeconds: CustomOriginConfig?.OriginReadTimeout ?? 30,
      },
    ]),
  );
}
