import type { Flip } from '../core/flip.ts';
import { overrideInForce } from '../core/live-record.ts';
import { type Audience, formatAudience, formatShares } from '../core/viewer-shares.ts';
import { formatDuration } from '../text/duration.ts';
import { formatTable } from '../text/format-table.ts';
import { formatTime } from '../text/format-time.ts';
import { paint } from '../text/paint.ts';
import type { FailoverPlan } from './plan-failover.ts';

export interface FormatPlanOptions {
  /** Epoch milliseconds. */
  now: number;
  audiences: readonly Audience[];
  colour: boolean;
}

/** A plan for people: old and new weights, who moves, until when, and what speaks against it. */
export function formatPlan(plan: FailoverPlan, flip: Flip, { now, audiences, colour }: FormatPlanOptions): string[] {
  const { live, before, after, moves, dangers, notes } = plan;
  const weights = Object.keys(after).map((origin) => {
    const change = before[origin] === after[origin] ? 'as before' : `was ${before[origin]}`;
    return [`  ${origin}`, paint(colour, 'bold', String(after[origin])), change];
  });
  const moved = moves.map(({ audience, before: from, after: to }) => [
    `  ${formatAudience(audience)}`,
    `${formatShares(from)} → ${paint(colour, 'bold', formatShares(to))}`,
  ]);
  const staying = audiences.length - moves.length;
  const ended = flip.kind === 'automatic' ? undefined : overrideInForce(live);
  return [
    'weights',
    ...formatTable(weights, [1]),
    'viewers',
    ...formatTable(moved),
    ...(moved.length === 0 ? ['  nobody moves'] : staying === 0 ? [] : ['  all others stay where they are']),
    ...(flip.kind === 'override' ? [`until    ${formatTime(flip.until, now)}, ${formatDuration(flip.until - now)} from now`] : []),
    ...(ended === undefined ? [] : [`ends     the override of ${ended.by}: ${ended.reason}`]),
    ...(live.edited ? [paint(colour, 'yellow', `note     the record was changed by hand since the last flip: ${live.text}`)] : []),
    ...notes.map((note) => paint(colour, 'yellow', `note     ${note}`)),
    ...dangers.map((danger) => paint(colour, 'red', `danger   ${danger}`)),
  ];
}
