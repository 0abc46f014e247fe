import { construct, defineProperty, RealDate } from './captured.ts';

let now = 0;

/** Sets the time of every clock until the next call, in milliseconds. */
export function setClock(ms: number): void {
  now = ms;
}

/**
 * Replaces Date by one that parses as njs does and does not advance during a run: in CloudFront the time is always the
 * start of the run.
 */
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

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const month = `(${months.join('|')})`;
const time = '(?:(\\d\\d):(\\d\\d)(?::(\\d\\d))?';
const iso = /^([+-]?)(\d{4})(\d\d)?(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?Z?)?)?)?$/;
const byDay = new RegExp(`^(\\d\\d) +${month} +(\\d{4})(?: +${time}(?: +(?:(?:GMT|UTC).*|([+-])(\\d\\d)(\\d\\d).*)?)?)?)?$`, 's');
const byMonth = new RegExp(`^${month} +(\\d\\d) +(\\d{4})(?: +${time}(?: +(?:GMT([+-])(\\d\\d)(\\d\\d).*)?)?)?)?$`, 's');

/**
 * Milliseconds of a text as njs reads it: ISO 8601 without an offset, and the forms that a Date itself is written in.
 * NaN for every other, where V8 takes many more. Fields out of range run over into the next one, where V8 refuses some.
 */
function parseDate(text: string): number {
  const found = iso.exec(text);
  if (found !== null) return fromIso(found);
  const rest = /^\d\d/.test(text) || months.includes(text.slice(0, 3)) ? text : text.replace(/^[^ ]* +/, '');
  const days = byDay.exec(rest);
  if (days !== null) return fromWords(days, days[1], days[2]);
  const names = byMonth.exec(rest);
  return names === null ? Number.NaN : fromWords(names, names[2], names[1]);
}

function fromIso([, sign, century, ext, mon, day, hour, minute, second, fraction]: RegExpExecArray): number {
  // A sign counts only before a year of six digits.
  const year = ext === undefined ? Number(century) : Number(`${sign}${century}${ext}`);
  const ms = Number((fraction ?? '0').slice(0, 3).padEnd(3, '0'));
  return atUtc(year, Number(mon ?? 1) - 1, Number(day ?? 1), Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0), ms);
}

function fromWords([, , , year, hour, minute, second, sign, hours, minutes]: RegExpExecArray, day = '', mon = ''): number {
  const offset = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000 * (sign === '-' ? 1 : -1);
  return atUtc(Number(year), months.indexOf(mon), Number(day), Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0), offset);
}

function atUtc(year: number, mon: number, day: number, hour: number, minute: number, second: number, ms: number): number {
  // Not Date.UTC: it takes years below 100 for those of the twentieth century.
  const date = new RealDate(0);
  date.setUTCFullYear(year, mon, day);
  return date.setUTCHours(hour, minute, second, ms);
}
