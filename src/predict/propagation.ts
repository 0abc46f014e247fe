/** How long a write takes until the edge locations use it: shares of them, each with the range of its times. */
export interface PropagationTimes {
  /** Shares add up to 1. Within a range all times are equally likely. */
  parts: readonly { share: number; fromMs: number; toMs: number }[];
  source: string;
  isMeasured: boolean;
}

/**
 * As measured: a median of 31 s, 29.4 to 32.4 (smoketurner/virtual-waiting-room, ADR-0021), 26 s before that. One specification allows 75 s until all
 * edge locations agree. How often a write takes that long is not known: 5 % is our guess.
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
