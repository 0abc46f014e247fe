import { construct, defineProperty, RealDate } from './captured.ts';
import { parseDate } from './parse-date.ts';

let now = 0;

/** Sets what every clock says until the next call; milliseconds. */
export function setClock(ms: number): void {
  now = ms;
}

/** Replaces Date by one that reads texts as njs does and stands still during a run: CloudFront answers every question for the time with the start of the run. */
export function freezeDate(): void {
  // A function expression, not an arrow: `Date()` and `new Date()` are both allowed and differ.
  const FrozenDate = function (...args: unknown[]): unknown {
    if (new.target === undefined) return new RealDate(now).toString();
    if (args.length === 0) return construct(RealDate, [now], new.target);
    const [text] = args;
    return construct(RealDate, args.length === 1 && typeof text === 'string' ? [parseDate(text)] : args, new.target);
  };
  const hidden = { writable: true, enumerable: false, configurable: true };
  defineProperty(FrozenDate, 'name', { value: 'Date', configurable: true });
  defineProperty(FrozenDate, 'length', { value: 7, configurable: true });
  defineProperty(FrozenDate, 'prototype', { value: RealDate.prototype, writable: false });
  defineProperty(FrozenDate, 'now', { value: () => now, ...hidden });
  defineProperty(FrozenDate, 'parse', { value: (text: unknown) => parseDate(String(text)), ...hidden });
  defineProperty(FrozenDate, 'UTC', { value: RealDate.UTC, ...hidden });
  defineProperty(RealDate.prototype, 'constructor', { value: FrozenDate, ...hidden });
  defineProperty(globalThis, 'Date', { value: FrozenDate, ...hidden });
}
