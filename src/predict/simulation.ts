import { parseHealthRecord, weightAt } from '../../kvs/health-record.ts';
import { healthKey } from '../../kvs/keys.ts';
import type { FlagStore } from '../core/flag-store.ts';
import type { ProbeResult, SignalSource } from '../core/signal.ts';
import type { FlipperPolicy } from '../flipper/flip-policy.ts';
import { type FlipperMemory, runFlipper } from '../flipper/flipper.ts';
import type { FlipperEvent } from '../flipper/flipper-event.ts';
import { MemoryStore } from './memory-store.ts';
import { VirtualClock } from './virtual-clock.ts';

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
