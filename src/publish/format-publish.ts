import { formatComparison } from '../explain/format-explain.ts';
import { formatTable, paint } from '../text/terminal-text.ts';
import { formatDuration, formatTime } from '../text/time.ts';
import { typed } from '../text/typed.ts';
import type { PublishEvent, Release } from './publish-tools.ts';
import type { FunctionHistory } from './versions.ts';

/** What a release reports while it goes on: one line for each step, and a table of countries whose routing changes. */
export function formatPublishEvent(event: PublishEvent, terminal: { columns: number; colour: boolean }): string[] {
  if (event.kind === 'note') return [`note: ${event.note}`];
  if (event.kind === 'changes') {
    const isSame = event.changes.every(({ changes }) => changes.length === 0);
    const more = isSame ? [] : [`every country: ${typed('function:explain -- --diff')}`];
    return [...formatComparison(event.changes, { ...terminal, brief: true }), ...more];
  }
  const { step, result, durationMs } = event;
  const took = durationMs < 1_000 ? `${Math.round(durationMs)} ms` : formatDuration(durationMs);
  return [`${step.padEnd(8)} ${took.padStart(7)}  ${result}`];
}

/** The outcome of a release. */
export function formatRelease({ outcome, name, version, sha256, njs }: Release): string[] {
  const label = version === undefined ? name : `${name} v${version}`;
  const hash = sha256.slice(0, 12);
  if (outcome === 'unchanged') return [`nothing to do: LIVE already runs this code (${label}, ${hash})`];
  return [
    `published: ${label} is LIVE (${hash}); edge locations will pick it up; AWS gives no time bound`,
    ...(njs === 'absent' ? ['not proven: njs is not installed, so the code never ran in CloudFront’s kind of engine'] : []),
  ];
}

/** The recorded versions as a table. */
export function formatHistory({ versions, live }: FunctionHistory, now: number, colour: boolean): string[] {
  const liveVersion = versions.find((version) => version.live)?.version;
  const rows = versions.map(({ version, at, by, revision, sha256, bytes, of, found, attested, live: isLive }) => [
    `v${version}`,
    formatTime(at * 1_000, now),
    by,
    revision ?? '-',
    sha256.slice(0, 12),
    String(bytes),
    [
      ...(isLive ? [paint(colour, 'green', 'LIVE')] : []),
      ...(liveVersion !== undefined && version > liveVersion ? ['never LIVE'] : []),
      ...(of === undefined ? [] : [`the code of v${of}`]),
      ...(found ? ['found LIVE, published by other means'] : []),
      ...(attested || live?.attests !== true || (liveVersion !== undefined && version > liveVersion) ? [] : ['not attested']),
    ].join(', '),
  ]);
  const unrecorded = live !== undefined && live.version === undefined ? [`LIVE is not recorded: ${live.owner}`] : [];
  if (rows.length === 0) return [...unrecorded, live === undefined ? 'nothing was published yet' : 'no version is recorded'];
  const head = ['version', 'when', 'by', 'revision', 'sha256', 'bytes', ''].map((title) => paint(colour, 'dim', title));
  return [...formatTable([head, ...rows], [5]), ...unrecorded];
}
