import type { AudienceState, Second } from '../wire.ts';

/** Who serves an audience: percent by origin. `problem`: no origin does; the function's own words. */
interface Serving {
  shares: Readonly<Record<string, number>>;
  problem: string | undefined;
}

/** By POST, which is tried once. A GET is tried at the same origin first; its second origin matters only on failure. */
export function servingOf({ post, shares }: Pick<AudienceState, 'post' | 'shares'>, origins: readonly string[]): Serving {
  if (shares !== null) {
    const odd = Object.keys(shares).find((id) => !origins.includes(id));
    return odd === undefined ? { shares, problem: undefined } : { shares: {}, problem: odd };
  }
  return origins.includes(post) ? { shares: { [post]: 100 }, problem: undefined } : { shares: {}, problem: post };
}

/** Counts countries with a code; viewers without a country are not one. */
export function countCodes({ countries }: Pick<AudienceState, 'countries'>): number {
  return countries.filter((code) => code !== null).length;
}

/** The time of day on this machine, to the second. */
export function formatClock(at: number): string {
  return new Date(at).toLocaleTimeString('en-GB');
}

/** `45 s`, `2 min 5 s`, `3 h 10 min`; never below `0 s`. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return [`${Math.floor(seconds / 60)} min`, seconds % 60 > 0 ? `${seconds % 60} s` : ''].join(' ').trim();
  const minutes = Math.floor(seconds / 60);
  return [`${Math.floor(minutes / 60)} h`, minutes % 60 > 0 ? `${minutes % 60} min` : ''].join(' ').trim();
}

/** Milliseconds: one decimal below ten. */
export function formatLatency(ms: number): string {
  return ms < 10 ? String(Math.round(ms * 10) / 10) : Math.round(ms).toLocaleString('en');
}

/** `singapore`, or `singapore 25 %, europe 75 %`, the largest first. */
export function formatServing(shares: Readonly<Record<string, number>>): string {
  const parts = Object.entries(shares).sort(([, a], [, b]) => b - a);
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first[0];
  return parts.map(([origin, share]) => `${origin} ${share} %`).join(', ');
}

/** `1 country`, `235 countries`. */
export function formatCount(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** All requests of a step, failed ones included. */
export function totalOf({ byOrigin, failed }: Pick<Second, 'byOrigin' | 'failed'>): number {
  return Object.values(byOrigin).reduce((sum, count) => sum + count, failed);
}
