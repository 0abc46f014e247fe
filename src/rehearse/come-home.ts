import type { FlagStore } from '../core/flag-store.ts';
import { flipKeys } from '../core/flip.ts';
import { type LiveRecord, parseLiveRecord } from '../core/live-record.ts';
import { EdgeError } from '../errors.ts';
import { type FailoverTools, type MoveSteps, moveViewers } from '../failover/failover.ts';
import type { MoveNote } from '../failover/plan-failover.ts';
import { clockToleranceMs } from '../failover/plan-failover.ts';
import { messageOf } from '../text/message-of.ts';

/**
 * The overrides that a rehearsal has tried to write: an answer may be lost, so each of them may be the one in force.
 */
export class Lease {
  readonly origin: string;
  /** Epoch milliseconds when the last of them ends; 0 before the first. */
  until = 0;
  /** One of them is known to be written. */
  isWritten = false;
  /** The first of them was sent without an answer, and none is known to be written: it may still land. */
  isUncertain = false;
  readonly #tried: { weight: number; until: number }[] = [];

  constructor(origin: string) {
    this.origin = origin;
  }

  /** Notes an override that is about to be written, and returns when it ends, on a whole second. */
  extend(weight: number, at: number, leaseMs: number): number {
    const until = Math.ceil((at + leaseMs) / 1_000) * 1_000;
    this.#tried.push({ weight, until });
    this.until = Math.max(this.until, until);
    return until;
  }

  /** The override in force is one of them. */
  holds({ overrides }: Pick<LiveRecord, 'overrides'>): boolean {
    const [only, ...others] = overrides;
    if (only === undefined || others.length > 0 || only.origin !== this.origin) return false;
    return this.#tried.some(({ weight, until }) => weight === only.weight && until === (only.until ?? 0) * 1_000);
  }
}

/** How the viewers came home. */
export type HomeBy =
  /** The rehearsal ended its override. */
  | 'written'
  /** The override ended at its expiry, since the store took no write. */
  | 'expiry'
  /** Another operator or tool had ended or replaced it. */
  | 'another'
  /** No override was in force. */
  | 'not-needed';

export interface Home {
  by: HomeBy;
  /** Epoch milliseconds: when it was written, or when the override ended. */
  at: number;
  /** The number of the flip, when the rehearsal wrote it. */
  sequence?: number;
}

/** What the operator should know on the way: of a flip, or that the store takes no end of the override. */
export type HomeNote = MoveNote | { kind: 'override-remains'; detail: string };

export interface HomeSteps extends Pick<MoveSteps, 'progress'> {
  note(note: HomeNote): void;
}

export type HomeTools = Omit<FailoverTools, 'signal' | 'verify' | 'verifyTimeoutMs' | 'edge' | 'proveOrigin'>;

const firstPauseMs = 500;
const maxPauseMs = 15_000;

/** A write without an answer lands within this time, or never. */
const inFlightMs = 15_000;

/**
 * Ends the rehearsal's override, and no other one. A store that fails is tried again until the override has ended at
 * its expiry, so that this always returns with the viewers home.
 */
export async function comeHome(lease: Lease, reason: string, tools: HomeTools, steps: HomeSteps): Promise<Home> {
  const { store, origins, now, sleep } = tools;
  if (lease.until === 0) return { by: 'not-needed', at: now() };
  const startedAt = now();
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(maxPauseMs, pauseMs * 2)) {
    try {
      const { values } = await store.read(flipKeys);
      const live = parseLiveRecord(values, now(), origins);
      const overrides = overridesAtEdge(live, store);
      if (overrides.length === 0) {
        if (lease.isWritten) return now() >= lease.until ? { by: 'expiry', at: lease.until } : { by: 'another', at: now() };
        if (!lease.isUncertain || now() - startedAt >= inFlightMs) return { by: 'not-needed', at: now() };
      } else {
        if (!lease.holds({ overrides })) return { by: 'another', at: now() };
        const result = await endOverride(lease, reason, tools, steps);
        if (result.outcome === 'written') return { by: 'written', at: now(), sequence: result.sequence };
      }
    } catch (error) {
      if (now() >= lease.until) return { by: 'expiry', at: lease.until };
      steps.note({ kind: 'override-remains', detail: messageOf(error) });
    }
    await sleep(Math.min(pauseMs, Math.max(firstPauseMs, lease.until - now())));
  }
}

/** With a clock that is ahead, an override that has ended here is in force at the edge. */
function overridesAtEdge({ overrides, timed }: LiveRecord, { clockSkewMs }: Pick<FlagStore, 'clockSkewMs'>): LiveRecord['overrides'] {
  return (clockSkewMs?.() ?? 0) > clockToleranceMs ? timed : overrides;
}

function endOverride(lease: Lease, reason: string, tools: HomeTools, { note, progress }: HomeSteps) {
  return moveViewers(
    { command: 'auto', flip: { kind: 'clear' }, reason },
    {
      ...tools,
      verify: false,
      verifyTimeoutMs: 0,
      edge: undefined,
      signal: new AbortController().signal,
      // Home takes its viewers back in any case, and a dead fallback would cost its timeouts.
      proveOrigin: async () => ({ kind: 'unreached', problem: 'not probed' }),
    },
    {
      show: ({ live }) => {
        if (!lease.holds({ overrides: overridesAtEdge(live, tools.store) }))
          throw new EdgeError('CONFLICT', 'the override has changed meanwhile');
      },
      confirm: async () => true,
      note,
      progress,
    },
  );
}
