import type { FlagStore } from '../core/flag-store.ts';
import { flipKeys } from '../core/flip.ts';
import { type LiveRecord, overrideInForce, parseLiveRecord } from '../core/live-record.ts';
import type { Audience } from '../core/viewer-shares.ts';
import { EdgeError } from '../errors.ts';
import type { EdgeView } from '../probe/edge-view.ts';
import type { OriginProbe } from '../probe/probe-origin.ts';
import { formatDuration } from '../text/time.ts';
import { typed } from '../text/typed.ts';
import type { WriteIntent } from './failover-intent.ts';
import { formatEnd, formatOverrideNotice, type OverrideNotice } from './format-failover.ts';
import {
  checkDangers,
  type FailoverPlan,
  type MoveNote,
  type MoveProgress,
  type MoveResult,
  type PlanTools,
  planMove,
  refuseEnded,
  type SeenOrigins,
  writePlan,
} from './plan-failover.ts';
import { type ExpectByLive, expectAtEdge, formatDisagreement, verifyEdge } from './verify-edge.ts';

/** What the operator's commands work with. */
export interface FailoverTools extends PlanTools {
  store: FlagStore;
  /** Undefined when the edge must not or cannot be asked. */
  edge: EdgeView | undefined;
  /** Why it cannot be asked, where no option changes that. */
  edgeNotAsked?: string | undefined;
  audiences: readonly Audience[];
  /** Those of the service that has the path for which the edge is asked. Default all. */
  edgeAudiences?: readonly Audience[] | undefined;
  /** Undefined: the edge is compared with edge.config.ts. */
  expectByLive?: ExpectByLive | undefined;
  /** Proves an origin before viewers are sent to it. */
  proveOrigin: (origin: string) => Promise<OriginProbe>;
  /** Where an override is reported, as a flip of the flipper is. A failed notification never fails the write. */
  channels?: readonly OverrideChannel[];
  /** Compare the edge with the record after the write. */
  verify: boolean;
  verifyTimeoutMs: number;
  sleep: (ms: number) => Promise<void>;
  now: () => number;
  signal: AbortSignal;
}

/** The flipper's channels fit. */
interface OverrideChannel {
  name: string;
  /** Undefined when it was taken. */
  send(notice: OverrideNotice): Promise<{ detail: string } | undefined>;
}

/** What the caller decides and shows on the way. */
export interface MoveSteps {
  /** The plan, before it is refused or confirmed. */
  show(plan: FailoverPlan): void;
  confirm(plan: FailoverPlan): Promise<boolean>;
  note(note: MoveNote): void;
  progress(progress: MoveProgress): void;
}

/**
 * An operator's move: plan it, show it, ask, write it in one call, notify, confirm it at the edge. ORIGIN_UNHEALTHY
 * when it is unsafe, CONFLICT when another operator was faster, NOT_READY when the edge does not follow in time,
 * INTERRUPTED when the signal comes after the write.
 */
export async function moveViewers(intent: WriteIntent, tools: FailoverTools, steps: MoveSteps): Promise<MoveResult> {
  const { store, origins, now } = tools;
  const [snapshot, probes] = await Promise.all([store.read(flipKeys), proveTargets(intent, tools)]);
  refuseEnded(intent.flip, store, now(), 'nothing was written');
  const live = parseLiveRecord(snapshot.values, now(), origins);
  const seen: SeenOrigins = { probes, memories: live.state.origins };
  const plan = planMove(snapshot, intent, seen, tools, now());
  if (plan === undefined) return { outcome: 'nothing-to-do', record: live.text };
  steps.show(plan);
  checkDangers(plan);
  if (!(await steps.confirm(plan))) return { outcome: 'declined', plan };
  const { at, record } = await writePlan(plan, intent, seen, tools);
  const notified = notifyAll(intent, plan.live.text, record, at, tools, steps);
  const propagationMs = await confirmAtEdge(record.text, at, tools, steps).catch((error: unknown) => {
    throw tools.signal.aborted ? interruptedAfter(record, now(), error) : error;
  });
  await notified;
  return { outcome: 'written', sequence: record.state.sequence, from: plan.live.text, to: record.text, propagationMs };
}

/**
 * The override in force, as one text to compare: a page sends it back with the write, so that no override is replaced
 * unseen. When a flipper noted it does not count.
 */
export async function readOverride({ store, now }: Pick<FailoverTools, 'store' | 'now'>): Promise<string> {
  const { values } = await store.read(flipKeys);
  const override = overrideInForce(parseLiveRecord(values, now()));
  return JSON.stringify(override === undefined ? 'none' : { ...override, notedAt: undefined });
}

/** Only origins that may win viewers are probed: a dead one that is being left would cost its timeout. */
async function proveTargets({ flip }: WriteIntent, { origins, proveOrigin }: FailoverTools): Promise<Map<string, OriginProbe>> {
  const targets = origins.filter((id) => flip.kind !== 'override' || flip.weights[id] !== 0);
  return new Map(await Promise.all(targets.map(async (id): Promise<[string, OriginProbe]> => [id, await proveOrigin(id)])));
}

async function notifyAll(
  intent: WriteIntent,
  from: string,
  record: LiveRecord,
  at: number,
  { by, channels = [] }: FailoverTools,
  { note }: MoveSteps,
): Promise<void> {
  const notice = formatOverrideNotice(intent, { from, record, at, by });
  await Promise.all(
    channels.map(async (channel) => {
      const failure = await channel.send(notice);
      if (failure !== undefined) note({ kind: 'not-notified', channel: channel.name, detail: failure.detail });
    }),
  );
}

/** Milliseconds until the edge followed; null when it was not asked. */
async function confirmAtEdge(record: string, writtenAt: number, tools: FailoverTools, steps: MoveSteps): Promise<number | null> {
  const { edge, verifyTimeoutMs, now, sleep } = tools;
  if (!tools.verify) return null;
  if (edge === undefined) {
    const why = tools.edgeNotAsked ?? 'pass --edge https://<viewer domain> to compare';
    steps.note({ kind: 'not-confirmed', why });
    return null;
  }
  steps.progress({ kind: 'waiting', timeoutMs: verifyTimeoutMs });
  const { expectations, note } = await expectAtEdge(tools, edge, [record], 'all', now());
  if (note !== undefined) steps.note({ kind: 'expected-by-config', why: note });
  const [expected = []] = expectations;
  const failing = new Map<string, { origins: readonly string[]; status: number }>();
  const outcome = await verifyEdge(edge, expected, {
    seen: ({ country = 'others' }, answer) => {
      if ('origins' in answer && answer.status !== undefined && answer.status >= 500)
        failing.set(country, { origins: answer.origins, status: answer.status });
      else failing.delete(country);
    },
    now,
    sleep,
    writtenAt,
    timeoutMs: verifyTimeoutMs,
    progress: (left) =>
      steps.progress({
        kind: 'following',
        sinceMs: now() - writtenAt,
        moved: expected.length - left.length,
        viewers: expected.length,
      }),
  });
  for (const [country, found] of failing) steps.note({ kind: 'origin-fails', country, ...found });
  if ('propagationMs' in outcome) return outcome.propagationMs;
  const [first] = outcome.disagreements;
  throw new EdgeError(
    'NOT_READY',
    `the flip is written and in force, but the edge does not follow after ${formatDuration(verifyTimeoutMs)}: ${first && formatDisagreement(first)}`,
    { hint: 'failover -- status --watch shows when it does; if an origin fails, the other one covers GET for it' },
  );
}

function interruptedAfter(record: LiveRecord, now: number, cause: unknown): EdgeError {
  return new EdgeError('INTERRUPTED', `interrupted, but flip #${record.state.sequence} is written and in force${formatEnd(record, now)}`, {
    cause,
    hint: `${typed('failover --')} status shows what the edge does; failover -- auto --reason "why" ends an override`,
  });
}
