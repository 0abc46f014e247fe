import { formatMoveNote, formatMoveProgress } from '../failover/format-failover.ts';
import { formatDuration, formatMs, formatTime } from '../text/time.ts';
import type { HomeNote } from './come-home.ts';
import type { SeenSummary } from './judge-step.ts';
import type { RehearsalPlan } from './plan-rehearsal.ts';
import type { RehearsalResult, StepResult } from './rehearse.ts';
import type { RehearsalProgress } from './watch.ts';

/** One line of where a rehearsal is. */
export function formatRehearsalProgress(progress: RehearsalProgress): string {
  if (progress.kind === 'begins') return progress.what;
  if (progress.kind === 'home-written') return 'home is written, waiting for the edge';
  if (progress.kind !== 'watched') return formatMoveProgress(progress);
  return `${progress.percent} % away, ${progress.isAtEdge ? 'at the edge' : 'waiting for the edge'}, ${progress.checks} checks`;
}

/** One line of what the operator should know on the way. */
export function formatRehearsalNote(note: HomeNote): string {
  return note.kind === 'override-remains' ? `the override is not ended yet: ${note.detail}` : formatMoveNote(note);
}

/** A finished step, for people. */
export function formatStep({ percent, writtenAt, sequence, atEdgeMs, watchedMs, evidence }: StepResult, now: number): string[] {
  const edge = atEdgeMs === null ? 'not seen at the edge from here' : `at the edge after ${formatMs(atEdgeMs)}`;
  return [
    `${String(percent).padStart(4)} %  written at ${formatTime(writtenAt, now)} (flip #${sequence}), ${edge}, watched for ${formatDuration(watchedMs)}`,
    ...evidence.map((one) => `        ${formatEvidence(one)}`),
  ];
}

const sources = { direct: 'probed', edge: 'through the edge', alarm: 'alarm' } as const;

function formatEvidence({ source, origin, asked, failed, p50Ms, p95Ms }: SeenSummary): string {
  const times = source === 'alarm' || p50Ms === null ? '' : `, p50 ${p50Ms} ms, p95 ${p95Ms} ms`;
  return `${origin ?? 'no origin'} ${sources[source]}: ${failed} of ${asked} failed${times}`;
}

/** What became of it, for people; the steps were printed before. */
export function formatRehearsal({ outcome, origin, fallbacks, startedAt, endedAt, abort, home }: RehearsalResult): string[] {
  const result = {
    passed: `passed: ${fallbacks.join(', ')} served the viewers of ${origin}`,
    aborted: `aborted at ${abort?.percent} %: ${abort?.message}`,
    interrupted: `interrupted at ${abort?.percent} %`,
  };
  return [result[outcome], formatHome(home), `took ${formatDuration(endedAt - startedAt)}`];
}

function formatHome({ by, sequence, writeMs, atEdgeMs, isConfirmed }: RehearsalResult['home']): string {
  const edge = !isConfirmed
    ? ', and the edge was not seen to follow'
    : atEdgeMs === null
      ? ''
      : `, at the edge ${formatMs(atEdgeMs)} after that`;
  if (by === 'written') return `home: written after ${formatMs(writeMs)} (flip #${sequence})${edge}`;
  if (by === 'expiry') return `home: the store took no write, the override ended ${formatMs(writeMs)} later at its expiry${edge}`;
  if (by === 'another') return 'home: another operator or tool had changed the override; it was left as it is';
  return 'home: no override was in force';
}

/** Times as ISO text. */
export function describeRehearsal({ startedAt, endedAt, steps, home, ...rest }: RehearsalResult) {
  return {
    ...rest,
    startedAt: iso(startedAt),
    endedAt: iso(endedAt),
    steps: steps.map((step) => ({ ...step, writtenAt: iso(step.writtenAt), until: iso(step.until) })),
    home: { ...home, at: iso(home.at) },
  };
}

/** The plan as plain data. */
export function describeRehearsalPlan({ steps, objections, staying, ...rest }: RehearsalPlan) {
  return {
    ...rest,
    steps: steps.map(({ percent, weight, moves }) => ({
      percent,
      weight,
      moves: moves.map(({ audience, before, after }) => ({
        ...(audience.service !== undefined && { service: audience.service }),
        countries: audience.countries,
        before: Object.fromEntries(before),
        after: Object.fromEntries(after),
      })),
    })),
    staying: staying.map(({ service, countries }) => ({ ...(service !== undefined && { service }), countries })),
    objections: objections.map(({ code, message }) => ({ code, message })),
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
