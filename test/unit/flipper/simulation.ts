import { parseHealthRecord, weightAt } from '../../../kvs/health-record.ts';
import { healthKey } from '../../../kvs/keys.ts';
import type { FlagStore } from '../../../src/core/flag-store.ts';
import type { ProbeResult, SignalSource } from '../../../src/core/signal.ts';
import type { FlipperPolicy } from '../../../src/flipper/flip-policy.ts';
import { runFlipper } from '../../../src/flipper/flipper.ts';
import type { FlipperEvent } from '../../../src/flipper/flipper-event.ts';
import { dayOne, defaults, two } from '../core/policy.ts';
import { MemoryStore } from './memory-store.ts';
import { VirtualClock } from './virtual-clock.ts';

export type Told = FlipperEvent & { at: number };

/** What a look at an origin finds, given the elapsed milliseconds; `afterMs` is how long it takes. */
export type World = (origin: string, elapsed: number) => { opinion: ProbeResult['opinion']; afterMs?: number; detail?: string };

export interface SimulationOptions {
  world: World;
  policy?: FlipperPolicy;
  latencyMs?: number;
}

/** Flippers, a store and origins in virtual time. */
export class Simulation {
  readonly clock = new VirtualClock(dayOne);
  readonly store: MemoryStore;
  readonly events: Told[] = [];
  readonly policy: FlipperPolicy;
  readonly #world: World;
  #flippers = 0;

  constructor({ world, policy = { ...two, health: defaults.health }, latencyMs }: SimulationOptions) {
    this.#world = world;
    this.policy = policy;
    this.store = new MemoryStore(this.clock, latencyMs);
  }

  /** Starts a flipper; the function that is returned ends it as SIGTERM would and resolves when it has ended. */
  start(given: { world?: World; shadow?: boolean; mode?: 'watch' | 'once'; store?: FlagStore } = {}) {
    const { world = this.#world, shadow = false, mode = 'watch', store = this.store.client() } = given;
    const stop = new AbortController();
    const signals = Object.fromEntries(this.policy.origins.map((origin) => [origin, [this.source(origin, world)]]));
    const ended = runFlipper({
      mode,
      shadow,
      by: `flipper-${++this.#flippers}`,
      policy: this.policy,
      signals,
      store,
      log: (event, at) => this.events.push({ ...event, at }),
      signal: stop.signal,
      clock: this.clock,
      random: () => 0.5,
    });
    return { ended, stop: () => stop.abort() };
  }

  source(origin: string, world: World = this.#world): SignalSource {
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

  of<E extends FlipperEvent['event']>(event: E): Extract<Told, { event: E }>[] {
    return this.events.filter((told): told is Extract<Told, { event: E }> => told.event === event);
  }
}

/** Origins that are down in these spans of elapsed seconds and well otherwise; a refused connection is noticed at once. */
export function downIn(spans: Readonly<Record<string, readonly (readonly [number, number])[]>>): World {
  return (origin, elapsed) => {
    const isDown = spans[origin]?.some(([from, to]) => elapsed >= from * 1_000 && elapsed < to * 1_000) ?? false;
    return { opinion: isDown ? 'bad' : 'good' };
  };
}
