import { okRecord } from '../../kvs/health-record.ts';
import { auditKey, healthKey, stateKey } from '../../kvs/keys.ts';
import { type AuditEntry, parseAuditEntry } from '../core/audit.ts';
import { type Decision, decide } from '../core/decide.ts';
import type { FlagStore, KeyChange, StoreSnapshot } from '../core/flag-store.ts';
import { FlipRefused, flipKeys, planFlip } from '../core/flip.ts';
import { type LiveRecord, overrideInForce } from '../core/live-record.ts';
import { learnRecord, normalizeRecord } from '../core/normalize-record.ts';
import type { Evidence } from '../core/origin-track.ts';
import { recallAudit } from '../core/recall-audit.ts';
import { type Damage, recoverValues } from '../core/recover-values.ts';
import { parseStateRecord } from '../core/state-record.ts';
import { EdgeError } from '../errors.ts';
import { messageOf, messageOrStackOf } from '../text/message-of.ts';
import type { Clock } from './clock.ts';
import type { FlipperPolicy } from './flip-policy.ts';
import type { FlipperEvent, FlipperLog } from './flipper-event.ts';
import { readInTime } from './read-in-time.ts';
import { openShadowStore } from './shadow-store.ts';

export interface FlagKeeperOptions {
  store: FlagStore;
  policy: FlipperPolicy;
  /** What is known at a time. */
  evidence: (now: number) => Readonly<Record<string, Evidence>>;
  /** Whether the origin was probed since this process last woke from a pause; no weight is moved by older evidence. Default: always. */
  isFresh?: (origin: string) => boolean;
  /** Who writes; unique among flippers, so that each can tell its own writes. */
  by: string;
  /** Says what it would do, writes nothing. */
  shadow: boolean;
  clock: Clock;
  random: () => number;
  /** Ends the retries; a write that is on its way is not cut off. */
  signal: AbortSignal;
  log: FlipperLog;
  /** What an earlier keeper knew, so that the store need not be asked again. */
  from?: KeptFlag;
}

type Hold = Extract<Decision, { action: 'hold' }>;

/** A write that was sent. */
interface Sent {
  sequence: number;
  puts: KeyChange['puts'];
  /** The decision that it carries out; absent when it moves nothing. */
  decision?: Extract<Decision, { action: 'flip' }> | undefined;
  /** Under which it was sent: once the store has another one, the write has landed or never will. */
  etag: string;
  /** On the monotonic clock. */
  at: number;
}

/** What a reading of the store comes to. */
interface Found {
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
  /** What stood in the way at the last decision, so that it is not told again. */
  held: Hold | undefined;
  /** `health` and `state` as last seen or written, to be put back when another tool removes them. */
  values?: Readonly<Record<string, string>> | undefined;
  /** The store's when it was last read whole; undefined after a write of our own. */
  etag?: string | undefined;
  /** When the store was last seen. */
  seenAt?: { monotonic: number; now: number } | undefined;
  /** Our last write that was acknowledged. */
  written?: Sent | undefined;
  /** Writes that have no answer: each may have landed. */
  unanswered?: readonly Sent[] | undefined;
  /** The store has shown our last write. */
  isVerified?: boolean | undefined;
  /** The store did not show our last write when it was read back, this often in a row. */
  unverified?: number | undefined;
  /** Something is to be put back. */
  isDamaged?: boolean | undefined;
  /** The last call of the store failed. */
  isLost?: boolean | undefined;
  /** Failures in a row while something had to be done. */
  failures?: number | undefined;
  /** What was reported and goes on: not reported again. */
  reported?: { damage?: string | undefined; isSkewed?: boolean | undefined } | undefined;
}

/** Times between tries after the store failed: the first, doubling up to the last. */
const firstRetryMs = 250;
const lastRetryMs = 10_000;

/** Where memory may be wrong at the viewers' cost the store is asked this often: an override in the way may end early, a dead origin be put back by hand. */
const watchfulMs = 60_000;

/** Reads of a written flip: how long each may take, and what lies between them. A store that is slow shows it all the same. */
const verifyTimeoutsMs = [5_000, 20_000, 60_000];
const verifyPauseMs = 500;

/** Writes without an answer that are remembered. */
const maxUnanswered = 8;

/** A read that shows less than our own write, this soon after it, is a reader that is behind; later it is damage. */
const lagMs = 30_000;
const lagAfterVerifiedMs = 10_000;

/** The clock of a machine may be wrong by this much before it is reported. */
const maxSkewMs = 30_000;

/** How long an ended override stays in the record when nothing tells whether this clock is right. */
const unsureKeepMs = 24 * 3_600_000;

/**
 * Keeps the flag in step with the evidence. It knows the live record from memory, so that little is asked of the store while nothing changes; before it
 * writes, the decision is made anew on what the store then holds. A failed write is tried again as long as the decision stands.
 */
export class FlagKeeper {
  readonly #options: FlagKeeperOptions;
  readonly #store: FlagStore;
  #kept: KeptFlag;
  #acting: Promise<void> | undefined;
  #checking: Promise<void> | undefined;
  #verifying: Promise<void> = Promise.resolve();
  #writes = 0;
  /** The write that is being read back: it is not sent again before that has ended. */
  #verified: number | undefined;
  #isDriven = false;

  constructor(options: FlagKeeperOptions) {
    this.#options = options;
    this.#store = recallAudit(options.shadow ? openShadowStore(options.store) : options.store);
    this.#kept = options.from ?? { live: undefined, held: undefined };
  }

  /** What the next keeper can go on from. */
  get kept(): KeptFlag {
    return this.#kept;
  }

  /** What stood in the way at the last decision; undefined when nothing did or none was made. */
  get held(): Hold | undefined {
    return this.#kept.held;
  }

  /** Decides, and begins to act if that is needed; returns at once. */
  consider(): void {
    if (this.#acting !== undefined || this.#options.signal.aborted) return;
    if (this.#isWorkDue()) {
      this.#acting = this.#act(Number.POSITIVE_INFINITY).finally(() => {
        this.#acting = undefined;
      });
      return;
    }
    if (this.#checking !== undefined) return;
    this.#keep({ failures: 0 });
    if (this.dueInMs() > 0) return;
    this.#checking = this.#check().finally(() => {
      this.#checking = undefined;
    });
  }

  /** Time until the store is asked whether anybody else wrote. */
  dueInMs(): number {
    const { clock, policy } = this.#options;
    const { seenAt, isLost } = this.#kept;
    if (seenAt === undefined) return 0;
    // A frozen process or a suspended machine may find one of its clocks where it left it.
    const age = Math.max(clock.monotonic() - seenAt.monotonic, clock.now() - seenAt.now);
    const { peerCheckMs, recheckMs } = policy.failover;
    const calmMs = peerCheckMs > 0 ? Math.min(peerCheckMs, recheckMs) : recheckMs;
    return (isLost || this.#isWatchful() ? Math.min(watchfulMs, calmMs) : calmMs) - age;
  }

  /** Memory may be old: the store is asked before memory is believed again. */
  doubt(): void {
    this.#keep({ seenAt: undefined });
  }

  /** Decides and acts until nothing is left to do. Throws the store's error after so many tries in a row. */
  async actNow(tries: number): Promise<void> {
    this.#isDriven = true;
    await this.finish();
    for (let round = 0; round < tries; round++) {
      await this.#act(tries);
      await this.#verifying;
      if (!this.#kept.unverified) return;
    }
  }

  /** Waits for a write that is on its way, and for what its verification leads to. */
  async finish(): Promise<void> {
    for (;;) {
      const verifying = this.#verifying;
      await Promise.all([this.#acting, this.#checking, verifying]);
      if (this.#acting === undefined && this.#checking === undefined && verifying === this.#verifying) return;
    }
  }

  #keep(news: Partial<KeptFlag>): void {
    this.#kept = { ...this.#kept, ...news };
  }

  #isWorkDue(): boolean {
    const { live, unverified, isDamaged } = this.#kept;
    const isUnseen = Boolean(unverified) && this.#verified !== this.#writes;
    return live === undefined || isUnseen || Boolean(isDamaged) || live.edited || this.#decideNow(live).action === 'flip';
  }

  async #act(tries: number): Promise<void> {
    while (!this.#options.signal.aborted && this.#isWorkDue()) {
      try {
        if (this.#kept.live === undefined) await this.#learn();
        else await this.#write();
        this.#keep({ failures: 0 });
      } catch (error) {
        const failures = this.#fail();
        if (failures >= tries) throw error;
        await this.#waitAfter(error, failures);
      }
    }
    this.#keep({ failures: 0 });
  }

  #fail(): number {
    const failures = (this.#kept.failures ?? 0) + 1;
    this.#keep({ failures, isLost: true });
    return failures;
  }

  /** Asks until the store answers or there is something to do, which does not wait for this. */
  async #check(): Promise<void> {
    const writes = this.#writes;
    const isOvertaken = () => this.#options.signal.aborted || this.#acting !== undefined || this.#writes !== writes;
    while (!isOvertaken()) {
      try {
        if (!(await this.#isUnchanged())) await this.#learn(isOvertaken);
        else if (!isOvertaken()) this.#seen();
        return this.consider();
      } catch (error) {
        if (!isOvertaken()) await this.#waitAfter(error, this.#fail());
      }
    }
  }

  /** A bug, too, is told and tried again: this loop is left alone for months, and giving up would leave nobody to move the traffic. */
  async #waitAfter(error: unknown, failures: number): Promise<void> {
    const retryInMs = this.#retryMs(failures);
    const code = error instanceof EdgeError ? error.code : 'BUG';
    const message = messageOrStackOf(error);
    this.#log({ event: 'store-failed', code, message, retryInMs });
    await this.#options.clock.sleep(retryInMs, this.#options.signal);
  }

  #retryMs(failures: number): number {
    return Math.round(Math.min(lastRetryMs, firstRetryMs * 2 ** (failures - 1)) * (0.5 + this.#options.random() / 2));
  }

  #decideNow(live: LiveRecord): Decision {
    const { policy, clock, evidence } = this.#options;
    const now = clock.now();
    const normalized = normalizeRecord(live, policy.failover, now);
    this.#keep({ live: normalized });
    const known = evidence(now);
    const decision = this.#decide(normalized, known, now);
    if (decision.action === 'flip') this.#keep({ held: undefined });
    else this.#hold(decision, known);
    return decision;
  }

  #decide(live: LiveRecord, evidence: Readonly<Record<string, Evidence>>, now: number): Decision {
    const { policy, isFresh = () => true } = this.#options;
    const decision = decide(live, evidence, policy, now);
    if (decision.action === 'flip')
      return decision.moves.every(({ origin }) => isFresh(origin)) ? decision : (this.#kept.held ?? { action: 'hold', reason: 'steady' });
    return decision;
  }

  #hold(hold: Hold, evidence: Readonly<Record<string, Evidence>>): void {
    const { held } = this.#kept;
    if (hold.reason === held?.reason && hold.origin === held.origin) return;
    const { reason, origin } = hold;
    const verdict = origin === undefined ? undefined : evidence[origin]?.verdict;
    this.#log({ event: 'hold', reason, ...(origin === undefined ? {} : { origin }), ...(verdict === undefined ? {} : { verdict }) });
    this.#keep({ held: hold });
  }

  #isWatchful(): boolean {
    const { policy, clock, evidence, shadow } = this.#options;
    if (this.#kept.held?.reason === 'override') return true;
    const known = evidence(clock.now());
    // In the shadow an origin is out in thought only, and nobody is saved by asking.
    return !shadow && policy.origins.some((id) => known[id]?.verdict === 'unhealthy' && this.#kept.live?.automatic[id] === 0);
  }

  /** Whether anybody wrote, which one call for the ETag tells; where memory may be wrong at the viewers' cost the record is read besides. */
  async #isUnchanged(): Promise<boolean> {
    const { live, etag, isLost } = this.#kept;
    const isWatchful = this.#isWatchful();
    const snapshot = await this.#store.read(isWatchful ? [healthKey] : []);
    return snapshot.etag === etag && !isLost && (!isWatchful || (snapshot.values.get(healthKey) ?? okRecord) === live?.text);
  }

  async #learn(isOvertaken = () => false): Promise<void> {
    const { live: known, isLost } = this.#kept;
    const keys = [...flipKeys, ...this.#unansweredKeys()];
    const snapshot = await this.#store.read(keys);
    const newest = auditKey(this.#sequence || sequenceOf(snapshot.values));
    // The newest audit entry shows whether the ring is whole; a store without flips has none.
    const ring = newest === auditKey(0) || snapshot.values.has(newest) ? undefined : await this.#store.read([newest]);
    if (isOvertaken()) return;
    const values = new Map([...snapshot.values, ...(ring?.values ?? [])]);
    this.#settleUnanswered(snapshot);
    const found = this.#judge(values, ring === undefined ? keys : [...keys, newest]);
    this.#reportDamage(found);
    const { live, damage, isBehind } = found;
    this.#seen({ live, values: valuesOf(found.values), etag: isBehind ? undefined : snapshot.etag, isDamaged: damage !== undefined });
    if (known === undefined || isLost || live.text !== known.text || live.edited) this.#logRecord(live);
  }

  /** What the values say, as a decision must take them. */
  #judge(values: ReadonlyMap<string, string>, keys: readonly string[]): Found {
    const { policy, clock } = this.#options;
    const { live: known, values: before, written, unverified, isVerified } = this.#kept;
    const now = clock.now();
    const own = before && new Map(Object.entries(before));
    const { values: recovered, isBehind, damage } = recoverValues(values, own, now, keys, policy.origins);
    const isYoung = !unverified && written !== undefined && clock.monotonic() - written.at < (isVerified ? lagAfterVerifiedMs : lagMs);
    const last = entryOf(written);
    const isOldText = last !== undefined && last.from !== last.to && last.from === (values.get(healthKey) ?? okRecord);
    const isLate =
      isYoung && own !== undefined && (isBehind || damage !== undefined || (isOldText && this.#sequence === sequenceOf(values)));
    const learnt = isLate ? own : recovered;
    const live = learnRecord(learnt, known, policy.failover, now, policy.origins);
    return { values: learnt, live, isBehind: isBehind || isLate, damage: isLate ? undefined : damage };
  }

  /** Decides on what the store holds and writes that; without a flip it puts back what was lost or notes a record changed by hand. */
  async #write(): Promise<void> {
    const { clock, evidence } = this.#options;
    const startedAt = clock.monotonic();
    this.#writes += 1;
    const sequence = this.#kept.isDamaged ? this.#sequence : 0;
    const keys = [...flipKeys, ...this.#unansweredKeys(), ...(sequence > 0 ? [auditKey(sequence)] : [])];
    const sent: (Sent & { change: KeyChange })[] = [];
    let last: { snapshot: StoreSnapshot; found: Found } | undefined;
    const change = (snapshot: StoreSnapshot) => {
      const now = clock.now();
      const found = this.#judge(snapshot.values, keys);
      const decision = this.#decide(found.live, evidence(now), now);
      last = { snapshot, found };
      const wanted = this.#plan(snapshot, found, decision, now);
      if (wanted !== undefined) {
        const sequence = sequenceOf(new Map(wanted.puts.map(({ key, value }) => [key, value])));
        const decided = decision.action === 'flip' ? decision : undefined;
        const plain: Sent = { sequence, puts: wanted.puts, decision: decided, etag: snapshot.etag, at: startedAt };
        sent.push({ ...plain, change: wanted });
        // Before the answer: it may never come, nor this process live to see that.
        this.#keep({ unanswered: [...(this.#kept.unanswered ?? []), plain].slice(-maxUnanswered) });
      }
      return wanted;
    };
    const done = await this.#store.update(keys, change);
    if (last === undefined) return;
    this.#settleUnanswered(last.snapshot);
    this.#reportDamage(last.found);
    const made = sent.find((each) => each.change === done.written) ?? sent.at(-1);
    if (done.written === undefined || made === undefined) this.#unchanged(last);
    else this.#applied(made, done.attempts);
  }

  #plan(snapshot: StoreSnapshot, found: Found, decision: Decision, now: number): KeyChange | undefined {
    const { policy, by } = this.#options;
    const { written, unverified } = this.#kept;
    const { live, damage, isBehind } = found;
    const isLost = isBehind && written?.sequence === live.state.sequence;
    // The store has what was there before our write: the same again makes the flip that was decided and reported.
    const isRepeatable = isLost && !live.edited && sequenceOf(snapshot.values) === written.sequence - 1;
    if (decision.action === 'hold' && unverified && isRepeatable) return { puts: written.puts, deletes: [] };
    const memory = live.state.origins;
    const [flip, reason] =
      decision.action === 'flip'
        ? ([{ kind: 'automatic', weights: decision.weights, memory: decision.memory }, decision.reason] as const)
        : damage !== undefined
          ? ([{ kind: 'restore', memory }, `missing or damaged in the store: ${damage.keys.join(', ')}`] as const)
          : ([{ kind: 'edit', memory }, 'the health record was changed by hand'] as const);
    // A store that shows less than it held may merely be read late: the audit goes on from what is known.
    const foundText = isBehind ? undefined : damage?.found;
    const context = { at: now, reason, by, origins: policy.origins, found: foundText, keepEndedMs: this.#keepEndedMs() };
    const change = this.#planFlip({ etag: snapshot.etag, values: found.values }, flip, context);
    if (change === undefined || !isLost) return change;
    // The audit tells the whole story only with the entry that was lost.
    const lost = written.puts.filter(
      ({ key, value }) => parseAuditEntry(value) !== undefined && !change.puts.some((put) => put.key === key),
    );
    return { ...change, puts: [...change.puts, ...lost] };
  }

  /** A refusal is reported with its code, as the store's own errors are. */
  #planFlip(...args: Parameters<typeof planFlip>): KeyChange | undefined {
    try {
      return planFlip(...args);
    } catch (error) {
      throw error instanceof FlipRefused ? new EdgeError(error.code, error.message, { cause: error }) : error;
    }
  }

  #keepEndedMs(): number {
    const skewMs = this.#options.store.clockSkewMs?.();
    return skewMs === undefined ? unsureKeepMs : Math.min(unsureKeepMs, maxSkewMs + 2 * Math.abs(skewMs));
  }

  #unchanged({ snapshot, found }: { snapshot: StoreSnapshot; found: Found }): void {
    const { isLost, unverified, written } = this.#kept;
    const { live, isBehind } = found;
    this.#seen({ live, values: valuesOf(found.values), etag: isBehind ? undefined : snapshot.etag, unverified: 0, isDamaged: false });
    if (isLost) this.#logRecord(live);
    if (unverified && written !== undefined && !isBehind)
      this.#log({ event: 'verified', sequence: written.sequence, durationMs: this.#since(written.at) });
  }

  #applied(made: Sent, attempts: number): void {
    const { policy, clock, shadow } = this.#options;
    const put = new Map(made.puts.map(({ key, value }) => [key, value]));
    const live = learnRecord(put, this.#kept.live, policy.failover, clock.now(), policy.origins);
    const { sequence } = live.state;
    const { decision, etag, puts } = made;
    const written: Sent = { sequence, puts, decision, etag, at: clock.monotonic() };
    this.#seen({
      live,
      isDamaged: false,
      values: valuesOf(put),
      etag: undefined,
      isVerified: false,
      written,
      unanswered: [],
      reported: { ...this.#kept.reported, damage: undefined },
    });
    this.#logWrite(made, attempts);
    if (shadow) return;
    this.#verified = this.#writes;
    this.#verifying = this.#verify(this.#writes, live.text, sequence);
  }

  /** Beside everything else: the next flip must not wait for it. */
  async #verify(write: number, text: string, sequence: number): Promise<void> {
    const { clock, signal } = this.#options;
    const startedAt = clock.monotonic();
    let detail = '';
    let isLost = true;
    for (const [index, timeoutMs] of verifyTimeoutsMs.entries()) {
      if (index > 0) await clock.sleep(verifyPauseMs, signal);
      const snapshot = await readInTime(this.#store, timeoutMs, clock, signal).catch((error: unknown) => {
        detail = messageOf(error);
      });
      // A later write has its own verification.
      if (write !== this.#writes) return;
      if (snapshot === undefined) continue;
      const found = this.#judge(snapshot.values, flipKeys);
      detail = `the store holds ${snapshot.values.get(healthKey) ?? okRecord}`;
      if (found.isBehind) continue;
      isLost = false;
      if (found.damage !== undefined) {
        this.doubt();
        break;
      }
      // A newer state, or another record, is somebody's later word.
      this.#seen({ live: found.live, values: valuesOf(found.values), etag: snapshot.etag, unverified: 0, isVerified: true });
      if (found.live.state.sequence === sequence && found.live.text !== text) break;
      return this.#log({ event: 'verified', sequence, durationMs: this.#since(startedAt) });
    }
    this.#log({ event: 'unverified', sequence, detail });
    if (!isLost) return;
    const unverified = this.#kept.unverified ?? 0;
    if (unverified > 0) await clock.sleep(this.#retryMs(unverified), signal);
    if (write !== this.#writes) return;
    this.#verified = undefined;
    this.#keep({ unverified: unverified + 1 });
    if (!this.#isDriven) this.consider();
  }

  /** Of the record and state that are known. */
  get #sequence(): number {
    return parseStateRecord(this.#kept.values?.[stateKey]).sequence;
  }

  #unansweredKeys(): string[] {
    return (this.#kept.unanswered ?? []).map(({ sequence }) => auditKey(sequence));
  }

  /** Reports the writes that landed although no answer came; forgets those that never will. */
  #settleUnanswered({ etag, values }: StoreSnapshot): void {
    const unanswered = this.#kept.unanswered ?? [];
    if (unanswered.length === 0) return;
    // The record alone proves nothing: another flipper may have written the same.
    const hasLanded = ({ puts, sequence }: Sent) =>
      puts.some(({ key, value }) => (key === stateKey || key === auditKey(sequence)) && values.get(key) === value);
    this.#keep({ unanswered: unanswered.filter((sent) => !hasLanded(sent) && sent.etag === etag) });
    for (const sent of unanswered.filter(hasLanded)) this.#logWrite(sent, 1);
  }

  #seen(news: Partial<KeptFlag> = {}): void {
    const { clock, store } = this.#options;
    this.#keep({ ...news, seenAt: { monotonic: clock.monotonic(), now: clock.now() }, isLost: false });
    const skewMs = store.clockSkewMs?.();
    const isSkewed = skewMs !== undefined && Math.abs(skewMs) > maxSkewMs;
    if (isSkewed && !this.#kept.reported?.isSkewed) this.#log({ event: 'clock-skew', skewMs });
    if (isSkewed !== Boolean(this.#kept.reported?.isSkewed)) this.#keep({ reported: { ...this.#kept.reported, isSkewed } });
  }

  #since(at: number): number {
    return Math.round(this.#options.clock.monotonic() - at);
  }

  #reportDamage({ damage, live }: Found): void {
    const { keys, found } = damage ?? {};
    const text = keys && JSON.stringify([keys, found]);
    if (text === this.#kept.reported?.damage) return;
    this.#keep({ reported: { ...this.#kept.reported, damage: text } });
    const override = overrideInForce(live);
    if (damage !== undefined)
      this.#log({ event: 'store-damaged', ...damage, record: live.text, ...(override === undefined ? {} : { override }) });
  }

  #logRecord(live: LiveRecord): void {
    const override = overrideInForce(live);
    this.#log({ event: 'record', record: live.text, edited: live.edited, ...(override === undefined ? {} : { override }) });
  }

  #logWrite({ puts, sequence, decision, at }: Sent, attempts: number): void {
    const entry = entryOf({ puts, sequence });
    if (entry === undefined) return;
    const { from = '', to, kind } = entry;
    if (decision !== undefined) {
      const { moves, reason } = decision;
      this.#log({
        event: 'flip',
        shadow: this.#options.shadow,
        kind: decision.kind,
        sequence,
        from,
        to,
        reason,
        moves,
        attempts,
        durationMs: this.#since(at),
      });
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

function sequenceOf(values: ReadonlyMap<string, string>): number {
  return parseStateRecord(values.get(stateKey)).sequence;
}

function valuesOf(values: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(flipKeys.flatMap((key) => (values.has(key) ? [[key, values.get(key) ?? '']] : [])));
}
