import { setTimeout as sleep } from 'node:timers/promises';
import type { EdgeRequestRecord } from '../../local/edge/edge-request-record.ts';
import type { OriginFault } from '../../local/origin/origin-fault.ts';
import { openAws } from '../../src/aws/clients.ts';
import { openKeyValueStore } from '../../src/aws/key-value-store.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import { buildFlipPolicy } from '../../src/health/flip-policy.ts';
import { runFlipper } from '../../src/health/flipper.ts';
import type { FlipperEvent } from '../../src/health/flipper-event.ts';
import { openSignals } from '../../src/operations/open-signals.ts';
import { openPublishedCloud, type PublishedCloud } from '../open-published-cloud.ts';
import type { Drill } from './judge-promises.ts';
import type { ServedRecord } from './timeline.ts';
import { type Outcome, startTraffic } from './traffic.ts';

export interface DrillOptions {
  /** With the drill's own times; see drill-config.ts. */
  config: EdgeConfig;
  broken: string;
  fault: OriginFault;
  requestsPerSecond: number;
  /** Ctrl-C: everything is stopped and the reason thrown. */
  signal: AbortSignal;
  /** A line for people about what is happening now. */
  tell: (line: string) => void;
  /** Called often with where the drill stands; for a line that is redrawn. */
  progress: (line: string) => void;
}

const timesMs = { warmUp: 1_000, outage: 5_000, home: 2_500 };
/** No step takes longer than this, or the drill ends and says which promise that broke. */
const patienceMs = 30_000;

/** Runs one outage on a local cloud of its own: traffic, fault, detection, flip, recovery, ramp home. What it saw is the caller's to judge. */
export async function runDrill(options: DrillOptions): Promise<Drill> {
  const { config, broken, fault, signal, tell } = options;
  const requests: EdgeRequestRecord[] = [];
  const cloud = await openPublishedCloud({ config, port: 0, signal, onRequest: (record) => requests.push(record), log: tell });
  const stopFlipper = new AbortController();
  const outcomes: Outcome[] = [];
  try {
    const watch = watchFlips(cloud, broken, tell);
    const client = await openAws({ env: {}, local: cloud.description }).keyValueStore();
    const flipper = runFlipper({
      mode: 'watch',
      shadow: false,
      by: 'drill',
      policy: buildFlipPolicy(config),
      signals: openSignals(config, cloud.distribution, cloud.description.origins),
      store: openKeyValueStore(client, cloud.description.keyValueStoreArn),
      log: watch.log,
      signal: stopFlipper.signal,
    });
    const traffic = startTraffic({
      edge: cloud.edge.url,
      requestsPerSecond: options.requestsPerSecond,
      random: Math.random,
      now: Date.now,
      onOutcome: (outcome) => outcomes.push(outcome),
    });
    const startedAt = Date.now();
    const drawing = setInterval(() => options.progress(describeNow(outcomes, watch.records, startedAt)), 250);
    const until = async (what: string, isDone: () => boolean) => {
      const end = Date.now() + patienceMs;
      while (!isDone() && Date.now() < end) await sleep(50, undefined, { signal });
      if (!isDone()) tell(`gave up waiting: ${what}`);
      return isDone();
    };
    try {
      await until('every origin proven', () => Object.keys(config.origins).every((id) => watch.verdicts.get(id) === 'healthy'));
      await sleep(timesMs.warmUp, undefined, { signal });

      const brokenAt = Date.now();
      tell(`${broken} breaks: ${fault.kind}`);
      await cloud.setFault(broken, fault);
      const isMoved = await until('the flip at the edge', () => (watch.awayAt() ?? Number.POSITIVE_INFINITY) <= Date.now());
      const { unhealthyAt, writtenAt } = watch;
      const propagatedAt = watch.awayAt();
      await sleep(timesMs.outage, undefined, { signal });

      const healedAt = Date.now();
      tell(`${broken} is mended`);
      await cloud.setFault(broken, { kind: 'none' });
      if (isMoved) await until('the ramp home', () => (watch.homeAt(healedAt) ?? Number.POSITIVE_INFINITY) <= Date.now());
      await sleep(timesMs.home, undefined, { signal });
      const homeAt = watch.homeAt(healedAt);
      const endedAt = Date.now();
      await traffic.stop();
      const timeline = {
        startedAt,
        brokenAt,
        unhealthyAt,
        writtenAt,
        propagatedAt,
        healedAt,
        homeAt,
        endedAt,
        records: watch.records,
      };
      return { config, broken, fault: fault.kind, timeline, outcomes, requests };
    } finally {
      clearInterval(drawing);
      await traffic.abort();
      stopFlipper.abort();
      await flipper;
    }
  } finally {
    await cloud.close();
  }
}

/** Follows the flipper's own account, and each record's way to the edge. */
function watchFlips(cloud: PublishedCloud, broken: string, tell: (line: string) => void) {
  const verdicts = new Map<string, string>();
  const records: ServedRecord[] = [{ at: 0, record: 'ok' }];
  const isOut = ({ record }: ServedRecord) => record.includes(`${broken}=0`);
  const watch = {
    verdicts,
    records,
    unhealthyAt: undefined as number | undefined,
    writtenAt: undefined as number | undefined,
    /** When the flip away has reached, or will reach, the edge. */
    awayAt: () => records.find(isOut)?.at,
    /** The same for the last step of the ramp. */
    homeAt: (after: number) => records.find(({ at, record }) => record === 'ok' && at > after)?.at,
    log: (event: FlipperEvent, at: number) => {
      if (event.event === 'verdict') {
        verdicts.set(event.origin, event.to);
        if (event.origin === broken && event.to === 'unhealthy') watch.unhealthyAt ??= at;
        tell(`${event.origin} is ${event.to}`);
      } else if (event.event === 'flip') {
        if (event.to.includes(`${broken}=0`)) watch.writtenAt ??= at;
        records.push({ at: cloud.edge.replica.settlesAt(cloud.description.keyValueStoreArn) ?? at, record: event.to });
        tell(`flip ${event.from} -> ${event.to}: ${event.reason}`);
      } else if (event.event === 'store-failed') {
        tell(`the store failed: ${event.message}`);
      }
    },
  };
  return watch;
}

function describeNow(outcomes: readonly Outcome[], records: readonly ServedRecord[], startedAt: number): string {
  const seconds = ((Date.now() - startedAt) / 1_000).toFixed(0);
  const failed = outcomes.filter(({ ok }) => !ok).length;
  const served = records.findLast(({ at }) => at <= Date.now())?.record ?? 'ok';
  return `${seconds} s  ${outcomes.length} requests  ${failed} failed  the edge serves by ${served}`;
}
