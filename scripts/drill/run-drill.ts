import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { OriginFault } from '../../local/origin/origin-fault.ts';
import type { Drill, OriginWait } from '../../src/drill/drill.ts';
import { servedRecord } from '../../src/drill/timeline.ts';
import { openRehearsal, type Rehearsal, type RehearsalOptions } from './open-rehearsal.ts';

export interface DrillOptions extends Omit<RehearsalOptions, 'flipper'> {
  broken: string;
  fault: OriginFault;
  /** For how long a key may be missing before a write arrives. */
  missMs: number;
  /** Called often with where the drill stands; for a line that is redrawn. */
  progress: (line: string) => void;
}

const timesMs = { warmUp: 1_000, outage: 5_000, home: 2_500 };

/** Runs one outage on a local cloud of its own: traffic, fault, detection, flip, recovery, ramp home. What it saw is the caller's to judge. */
export async function runDrill(options: DrillOptions): Promise<Drill> {
  const { config, broken, fault, tell } = options;
  const rehearsal = await openRehearsal({ ...options, flipper: true });
  const { cloud, watch, until, pause, startedAt, outcomes, requests } = rehearsal;
  const drawing = setInterval(() => options.progress(describeNow(rehearsal)), 250);
  try {
    await pause(timesMs.warmUp);

    const brokenAt = Date.now();
    tell(`${broken} breaks: ${fault.kind}`);
    await cloud.setFault(broken, fault);
    const isMoved = await until('the flip at the edge', () => isPast(watch.flipAway(broken)?.servedAt));
    // Only what had come about by now: a later flip is no answer to this wait.
    const unhealthyAt = watch.unhealthyAt(broken);
    const away = watch.flipAway(broken);
    await pause(timesMs.outage);

    const healedAt = Date.now();
    tell(`${broken} is mended`);
    await cloud.setFault(broken, { kind: 'none' });
    if (isMoved) await until('the ramp home', () => isPast(watch.homeAt(healedAt)));
    await pause(timesMs.home);
    const homeAt = watch.homeAt(healedAt);
    const endedAt = Date.now();
    await rehearsal.stopTraffic();
    const { records, looks, verdicts, flips } = watch;
    const [writtenAt, propagatedAt] = [away?.writtenAt, away?.servedAt];
    const timeline = { startedAt, brokenAt, unhealthyAt, writtenAt, propagatedAt, healedAt, homeAt, endedAt, records };
    const waits = readWaits(cloud.distribution);
    const { missMs } = options;
    return {
      config,
      broken,
      fault: fault.kind,
      missMs,
      timeline,
      outcomes,
      requests,
      looks,
      verdicts,
      flips,
      waits,
      lagMs: rehearsal.lagMs(),
    };
  } finally {
    clearInterval(drawing);
    await rehearsal.close();
  }
}

function isPast(at: number | undefined): boolean {
  return at !== undefined && at <= Date.now();
}

function readWaits({ Origins }: DistributionConfig): Record<string, OriginWait> {
  return Object.fromEntries(
    (Origins?.Items ?? []).map(({ Id = '', ConnectionAttempts, ConnectionTimeout, CustomOriginConfig }) => [
      Id,
      {
        connectionAttempts: ConnectionAttempts ?? 3,
        connectTimeoutSeconds: ConnectionTimeout ?? 10,
        readTimeoutSeconds: CustomOriginConfig?.OriginReadTimeout ?? 30,
      },
    ]),
  );
}

function describeNow({ outcomes, watch, startedAt }: Rehearsal): string {
  const seconds = ((Date.now() - startedAt) / 1_000).toFixed(0);
  const failed = outcomes.filter(({ ok }) => !ok).length;
  return `${seconds} s  ${outcomes.length} requests  ${failed} failed  the edge serves by ${servedRecord(watch.records, Date.now())}`;
}
