import { okRecord } from '../../kvs/health-record.ts';
import { auditKey, healthKey, stateKey } from '../../kvs/keys.ts';
import type { FlipperPolicy } from '../config/services.ts';
import { type AuditEntry, parseAuditEntry } from '../core/audit.ts';
import type { Decision } from '../core/decide.ts';
import type { FlagStore, KeyChange, StoreSnapshot } from '../core/flag-store.ts';
import { flipKeys } from '../core/flip.ts';
import { type LiveRecord, overrideInForce } from '../core/live-record.ts';
import { learnRecord } from '../core/normalize-record.ts';
import { type Damage, recoverValues } from '../core/recover-values.ts';
import { parseStateRecord } from '../core/state-record.ts';
import type { Clock } from './clock.ts';
import type { FlipperEvent, FlipperLog } from './flipper-event.ts';

export type Hold = Extract<Decision, { action: 'hold' }>;

/** A write that was sent. */
export interface Sent {
  sequence: number;
  puts: KeyChange['puts'];
  /** The decision that it carries out; absent when it moves nothing. */
  decision?: Extract<Decision, { action: 'flip' }> | undefined;
  /** The ETag under which it was sent: once the store has another one, the write has landed or never will. */
  etag: string;
  /** On the monotonic clock. */
  at: number;
}

/** What a reading of the store comes to. */
export interface Found {
  /** Record and state to go on from. */
  values: ReadonlyMap<string, string>;
  live: LiveRecord;
  isBehind: boolean;
  damage: Damage | undefined;
}

/** What a keeper knows: plain data. */
export interface KeptFlag {
  /** Undefined before the store was read. */
  live: LiveRecord | undefined;
  /** What prevented a move at the last decision, so that it is not reported again. */
  held: Hold | undefined;
  /** `health` and `state` as last seen or written, to be put back when another tool removes them. */
  values?: Readonly<Record<string, string>> | undefined;
  /** The store's ETag when it was last read whole; undefined after a write of our own. */
  etag?: string | undefined;
  /** When the store was last seen. */
  seenAt?: { monotonic: number; now: number } | undefined;
  /** Our last write that was acknowledged. */
  written?: Sent | undefined;
  /** Writes without an answer: each may have landed. */
  unanswered?: readonly Sent[] | undefined;
  /** The store has shown our last write. */
  isVerified?: boolean | undefined;
  /** How often in a row the store did not show our last write when it was read back. */
  unverified?: number | undefined;
  /** Something is to be put back. */
  isDamaged?: boolean | undefined;
  /** The last call of the store failed. */
  isLost?: boolean | undefined;
  /** Failures in a row while something had to be done. */
  failures?: number | undefined;
  /** Conditions that were reported and still hold: they are not reported again. */
  reported?: { damage?: string | undefined; isSkewed?: boolean | undefined; longOverride?: string | undefined } | undefined;
}

/** Writes without an answer that are remembered. */
const maxUnanswered = 8;

/**
 * A read that shows less than our own write this soon after it comes from a reader that is behind; later it is damage.
 */
const lagMs = 30_000;
const lagAfterVerifiedMs = 10_000;

/** No command writes an override that lasts longer: one that does was written by hand, and may have been forgotten. */
const longOverrideMs = 72 * 3_600_000;

/** A flipper that starts when an override is this much older takes it for reported by the one before. */
const reportedBeforeMs = 3_600_000;

/** The clock of a machine may be wrong by this much before it is reported. */
export const maxSkewMs = 30_000;

export interface FlagMemoryOptions {
  store: FlagStore;
  policy: FlipperPolicy;
  shadow: boolean;
  clock: Clock;
  log: FlipperLog;
  /** What an earlier keeper knew. */
  from?: KeptFlag;
}

/** What the keeper remembers of the flag, how it reads the store in that light, and what it reports of it. */
export class FlagMemory {
  #kept: KeptFlag;
  readonly #options: FlagMemoryOptions;
  /** No earlier keeper's memory, and no report yet. */
  #isFirst: boolean;

  constructor(options: FlagMemoryOptions) {
    this.#options = options;
    this.#kept = options.from ?? { live: undefined, held: undefined };
    this.#isFirst = options.from === undefined;
  }

  get kept(): KeptFlag {
    return this.#kept;
  }

  keep(news: Partial<KeptFlag>): void {
    this.#kept = { ...this.#kept, ...news };
  }

  /** Of the record and state that are known. */
  get sequence(): number {
    return parseStateRecord(this.#kept.values?.[stateKey]).sequence;
  }

  /** Keeps what the store has shown, and reports a wrong clock. */
  seen(news: Partial<KeptFlag> = {}): void {
    const { clock, store } = this.#options;
    this.keep({ ...news, seenAt: { monotonic: clock.monotonic(), now: clock.now() }, isLost: false });
    const { reported } = this.#kept;
    const skewMs = store.clockSkewMs?.();
    const isSkewed = skewMs !== undefined && Math.abs(skewMs) > maxSkewMs;
    if (isSkewed && !reported?.isSkewed) this.#log({ event: 'clock-skew', skewMs });
    if (isSkewed !== Boolean(reported?.isSkewed)) this.keep({ reported: { ...reported, isSkewed } });
  }

  /** What the values say, as a decision must take them. `keys` are those that were read. */
  judge(values: ReadonlyMap<string, string>, keys: readonly string[]): Found {
    const { policy, clock } = this.#options;
    const { live: known, values: before, written, unverified, isVerified } = this.#kept;
    const now = clock.now();
    const own = before && new Map(Object.entries(before));
    const { values: recovered, isBehind, damage } = recoverValues(values, own, now, keys, policy.origins);
    const isYoung = !unverified && written !== undefined && clock.monotonic() - written.at < (isVerified ? lagAfterVerifiedMs : lagMs);
    const last = entryOf(written);
    const isOldText = last !== undefined && last.from !== last.to && last.from === (values.get(healthKey) ?? okRecord);
    const isLate =
      isYoung && own !== undefined && (isBehind || damage !== undefined || (isOldText && this.sequence === sequenceOf(values)));
    const learnt = isLate ? own : recovered;
    const live = learnRecord(learnt, known, policy.failover, now, policy.origins);
    return { values: learnt, live, isBehind: isBehind || isLate, damage: isLate ? undefined : damage };
  }

  /** Remembers a write before its answer, which may never come. */
  sent(write: Sent): void {
    this.keep({ unanswered: [...(this.#kept.unanswered ?? []), write].slice(-maxUnanswered) });
  }

  /** The write was acknowledged: what it put is the flag from now on. Returns that. */
  applied(made: Sent, attempts: number): LiveRecord {
    const { policy, clock } = this.#options;
    const put = new Map(made.puts.map(({ key, value }) => [key, value]));
    const live = learnRecord(put, this.#kept.live, policy.failover, clock.now(), policy.origins);
    const { puts, decision, etag } = made;
    this.seen({
      live,
      isDamaged: false,
      values: flagValues(put),
      etag: undefined,
      isVerified: false,
      written: { sequence: live.state.sequence, puts, decision, etag, at: clock.monotonic() },
      unanswered: [],
      reported: { ...this.#kept.reported, damage: undefined },
    });
    this.#reportWrite(made, attempts);
    return live;
  }

  /** Audit entries that show whether the writes without an answer have landed. */
  get unansweredKeys(): string[] {
    return (this.#kept.unanswered ?? []).map(({ sequence }) => auditKey(sequence));
  }

  /** Reports the writes that landed although no answer came; forgets those that never will. */
  settleUnanswered({ etag, values }: StoreSnapshot): void {
    const unanswered = this.#kept.unanswered ?? [];
    if (unanswered.length === 0) return;
    // The record alone proves nothing: another flipper may have written the same.
    const hasLanded = ({ puts, sequence }: Sent) =>
      puts.some(({ key, value }) => (key === stateKey || key === auditKey(sequence)) && values.get(key) === value);
    this.keep({ unanswered: unanswered.filter((sent) => !hasLanded(sent) && sent.etag === etag) });
    for (const sent of unanswered.filter(hasLanded)) this.#reportWrite(sent, 1);
  }

  /** Reports damage once. */
  reportDamage({ damage, live }: Found): void {
    const text = damage && JSON.stringify([damage.keys, damage.found]);
    if (text === this.#kept.reported?.damage) return;
    this.keep({ reported: { ...this.#kept.reported, damage: text } });
    const override = overrideInForce(live);
    if (damage !== undefined)
      this.#log({ event: 'store-damaged', ...damage, record: live.text, ...(override === undefined ? {} : { override }) });
  }

  /** Reports, once, an override that has been in the store for too long. */
  reportLongOverride(live: LiveRecord): void {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    const override = overrideInForce(live);
    const ageMs = override?.notedAt === undefined ? 0 : this.#options.clock.now() - override.notedAt;
    if (override === undefined || ageMs <= longOverrideMs) return;
    const longOverride = JSON.stringify([override.weights, override.until]);
    if (longOverride === this.#kept.reported?.longOverride) return;
    this.keep({ reported: { ...this.#kept.reported, longOverride } });
    if (isFirst && ageMs > longOverrideMs + reportedBeforeMs) return;
    this.#log({ event: 'long-override', record: live.text, override, ageMs });
  }

  reportRecord(live: LiveRecord): void {
    const override = overrideInForce(live);
    this.#log({ event: 'record', record: live.text, edited: live.edited, ...(override === undefined ? {} : { override }) });
  }

  #reportWrite({ puts, sequence, decision, at }: Sent, attempts: number): void {
    const { shadow, clock } = this.#options;
    const entry = entryOf({ puts, sequence });
    if (entry === undefined) return;
    const { from = '', to, kind } = entry;
    if (decision !== undefined) {
      const { moves, reason } = decision;
      const durationMs = Math.round(clock.monotonic() - at);
      this.#log({ event: 'flip', shadow, kind: decision.kind, sequence, from, to, reason, moves, attempts, durationMs });
    } else if (kind === 'edit') this.#log({ event: 'edit', sequence, record: to });
    else if (kind === 'restore') this.#log({ event: 'restore', sequence, record: to });
  }

  #log(event: FlipperEvent): void {
    this.#options.log(event, this.#options.clock.now());
  }
}

function entryOf(sent: Pick<Sent, 'puts' | 'sequence'> | undefined): AuditEntry | undefined {
  return sent?.puts.map(({ value }) => parseAuditEntry(value)).find((entry) => entry?.sequence === sent.sequence);
}

/** Of the state among the values. */
export function sequenceOf(values: ReadonlyMap<string, string>): number {
  return parseStateRecord(values.get(stateKey)).sequence;
}

/** Record and state among the values, as plain data. */
export function flagValues(values: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(flipKeys.flatMap((key) => (values.has(key) ? [[key, values.get(key) ?? '']] : [])));
}
