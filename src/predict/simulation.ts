import { parseHealthRecord, weightAt } from '../../kvs/health-record.ts';
import { healthKey } from '../../kvs/keys.ts';
import type { FlipperPolicy } from '../config/services.ts';
import type { FlagStore, KeyChange, StoreSnapshot } from '../core/flag-store.ts';
import type { ProbeResult, SignalSource } from '../core/signal.ts';
import { EdgeError } from '../errors.ts';
import type { Clock } from '../flipper/clock.ts';
import { type FlipperMemory, runFlipper } from '../flipper/flipper.ts';
import type { FlipperEvent } from '../flipper/flipper-event.ts';

export type TimedEvent = FlipperEvent & { at: number };

/** What a probe of an origin finds, given the elapsed milliseconds; `afterMs` is how long it takes. */
export type ProbedWorld = (origin: string, elapsed: number) => { opinion: ProbeResult['opinion']; afterMs?: number; detail?: string };

export interface FlipperSimulationOptions {
  world: ProbedWorld;
  policy: FlipperPolicy;
  /** Epoch milliseconds at no elapsed time. */
  startAt: number;
  /** Time that has passed already. Default 0. */
  elapsedMs?: number;
  /** Of each call to the store. */
  latencyMs?: number;
  /** Which events stay in `events`. Default: all. */
  keepsEvent?: (event: FlipperEvent) => boolean;
}

interface StartOptions {
  world?: ProbedWorld;
  shadow?: boolean;
  mode?: 'watch' | 'once';
  store?: FlagStore;
  /** Default: one `http` signal of each origin. */
  signals?: Readonly<Record<string, readonly SignalSource[]>>;
  /** Default: always 0.5. */
  random?: () => number;
  from?: FlipperMemory;
}

/** Flippers, a store and origins in virtual time: the flipper is the real one. */
export class FlipperSimulation {
  readonly clock: VirtualClock;
  readonly store: MemoryStore;
  readonly events: TimedEvent[] = [];
  readonly policy: FlipperPolicy;
  readonly #world: ProbedWorld;
  readonly #keepsEvent: (event: FlipperEvent) => boolean;
  #flippers = 0;

  constructor({ world, policy, startAt, elapsedMs, latencyMs, keepsEvent = () => true }: FlipperSimulationOptions) {
    this.#world = world;
    this.#keepsEvent = keepsEvent;
    this.policy = policy;
    this.clock = new VirtualClock(startAt, elapsedMs);
    this.store = new MemoryStore(this.clock, latencyMs);
  }

  /** Starts a flipper. `stop` ends it as SIGTERM would; `ended` resolves when it has ended. */
  start(given: StartOptions = {}) {
    const { world = this.#world, shadow = false, mode = 'watch', store = this.store.client(), random = () => 0.5, from } = given;
    const stop = new AbortController();
    const ended = runFlipper({
      mode,
      shadow,
      by: `flipper-${++this.#flippers}`,
      policy: this.policy,
      signals: given.signals ?? Object.fromEntries(this.policy.origins.map((origin) => [origin, [this.source(origin, world)]])),
      store,
      log: (event, at) => {
        if (this.#keepsEvent(event)) this.events.push({ ...event, at });
      },
      signal: stop.signal,
      clock: this.clock,
      random,
      ...(from && { from }),
    });
    return { ended, stop: () => stop.abort() };
  }

  source(origin: string, world: ProbedWorld = this.#world): SignalSource {
    return {
      name: 'http',
      required: false,
      isFresh: true,
      probe: async (signal) => {
        const { opinion, afterMs = 5, detail = 'refused' } = world(origin, this.clock.monotonic());
        await this.clock.sleep(afterMs, signal);
        return { opinion, latencyMs: afterMs, ...(opinion === 'bad' ? { class: 'connect' as const, detail } : {}) };
      },
    };
  }

  /** The record that the store holds. */
  record(): string {
    return this.store.values.get(healthKey) ?? 'ok';
  }

  /** Weight of an origin as the edge counts it now. */
  weight(origin: string): number {
    return weightAt(parseHealthRecord(this.record()) ?? [], origin, Math.floor(this.clock.now() / 1_000));
  }

  /** Records in the order they were written, with the elapsed milliseconds. */
  get written(): [number, string][] {
    return this.store.writes.map(({ at, record }) => [Math.round(at), record]);
  }

  of<E extends FlipperEvent['event']>(event: E): Extract<TimedEvent, { event: E }>[] {
    return this.events.filter((timed): timed is Extract<TimedEvent, { event: E }> => timed.event === event);
  }
}

/** What is wrong with the store at the moment. */
export type StoreFault = 'down' | 'slow' | 'throttled' | 'conflicting';

export interface Write {
  /** Elapsed milliseconds of the simulation. */
  at: number;
  record: string;
  change: KeyChange;
}

/**
 * A KeyValueStore in memory: an ETag for the whole, API calls counted, faults on demand. Each client is a FlagStore of
 * its own.
 */
export class MemoryStore {
  readonly values = new Map<string, string>();
  readonly writes: Write[] = [];
  calls = 0;
  fault: StoreFault | undefined;
  #version = 1;
  readonly #clock: VirtualClock;
  readonly #latencyMs: number;

  constructor(clock: VirtualClock, latencyMs = 30) {
    this.#clock = clock;
    this.#latencyMs = latencyMs;
  }

  /** A write without a check, as in the AWS console. */
  put(key: string, value: string): void {
    this.#apply({ puts: [{ key, value }], deletes: [] });
  }

  /** Another tool deletes a key, as Terraform does with those that it does not list. */
  remove(key: string): void {
    this.#apply({ puts: [], deletes: [key] });
  }

  client(): FlagStore {
    const read = async (keys: readonly string[]): Promise<StoreSnapshot> => {
      await this.#call(1 + keys.length);
      const values = keys
        .map((key) => [key, this.values.get(key)] as const)
        .filter((entry): entry is [string, string] => entry[1] !== undefined);
      return { etag: String(this.#version), values: new Map(values) };
    };
    return {
      read,
      list: async () => {
        await this.#call(1);
        return { values: new Map(this.values), complete: true };
      },
      update: async (keys, change) => {
        for (let attempts = 1; attempts <= 5; attempts++) {
          const snapshot = await read(keys);
          const wanted = change(snapshot);
          if (wanted === undefined) return { written: undefined, attempts: attempts - 1 };
          await this.#call(1);
          if (snapshot.etag === String(this.#version) && this.fault !== 'conflicting') {
            this.#apply(wanted);
            return { written: wanted, attempts };
          }
          await this.#clock.sleep(50 * attempts);
        }
        throw new EdgeError('CONFLICT', 'another tool writes all the time');
      },
    };
  }

  async #call(calls: number): Promise<void> {
    this.calls += calls;
    await this.#clock.sleep(this.fault === 'slow' ? 4_000 : this.#latencyMs);
    if (this.fault === 'down') throw new EdgeError('ENDPOINT_UNREACHABLE', 'no answer');
    if (this.fault === 'throttled') throw new EdgeError('THROTTLED', 'too many requests');
  }

  #apply(change: KeyChange): void {
    for (const { key, value } of change.puts) this.values.set(key, value);
    for (const key of change.deletes) this.values.delete(key);
    this.#version += 1;
    this.writes.push({ at: this.#clock.monotonic(), record: this.values.get(healthKey) ?? 'ok', change });
  }
}

interface Timer {
  at: number;
  order: number;
  wake: () => void;
}

/** Time that passes only in `run`, which wakes sleepers in order: a day takes as long as the work in it. */
export class VirtualClock implements Clock {
  #elapsed: number;
  #wall: number;
  #order = 0;
  readonly #timers: Timer[] = [];

  /** `start` is the wall clock at no elapsed time. */
  constructor(start: number, elapsed = 0) {
    this.#wall = start;
    this.#elapsed = elapsed;
  }

  now(): number {
    return Math.round(this.#wall + this.#elapsed);
  }

  monotonic(): number {
    return this.#elapsed;
  }

  /** Sets the wall clock, as an operator or NTP might; durations do not notice. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  /** Time passes and nothing wakes, as for a stopped process: afterwards every timer that is due wakes at once. */
  freeze(ms: number): void {
    this.#elapsed += ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer: Timer = { at: this.#elapsed + Math.max(0, ms), order: this.#order++, wake: () => wake() };
      const wake = () => {
        signal?.removeEventListener('abort', cancel);
        resolve();
      };
      const cancel = () => {
        const index = this.#timers.indexOf(timer);
        if (index >= 0) this.#timers.splice(index, 1);
        resolve();
      };
      signal?.addEventListener('abort', cancel, { once: true });
      this.#insert(timer);
    });
  }

  /** Lets this much time pass, or less: until `isDone`. */
  async run(ms: number, isDone: () => boolean = () => false): Promise<void> {
    const end = this.#elapsed + ms;
    for (;;) {
      await settled();
      if (isDone()) return;
      const next = this.#timers[0];
      if (next === undefined || next.at > end) break;
      this.#timers.shift();
      this.#elapsed = Math.max(this.#elapsed, next.at);
      next.wake();
    }
    this.#elapsed = end;
  }

  #insert(timer: Timer): void {
    let index = this.#timers.length;
    while (index > 0 && isAfter(this.#timers[index - 1], timer)) index--;
    this.#timers.splice(index, 0, timer);
  }
}

function isAfter(a: Timer | undefined, b: Timer): boolean {
  return a !== undefined && (a.at > b.at || (a.at === b.at && a.order > b.order));
}

/** Everything that needs no time has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
