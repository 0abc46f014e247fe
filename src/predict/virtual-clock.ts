import type { Clock } from '../flipper/clock.ts';

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
