import pMap from 'p-map';
import { flipKeys } from '../core/flip.ts';
import { parseLiveRecord } from '../core/live-record.ts';
import type { SignalSource } from '../core/signal.ts';
import { EdgeError } from '../errors.ts';
import { type FailoverTools, moveViewers } from '../failover/failover.ts';
import { clockToleranceMs, judgeOrigins } from '../failover/plan-failover.ts';
import type { OriginProbe } from '../probe/probe-origin.ts';
import { messageOf } from '../text/message-of.ts';
import { formatDuration } from '../text/time.ts';
import { comeHome, type Home, type HomeBy, type HomeSteps, Lease } from './come-home.ts';
import { type Abort, judgeEvidence, judgeStep, type Seen, type SeenSummary, summarizeSeen } from './judge-step.ts';
import { type PlannedStep, planRehearsal, type RehearsalPlan, type RehearsalRequest, refuseRehearsal } from './plan-rehearsal.ts';
import { type EdgeViewer, findViewers, openWatch, type RehearsalProgress, type Watch } from './watch.ts';

/** What a rehearsal works with. Store and edge must not end with the signal: the viewers come home after it. */
export interface RehearsalTools extends Omit<FailoverTools, 'verify' | 'verifyTimeoutMs' | 'sleep'> {
  /** The evidence of edge.config.ts, by origin. */
  signals: Readonly<Record<string, readonly SignalSource[]>>;
  /** One more alarm, of the whole distribution. */
  alarm?: SignalSource | undefined;
  /** Why: the audit keeps it. */
  reason: string;
  /** Between two rounds of checks. */
  everyMs: number;
  /** What an edge location may take, where the edge cannot be seen to follow. */
  settleMs: number;
  monotonic: () => number;
  /** Ends early with the signal. */
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export interface RehearsalHooks extends Pick<HomeSteps, 'note'> {
  progress(progress: RehearsalProgress): void;
  /** The plan, before it is refused or confirmed. */
  show(plan: RehearsalPlan): void;
  confirm(plan: RehearsalPlan): Promise<boolean>;
  stepDone(step: StepResult): void;
}

/** Times are epoch milliseconds, durations end in `Ms`. */
export interface RehearsalResult {
  outcome: 'passed' | 'aborted' | 'interrupted';
  origin: string;
  fallbacks: readonly string[];
  startedAt: number;
  endedAt: number;
  abort: (Abort & { percent: number }) | null;
  steps: StepResult[];
  home: HomeResult;
}

export interface StepResult {
  percent: number;
  weight: number;
  sequence: number;
  writtenAt: number;
  /** When its override would have ended. */
  until: number;
  /**
   * From the write to the first of three rounds in which each asked viewer was served by a fallback; null where no
   * asked viewer moves.
   */
  atEdgeMs: number | null;
  watchedMs: number;
  evidence: SeenSummary[];
}

interface HomeResult {
  by: HomeBy;
  at: number;
  sequence: number | null;
  /** From the end of the last step to the write, or to the expiry. */
  writeMs: number;
  /**
   * From there until each viewer that was seen away was served at home again; null where none was seen away, or none is
   * asked.
   */
  atEdgeMs: number | null;
  /** False when the edge was asked and did not follow in time. */
  isConfirmed: boolean;
}

/** Thrown inside a step, for what ends the rehearsal. */
class StepAborted extends Error {
  readonly abort: Abort;

  constructor(abort: Abort) {
    super(abort.message);
    this.abort = abort;
  }
}

/** Rounds in a row that must agree: while a change propagates, old and new answers alternate. */
const rounds = 3;

/** Between two checks of the record, each a few API calls. */
const recordEveryMs = 15_000;

/** What was checked before the question is older than this when it was answered late: it is checked again. */
const maxPlanAgeMs = 30_000;

/** The most that one round counts as watched: a machine that slept, or a call that hung, has watched nothing. */
const maxRoundMs = 15_000;

/**
 * An evacuation in small steps: prove, show, ask, then for each step write its override, wait for the edge and watch;
 * then home. Undefined when it was declined. It throws what refuses a start; from the first write on it ends with the
 * viewers home, whatever happens; a bug is thrown after that.
 */
export async function rehearse(
  request: RehearsalRequest,
  tools: RehearsalTools,
  hooks: RehearsalHooks,
): Promise<RehearsalResult | undefined> {
  let { plan, watch } = await prepare(request, tools);
  const preparedAt = tools.now();
  hooks.show(plan);
  refuseRehearsal(plan);
  if (!(await hooks.confirm(plan))) return undefined;
  if (Math.abs(tools.now() - preparedAt) > maxPlanAgeMs) {
    ({ plan, watch } = await prepare(request, tools));
    refuseRehearsal(plan);
  }
  const viewers = await findViewers(plan, watch, tools.edge, tools.edgeAudiences ?? tools.audiences);
  const lease = new Lease(plan.origin);
  const startedAt = tools.now();
  const steps: StepResult[] = [];
  const away: EdgeViewer[] = [];
  let abort: RehearsalResult['abort'] = null;
  let bug: unknown;
  for (const [index, step] of plan.steps.entries()) {
    try {
      const done = await runStep({ plan, step, index, lease, viewers, watch, away }, tools, hooks);
      steps.push(done);
      hooks.stepDone(done);
    } catch (error) {
      abort = { percent: step.percent, ...explainAbort(error, tools.signal) };
      if (abort.cause === 'bug') bug = error;
      lease.isUncertain = !lease.isWritten && (abort.cause === 'failed' || abort.cause === 'bug' || abort.cause === 'interrupted');
      break;
    }
  }
  const home = await goHome({ plan, lease, watch, away, abort }, tools, hooks);
  if (bug !== undefined) throw bug;
  if (abort === null && !home.isConfirmed)
    abort = { percent: plan.steps.at(-1)?.percent ?? 0, cause: 'edge', message: 'the edge was not seen to bring the viewers home in time' };
  if (abort === null && home.by === 'another')
    abort = {
      percent: plan.steps.at(-1)?.percent ?? 0,
      cause: 'override-changed',
      message: 'another operator or tool has changed the override',
    };
  const outcome = abort === null ? 'passed' : abort.cause === 'interrupted' ? 'interrupted' : 'aborted';
  return { outcome, origin: plan.origin, fallbacks: plan.fallbacks, startedAt, endedAt: tools.now(), abort, steps, home };
}

/** Probes, record and alarms, and what follows from them. */
async function prepare(request: RehearsalRequest, tools: RehearsalTools): Promise<{ plan: RehearsalPlan; watch: Watch }> {
  const { store, origins, audiences, edge, alarm, signal, now, monotonic } = tools;
  const proving = pMap(origins, async (id): Promise<[string, OriginProbe]> => [id, await tools.proveOrigin(id)]);
  const [{ values }, proved] = await Promise.all([store.read(flipKeys), proving]);
  const probes = new Map(proved);
  const at = now();
  const proofs = judgeOrigins(origins, parseLiveRecord(values, at, origins).state.origins, probes, at);
  const plan = planRehearsal(request, { values, origins, audiences, proofs, at });
  const clock = judgeClock(store);
  if (clock !== undefined)
    plan.objections.push({ code: 'NOT_READY', message: clock.message, hint: 'set the clock right, then run it again' });
  const isReached = (id: string) => probes.get(id)?.kind !== 'unreached';
  const signals = Object.fromEntries(
    // What this machine cannot reach, such as an origin that admits CloudFront only, would look as if it failed.
    Object.entries(tools.signals).map(([id, sources]) => [id, sources.filter(({ isFresh }) => !isFresh || isReached(id))]),
  );
  const watch = openWatch({ origin: plan.origin, fallbacks: plan.fallbacks, signals, alarm, edge, monotonic });
  const first = await watch.observe(signal);
  const problem = judgeStep({ seen: first, bounds: plan.bounds, home: plan.origin });
  if (problem !== undefined) plan.objections.push({ code: 'ORIGIN_UNHEALTHY', message: problem.message });
  const named = first.find(({ source, origin }) => source === 'alarm' && origin === undefined);
  if (named?.opinion === 'none') plan.objections.push({ code: 'NOT_READY', message: `the alarm has no state: ${named.detail}` });
  const blind = plan.fallbacks.filter((id) => !first.some(({ origin, opinion }) => origin === id && opinion === 'good'));
  if (blind.length > 0 && edge?.canChooseCountry !== true)
    plan.objections.push({
      code: 'NOT_READY',
      message: `no signal shows whether ${blind.join(' and ')} is healthy`,
      hint: 'run it where the origin can be probed, or give the origin a signal of type alarm or route53',
    });
  return { plan, watch };
}

interface StepFacts {
  plan: RehearsalPlan;
  step: PlannedStep;
  index: number;
  lease: Lease;
  /** By step. */
  viewers: readonly (readonly EdgeViewer[])[];
  watch: Watch;
  /** Viewers that were seen at a fallback; filled here. */
  away: EdgeViewer[];
}

async function runStep(facts: StepFacts, tools: RehearsalTools, hooks: RehearsalHooks): Promise<StepResult> {
  const { plan, step, index, lease } = facts;
  tools.signal.throwIfAborted();
  const what = `step ${index + 1} of ${plan.steps.length}: ${step.percent} % of the viewers of ${plan.origin}`;
  hooks.progress({ kind: 'begins', what });
  throwAbort(judgeClock(tools.store));
  const until = lease.extend(step.weight, tools.now(), plan.leaseMs);
  const result = await moveViewers(
    {
      command: 'drain',
      flip: { kind: 'override', weights: { [plan.origin]: step.weight }, until },
      reason: `rehearsal, ${what}; ${tools.reason}`,
    },
    { ...tools, verify: false, verifyTimeoutMs: 0, edge: undefined },
    {
      show: ({ live }) => throwAbort(judgeRecord(live, lease, index > 0, tools.now())),
      confirm: async () => true,
      note: hooks.note,
      progress: hooks.progress,
    },
  );
  if (result.outcome !== 'written') throw new StepAborted({ cause: 'failed', message: 'the step was not written' });
  lease.isWritten = true;
  const writtenAt = tools.now();
  const watched = await watchStep({ ...facts, until, writtenAt }, tools, hooks);
  return { percent: step.percent, weight: step.weight, sequence: result.sequence, writtenAt, until, ...watched };
}

/** Until the edge has followed and the step has been watched for its time; StepAborted when a figure is too high. */
async function watchStep(
  { plan, step, index, lease, viewers, watch, away, until, writtenAt }: StepFacts & { until: number; writtenAt: number },
  tools: RehearsalTools,
  { progress }: RehearsalHooks,
): Promise<Pick<StepResult, 'atEdgeMs' | 'watchedMs' | 'evidence'>> {
  const { signal, now, monotonic, sleep, edge } = tools;
  // One that an earlier step has moved shows nothing about this one.
  const mine = (viewers[index] ?? []).filter((viewer) => !away.includes(viewer));
  const known = [...new Set(viewers.slice(0, index + 1).flat())];
  // A machine on a real edge may be in none of the buckets that a partial weight moves.
  const mustFollow = mine.length > 0 && (edge?.canChooseCountry === true || step.weight === 0);
  const settleMs = mustFollow ? plan.verifyMs : Math.min(plan.verifyMs, tools.settleMs);
  const seen: Seen[] = [];
  let agreed = { rounds: 0, at: 0 };
  let settledAt: number | undefined;
  let atEdgeMs: number | null = null;
  let checkedAt = writtenAt;
  const mostMs = Math.max(2 * tools.everyMs, Math.min(maxRoundMs, plan.holdMs / 4));
  let watchedMs = 0;
  let roundAt = 0;
  for (;;) {
    if (now() >= until)
      throw new StepAborted({ cause: 'expired', message: 'the override ended before the step did; was this machine suspended?' });
    const startedAt = now();
    const isWatched = settledAt !== undefined;
    if (atEdgeMs === null && mine.length > 0 && (settledAt === undefined || !mustFollow)) {
      const asked = await watch.askEdge(mine, signal);
      seen.push(...asked.seen);
      away.push(...mine.filter((viewer, place) => asked.moved[place] && !away.includes(viewer)));
      agreed = asked.moved.every(Boolean)
        ? { rounds: agreed.rounds + 1, at: agreed.rounds === 0 ? startedAt : agreed.at }
        : { rounds: 0, at: 0 };
      if (agreed.rounds === rounds) {
        atEdgeMs = Math.max(0, agreed.at - writtenAt);
        settledAt ??= now();
      }
    }
    seen.push(...(await watch.observe(signal, known)));
    throwAbort(judgeStep({ seen, bounds: plan.bounds, home: plan.origin }));
    if (settledAt === undefined && now() - writtenAt >= settleMs) {
      if (mustFollow) throw new StepAborted({ cause: 'edge', message: `the edge does not follow ${step.percent} % after ${settleMs} ms` });
      settledAt = now();
    }
    if (now() - checkedAt >= recordEveryMs) {
      checkedAt = now();
      const { values } = await tools.store.read(flipKeys);
      throwAbort(judgeRecord(parseLiveRecord(values, now(), tools.origins), lease, true, now()) ?? judgeClock(tools.store));
    }
    const roundMs = Math.min(monotonic() - roundAt, mostMs);
    roundAt = monotonic();
    if (isWatched) watchedMs += roundMs;
    if (watchedMs >= plan.holdMs) break;
    progress({ kind: 'watched', percent: step.percent, isAtEdge: settledAt !== undefined, checks: seen.length });
    await sleep(tools.everyMs, signal);
    signal.throwIfAborted();
  }
  throwAbort(judgeEvidence(seen, plan.fallbacks));
  return { atEdgeMs, watchedMs: Math.round(watchedMs), evidence: summarizeSeen(seen) };
}

/** Another operator's override, and a move of the flipper, end the rehearsal. Pure. */
function judgeRecord(
  live: Parameters<Lease['holds']>[0] & { automatic: Readonly<Record<string, number>>; text: string },
  lease: Pick<Lease, 'holds' | 'until'>,
  isHeld: boolean,
  at: number,
): Abort | undefined {
  if (isHeld && live.overrides.length === 0 && at >= lease.until)
    return { cause: 'expired', message: 'the override has ended before its step did; was this machine suspended?' };
  if (isHeld ? !lease.holds(live) : live.overrides.length > 0)
    return { cause: 'override-changed', message: `another operator or tool has changed the override: ${live.text}` };
  const [moved] = Object.keys(live.automatic);
  if (moved !== undefined) return { cause: 'automation', message: `the flipper has moved viewers of ${moved}: ${live.text}` };
  return undefined;
}

/** An override ends by the clock of the edge: with a wrong clock here it would end too late, or at once. */
function judgeClock({ clockSkewMs }: Pick<RehearsalTools['store'], 'clockSkewMs'>): Abort | undefined {
  const skewMs = clockSkewMs?.() ?? 0;
  if (Math.abs(skewMs) <= clockToleranceMs) return undefined;
  const message = `this machine's clock is ${formatDuration(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead' : 'behind'}: an override would end at another time`;
  return { cause: 'clock', message };
}

function throwAbort(abort: Abort | undefined): void {
  if (abort !== undefined) throw new StepAborted(abort);
}

function explainAbort(error: unknown, signal: AbortSignal): Abort {
  if (error instanceof StepAborted) return error.abort;
  if (signal.aborted) return { cause: 'interrupted', message: messageOf(signal.reason) };
  if (!(error instanceof EdgeError)) return { cause: 'bug', message: messageOf(error) };
  const cause = error.code === 'ORIGIN_UNHEALTHY' ? 'refused' : error.code === 'CONFLICT' ? 'override-changed' : 'failed';
  return { cause, message: error.message };
}

interface HomeFacts extends Pick<StepFacts, 'plan' | 'lease' | 'watch' | 'away'> {
  abort: RehearsalResult['abort'];
}

async function goHome({ plan, lease, watch, away, abort }: HomeFacts, tools: RehearsalTools, hooks: RehearsalHooks): Promise<HomeResult> {
  const { now, sleep } = tools;
  const decidedAt = now();
  const reason = `rehearsal, home: ${abort === null ? 'all steps passed' : `aborted, ${abort.message}`}`;
  const home: Home = await comeHome(lease, reason, { ...tools, sleep: (ms) => sleep(ms) }, hooks);
  const result = { by: home.by, at: home.at, sequence: home.sequence ?? null, writeMs: Math.max(0, home.at - decidedAt) };
  // An origin that fails is left to the flipper, and another operator's override sends viewers elsewhere.
  if (away.length === 0 || home.by === 'another' || abort?.cause === 'home') return { ...result, atEdgeMs: null, isConfirmed: true };
  let agreed = { rounds: 0, at: 0 };
  while (now() - home.at < plan.verifyMs || agreed.rounds > 0) {
    const startedAt = now();
    const { isHome } = await watch.askEdge(away);
    agreed = isHome.every(Boolean) ? { rounds: agreed.rounds + 1, at: agreed.rounds === 0 ? startedAt : agreed.at } : { rounds: 0, at: 0 };
    if (agreed.rounds === rounds) return { ...result, atEdgeMs: Math.max(0, agreed.at - home.at), isConfirmed: true };
    hooks.progress({ kind: 'home-written' });
    await sleep(Math.min(tools.everyMs, 500));
  }
  return { ...result, atEdgeMs: null, isConfirmed: false };
}
