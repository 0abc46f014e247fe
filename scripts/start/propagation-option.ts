import type { Propagation } from '../../local/edge/replica.ts';
import { awsPropagation } from '../../src/predict/propagation.ts';
import { formatDuration, parseDuration } from '../../src/text/time.ts';

/** The value of `--propagation`: how long writes take to reach the edge. */
export interface PropagationProfile {
  name: 'fast' | 'aws' | 'custom';
  propagation: Partial<Propagation>;
  /** Of most writes. */
  typicalMs: number;
  /** Of the slowest. */
  tailMs: number;
  /** Before a write arrives, the key it changes may be missing for this long. */
  missMs: number;
}

/** Short enough to watch. CloudFront was never measured to be this quick. */
const fast: PropagationProfile = { name: 'fast', propagation: { delayMs: 2_000 }, typicalMs: 2_000, tailMs: 2_000, missMs: 0 };

/**
 * As field reports have it; an existing key was seen missing for moments around a change, and one second is our guess.
 */
const aws: PropagationProfile = {
  name: 'aws',
  propagation: { ...awsPropagation, missMs: 1_000 },
  typicalMs: 30_000,
  tailMs: awsPropagation.tailMs,
  missMs: 1_000,
};

/** `--propagation fast`, `aws`, or any duration, 0 included. */
export const propagationOption = {
  placeholder: '<fast|aws|duration>',
  summary: `time until a KeyValueStore write is at the edge: fast is ${formatDuration(fast.typicalMs)}, aws about ${formatDuration(aws.typicalMs)} and up to ${formatDuration(aws.tailMs)}; default fast`,
  absent: fast,
  parse: (found: string): { value: PropagationProfile } | { problem: string } => {
    if (found === 'fast') return { value: fast };
    if (found === 'aws') return { value: aws };
    const delayMs = found === '0' ? 0 : parseDuration(found);
    if (delayMs === undefined) return { problem: `must be fast, aws or a duration such as 10s, got ${JSON.stringify(found)}` };
    return { value: { name: 'custom', propagation: { delayMs }, typicalMs: delayMs, tailMs: delayMs, missMs: 0 } };
  },
};

/** One line for people. Quick times are marked as not CloudFront's. */
export function describePropagation({ name, typicalMs, tailMs }: Pick<PropagationProfile, 'name' | 'typicalMs' | 'tailMs'>): string {
  if (name === 'aws') return `aws: a write reaches the edge after about ${formatDuration(typicalMs)}, up to ${formatDuration(tailMs)}`;
  return `${name}: a write reaches the edge after ${formatDuration(typicalMs)}; CloudFront needs about ${formatDuration(aws.typicalMs)}, up to ${formatDuration(aws.tailMs)} (--propagation aws)`;
}
