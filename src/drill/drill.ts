import type { EdgeConfig } from '../config/edge-config.ts';
import type { Drill, DrillFlip, DrillProbe, DrillVerdict, OriginWait, ServedRecord, ServedRequest, ViewerOutcome } from './drill-record.ts';

/** A cloud under traffic, with an origin that can be broken. */
export interface Rehearsal {
  watch: FlipperWatch;
  /** Epoch milliseconds at the first request. */
  startedAt: number;
  outcomes: readonly ViewerOutcome[];
  requests: readonly ServedRequest[];
  /** By origin. */
  waits: Readonly<Record<string, OriginWait>>;
  /** `none` restores the origin. */
  setFault(origin: string, fault: string): Promise<void>;
  /** Waits until the condition holds, at most 120 s; false then. */
  until(what: string, isDone: () => boolean): Promise<boolean>;
  pause(ms: number): Promise<void>;
  /** The delay of this process that it kept below for 99 % of the time: no latency here is more exact. */
  lagMs(): number;
  /** Resolves when every request has ended. */
  stopTraffic(): Promise<void>;
}

/** What the flipper has done so far. Times are epoch milliseconds. */
export interface FlipperWatch {
  probes: readonly DrillProbe[];
  verdicts: readonly DrillVerdict[];
  flips: readonly DrillFlip[];
  /** Records from the moment they are at the edge, or will be; the first was served when the drill began. */
  records: readonly ServedRecord[];
  /** The latest verdict on this origin. */
  verdictOn(origin: string): string | undefined;
  /** The first unhealthy verdict on this origin. */
  unhealthyAt(origin: string): number | undefined;
  /** The flip that takes all traffic away from this origin. */
  flipAway(origin: string): DrillFlip | undefined;
  /** When the last step of the failback is at the edge. */
  failbackAt(after: number): number | undefined;
}

interface DrillOptions {
  config: EdgeConfig;
  broken: string;
  fault: string;
  /** How long a key may be missing before a write arrives. */
  missMs: number;
  /** Called with the epoch milliseconds of the fault, from which all times of a drill count. */
  onFault: (at: number) => void;
  /** A line for people about the present step. */
  note: (line: string) => void;
}

const timesMs = { warmUp: 1_000, outage: 5_000, afterFailback: 2_500 };

/**
 * Runs one outage: traffic, fault, detection, flip, recovery, failback. Returns what was seen; `summarizeDrill` judges
 * it.
 */
export async function runDrill(rehearsal: Rehearsal, { config, broken, fault, missMs, onFault, note }: DrillOptions): Promise<Drill> {
  const { watch, startedAt, outcomes, requests, waits } = rehearsal;
  await rehearsal.pause(timesMs.warmUp);

  const brokenAt = Date.now();
  onFault(brokenAt);
  note(`${broken} breaks: ${fault}`);
  await rehearsal.setFault(broken, fault);
  const hasFlipped = await rehearsal.until('the flip at the edge', () => isPast(watch.flipAway(broken)?.servedAt));
  // Taken now: a later flip does not answer this wait.
  const unhealthyAt = watch.unhealthyAt(broken);
  const away = watch.flipAway(broken);
  await rehearsal.pause(timesMs.outage);

  const restoredAt = Date.now();
  note(`${broken} is restored`);
  await rehearsal.setFault(broken, 'none');
  if (hasFlipped) await rehearsal.until('the failback', () => isPast(watch.failbackAt(restoredAt)));
  await rehearsal.pause(timesMs.afterFailback);

  const failbackAt = watch.failbackAt(restoredAt);
  const endedAt = Date.now();
  await rehearsal.stopTraffic();
  const { records, probes, verdicts, flips } = watch;
  const [writtenAt, propagatedAt] = [away?.writtenAt, away?.servedAt];
  const timeline = { startedAt, brokenAt, unhealthyAt, writtenAt, propagatedAt, restoredAt, failbackAt, endedAt, records };
  return { config, broken, fault, missMs, timeline, outcomes, requests, probes, verdicts, flips, waits, lagMs: rehearsal.lagMs() };
}

function isPast(at: number | undefined): boolean {
  return at !== undefined && at <= Date.now();
}
