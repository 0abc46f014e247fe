import { randomUUID } from 'node:crypto';
import { cutText } from '../../kvs/cut-text.ts';
import { auditHistory, readRing } from '../core/audit.ts';
import type { FlagStore } from '../core/flag-store.ts';
import { flipKeys } from '../core/flip.ts';
import { parseLiveRecord } from '../core/live-record.ts';
import type { RequestOutcome } from '../core/requests.ts';
import type { Audience } from '../core/viewer-shares.ts';
import { EdgeError, type ErrorCode } from '../errors.ts';
import { type FailoverTools, moveViewers } from '../failover/failover.ts';
import type { WriteIntent } from '../failover/failover-intent.ts';
import { readStatus } from '../failover/failover-status.ts';
import { type ReportTools, storeReport } from '../failover/report.ts';
import type { OriginProbe } from '../probe/probe-origin.ts';
import { messageOf } from '../text/message-of.ts';
import { formatTime } from '../text/time.ts';
import { AlreadyDone, type OnceStore, openOnceStore, readFlip } from './once-store.ts';
import { isRegionSwitchEvent, isRemoteEvent, parseRemoteEvent, type RemoteCall, readDoor } from './remote-event.ts';

export interface RemoteOptions {
  /** The region of each origin of edge.config.ts. */
  regions: Readonly<Record<string, string>>;
  audiences: readonly Audience[];
  places: ReportTools['places'];
  openStore: () => Promise<FlagStore>;
  /** Proves an origin before viewers are sent to it. */
  proveOrigin: (origin: string, signal: AbortSignal) => Promise<OriginProbe>;
  channels: NonNullable<FailoverTools['channels']>;
  /** Writes nothing: every action but `status` is refused. */
  shadow: boolean;
  /** Runs the flipper once: a new opinion that an origin is unhealthy is acted on at once. */
  runFlipper: (context: RemoteContext) => Promise<unknown>;
  /** One line to the log. */
  write: (line: string) => void;
  now?: () => number;
}

/** What Lambda hands over with each event. The client context is not read: the caller writes it. */
export interface RemoteContext {
  getRemainingTimeInMillis(): number;
  /** The ARN that the caller named, with its alias. */
  invokedFunctionArn?: string;
  /** The same for each try of one asynchronous invocation. CloudTrail has the caller of each. */
  awsRequestId?: string;
}

/** `result` is what the command's `--json` prints. A refusal wrote nothing. */
export type RemoteAnswer =
  | { ok: true; action: string; requestId: string; repeated?: true; result: unknown; run?: unknown }
  | { ok: false; action?: string; requestId: string; repeated?: true; error: { code: ErrorCode; message: string; hint?: string } };

type MoveCall = Extract<RemoteCall, { intent: WriteIntent }>;

interface Invocation {
  /** Lambda's id of it. */
  own: string;
  /** By ARC Region switch. */
  isPlan: boolean;
}

/** A failed invocation, which may be sent again: one line and no stack. */
class RemoteFailure extends Error {
  constructor({ code, message }: { code: string; message: string }) {
    super(message);
    this.name = code;
    this.stack = `${code}: ${message}`;
  }
}

/**
 * Before the function's time is up: an action that takes longer is broken off, and its next delivery finds what became
 * of it.
 */
const lastMs = 3_000;

/** A request that was made longer ago has been overtaken by whatever happened since. */
const maxRequestAgeMs = 15 * 60_000;
const maxAheadMs = 60_000;

/** An opinion of the same source that is younger than this was acted on already. */
const minRunGapMs = 30_000;

/** Codes by which the request was understood and not done. Others are failures of the store or its network. */
const refusals: ReadonlySet<string> = new Set([
  'USAGE',
  'ACCESS_DENIED',
  'ORIGIN_UNKNOWN',
  'ORIGIN_UNHEALTHY',
  'QUOTA',
  'CONFLICT',
  'THROTTLED',
]);

/**
 * The Lambda handler for what comes by the aliases; other events go to `flipper`. A request is parsed, done once
 * whatever its deliveries are, logged in one line and answered as data.
 */
export function openRemote<T>(
  options: RemoteOptions,
  flipper: (event: unknown, context: RemoteContext) => Promise<T>,
): (event: unknown, context: RemoteContext) => Promise<T | RemoteAnswer> {
  const { regions, write, now = Date.now } = options;
  const origins = Object.keys(regions);

  return async (event, context) => {
    const door = readDoor(context.invokedFunctionArn);
    if (door === 'schedule' && !isRemoteEvent(event)) return flipper(event, context);
    const { awsRequestId: own = randomUUID() } = context;
    const log = (fields: object) =>
      write(JSON.stringify({ event: 'remote', at: new Date(now()).toISOString(), door, awsRequestId: own, ...fields }));
    let call: RemoteCall | undefined;
    try {
      call = parseRemoteEvent(event, door, { regions, now: now() });
      if (options.shadow && call.action !== 'status')
        throw new EdgeError('USAGE', 'this flipper runs in shadow mode and writes nothing', { hint: 'set FLIPPER_SHADOW to false' });
      const answer = await answerCall(call, { own, isPlan: isRegionSwitchEvent(event) }, context);
      log({ action: call.action, requestId: answer.requestId, ...summarize(answer) });
      return answer;
    } catch (error) {
      const requestId = (call !== undefined && 'requestId' in call ? call.requestId : undefined) ?? own;
      const refusal = asRefusal(error);
      const code = refusal?.code ?? (error instanceof EdgeError ? error.code : 'BUG');
      const message = cutText(messageOf(error), 400);
      log({ ...(call && { action: call.action }), requestId, outcome: refusal === undefined ? 'failed' : 'refused', code, message });
      // A plan goes on after an answer, whatever it says: only a failed invocation stops it.
      if (refusal === undefined || isRegionSwitchEvent(event)) throw new RemoteFailure({ code, message });
      return {
        ok: false,
        ...(call && { action: call.action }),
        requestId,
        error: { code: refusal.code, message, ...(refusal.hint !== undefined && { hint: nameFields(refusal.hint) }) },
      };
    }
  };

  async function answerCall(call: RemoteCall, { own, isPlan }: Invocation, context: RemoteContext): Promise<RemoteAnswer> {
    const store = await options.openStore();
    const limit = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - lastMs));
    if (call.action === 'status') {
      const probeOrigin = (origin: string) => options.proveOrigin(origin, limit);
      const { edge: _, ...status } = await readStatus(store, { origins, audiences: options.audiences, edge: undefined, probeOrigin, now });
      return { ok: true, action: 'status', requestId: own, result: status };
    }
    if (call.action === 'report') {
      const { outcome, ...rest } = await storeReport(call.request, { store, places: options.places, now });
      const { before } = rest;
      const isNews = outcome === 'written' && call.request.opinion === 'unhealthy' && before?.opinion !== 'unhealthy';
      const isDue = isNews && (before === undefined || now() - before.at >= minRunGapMs);
      // The report is stored: a run that fails costs no more than the wait for the next one.
      const run = isDue ? await options.runFlipper(context).catch(() => undefined) : undefined;
      const result = { written: outcome === 'written', outcome, ...rest };
      return { ok: true, action: 'report', requestId: own, result, ...(run !== undefined && { run }) };
    }
    return moveOnce(call, store, { own, isPlan, limit });
  }

  /** Each delivery of a request ends in the same answer, and at most one of them in a flip. */
  async function moveOnce(call: MoveCall, store: FlagStore, invocation: Invocation & { limit: AbortSignal }): Promise<RemoteAnswer> {
    const { requestId = invocation.own } = call;
    const base = { action: call.action, requestId };
    const once = openOnceStore(store, { id: requestId, content: call.content });
    try {
      await refuseOvertaken(call.requestedAt, once);
      const outcome = await move(call, once, invocation);
      return { ok: true, ...base, result: await describeOutcome(outcome, store) };
    } catch (error) {
      if (error instanceof AlreadyDone) return repeat(error.outcome, base, store);
      const refusal = asRefusal(error);
      // Region switch tries a refused step again, on purpose and with the same id.
      if (refusal !== undefined && !invocation.isPlan)
        await once.remember(refusal.code).catch((other: unknown) => {
          if (!(other instanceof AlreadyDone) && asRefusal(other) === undefined) throw other;
        });
      throw error;
    }
  }

  async function move(
    { intent, author }: MoveCall,
    store: OnceStore,
    { own, limit }: { own: string; limit: AbortSignal },
  ): Promise<RequestOutcome> {
    const by = `lambda:operator:${own.slice(0, 8)}${author === undefined ? '' : ` (${author})`}`;
    const moved = await moveViewers(
      intent,
      {
        store,
        origins,
        audiences: options.audiences,
        by,
        now,
        channels: options.channels,
        edge: undefined,
        proveOrigin: (origin) => options.proveOrigin(origin, limit),
        verify: false,
        verifyTimeoutMs: 0,
        sleep: async () => undefined,
        signal: limit,
      },
      { show: () => undefined, confirm: async () => true, note: () => undefined, progress: () => undefined },
    );
    if (moved.outcome === 'written') return moved.sequence;
    await store.remember('nothing');
    return 'nothing';
  }

  /** CONFLICT for a request that was made before another operator's latest write, or too long ago. */
  async function refuseOvertaken(requestedAt: number | undefined, store: OnceStore): Promise<void> {
    if (requestedAt === undefined) return;
    const at = now();
    const { values } = await store.read(flipKeys);
    const hint = 'nothing was written; if it is still wanted, send it again with a new requestId and time';
    if (requestedAt > at + maxAheadMs)
      throw new EdgeError('USAGE', `requestedAt is ${Math.round((requestedAt - at) / 1_000)} s ahead of this function's clock`, {
        hint: 'check the clocks',
      });
    if (requestedAt < at - maxRequestAgeMs)
      throw new EdgeError('CONFLICT', `the request is too old: it was made at ${formatTime(requestedAt, at)}`, { hint });
    const { state } = parseLiveRecord(values, at, origins);
    if ((state.lastFlip?.at ?? 0) <= requestedAt) return;
    const newer = auditHistory(await readRing(store)).find(
      (entry) => (entry.kind === 'override' || entry.kind === 'clear') && entry.at > requestedAt,
    );
    if (newer !== undefined)
      throw new EdgeError('CONFLICT', `${newer.by} wrote at ${formatTime(newer.at, at)}, after this request was made`, { hint });
  }

  async function describeOutcome(outcome: RequestOutcome, store: FlagStore): Promise<object> {
    return typeof outcome === 'number' ? readFlip(store, outcome) : { written: false };
  }

  async function repeat(outcome: RequestOutcome, base: { action: string; requestId: string }, store: FlagStore): Promise<RemoteAnswer> {
    if (typeof outcome === 'number' || outcome === 'nothing')
      return { ok: true, ...base, repeated: true, result: await describeOutcome(outcome, store) };
    const error = {
      code: outcome as ErrorCode,
      message: 'this request was refused before',
      hint: 'if it is still wanted, send it with a new requestId',
    };
    return { ok: false, ...base, repeated: true, error };
  }
}

/**
 * The error of a request that was understood and not done; undefined for a failure, after which it may be sent again.
 */
function asRefusal(error: unknown): EdgeError | undefined {
  return error instanceof EdgeError && error.cause === undefined && refusals.has(error.code) ? error : undefined;
}

function summarize(answer: RemoteAnswer): object {
  if (!answer.ok) return { outcome: 'refused', repeated: answer.repeated, code: answer.error.code };
  const { written, outcome, sequence } = answer.result as { written?: boolean; outcome?: string; sequence?: number };
  return {
    outcome: outcome ?? (written === undefined ? 'read' : written ? 'written' : 'nothing-to-do'),
    repeated: answer.repeated,
    sequence,
  };
}

/** Hints of the command line in the words of an event. */
function nameFields(hint: string): string {
  return hint
    .replaceAll(/(npm run |edge-failover )?failover (-- )?status/g, 'the action status')
    .replaceAll('--break-glass "why"', 'breakGlass: "why"')
    .replaceAll(/--for (\w+)/g, 'for: "$1"');
}
