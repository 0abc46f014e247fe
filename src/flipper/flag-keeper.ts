import { okRecord } from '../../kvs/health-record.ts';
import { auditKey, healthKey } from '../../kvs/keys.ts';
import { recallAudit } from '../core/audit.ts';
import { type Decision, decide } from '../core/decide.ts';
import type { FlagStore, KeyChange, StoreSnapshot } from '../core/flag-store.ts';
import { flipKeys } from '../core/flip.ts';
import type { LiveRecord } from '../core/live-record.ts';
import { normalizeRecord } from '../core/normalize-record.ts';
import type { Evidence } from '../core/origin-track.ts';
import { EdgeError } from '../errors.ts';
import { messageOrStackOf } from '../text/message-of.ts';
import {
  FlagMemory,
  type FlagMemoryOptions,
  type Found,
  flagValues,
  type Hold,
  type KeptFlag,
  type Sent,
  sequenceOf,
} from './flag-memory.ts';
import type { FlipperEvent } from './flipper-event.ts';
import { openShadowStore, planKeeperWrite, readBack, readNewestAudit } from './store-access.ts';

/** `from`: what an earlier keeper knew, so that the store need not be read again. */
export interface FlagKeeperOptions extends FlagMemoryOptions {
  /** What is known at a time. */
  evidence: (now: number) => Readonly<Record<string, Evidence>>;
  /** Whether the origin was probed since this process last paused; older evidence moves no weight. Default yes. */
  isFresh?: (origin: string) => boolean;
  /** Who writes; unique among flippers, so that each recognises its own writes. */
  by: string;
  random: () => number;
  /** Ends the retries; a write that is on its way is not cut off. */
  signal: AbortSignal;
}

/** Times between tries after the store failed: the first, doubling up to the last. */
const firstRetryMs = 250;
const lastRetryMs = 10_000;

/** How often the store is read where wrong memory costs viewers: an override is in force, or a dead origin is out. */
const watchfulMs = 60_000;

/**
 * Keeps the flag in step with the evidence, with few reads of the store. Before it writes, it decides again on what the
 * store then holds. It tries a failed write again while the decision is the same.
 */
export class FlagKeeper {
  readonly #options: FlagKeeperOptions;
  readonly #store: FlagStore;
  readonly #memory: FlagMemory;
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
    this.#memory = new FlagMemory(options);
  }

  /** What the next keeper can go on from. */
  get kept(): KeptFlag {
    return this.#memory.kept;
  }

  /** What prevented a move at the last decision; undefined when nothing did or none was made. */
  get held(): Hold | undefined {
    return this.kept.held;
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
    this.#memory.keep({ failures: 0 });
    if (this.dueInMs() > 0) return;
    this.#checking = this.#check().finally(() => {
      this.#checking = undefined;
    });
  }

  /** Time until the store is asked whether there was another writer. */
  dueInMs(): number {
    const { clock, policy } = this.#options;
    const { seenAt, isLost } = this.kept;
    if (seenAt === undefined) return 0;
    // A frozen process or a suspended machine may find one of its clocks where it left it.
    const age = Math.max(clock.monotonic() - seenAt.monotonic, clock.now() - seenAt.now);
    const { peerCheckMs, recheckMs } = policy.failover;
    const calmMs = peerCheckMs > 0 ? Math.min(peerCheckMs, recheckMs) : recheckMs;
    return (isLost || this.#isWatchful() ? Math.min(watchfulMs, calmMs) : calmMs) - age;
  }

  /** Memory may be old: the store is asked before memory is believed again. */
  doubt(): void {
    this.#memory.keep({ seenAt: undefined });
  }

  /** Decides and acts until nothing is left to do. Throws the store's error after `tries` failures in a row. */
  async actNow(tries: number): Promise<void> {
    this.#isDriven = true;
    await this.finish();
    for (let round = 0; round < tries; round++) {
      await this.#act(tries);
      await this.#verifying;
      if (!this.kept.unverified) return;
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

  #isWorkDue(): boolean {
    const { live, unverified, isDamaged } = this.kept;
    const isUnseen = Boolean(unverified) && this.#verified !== this.#writes;
    return live === undefined || isUnseen || Boolean(isDamaged) || live.edited || this.#decideNow(live).action === 'flip';
  }

  async #act(tries: number): Promise<void> {
    while (!this.#options.signal.aborted && this.#isWorkDue()) {
      try {
        if (this.kept.live === undefined) await this.#learn();
        else await this.#write();
        this.#memory.keep({ failures: 0 });
      } catch (error) {
        const failures = this.#fail();
        if (failures >= tries) throw error;
        await this.#waitAfter(error, failures);
      }
    }
    this.#memory.keep({ failures: 0 });
  }

  #fail(): number {
    const failures = (this.kept.failures ?? 0) + 1;
    this.#memory.keep({ failures, isLost: true });
    return failures;
  }

  /** Reads until the store answers or there is something to do, which does not wait for this. */
  async #check(): Promise<void> {
    const writes = this.#writes;
    const isOvertaken = () => this.#options.signal.aborted || this.#acting !== undefined || this.#writes !== writes;
    while (!isOvertaken()) {
      try {
        if (!(await this.#isUnchanged())) await this.#learn(isOvertaken);
        else if (!isOvertaken()) this.#memory.seen();
        return this.consider();
      } catch (error) {
        if (!isOvertaken()) await this.#waitAfter(error, this.#fail());
      }
    }
  }

  /** A bug, too, is reported and tried again: if this loop gave up, no flipper would move the traffic. */
  async #waitAfter(error: unknown, failures: number): Promise<void> {
    const retryInMs = this.#retryMs(failures);
    const code = error instanceof EdgeError ? error.code : 'BUG';
    this.#log({ event: 'store-failed', code, message: messageOrStackOf(error), retryInMs });
    await this.#options.clock.sleep(retryInMs, this.#options.signal);
  }

  #retryMs(failures: number): number {
    return Math.round(Math.min(lastRetryMs, firstRetryMs * 2 ** (failures - 1)) * (0.5 + this.#options.random() / 2));
  }

  #decideNow(live: LiveRecord): Decision {
    const { policy, clock, evidence } = this.#options;
    const now = clock.now();
    const normalized = normalizeRecord(live, policy.failover, now);
    this.#memory.keep({ live: normalized });
    this.#memory.reportLongOverride(normalized);
    const known = evidence(now);
    const decision = this.#decide(normalized, known, now);
    if (decision.action === 'flip') this.#memory.keep({ held: undefined });
    else this.#hold(decision, known);
    return decision;
  }

  #decide(live: LiveRecord, evidence: Readonly<Record<string, Evidence>>, now: number): Decision {
    const { policy, isFresh = () => true } = this.#options;
    const decision = decide(live, evidence, policy, now);
    if (decision.action === 'flip')
      return decision.moves.every(({ origin }) => isFresh(origin)) ? decision : (this.kept.held ?? { action: 'hold', reason: 'steady' });
    return decision;
  }

  #hold(hold: Hold, evidence: Readonly<Record<string, Evidence>>): void {
    const { held } = this.kept;
    if (hold.reason === held?.reason && hold.origin === held.origin) return;
    const { reason, origin } = hold;
    const verdict = origin === undefined ? undefined : evidence[origin]?.verdict;
    this.#log({ event: 'hold', reason, ...(origin === undefined ? {} : { origin }), ...(verdict === undefined ? {} : { verdict }) });
    this.#memory.keep({ held: hold });
  }

  #isWatchful(): boolean {
    const { policy, clock, evidence, shadow } = this.#options;
    if (this.kept.held?.reason === 'override') return true;
    const known = evidence(clock.now());
    // In shadow mode an origin is out only in thought, and reading would help no viewer.
    return !shadow && policy.origins.some((id) => known[id]?.verdict === 'unhealthy' && this.kept.live?.automatic[id] === 0);
  }

  /** Whether the ETag is the same, for one call; where wrong memory costs viewers, whether the record is. */
  async #isUnchanged(): Promise<boolean> {
    const { live, etag, isLost } = this.kept;
    const isWatchful = this.#isWatchful();
    const snapshot = await this.#store.read(isWatchful ? [healthKey] : []);
    return snapshot.etag === etag && !isLost && (!isWatchful || (snapshot.values.get(healthKey) ?? okRecord) === live?.text);
  }

  async #learn(isOvertaken = () => false): Promise<void> {
    const { live: known, isLost } = this.kept;
    const keys = [...flipKeys, ...this.#memory.unansweredKeys];
    const snapshot = await this.#store.read(keys);
    const ring = await readNewestAudit(
      this.#store,
      snapshot.values,
      this.#memory.sequence || sequenceOf(snapshot.values),
      known === undefined,
    );
    if (isOvertaken()) return;
    const values = new Map([...snapshot.values, ...ring.values]);
    this.#memory.settleUnanswered(snapshot);
    const found = this.#memory.judge(values, [...keys, ...ring.keys]);
    this.#memory.reportDamage(found);
    const { live, damage, isBehind } = found;
    this.#memory.seen({
      live,
      values: flagValues(found.values),
      etag: isBehind ? undefined : snapshot.etag,
      isDamaged: damage !== undefined,
    });
    if (known === undefined || isLost || live.text !== known.text || live.edited) this.#memory.reportRecord(live);
  }

  /** Decides on what the store holds and writes that; without a flip it restores keys or notes an edit by hand. */
  async #write(): Promise<void> {
    const { clock, evidence, policy, by, store } = this.#options;
    const at = clock.monotonic();
    this.#writes += 1;
    const sequence = this.kept.isDamaged ? this.#memory.sequence : 0;
    const keys = [...flipKeys, ...this.#memory.unansweredKeys, ...(sequence > 0 ? [auditKey(sequence)] : [])];
    const sent: { write: Sent; change: KeyChange }[] = [];
    let last: { snapshot: StoreSnapshot; found: Found } | undefined;
    const done = await this.#store.update(keys, (snapshot) => {
      const now = clock.now();
      const found = this.#memory.judge(snapshot.values, keys);
      const decision = this.#decide(found.live, evidence(now), now);
      last = { snapshot, found };
      const context = { ...policy, at: now, by, skewMs: store.clockSkewMs?.() };
      const change = planKeeperWrite(snapshot, found, decision, this.kept, context);
      if (change === undefined) return undefined;
      const decided = decision.action === 'flip' ? decision : undefined;
      const { puts } = change;
      const number = sequenceOf(new Map(puts.map(({ key, value }) => [key, value])));
      const write: Sent = { sequence: number, puts, decision: decided, etag: snapshot.etag, at };
      sent.push({ write, change });
      this.#memory.sent(write);
      return change;
    });
    if (last === undefined) return;
    this.#memory.settleUnanswered(last.snapshot);
    this.#memory.reportDamage(last.found);
    const made = sent.find(({ change }) => change === done.written) ?? sent.at(-1);
    if (done.written === undefined || made === undefined) return this.#unchanged(last);
    const live = this.#memory.applied(made.write, done.attempts);
    if (this.#options.shadow) return;
    this.#verified = this.#writes;
    this.#verifying = this.#verify(this.#writes, live.text, live.state.sequence);
  }

  /** There was nothing to write after all. */
  #unchanged({ snapshot, found }: { snapshot: StoreSnapshot; found: Found }): void {
    const { isLost, unverified, written } = this.kept;
    const { live, isBehind } = found;
    this.#memory.seen({
      live,
      values: flagValues(found.values),
      etag: isBehind ? undefined : snapshot.etag,
      unverified: 0,
      isDamaged: false,
    });
    if (isLost) this.#memory.reportRecord(live);
    if (unverified && written !== undefined && !isBehind)
      this.#log({ event: 'verified', sequence: written.sequence, durationMs: this.#since(written.at) });
  }

  /** Reads the write back, beside everything else: the next flip must not wait for it. */
  async #verify(write: number, text: string, sequence: number): Promise<void> {
    const { clock, signal } = this.#options;
    const startedAt = clock.monotonic();
    let detail = '';
    let isLost = true;
    for await (const { snapshot, problem } of readBack(this.#store, clock, signal)) {
      // A later write has its own verification.
      if (write !== this.#writes) return;
      if (problem !== undefined) detail = problem;
      if (snapshot === undefined) continue;
      const found = this.#memory.judge(snapshot.values, flipKeys);
      detail = `the store holds ${snapshot.values.get(healthKey) ?? okRecord}`;
      if (found.isBehind) continue;
      isLost = false;
      if (found.damage !== undefined) {
        this.doubt();
        break;
      }
      // A newer state or another record comes from a later writer.
      this.#memory.seen({ live: found.live, values: flagValues(found.values), etag: snapshot.etag, unverified: 0, isVerified: true });
      if (found.live.state.sequence === sequence && found.live.text !== text) break;
      return this.#log({ event: 'verified', sequence, durationMs: this.#since(startedAt) });
    }
    this.#log({ event: 'unverified', sequence, detail });
    if (!isLost) return;
    const unverified = this.kept.unverified ?? 0;
    if (unverified > 0) await clock.sleep(this.#retryMs(unverified), signal);
    if (write !== this.#writes) return;
    this.#verified = undefined;
    this.#memory.keep({ unverified: unverified + 1 });
    if (!this.#isDriven) this.consider();
  }

  #since(at: number): number {
    return Math.round(this.#options.clock.monotonic() - at);
  }

  #log(event: FlipperEvent): void {
    this.#options.log(event, this.#options.clock.now());
  }
}
