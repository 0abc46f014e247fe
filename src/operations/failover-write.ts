import { formatDuration } from '../cli/duration.ts';
import { EdgeError } from '../cli/errors.ts';
import type { Io } from '../cli/io.ts';
import { type Flip, flipKeys, planFlip } from '../health/flip.ts';
import type { StoreSnapshot } from '../health/key-change.ts';
import { effectiveWeights, parseLiveRecord } from '../health/live-record.ts';
import type { Weights } from '../health/state-record.ts';
import type { WriteIntent } from './failover-intent.ts';
import type { FailoverTools } from './failover-tools.ts';
import { formatPlan } from './format-plan.ts';
import { judgeOrigins, type Sounding } from './judge-origins.ts';
import { checkDangers, type FailoverPlan, planFailover } from './plan-failover.ts';
import { formatDisagreement, listExpectations, verifyEdge } from './verify-edge.ts';

type Soundings = ReadonlyMap<string, Sounding>;

/** Shows the plan, asks, writes it in one call and waits for the edge; returns the exit code. */
export async function writeFailover(intent: WriteIntent, tools: FailoverTools, io: Io): Promise<number> {
  const { flip } = intent;
  const [snapshot, soundings] = await Promise.all([tools.store.read(flipKeys), soundTargets(flip, tools)]);
  const shown = thinkThrough(snapshot, intent, soundings, tools, io.now());
  if (shown === undefined) {
    io.result({ written: false, record: parseLiveRecord(snapshot.values, io.now()).text }, ['no override is in force: nothing to do']);
    return 0;
  }
  for (const line of formatPlan(shown, flip, { now: io.now(), audiences: tools.audiences, colour: io.colour })) io.stderr(line);
  checkDangers(shown, flip);
  if (!(await isConfirmed(tools, io))) {
    io.stderr('nothing was written');
    return 1;
  }
  const { at, change } = await commit(shown, intent, soundings, tools, io);
  const values = new Map(change.puts.map(({ key, value }) => [key, value]));
  const live = parseLiveRecord(values, at);
  const propagationMs = await verify(effectiveWeights(live), at, tools, io);
  io.result({ written: true, sequence: live.state.sequence, from: shown.live.text, to: live.text, propagationMs: propagationMs ?? null }, [
    `written: ${live.text} (flip #${live.state.sequence})`,
    ...(propagationMs === undefined ? [] : [`the edge follows since ${formatDuration(propagationMs)} after the write`]),
  ]);
  return 0;
}

/** Only origins that may win viewers are asked: a dead one that is being left would cost its timeout. */
async function soundTargets(flip: Flip, { origins, sound }: FailoverTools): Promise<Soundings> {
  const targets = origins.filter((id) => flip.kind !== 'override' || flip.weights[id] !== 0);
  return new Map(await Promise.all(targets.map(async (id): Promise<[string, Sounding]> => [id, await sound(id)])));
}

/** The plan for this snapshot; undefined when there is nothing to do. */
function thinkThrough(snapshot: StoreSnapshot, { flip, reason }: WriteIntent, soundings: Soundings, tools: FailoverTools, at: number) {
  const { by, origins, audiences } = tools;
  const proofs = judgeOrigins(origins, parseLiveRecord(snapshot.values, at).state.origins, soundings, at);
  return planFailover(snapshot, flip, { at, by, reason, origins, audiences, proofs });
}

async function isConfirmed({ yes }: FailoverTools, io: Io): Promise<boolean> {
  if (yes) return true;
  if (!io.isTerminal)
    throw new EdgeError('USAGE', 'there is no terminal to ask for a yes, so nothing was written', { hint: '--yes writes without asking' });
  return io.confirm('write this?');
}

/** Writes what was shown. The flipper may have moved weights meanwhile, so it is thought through again; another operator's override is not replaced unseen. */
async function commit(shown: FailoverPlan, intent: WriteIntent, soundings: Soundings, tools: FailoverTools, io: Io) {
  const at = io.now();
  const { written } = await tools.store.update(flipKeys, (snapshot) => {
    const live = parseLiveRecord(snapshot.values, at);
    if (describeOverrides(live) !== describeOverrides(shown.live))
      throw new EdgeError('CONFLICT', `the override is not the one shown any more: the record is now ${live.text}`, {
        hint: 'nothing was written; look at npm run failover -- status, then decide again',
      });
    const plan = thinkThrough(snapshot, intent, soundings, tools, at);
    if (plan !== undefined) checkDangers(plan, intent.flip);
    return planFlip(snapshot, intent.flip, { at, reason: intent.reason, by: tools.by, origins: tools.origins });
  });
  if (written === undefined)
    throw new EdgeError('CONFLICT', 'the override ended by itself meanwhile: nothing was written', { hint: 'npm run failover -- status' });
  return { at: io.now(), change: written };
}

function describeOverrides({ overrides }: FailoverPlan['live']): string {
  return JSON.stringify(overrides);
}

/** Milliseconds until the edge followed; undefined when it was not asked. NOT_READY when it did not follow in time. */
async function verify(weights: Weights, writtenAt: number, tools: FailoverTools, io: Io): Promise<number | undefined> {
  const { edge, audiences, verifyTimeoutMs } = tools;
  if (!tools.verify) return undefined;
  if (edge === undefined) {
    io.stderr('written, not verified: --edge https://<viewer domain> asks the edge');
    return undefined;
  }
  io.stderr('written, waiting for the edge to follow');
  const expectations = listExpectations(audiences, weights, edge.canChooseCountry);
  const outcome = await verifyEdge(edge, expectations, {
    now: io.now,
    sleep: tools.sleep,
    writtenAt,
    timeoutMs: verifyTimeoutMs,
    progress: (left) => io.progress(`written; the edge: ${expectations.length - left.length} of ${expectations.length} viewers moved`),
  });
  if ('propagationMs' in outcome) return outcome.propagationMs;
  const [first] = outcome.disagreements;
  throw new EdgeError(
    'NOT_READY',
    `the flip is written, but the edge does not follow after ${formatDuration(verifyTimeoutMs)}: ${first && formatDisagreement(first)}`,
    { hint: 'failover -- status --watch shows when it does; an origin that fails is covered by the other one for GET' },
  );
}
