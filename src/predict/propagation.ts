import { EdgeError } from '../errors.ts';
import { isRecord } from '../text/is-record.ts';

/** How long a write takes until the edge locations use it: shares of them, each with the range of its times. */
export interface PropagationTimes {
  /** Shares add up to 1. Within a range all times are equally likely. */
  parts: readonly { share: number; fromMs: number; toMs: number }[];
  source: string;
  isMeasured: boolean;
}

/**
 * As measured: a median of 31 s, 29.4 to 32.4 (smoketurner/virtual-waiting-room, ADR-0021), 26 s before that. One
 * specification allows 75 s until all edge locations agree. How often a write takes that long is not known: 5 % is our
 * guess.
 */
export const awsPropagation = { delayMs: 28_000, jitterMs: 5_000, tailShare: 0.05, tailMs: 75_000 } as const;

export const assumedPropagation: PropagationTimes = {
  parts: [
    { share: 1 - awsPropagation.tailShare, fromMs: awsPropagation.delayMs, toMs: awsPropagation.delayMs + awsPropagation.jitterMs },
    { share: awsPropagation.tailShare, fromMs: awsPropagation.delayMs, toMs: awsPropagation.tailMs },
  ],
  source: 'field reports: ADR-0021 of smoketurner/virtual-waiting-room (31 s), one specification (75 s); 5 % in the tail is a guess',
  isMeasured: false,
};

/** The time of one edge location. */
export function drawPropagation({ parts }: PropagationTimes, random: () => number): number {
  let left = random();
  for (const { share, fromMs, toMs } of parts) {
    if (left < share) return fromMs + random() * (toMs - fromMs);
    left -= share;
  }
  return parts.at(-1)?.toMs ?? 0;
}

/** The mean over the edge locations. */
export function meanPropagationMs({ parts }: PropagationTimes): number {
  return parts.reduce((sum, { share, fromMs, toMs }) => sum + (share * (fromMs + toMs)) / 2, 0);
}

/** Reads what `timeline --json` measured; `file` names it in messages. CONFIG_INVALID for anything else. */
export function parsePropagation(text: string, file: string): PropagationTimes {
  const wrong = (problem: string) =>
    new EdgeError('CONFIG_INVALID', `${file} has no measured propagation: ${problem}`, {
      hint: 'save the result of timeline --json, which has propagation with p50Ms, p95Ms and maxMs',
    });
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    throw wrong('it is not JSON');
  }
  const measured = isRecord(found) ? found['propagation'] : undefined;
  if (!isRecord(measured)) throw wrong('"propagation" is missing');
  const read = (name: string): number | undefined => {
    const given = measured[name];
    if (given === undefined || given === null) return undefined;
    // `timeline` measures less than nothing where the clocks of writer and edge differ.
    const value = name === 'minMs' && typeof given === 'number' ? Math.max(0, given) : given;
    if (typeof value !== 'number' || !(value >= 0 && value <= longestMs))
      throw wrong(`${name} must be milliseconds from 0 to ${longestMs}, got ${JSON.stringify(value)}`);
    return value;
  };
  const [p50, p95] = [read('p50Ms'), read('p95Ms')];
  if (p50 === undefined || p95 === undefined) throw wrong('p50Ms or p95Ms is missing');
  const [least, most] = [read('minMs') ?? p50, read('maxMs') ?? p95];
  if (!(least <= p50 && p50 <= p95 && p95 <= most)) throw wrong('minMs, p50Ms, p95Ms and maxMs must rise');
  return {
    parts: [
      { share: 0.5, fromMs: least, toMs: p50 },
      { share: 0.45, fromMs: p50, toMs: p95 },
      { share: 0.05, fromMs: p95, toMs: most },
    ],
    source: file,
    isMeasured: true,
  };
}

const longestMs = 86_400_000;
