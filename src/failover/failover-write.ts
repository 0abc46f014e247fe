import { askToWrite } from '../cli/ask-to-write.ts';
import type { Io } from '../cli/io.ts';
import type { StoreSnapshot } from '../core/flag-store.ts';
import { type Flip, flipKeys } from '../core/flip.ts';
import { type LiveRecord, overrideInForce, parseLiveRecord } from '../core/live-record.ts';
import { EdgeError } from '../errors.ts';
import type { OriginProbe } from '../probe/probe-origin.ts';
import { formatDuration } from '../text/duration.ts';
import { formatTime } from '../text/format-time.ts';
import { expectAtEdge } from './expect-at-edge.ts';
import type { WriteIntent } from './failover-intent.ts';
import type { FailoverTools } from './failover-tools.ts';
import { formatPlan } from './format-plan.ts';
import { judgeOrigins } from './judge-origins.ts';
import { checkDangers, type FailoverPlan, planFailover, planWrite } from './plan-failover.ts';
import { formatDisagreement, verifyEdge } from './verify-edge.ts';

type OriginProbes = ReadonlyMap<string, OriginProbe>;

/** What the plan rests on: the probes, and the verdicts that were recorded when they were made. */
interface Seen {
  probes: OriginProbes;
  memories: LiveRecord['state']['origins'];
}

/** Shows the plan, asks, writes it in one call and waits for the edge; returns the exit code. */
export async function writeFailover(intent: WriteIntent, tools: FailoverTools, io: Io): Promise<number> {
  const { flip } = intent;
  const [snapshot, probes] = await Promise.all([tools.store.read(flipKeys), probeTargets(flip, tools)]);
  refuseEnded(flip, tools, io.now(), 'nothing was written');
  const seen = { probes, memories: parseLiveRecord(snapshot.values, io.now(), tools.origins).state.origins };
  const shown = thinkThrough(snapshot, intent, seen, tools, io.now());
  if (shown === undefined) {
    io.result({ written: false, record: parseLiveRecord(snapshot.values, io.now(), tools.origins).text }, [
      'no override is in force: nothing to do',
    ]);
    return 0;
  }
  for (const line of formatPlan(shown, flip, { now: io.now(), audiences: tools.audiences, colour: io.colour })) io.stderr(line);
  checkDangers(shown, flip);
  if (!(await askToWrite(io, tools.yes, 'write this', tools.target ?? 'the flag store'))) {
    io.stderr('nothing was written');
    return 1;
  }
  const { at, change } = await commit(shown, intent, seen, tools, io);
  const values = new Map(change.puts.map(({ key, value }) => [key, value]));
  const live = parseLiveRecord(values, at, tools.origins);
  const written = `written: ${live.text} (flip #${live.state.sequence})`;
  const reported = report(intent, shown.live.text, live, at, tools, io);
  const propagationMs = await verify(live.text, at, tools, io).catch((error: unknown) => {
    if (!io.signal.aborted) throw error;
    throw new EdgeError(
      'INTERRUPTED',
      `interrupted, but flip #${live.state.sequence} is written and in force${describeEnd(live, io.now())}`,
      {
        cause: error,
        hint: 'npm run failover -- status shows what the edge does; failover -- auto --reason "why" ends an override',
      },
    );
  });
  await reported;
  io.result({ written: true, sequence: live.state.sequence, from: shown.live.text, to: live.text, propagationMs: propagationMs ?? null }, [
    written,
    ...(propagationMs === undefined ? [] : [`confirmed at the edge ${formatDuration(propagationMs)} after the write`]),
  ]);
  return 0;
}

/** Sends what was written to every channel, once each, and says which did not take it. */
async function report(
  { flip, reason }: WriteIntent,
  from: string,
  live: LiveRecord,
  at: number,
  tools: FailoverTools,
  io: Io,
): Promise<void> {
  const { by, channels = [] } = tools;
  const what = flip.kind === 'clear' ? 'Override ended' : 'Override';
  const title = `${what} by ${by}: ${live.text}${describeEnd(live, at)}`;
  const event = { time: new Date(at).toISOString(), event: flip.kind, sequence: live.state.sequence, from, to: live.text, by, reason };
  const lines = [title, `reason: ${reason}`, `before: ${from}`, 'npm run failover -- status shows where viewers go now'];
  const notification = { id: `${by}/${at}/${flip.kind}`, of: flip.kind, title, lines, event };
  await Promise.all(
    channels.map(async (channel) => {
      const failure = await channel.send(notification);
      if (failure !== undefined) io.stderr(`note: written, but ${channel.name} did not take the notification: ${failure.detail}`);
    }),
  );
}

/** ` until 05:10:00 UTC, 1h 59m from now` for an override, else nothing: automation goes on from here. */
function describeEnd(live: LiveRecord, now: number): string {
  const override = overrideInForce(live);
  return override === undefined ? '' : ` until ${formatTime(override.until, now)}, ${formatDuration(override.until - now)} from now`;
}

/** Only origins that may win viewers are asked: a dead one that is being left would cost its timeout. */
async function probeTargets(flip: Flip, { origins, proveOrigin }: FailoverTools): Promise<OriginProbes> {
  const targets = origins.filter((id) => flip.kind !== 'override' || flip.weights[id] !== 0);
  return new Map(await Promise.all(targets.map(async (id): Promise<[string, OriginProbe]> => [id, await proveOrigin(id)])));
}

/** The plan for this snapshot; undefined when there is nothing to do. */
function thinkThrough(snapshot: StoreSnapshot, { flip, reason }: WriteIntent, seen: Seen, tools: FailoverTools, at: number) {
  const { by, origins, audiences } = tools;
  const proofs = judgeOrigins(origins, parseLiveRecord(snapshot.values, at, origins).state.origins, seen.probes, at, seen.memories);
  return planFailover(snapshot, flip, { at, by, reason, origins, audiences, proofs });
}

/** Writes what was shown. The flipper may have moved weights meanwhile, so it is thought through again; another operator's override is not replaced unseen. */
async function commit(shown: FailoverPlan, intent: WriteIntent, seen: Seen, tools: FailoverTools, io: Io) {
  const { flip, reason } = intent;
  const { by, origins } = tools;
  const { written } = await tools.store.update(flipKeys, (snapshot) => {
    // Read anew in each round: waiting for a yes, or for a slow store, takes from the override's time.
    const at = io.now();
    refuseEnded(flip, tools, at, 'nothing was written');
    const live = parseLiveRecord(snapshot.values, at, origins);
    if (describeOverrides(live) !== describeOverrides(shown.live))
      throw new EdgeError('CONFLICT', `the override has changed since it was shown: the record is now ${live.text}`, {
        hint: 'nothing was written; see npm run failover -- status, then decide again',
      });
    const plan = thinkThrough(snapshot, intent, seen, tools, at);
    if (plan !== undefined) checkDangers(plan, flip);
    return planWrite(snapshot, flip, { at, reason, by, origins });
  });
  if (written === undefined)
    throw new EdgeError('CONFLICT', 'the override has ended meanwhile: nothing was written', { hint: 'npm run failover -- status' });
  const at = io.now();
  refuseEnded(flip, tools, at, 'the record was written all the same and moves no viewer');
  return { at, change: written };
}

/** The store's Date has whole seconds, and an answer takes its time: what is less than this is no difference. */
const maxSkewMs = 30_000;

/** The edge leaves out an entry whose time has come, by its own clock: an override that has ended would be written for nothing. */
function refuseEnded(flip: Flip, { store }: FailoverTools, now: number, outcome: string): void {
  if (flip.kind !== 'override') return;
  const { until } = flip;
  const behindMs = -(store.clockSkewMs?.() ?? 0);
  if (until > now + (behindMs > maxSkewMs ? behindMs : 0)) return;
  if (until > now)
    throw new EdgeError(
      'CONFLICT',
      `this machine's clock is ${formatDuration(behindMs)} behind, so the override has ended at the edge: ${outcome}`,
      {
        hint: 'set the clock right, then run it again',
      },
    );
  throw new EdgeError('CONFLICT', `the override ended at ${formatTime(until, now)}, before it could be in force: ${outcome}`, {
    hint: 'run it again with a longer --for',
  });
}

function describeOverrides({ overrides }: FailoverPlan['live']): string {
  return JSON.stringify(overrides);
}

/** Milliseconds until the edge followed; undefined when it was not asked. NOT_READY when it did not follow in time. */
async function verify(record: string, writtenAt: number, tools: FailoverTools, io: Io): Promise<number | undefined> {
  const { edge, verifyTimeoutMs } = tools;
  if (!tools.verify) return undefined;
  if (edge === undefined) {
    io.stderr('written, not verified: --edge https://<viewer domain> asks the edge');
    return undefined;
  }
  io.stderr(`written, waiting up to ${formatDuration(verifyTimeoutMs)} for the edge`);
  const { expectations, note } = await expectAtEdge(tools, edge, [record], 'all', io.now());
  if (note !== undefined) io.stderr(`note: ${note}`);
  const [expected = []] = expectations;
  const failing = new Map<string, string>();
  const outcome = await verifyEdge(edge, expected, {
    seen: ({ country = 'others' }, answer) => {
      if ('origins' in answer && (answer.status ?? 0) >= 500)
        failing.set(country, `${answer.origins.join(' or ')} answers ${answer.status}`);
      else failing.delete(country);
    },
    now: io.now,
    sleep: tools.sleep,
    writtenAt,
    timeoutMs: verifyTimeoutMs,
    progress: (left) => io.progress(`written; the edge: ${expected.length - left.length} of ${expected.length} viewers moved`),
  });
  for (const [who, what] of failing) io.stderr(`note: ${who}: ${what}`);
  if ('propagationMs' in outcome) return outcome.propagationMs;
  const [first] = outcome.disagreements;
  throw new EdgeError(
    'NOT_READY',
    `the flip is written and in force, but the edge does not follow after ${formatDuration(verifyTimeoutMs)}: ${first && formatDisagreement(first)}`,
    { hint: 'failover -- status --watch shows when it does; an origin that fails is covered by the other one for GET' },
  );
}
