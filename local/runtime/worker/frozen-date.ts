import { construct, defineProperty, RealDate } from './captured.ts';

let now = 0;

/** Sets what every clock says until the next call; milliseconds. */
export function setClock(ms: number): void {
  now = ms;
}

/** Replaces Date by one that stands still during a run: CloudFront answers every question for the time with the start of the run. */
export function freezeDate(): void {
  // A function expression, not an arrow: `Date()` and `new Date()` are both allowed and differ.
  const FrozenDate = function (...args: unknown[]): unknown {
    if (new.target === undefined) return new RealDate(now).toString();
    return construct(RealDate, args.length === 0 ? [now] : args, new.target);
  };
  const hidden = { writable: true, enumerable: false, configurable: true };
  defineProperty(FrozenDate, 'name', { value: 'Date', configurable: true });
  defineProperty(FrozenDate, 'length', { value: 7, configurable: true });
  defineProperty(FrozenDate, 'prototype', { value: RealDate.prototype, writable: false });
  defineProperty(FrozenDate, 'now', { value: () => now, ...hidden });
  defineProperty(FrozenDate, 'parse', { value: RealDate.parse, ...hidden });
  defineProperty(FrozenDate, 'UTC', { value: RealDate.UTC, ...hidden });
  defineProperty(RealDate.prototype, 'constructor', { value: FrozenDate, ...hidden });
  defineProperty(globalThis, 'Date', { value: FrozenDate, ...hidden });
}
