import type { AuditEntry } from '../core/audit.ts';
import { type LiveRecord, overrideInForce } from '../core/live-record.ts';
import type { Report } from '../core/reports.ts';
import { type Audience, formatAudience, formatShares } from '../core/viewer-shares.ts';
import type { OriginProbe } from '../probe/probe-origin.ts';
import { formatRecord } from '../text/format-record.ts';
import { formatTable, paint } from '../text/terminal-text.ts';
import { formatDuration, formatTime, formatUtc } from '../text/time.ts';
import { typed } from '../text/typed.ts';
import type { WriteIntent } from './failover-intent.ts';
import type { FailoverStatus, NextEvent, OriginStatus } from './failover-status.ts';
import type { FailoverPlan, MoveNote, MoveProgress, MoveResult } from './plan-failover.ts';

/** One line of what the operator should know of a flip that is written. */
export function formatMoveNote(note: MoveNote): string {
  if (note.kind === 'not-notified') return `written, but ${note.channel} did not take the notification: ${note.detail}`;
  if (note.kind === 'not-confirmed') return `written, not confirmed at the edge: ${note.why}`;
  if (note.kind === 'origin-fails') return `${note.country}: ${note.origins.join(' or ')} answers ${note.status}`;
  return note.why;
}

/** One line while the edge is followed. */
export function formatMoveProgress(progress: MoveProgress): string {
  if (progress.kind === 'waiting') return `written, waiting up to ${formatDuration(progress.timeoutMs)} for the edge`;
  const { sinceMs, moved, viewers } = progress;
  return `written ${formatDuration(sinceMs)} ago; at the edge ${moved} of ${viewers} viewers have moved`;
}

export interface MovePlanOptions {
  /** Epoch milliseconds. */
  now: number;
  audiences: readonly Audience[];
  colour: boolean;
}

/** A plan for people: old and new weights, who moves, until when, and what speaks against it. */
export function formatMovePlan(plan: FailoverPlan, { now, audiences, colour }: MovePlanOptions): string[] {
  const { flip, live, before, after, moves, dangers, notes } = plan;
  const weights = Object.keys(after).map((origin) => {
    const change = before[origin] === after[origin] ? 'as before' : `was ${before[origin]} %`;
    return [`  ${origin}`, paint(colour, 'bold', `${after[origin]} %`), change];
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
    ...(moved.length === 0 ? ['  no viewer moves'] : staying === 0 ? [] : ['  all others stay where they are']),
    ...(flip.kind === 'override' ? [`until    ${formatTime(flip.until, now)}, ${formatDuration(flip.until - now)} from now`] : []),
    ...(ended === undefined ? [] : [`ends     the override of ${ended.by}: ${ended.reason}`]),
    ...(live.edited
      ? [paint(colour, 'yellow', `note     the record was changed by hand since the last flip: ${formatRecord(live.text, { now })}`)]
      : []),
    ...notes.map((note) => paint(colour, 'yellow', `note     ${note}`)),
    ...dangers.map((danger) => paint(colour, 'red', `danger   ${danger}`)),
  ];
}

/** What became of a move, for people; the plan was shown before. */
export function formatMove(result: MoveResult, { now, verbose = false }: { now: number; verbose?: boolean }): string[] {
  if (result.outcome === 'nothing-to-do') return ['no override is in force: nothing to do'];
  if (result.outcome === 'declined') return ['nothing was written'];
  const { to, sequence, propagationMs } = result;
  return [
    `written: ${formatRecord(to, { now })} (flip #${sequence})`,
    ...(verbose ? [`stored as ${to}`] : []),
    ...(propagationMs === null ? [] : [`confirmed at the edge ${formatDuration(propagationMs)} after the write`]),
  ];
}

/** What a channel is sent about an operator's write. */
export interface OverrideNotice {
  id: string;
  of: string;
  title: string;
  lines: readonly string[];
  event: Readonly<Record<string, unknown>>;
}

export function formatOverrideNotice(
  { flip, reason }: WriteIntent,
  { from, record, at, by }: { from: string; record: LiveRecord; at: number; by: string },
): OverrideNotice {
  const what = flip.kind === 'clear' ? 'Override ended' : 'Override';
  const title = `${what} by ${by}: ${formatRecord(record.text, { now: at })}`;
  const event = { time: new Date(at).toISOString(), event: flip.kind, sequence: record.state.sequence, from, to: record.text, by, reason };
  const lines = [
    title,
    `reason: ${reason}`,
    `before: ${formatRecord(from, { now: at })}`,
    `${typed('failover --')} status shows where viewers go now`,
  ];
  return { id: `${by}/${at}/${flip.kind}`, of: flip.kind, title, lines, event };
}

/** ` until 05:10:00 UTC, 1h 59m from now` for an override, else nothing: automation goes on from here. */
export function formatEnd(live: LiveRecord, now: number): string {
  const override = overrideInForce(live);
  return override === undefined ? '' : ` until ${formatTime(override.until, now)}, ${formatDuration(override.until - now)} from now`;
}

export interface StatusLook {
  /** Where it was read: account, environment, store. */
  where: string;
  colour: boolean;
  verbose: boolean;
}

/** The status for people. */
export function formatStatus(status: FailoverStatus, { where, colour, verbose }: StatusLook): string[] {
  const { at, override, next } = status;
  const rows = status.origins.map((origin) => [
    `  ${origin.id}`,
    `${origin.weight} %`,
    formatProbe(origin.probe, colour),
    formatRecorded(origin, at),
  ]);
  const [last] = status.lastFlips;
  const writtenAt = last !== undefined && last.to === status.record ? last.at : undefined;
  return [
    `where      ${where}`,
    `record     ${paint(colour && !status.isReadable, 'red', formatRecord(status.record, { now: at, cause: true, writtenAt }))}`,
    ...(verbose ? [`           stored as ${status.record}`] : []),
    ...(status.edited ? [paint(colour, 'yellow', '           changed by hand since the last flip')] : []),
    'origins',
    ...formatTable(rows, [1]),
    ...(status.reports === undefined ? [] : ['reports', ...formatReports(status.reports, at, colour)]),
    ...(override === undefined
      ? ['override   none']
      : [
          `override   until ${formatTime(override.until, at)}, ${formatDuration(override.until - at)} left`,
          `           by ${override.by}: ${override.reason}`,
        ]),
    ...(next.length === 0
      ? ['next       nothing: all origins are at 100 %']
      : next.map((event) => `next       ${describeNextEvent(event, at)}`)),
    ...(status.lastFlips.length === 0 ? ['flips      none yet'] : ['flips', ...formatFlips(status.lastFlips, { now: at, verbose })]),
    ...formatEdge(status, colour),
  ];
}

/** What `status --watch` shows above the status: title, clock, and what it costs when reads have a price. */
export function formatWatchTitle({ at, everyMs, usdPerHour }: { at: number; everyMs: number; usdPerHour: number | undefined }): string {
  const price = usdPerHour === undefined ? '' : `, about $${usdPerHour.toFixed(2)} an hour for reads of the store`;
  return `failover status at ${formatUtc(at, at)}, again every ${formatDuration(everyMs)}${price}; Ctrl-C ends`;
}

/** `failback of singapore starts in 3m 40s (hold-down), at 18:20 UTC`. */
export function describeNextEvent(event: NextEvent, now: number): string {
  const when =
    event.at === undefined ? '' : event.at <= now ? 'now' : `in ${formatDuration(event.at - now)}, at ${formatUtc(event.at, now)}`;
  if (event.what === 'override-ends') return `the override ends ${when}`;
  const { origin } = event;
  if (event.what === 'failback-step') return `failback of ${origin}: ${event.from} % → ${event.to} % ${when || 'now'}`;
  const reasons = {
    'hold-down': `starts ${when} (hold-down), if its health checks stay good`,
    override: `starts ${when}, when the override has ended, if its health checks stay good`,
    health: `waits for good health checks${when === '' ? '' : `; it starts ${when} at the earliest`}`,
    flipper: 'starts as soon as the flipper has found it healthy',
  } as const;
  return `failback of ${origin} ${reasons[event.waitsFor]}`;
}

function formatReports(reports: readonly Report[], at: number, colour: boolean): string[] {
  return formatTable(
    reports.map(({ origin, source, opinion, until, reason }) => [
      `  ${origin}`,
      paint(colour, opinion === 'healthy' ? 'green' : 'red', opinion),
      `by ${source}, ${formatDuration(until - at)} left${reason === '' ? '' : `: ${reason}`}`,
    ]),
  );
}

function formatProbe(probe: OriginProbe | undefined, colour: boolean): string {
  if (probe === undefined) return 'not probed';
  if (probe.kind === 'good') return paint(colour, 'green', 'healthy now');
  if (probe.kind === 'bad') return paint(colour, 'red', `fails now: ${probe.problem}`);
  return paint(colour, 'yellow', `not reached from here: ${probe.problem}`);
}

/** The flipper's verdict and its age: between flips it is not written again. */
function formatRecorded({ verdict, since, recordedAt }: OriginStatus, at: number): string {
  if (since === undefined) return 'no health result recorded yet';
  if (recordedAt === undefined) return `last recorded ${verdict}, since ${formatTime(since, at)}`;
  return `recorded ${verdict} ${formatDuration(at - recordedAt)} ago`;
}

const edgeStyles = {
  agrees: 'green',
  propagating: 'yellow',
  covering: 'yellow',
  unknown: 'yellow',
  disagrees: 'red',
  failing: 'red',
} as const;

function formatEdge({ edge, edgeNotAsked }: FailoverStatus, colour: boolean): string[] {
  if (edge === undefined) return [`edge       not asked: ${edgeNotAsked ?? '--edge https://<viewer domain> compares what it serves'}`];
  return [
    `edge       ${paint(colour, edgeStyles[edge.state], edge.state)} (${edge.url})`,
    ...edge.disagreements.map((line) => `           ${line}`),
    ...(edge.note === undefined ? [] : [`           ${edge.note}`]),
  ];
}

const kindWords: Readonly<Record<AuditEntry['kind'], string>> = {
  automatic: 'automatic',
  override: 'override',
  clear: 'override ended',
  edit: 'edited by hand',
  restore: 'restored',
};

/** Flips for people: what was written and when, then the author and the reason. */
export function formatFlips(flips: readonly AuditEntry[], { now, verbose }: { now: number; verbose: boolean }): string[] {
  const heads = formatTable(
    flips.map(({ sequence, at, kind, to }) => [
      `  #${sequence}`,
      `${formatTime(at, now)}, ${formatDuration(Math.max(0, now - at))} ago`,
      kindWords[kind],
      formatRecord(to, { now: at }),
    ]),
  );
  return flips.flatMap(({ by, reason, breakGlass, from, to }, index) => [
    heads[index] ?? '',
    `      by ${by}: ${reason}${breakGlass === undefined ? '' : ` (break-glass: ${breakGlass})`}`,
    ...(verbose ? [`      stored as ${from ?? '…'} → ${to}`] : []),
  ]);
}
