import { okRecord } from '../../kvs/health-record.ts';
import { healthKey } from '../../kvs/keys.ts';
import { EdgeError } from '../cli/errors.ts';
import { parseAuditEntry } from './audit.ts';
import type { Clock } from './clock.ts';
import { type Decision, decide, type FlipPolicy } from './decide.ts';
import { type Flip, flipKeys, planFlip } from './flip.ts';
import type { FlipperEvent, FlipperLog } from './flipper-event.ts';
import { settle } from './hold-down.ts';
import type { FlagStore, KeyChange } from './key-change.ts';
import { learnRecord } from './learn-record.ts';
import { type LiveRecord, overrideInForce } from './live-record.ts';
import type { Evidence } from './origin-track.ts';
import { readInTime } from './read-in-time.ts';
import { openShadowStore } from './shadow-store.ts';

export interface FlagKeeperOptions {
  store: FlagStore;
  policy: FlipPolicy;
  /** What is known at a time. */
  evidence: (now: number) => Readonly<Record<string, Evidence>>;
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

/** What a keeper knows: plain data. */
export interface KeptFlag {
  /** Undefined before the store was read. */
  live: LiveRecord | undefined;
  /** What stood in the way at the last decision, so that it is not told again. */
  held: Hold | undefined;
}

/** Times between tries after the store failed: the first, doubling up to the last. */
const firstRetryMs = 250;
const lastRetryMs = 10_000;

/**
 * Where memory may be wrong at the viewers' cost, the store is asked this often and no more, since each question costs money: while an override stands in
 * the way, which may end before its time, and while a dead origin is out, to which somebody may send viewers by hand.
 */
const recheckMs = 60_000;

/** How long one look for a written flip in the store may take, how many there are and what lies between them. */
const verifyTimeoutMs = 5_000;
const verifyPauseMs = 500;
const verifyTries = 3;

/**
 * Keeps the flag in step with the evidence. It knows the live record from memory, so that nothing is asked of the store while nothing changes; before it
 * writes, the decision is made anew on what the store then holds. A failed write is tried again as long as the decision stands.
 */
export class FlagKeeper {
  readonly #options: FlagKeeperOptions;
  readonly #store: FlagStore;
  #live: LiveRecord | undefined;
  #held: Hold | undefined;
  /** When the store was last seen, on the monotonic clock. */
  #seenAt = Number.NEGATIVE_INFINITY;
  #acting: Promise<void> | undefined;
  #verifying: Promise<void> = Promise.resolve();
  #writes = 0;
  #failures = 0;

  constructor(options: FlagKeeperOptions) {
    this.#options = options;
    this.#store = options.shadow ? openShadowStore(options.store) : options.store;
    this.#live = options.from?.live;
    this.#held = options.from?.held;
  }

  /** What the next keeper can go on from. */
  get kept(): KeptFlag {
    return { live: this.#live, held: this.#held };
  }

  /** What stood in the way at the last decision; undefined when nothing did or none was made. */
  get held(): Hold | undefined {
    return this.#held;
  }

  /** Decides, and begins to act if that is needed; returns at once. */
  consider(): void {
    if (this.#acting !== undefined || this.#options.signal.aborted) return;
    if (this.#live !== undefined && this.#decide(this.#live).action === 'hold' && !this.#isRecheckDue()) return;
    this.#acting = this.#act(Number.POSITIVE_INFINITY).finally(() => {
      this.#acting = undefined;
    });
  }

  /** Decides and acts until nothing is left to do. Throws the store's error after so many tries in a row. */
  async actNow(tries: number): Promise<void> {
    await this.#acting;
    await this.#act(tries);
    await this.#verifying;
  }

  /** Waits for a write that is on its way. */
  async finish(): Promise<void> {
    await this.#acting;
    await this.#verifying;
  }

  async #act(tries: number): Promise<void> {
    while (!this.#options.signal.aborted) {
      try {
        if (this.#live === undefined) await this.#learn();
        else if (this.#decide(this.#live).action === 'flip') await this.#write();
        else if (this.#isRecheckDue()) await this.#recheck();
        else return;
        this.#failures = 0;
      } catch (error) {
        this.#failures += 1;
        if (this.#failures >= tries) throw error;
        await this.#waitAfter(error);
      }
    }
  }

  /** A bug, too, is told and tried again: this loop is left alone for months, and giving up would leave nobody to move the traffic. */
  async #waitAfter(error: unknown): Promise<void> {
    const { clock, random, signal } = this.#options;
    const retryInMs = Math.round(Math.min(lastRetryMs, firstRetryMs * 2 ** (this.#failures - 1)) * (0.5 + random() / 2));
    const code = error instanceof EdgeError ? error.code : 'BUG';
    const message = error instanceof EdgeError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#log({ event: 'store-failed', code, message, retryInMs });
    await clock.sleep(retryInMs, signal);
  }

  #decide(live: LiveRecord): Decision {
    const { policy, clock, evidence } = this.#options;
    const now = clock.now();
    this.#live = settle(live, policy.failover, now);
    const decision = decide(this.#live, evidence(now), policy, now);
    if (decision.action === 'flip') this.#held = undefined;
    else this.#hold(decision);
    return decision;
  }

  #hold(hold: Hold): void {
    if (hold.reason === this.#held?.reason && hold.origin === this.#held.origin) return;
    this.#log({ event: 'hold', reason: hold.reason, ...(hold.origin === undefined ? {} : { origin: hold.origin }) });
    this.#held = hold;
  }

  async #learn(): Promise<void> {
    const { policy, clock } = this.#options;
    const { values } = await this.#store.read(flipKeys);
    const live = this.#see(learnRecord(values, this.#live, policy.failover, clock.now()));
    const override = overrideInForce(live);
    const { text: record, edited } = live;
    this.#log({ event: 'record', record, edited, ...(override === undefined ? {} : { override }) });
    if (edited) await this.#write();
  }

  #see(live: LiveRecord): LiveRecord {
    this.#seenAt = this.#options.clock.monotonic();
    this.#live = live;
    return live;
  }

  #isRecheckDue(): boolean {
    const { policy, clock, evidence, shadow } = this.#options;
    if (clock.monotonic() < this.#seenAt + recheckMs) return false;
    if (this.#held?.reason === 'override') return true;
    const known = evidence(clock.now());
    // In the shadow an origin is out in thought only, and nobody is saved by asking.
    return !shadow && policy.origins.some((id) => known[id]?.verdict === 'unhealthy' && this.#live?.automatic[id] === 0);
  }

  async #recheck(): Promise<void> {
    const { values } = await this.#store.read([healthKey]);
    // After a failure all is learnt anew, which tells that the store is back.
    if (this.#failures > 0 || (values.get(healthKey) ?? okRecord) !== this.#live?.text) await this.#learn();
    else this.#see(this.#live);
  }

  /** Decides on what the store holds and writes that; without a flip it only notes a record changed by hand. */
  async #write(): Promise<void> {
    const { policy, clock, evidence, by } = this.#options;
    const startedAt = clock.monotonic();
    this.#writes += 1;
    let seen: { live: LiveRecord; decision: Decision } | undefined;
    const { written, attempts } = await this.#store.update(flipKeys, (snapshot) => {
      const now = clock.now();
      const live = learnRecord(snapshot.values, this.#live, policy.failover, now);
      const decision = decide(live, evidence(now), policy, now);
      seen = { live, decision };
      const flip: Flip =
        decision.action === 'flip'
          ? { kind: 'automatic', weights: decision.weights, memory: decision.memory }
          : { kind: 'edit', memory: live.state.origins };
      const reason = decision.action === 'flip' ? decision.reason : 'the health record was changed by hand';
      return planFlip(snapshot, flip, { at: now, reason, by, origins: policy.origins });
    });
    if (written === undefined) this.#live = seen && this.#see(seen.live);
    else this.#applied(written, seen?.decision, attempts, clock.monotonic() - startedAt);
  }

  #applied(written: KeyChange, decision: Decision | undefined, attempts: number, durationMs: number): void {
    const { policy, clock, shadow } = this.#options;
    const put = new Map(written.puts.map(({ key, value }) => [key, value]));
    const live = this.#see(learnRecord(put, this.#live, policy.failover, clock.now()));
    const entry = written.puts.map(({ value }) => parseAuditEntry(value)).find((found) => found !== undefined);
    const { sequence, lastFlip } = live.state;
    const { text } = live;
    if (decision?.action === 'flip') {
      const { kind, moves, reason } = decision;
      const from = entry?.from ?? lastFlip?.from ?? '';
      this.#log({ event: 'flip', shadow, kind, sequence, from, to: text, reason, moves, attempts, durationMs: Math.round(durationMs) });
    } else this.#log({ event: 'edit', sequence, record: text });
    if (!shadow) this.#verifying = this.#verify(this.#writes, text, sequence);
  }

  /** Beside everything else: the next flip must not wait for it. */
  async #verify(write: number, text: string, sequence: number): Promise<void> {
    const { clock, policy, signal } = this.#options;
    const startedAt = clock.monotonic();
    let detail = '';
    for (let tries = 0; tries < verifyTries; tries++) {
      if (tries > 0) await clock.sleep(verifyPauseMs, signal);
      const values = await readInTime(this.#store, verifyTimeoutMs, clock).catch((error: unknown) => {
        detail = error instanceof Error ? error.message : String(error);
      });
      // A later write has its own verification.
      if (write !== this.#writes) return;
      if (values === undefined) continue;
      const found = learnRecord(values, this.#live, policy.failover, clock.now());
      detail = `the store holds ${found.text}`;
      // An older state is a late reader's; a newer one, or another record, is somebody's later word.
      if (found.state.sequence < sequence) continue;
      this.#see(found);
      if (found.state.sequence === sequence && found.text !== text) break;
      return this.#log({ event: 'verified', sequence, durationMs: Math.round(clock.monotonic() - startedAt) });
    }
    this.#log({ event: 'unverified', sequence, detail });
  }

  #log(event: FlipperEvent): void {
    this.#options.log(event, this.#options.clock.now());
  }
}
