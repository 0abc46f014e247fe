import { healthKey } from '../../kvs/keys.ts';
import type { FlagStore, KeyChange, StoreSnapshot } from '../../src/core/flag-store.ts';
import type { SignalSource } from '../../src/core/signal.ts';
import type { Verdict } from '../../src/core/state-record.ts';
import type { Opinion } from '../../src/core/streak.ts';
import type { Clock } from '../../src/flipper/clock.ts';
import type { FlipperEvent } from '../../src/flipper/flipper-event.ts';
import { messageOf } from '../../src/text/message-of.ts';
import { type Core, CoreFault } from './core.ts';
import {
  lagMs,
  type ModelFlipper,
  modelHealth,
  monotonicOffset,
  type Probed,
  policyOf,
  type Setup,
  type StoreVersion,
  tickMs,
  unprobed,
  type World,
} from './world.ts';

/** What goes wrong between one flipper and the store during one tick. */
export const storeFaults = [
  // Another tool writes between its read and its write.
  'conflict',
  // An operator does, with an override.
  'overtaken',
  // The write happens, its answer and those of the store's own retries are lost.
  'lost-answer',
  // The write does not happen, and the caller hears of a failure.
  'lost-write',
  // The write is acknowledged and does not happen.
  'silent-loss',
  // The write happens and the process dies with it.
  'dies',
  // The first read finds the version before the newest.
  'stale',
  // The read after its write finds the version before, under the newest ETag: GetKey lags behind DescribeKeyValueStore.
  'stale-value',
  // No call is answered.
  'down',
] as const;
export type StoreFault = (typeof storeFaults)[number];

export type Told = FlipperEvent & { at: number };

export interface Landed {
  at: number;
  before: StoreVersion;
  change: KeyChange;
  verdicts: Readonly<Record<string, Verdict>>;
  probed: Readonly<Record<string, Probed>>;
}

export interface TurnResult {
  flipper: ModelFlipper;
  store: StoreVersion;
  before: StoreVersion;
  told: Told[];
  landed: Landed[];
  /** Whether the fault met an operation that it spoils. */
  faulted: boolean;
  reads: number;
  writes: number;
  died: boolean;
}

/** What an operator does while a flipper has read and not yet written; returns the change. */
export type Overtake = (values: ReadonlyMap<string, string>) => KeyChange | undefined;

/**
 * One round of probes of one flipper and all that it does in consequence, in its own virtual time of less than a tick.
 * It is the real flipper, taken up from what it knew at the end of the round before.
 */
export async function takeTurn(
  core: Core,
  setup: Setup,
  world: World,
  index: number,
  options: { fault: StoreFault | undefined; overtake: Overtake },
): Promise<TurnResult> {
  const flipper = world.flippers[index];
  if (flipper === undefined) throw new Error(`no flipper ${index + 1}`);
  const { origins, ...policy } = policyOf(setup);
  const { memory } = flipper;
  const probed = { ...flipper.probed };
  const verdicts: Record<string, Verdict> = {};
  for (const [id, { evidence }] of Object.entries(memory?.tracks ?? {})) verdicts[id] = evidence.verdict;
  const clock = new TurnClock(world.at, flipper.skewMs);
  const store = new TurnStore(core, world, options, {
    clock,
    view: () => ({ verdicts: { ...verdicts }, probed: { ...probed } }),
  });
  const told: Told[] = [];
  const stop = new AbortController();
  const running = core.runFlipper({
    mode: 'watch',
    shadow: false,
    by: `flipper-${index + 1}`,
    policy: { ...policy, origins },
    signals: Object.fromEntries(origins.map((id) => [id, sourcesOf(world, flipper, id, setup.signals, probed)])),
    store: store.client,
    log: (event) => {
      if (event.event === 'verdict') verdicts[event.origin] = event.to;
      if (!unheard.has(event.event)) told.push({ ...event, at: clock.true() });
    },
    signal: stop.signal,
    clock,
    random: () => 0,
    ...(memory && { from: memory }),
  });
  // Should it end before its time, the wait below reports why.
  running.catch(() => undefined);
  await clock.drain(tickMs);
  store.isClosed = true;
  stop.abort('the turn is over');
  const summary = await running.catch((error: unknown) => {
    throw new CoreFault('crash', messageOf(error));
  });
  const { died, faulted, reads, writes, landed } = store;
  return {
    flipper: {
      ...flipper,
      running: !died,
      frozenUntil: 0,
      awake: Math.min(flipper.awake + 1, 9),
      memory: died ? undefined : summary.memory,
      probed,
    },
    store: store.current,
    before: store.before,
    told,
    landed,
    faulted,
    reads,
    writes,
    died,
  };
}

const unheard = new Set(['start', 'stop', 'probe']);

function sourcesOf(world: World, flipper: ModelFlipper, origin: string, signals: number, probed: Record<string, Probed>): SignalSource[] {
  return Array.from({ length: signals }, (_, signal) => ({
    name: `http-${signal + 1}`,
    required: false,
    isFresh: true,
    probe: async () => {
      const opinion = flipper.blindTo === origin ? 'bad' : opinionOf(world, origin, signal, signals);
      probed[origin] = extendProbed(probed[origin] ?? unprobed, opinion, world.at);
      return { opinion, latencyMs: 5, ...(opinion === 'bad' ? { class: 'connect' as const, detail: 'refused' } : {}) };
    },
  }));
}

function extendProbed(probed: Probed, opinion: Opinion, at: number): Probed {
  if (opinion === 'none') return probed;
  if (opinion === 'good') return { ...probed, goodAt: at, badRow: 0 };
  const badRow = probed.badRow + 1;
  return { ...probed, badAt: at, badRow, unhealthyAt: badRow >= modelHealth.unhealthyThreshold ? at : probed.unhealthyAt };
}

function opinionOf({ truth, at }: World, origin: string, signal: number, signals: number): Opinion {
  const isLast = signal === signals - 1;
  switch (truth[origin]) {
    case 'down':
      return 'bad';
    case 'gray':
      return Math.round(at / tickMs) % 2 === 0 ? 'bad' : 'good';
    case 'dissent':
      return isLast ? 'bad' : 'good';
    case 'hush':
      return isLast ? 'bad' : 'none';
    case 'silent':
      return 'none';
    default:
      return 'good';
  }
}

/** The time of one turn: it passes only while everything waits. */
class TurnClock implements Clock {
  readonly #from: number;
  readonly #skewMs: number;
  #elapsed = 0;
  #timers: { at: number; wake: () => void }[] = [];

  constructor(from: number, skewMs: number) {
    this.#from = from;
    this.#skewMs = skewMs;
  }

  true(): number {
    return this.#from + this.#elapsed;
  }

  now(): number {
    return this.true() + this.#skewMs;
  }

  monotonic(): number {
    return this.true() + monotonicOffset;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = { at: this.#elapsed + Math.max(0, ms), wake: resolve };
      this.#timers.push(timer);
      signal?.addEventListener(
        'abort',
        () => {
          this.#timers = this.#timers.filter((each) => each !== timer);
          resolve();
        },
        { once: true },
      );
    });
  }

  /** Lets everything happen that happens before this many milliseconds have passed in this turn. */
  async drain(untilMs: number): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = this.#timers.toSorted((one, other) => one.at - other.at)[0];
      if (next === undefined || next.at >= untilMs) return;
      this.#timers = this.#timers.filter((each) => each !== next);
      this.#elapsed = Math.max(this.#elapsed, next.at);
      next.wake();
    }
  }
}

/** The store as one flipper meets it during one turn. */
class TurnStore {
  current: StoreVersion;
  before: StoreVersion;
  readonly landed: Landed[] = [];
  reads = 0;
  writes = 0;
  faulted = false;
  died = false;
  isClosed = false;
  readonly #EdgeError: Core['EdgeError'];
  readonly #fault: StoreFault | undefined;
  readonly #overtake: Overtake;
  readonly #clock: TurnClock;
  /** What the flipper sees of the origins at the moment. */
  readonly #view: () => Pick<Landed, 'verdicts' | 'probed'>;

  constructor(
    core: Core,
    world: World,
    { fault, overtake }: { fault: StoreFault | undefined; overtake: Overtake },
    { clock, view }: { clock: TurnClock; view: () => Pick<Landed, 'verdicts' | 'probed'> },
  ) {
    this.#EdgeError = core.EdgeError;
    this.current = world.store;
    this.before = world.before;
    this.#fault = fault;
    this.#overtake = overtake;
    this.#clock = clock;
    this.#view = view;
  }

  readonly client: FlagStore = {
    read: async (keys) => this.#read(keys),
    list: async () => {
      this.#call();
      this.reads += 1;
      return { values: this.current.values, complete: true };
    },
    update: async (keys, change) => {
      for (let attempts = 1; attempts <= 5; attempts++) {
        const snapshot = this.#read(keys);
        const wanted = change(snapshot);
        if (wanted === undefined) return { written: undefined, attempts: attempts - 1 };
        this.writes += 1;
        this.#interject();
        if (snapshot.etag !== String(this.current.version)) continue;
        this.#write(wanted);
        return { written: wanted, attempts };
      }
      throw new this.#EdgeError('CONFLICT', 'another tool writes all the time');
    },
  };

  #isFirst(fault: StoreFault): boolean {
    if (this.#fault !== fault || this.faulted) return false;
    this.faulted = true;
    return true;
  }

  #call(): void {
    if (this.isClosed || this.died || this.#fault === 'down') {
      this.faulted ||= this.#fault === 'down';
      throw new this.#EdgeError('ENDPOINT_UNREACHABLE', 'no answer');
    }
  }

  #read(keys: readonly string[]): StoreSnapshot {
    this.#call();
    this.reads += 1;
    const isOlder = this.before.version !== this.current.version && this.#clock.true() - this.current.at < lagMs;
    const isStale = isOlder && (this.#isFirst('stale') || (this.landed.length > 0 && this.#isFirst('stale-value')));
    const { values } = isStale ? this.before : this.current;
    const found = keys.flatMap((key): [string, string][] => {
      const value = values.get(key);
      return value === undefined ? [] : [[key, value]];
    });
    const { version } = isStale && this.#fault === 'stale' ? this.before : this.current;
    return { etag: String(version), values: new Map(found) };
  }

  #interject(): void {
    if (this.#isFirst('conflict')) this.#apply({ puts: [{ key: 'publish/0', value: '{}' }], deletes: [] });
    else if (this.#isFirst('overtaken')) {
      const change = this.#overtake(this.current.values);
      if (change !== undefined) this.#apply(change);
    }
  }

  #write(change: KeyChange): void {
    if (this.#isFirst('silent-loss')) return;
    if (this.#isFirst('lost-write')) throw new this.#EdgeError('ENDPOINT_UNREACHABLE', 'it is unknown whether the write happened');
    const { current: before } = this;
    this.#apply(change);
    this.landed.push({ at: this.#clock.true(), before, change, ...this.#view() });
    if (this.#isFirst('dies')) this.died = true;
    if (this.died || this.#isFirst('lost-answer'))
      throw new this.#EdgeError('ENDPOINT_UNREACHABLE', 'it is unknown whether the write happened');
  }

  #apply(change: KeyChange): void {
    this.before = this.current;
    this.current = nextVersion(this.current, change, this.#clock.true());
  }
}

export function nextVersion({ version, values }: StoreVersion, { puts, deletes }: KeyChange, at: number): StoreVersion {
  const next = new Map(values);
  for (const { key, value } of puts) next.set(key, value);
  for (const key of deletes) next.delete(key);
  return { version: version + 1, at, values: next };
}

/** The record of a version of the store, absent when the key is missing. */
export function recordOf({ values }: StoreVersion): string | undefined {
  return values.get(healthKey);
}
