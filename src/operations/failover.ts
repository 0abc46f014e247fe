import { formatDuration } from '../cli/duration.ts';
import { EdgeError } from '../cli/errors.ts';
import type { Io } from '../cli/io.ts';
import { auditHistory, replayAudit } from '../health/audit.ts';
import { flipKeys, planFlip } from '../health/flip.ts';
import type { FlagStore, StoreSnapshot } from '../health/key-change.ts';
import { effectiveWeights, parseLiveRecord } from '../health/live-record.ts';
import type { EdgeView } from './edge-view.ts';
import type { Intent } from './failover-intent.ts';
import { formatHistory, formatStatus, readStatus } from './failover-status.ts';
import { formatPlan } from './format-plan.ts';
import { judgeOrigins, type Sounding } from './judge-origins.ts';
import { checkDangers, type FailoverPlan, planFailover } from './plan-failover.ts';
import { formatDisagreement, listExpectations, verifyEdge } from './verify-edge.ts';
import type { Audience } from './viewer-shares.ts';

export interface FailoverTools {
  store: FlagStore;
  /** Undefined when the edge shall not or cannot be asked. */
  edge: EdgeView | undefined;
  origins: readonly string[];
  audiences: readonly Audience[];
  /** Asks an origin itself, so that viewers are not sent where nobody has looked lately. */
  sound: (origin: string) => Promise<Sounding>;
  /** Who writes. */
  by: string;
  /** Write without asking. */
  yes: boolean;
  /** Ask the edge afterwards. */
  verify: boolean;
  verifyTimeoutMs: number;
  /** Between two redraws of `status --watch`. Each costs an API call. */
  watchMs: number;
  sleep: (ms: number) => Promise<void>;
}

type Write = Extract<Intent, { flip: unknown }>;
type Soundings = ReadonlyMap<string, Sounding>;

/** Does what the operator asks for; returns the exit code. */
export async function failover(intent: Intent, tools: FailoverTools, io: Io): Promise<number> {
  if (intent.command === 'status') return intent.watch ? watchStatus(tools, io) : showStatus(tools, io);
  if (intent.command === 'history') return showHistory(tools, io);
  return write(intent, tools, io);
}

async function showStatus(tools: FailoverTools, io: Io): Promise<number> {
  const status = await readStatus(tools.store, { ...tools, now: io.now });
  io.result(status, formatStatus(status, io.colour));
  return 0;
}

async function watchStatus(tools: FailoverTools, io: Io): Promise<number> {
  while (!io.signal.aborted) {
    const status = await readStatus(tools.store, { ...tools, now: io.now });
    io.redraw(status, formatStatus(status, io.colour));
    await tools.sleep(tools.watchMs).catch((error: unknown) => {
      if (!io.signal.aborted) throw error;
    });
  }
  return 0;
}

async function showHistory({ store }: FailoverTools, io: Io): Promise<number> {
  // 32 audit entries, state and record fit into one page; a store with keys of its own may need the second.
  const { values, complete } = await store.list(2);
  const flips = auditHistory(values);
  const { gaps } = replayAudit(flips);
  io.result({ flips, gaps, complete }, flips.length === 0 ? ['no flips yet'] : formatHistory(flips, io.now()));
  for (const gap of gaps) io.stderr(`note: flip #${gap} does not follow from the flip before it`);
  if (!complete) io.stderr('note: the store has more than 100 keys; flips among the rest are not shown');
  return 0;
}

async function write(intent: Write, tools: FailoverTools, io: Io): Promise<number> {
  const { flip } = intent;
  const [snapshot, soundings] = await Promise.all([
    tools.store.read(flipKeys),
    Promise.all(tools.origins.map(async (id): Promise<[string, Sounding]> => [id, await tools.sound(id)])).then((all) => new Map(all)),
  ]);
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

/** The plan for this snapshot; undefined when there is nothing to do. */
function thinkThrough(snapshot: StoreSnapshot, { flip, reason }: Write, soundings: Soundings, tools: FailoverTools, at: number) {
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
async function commit(shown: FailoverPlan, intent: Write, soundings: Soundings, tools: FailoverTools, io: Io) {
  const at = io.now();
  const { written } = await tools.store.update(flipKeys, (snapshot) => {
    const live = parseLiveRecord(snapshot.values, at);
    if (describeOverrides(live) !== describeOverrides(shown.live))
      throw new EdgeError('CONFLICT', `somebody changed the override meanwhile: the record is now ${live.text}`, {
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
async function verify(
  weights: Readonly<Record<string, number>>,
  writtenAt: number,
  tools: FailoverTools,
  io: Io,
): Promise<number | undefined> {
  const { edge, audiences, verifyTimeoutMs } = tools;
  if (!tools.verify) return undefined;
  if (edge === undefined) {
    io.stderr('written, not verified: --edge https://<viewer domain> asks the edge');
    return undefined;
  }
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
    { hint: 'npm run failover -- status --watch shows when it does; is the function published with this store?' },
  );
}
