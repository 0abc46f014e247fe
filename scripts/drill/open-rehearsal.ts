import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EdgeRequestRecord } from '../../local/edge/exchange.ts';
import type { Propagation } from '../../local/edge/replica.ts';
import { openAws } from '../../src/aws/clients.ts';
import { openKeyValueStore } from '../../src/aws/key-value-store.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import type { Outcome } from '../../src/drill/drill.ts';
import { buildFlipPolicy } from '../../src/flipper/flip-policy.ts';
import { runFlipper } from '../../src/flipper/flipper.ts';
import { openSignals } from '../../src/flipper/open-signals.ts';
import { openPublishedCloud, type PublishedCloud } from '../open-published-cloud.ts';
import { startTraffic } from './traffic.ts';
import { type FlipperWatch, watchFlipper } from './watch-flipper.ts';

export interface RehearsalOptions {
  /** With the drill's own times; see drill-config.ts. */
  config: EdgeConfig;
  /** False: nobody moves traffic. */
  flipper: boolean;
  requestsPerSecond: number;
  /** How writes reach the cloud's edge. */
  propagation: Partial<Propagation>;
  /** Ctrl-C: whatever waits ends with its reason. */
  signal: AbortSignal;
  /** A line for people about what is happening now. */
  tell: (line: string) => void;
}

/** A local cloud of its own under traffic, ready to be broken, and what was seen of it so far. */
export interface Rehearsal {
  cloud: PublishedCloud;
  watch: FlipperWatch;
  /** Epoch milliseconds at the first request. */
  startedAt: number;
  outcomes: readonly Outcome[];
  requests: readonly EdgeRequestRecord[];
  /** Waits until it is so, at most 120 s; false then, and people are told. */
  until(what: string, isDone: () => boolean): Promise<boolean>;
  pause(ms: number): Promise<void>;
  /** How late this process ran since the start, 99 % of the time at most: no latency here is more exact than that. */
  lagMs(): number;
  /** Resolves when every request has ended. */
  stopTraffic(): Promise<void>;
  /** Gives up what is still open, and stops everything. */
  close(): Promise<void>;
}

/** No step takes longer than this, or the drill ends and says which promise that broke: CloudFront's slowest edge location may need 75 s for a flip. */
const patienceMs = 120_000;
const lagResolutionMs = 10;

/** Opens the cloud, starts the flipper and the viewers, and resolves when the flipper, if there is one, has proven every origin. */
export async function openRehearsal(options: RehearsalOptions): Promise<Rehearsal> {
  const { config, signal, tell } = options;
  const requests: EdgeRequestRecord[] = [];
  const outcomes: Outcome[] = [];
  const cloud = await openPublishedCloud({
    config,
    port: 0,
    signal,
    propagation: options.propagation,
    onRequest: (record) => requests.push(record),
    log: tell,
  });
  const watch = watchFlipper(() => cloud.edge.replica.settlesAt(cloud.description.keyValueStoreArn), tell);
  const stopFlipper = new AbortController();
  const flipper = options.flipper ? startFlipper(config, cloud, watch, stopFlipper.signal) : undefined;
  const delay = monitorEventLoopDelay({ resolution: lagResolutionMs });
  delay.enable();
  const startedAt = Date.now();
  const traffic = startTraffic({
    edge: cloud.edge.url,
    requestsPerSecond: options.requestsPerSecond,
    random: Math.random,
    now: Date.now,
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  const rehearsal: Rehearsal = {
    cloud,
    watch,
    startedAt,
    outcomes,
    requests,
    async until(what, isDone) {
      const end = Date.now() + patienceMs;
      while (!isDone() && Date.now() < end) await sleep(50, undefined, { signal });
      if (!isDone()) tell(`gave up waiting: ${what}`);
      return isDone();
    },
    pause: (ms) => sleep(ms, undefined, { signal }),
    // The histogram counts from tick to tick, the time that was asked for included.
    lagMs: () => Math.max(0, Math.round(delay.percentile(99) / 1_000_000) - lagResolutionMs),
    stopTraffic: traffic.stop,
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
    if (options.flipper)
      await rehearsal.until('every origin proven', () => Object.keys(config.origins).every((id) => watch.verdictOn(id) === 'healthy'));
    return rehearsal;
  } catch (error) {
    await rehearsal.close();
    throw error;
  }
}

async function startFlipper(config: EdgeConfig, cloud: PublishedCloud, watch: FlipperWatch, signal: AbortSignal): Promise<void> {
  const { description, distribution } = cloud;
  const client = await openAws({ env: {}, local: description }).keyValueStore();
  await runFlipper({
    mode: 'watch',
    shadow: false,
    by: 'drill',
    policy: buildFlipPolicy(config),
    signals: openSignals(config, distribution, description.origins),
    store: openKeyValueStore(client, description.keyValueStoreArn),
    log: watch.log,
    signal,
  });
}
