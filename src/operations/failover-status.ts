import { parseHealthRecord } from '../../kvs/health-record.ts';
import { formatDuration } from '../cli/duration.ts';
import { formatTable } from '../cli/format-table.ts';
import { formatTime } from '../cli/format-time.ts';
import { paint } from '../cli/paint.ts';
import { type AuditEntry, auditHistory } from '../health/audit.ts';
import type { FlagStore } from '../health/key-change.ts';
import { effectiveWeights, overrideInForce, parseLiveRecord } from '../health/live-record.ts';
import type { OriginMemory, Override } from '../health/state-record.ts';
import type { EdgeView } from './edge-view.ts';
import { readFlips } from './read-flips.ts';
import { findDisagreements, formatDisagreement, listExpectations } from './verify-edge.ts';
import type { Audience } from './viewer-shares.ts';

/** What the store says, and whether the edge does it. Times are epoch milliseconds. */
export interface FailoverStatus {
  at: number;
  /** The record as the edge reads it. */
  record: string;
  /** False when the edge cannot parse the record and acts as for `ok`. */
  isReadable: boolean;
  /** Somebody changed the record by hand since the last flip. */
  edited: boolean;
  origins: { id: string; weight: number; verdict: OriginMemory['verdict']; since: number | undefined }[];
  override: Override | undefined;
  /** The newest first. */
  lastFlips: AuditEntry[];
  /** Undefined when the edge was not asked. */
  edge: { url: string; disagreements: string[] } | undefined;
}

export interface StatusContext {
  origins: readonly string[];
  audiences: readonly Audience[];
  edge: EdgeView | undefined;
  now: () => number;
}

const shownFlips = 5;

/** One API call as long as the store has no more than 50 keys. The edge is asked once per audience. */
export async function readStatus(store: FlagStore, { origins, audiences, edge, now }: StatusContext): Promise<FailoverStatus> {
  const values = await readFlips(store, shownFlips);
  const status = describeValues(values, origins, now());
  const weights = Object.fromEntries(status.origins.map(({ id, weight }) => [id, weight]));
  return { ...status, edge: edge && { url: edge.url, disagreements: await disagreements(edge, audiences, weights) } };
}

/** What the values of a store say at a time (epoch milliseconds): the status without the edge's part. */
export function describeValues(values: ReadonlyMap<string, string>, origins: readonly string[], at: number): Omit<FailoverStatus, 'edge'> {
  const live = parseLiveRecord(values, at);
  const weights = effectiveWeights(live);
  return {
    at,
    record: live.text,
    isReadable: parseHealthRecord(live.text) !== undefined,
    edited: live.edited,
    origins: origins.map((id) => {
      const memory = live.state.origins[id];
      return { id, weight: weights[id] ?? 100, verdict: memory?.verdict ?? 'unknown', since: memory?.since };
    }),
    override: overrideInForce(live),
    lastFlips: auditHistory(values).slice(0, shownFlips),
  };
}

/** One country stands for its audience: `status` must answer at once, and every country of an audience takes the same way through the router. */
async function disagreements(edge: EdgeView, audiences: readonly Audience[], weights: Readonly<Record<string, number>>): Promise<string[]> {
  const samples = audiences.map(({ countries, order }) => ({ countries: countries.slice(0, 1), order }));
  const found = await findDisagreements(edge, listExpectations(samples, weights, edge.canChooseCountry));
  return found.map(formatDisagreement);
}

/** The status for people. */
export function formatStatus(status: FailoverStatus, colour: boolean): string[] {
  const { at, override, edge } = status;
  const rows = status.origins.map(({ id, weight, verdict, since }) => [
    `  ${id}`,
    `${weight}%`,
    paint(colour, verdict === 'healthy' ? 'green' : verdict === 'unhealthy' ? 'red' : 'yellow', verdict),
    since === undefined ? 'nobody has written a verdict yet' : `since ${formatTime(since, at)}, ${formatDuration(at - since)} ago`,
  ]);
  return [
    `record     ${status.record}`,
    ...(status.isReadable ? [] : [paint(colour, 'red', '           is no health record: the edge acts as for ok')]),
    ...(status.edited ? [paint(colour, 'yellow', '           changed by hand since the last flip')] : []),
    'origins',
    ...formatTable(rows, [1]),
    ...(override === undefined
      ? ['override   none']
      : [
          `override   until ${formatTime(override.until, at)}, ${formatDuration(override.until - at)} left`,
          `           by ${override.by}: ${override.reason}`,
        ]),
    ...(status.lastFlips.length === 0 ? ['flips      none yet'] : ['flips', ...formatHistory(status.lastFlips, at)]),
    ...formatEdge(edge, colour),
  ];
}

function formatEdge(edge: FailoverStatus['edge'], colour: boolean): string[] {
  if (edge === undefined) return ['edge       not asked: --edge https://<viewer domain> compares what it serves'];
  if (edge.disagreements.length === 0) return [`edge       ${paint(colour, 'green', 'agrees')} (${edge.url})`];
  return [`edge       ${paint(colour, 'red', 'disagrees')} (${edge.url})`, ...edge.disagreements.map((line) => `           ${line}`)];
}

/** Flips for people, one a line. */
export function formatHistory(flips: readonly AuditEntry[], now: number): string[] {
  return formatTable(
    flips.map((flip) => [
      `  #${flip.sequence}`,
      formatTime(flip.at, now),
      flip.kind,
      `${flip.from ?? '…'} → ${flip.to}`,
      [`${flip.by}: ${flip.reason}`, ...(flip.breakGlass === undefined ? [] : [`(break-glass: ${flip.breakGlass})`])].join(' '),
    ]),
  );
}
