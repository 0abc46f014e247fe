import type { TlsFacts } from '../probe/connect-like-edge.ts';
import { formatTable, paint, wrapText } from '../text/terminal-text.ts';
import { formatDuration } from '../text/time.ts';
import type { VerifyRow } from './samples.ts';

const styles = { ok: 'green', warn: 'yellow', fail: 'red' } as const;
const titles = {
  edge: 'through the edge',
  direct: 'the origins directly, as CloudFront requests them',
  lock: 'the origins without the secret headers of CloudFront',
} as const;
/** Notes shown for one row; the JSON has all. */
const maxNotes = 3;

interface Format {
  /** Epoch milliseconds. */
  now: number;
  columns: number;
  colour: boolean;
}

/** A table for each way, and a line of counts. */
export function formatVerify(rows: readonly VerifyRow[], format: Format): string[] {
  const { colour } = format;
  const sections = (['edge', 'direct', 'lock'] as const).flatMap((way) => {
    const mine = rows.filter((row) => row.way === way);
    if (mine.length === 0) return [];
    return [paint(colour, 'bold', titles[way]), ...(way === 'lock' ? formatLocks(mine, format) : formatSection(mine, format)), ''];
  });
  const counts = (['ok', 'warn', 'fail'] as const).map((outcome) => `${rows.filter((row) => row.outcome === outcome).length} ${outcome}`);
  return [...sections, counts.join(', ')];
}

function formatSection(rows: readonly VerifyRow[], { now, columns, colour }: Format): string[] {
  const isEdge = rows[0]?.way === 'edge';
  const head = isEdge
    ? ['', 'viewer', 'expected', 'went to', 'status', 'p50', 'p95', 'max']
    : ['', 'origin', 'status', 'p50', 'p95', 'max'];
  const ms = (value: number | undefined) => (value === undefined ? '' : `${Math.round(value)} ms`);
  const table = formatTable(
    [
      head,
      ...rows.map(({ outcome, who, expected, went, statuses, latency }) => [
        paint(colour, styles[outcome], outcome),
        who,
        ...(isEdge ? [expected.join(' or '), went.join(', ') || '–'] : []),
        statuses.join(',') || '–',
        ...[latency?.p50Ms, latency?.p95Ms, latency?.maxMs].map(ms),
      ]),
    ],
    isEdge ? [5, 6, 7] : [3, 4, 5],
  );
  const secured = new Set(rows.map(({ tls }) => formatTls(tls, now)));
  // One line when all rows have the same certificate, as the viewers of one edge do.
  const [common] = secured.size === 1 ? secured : [];
  return [
    ...table.flatMap((line, index) => {
      const row = rows[index - 1];
      if (row === undefined) return [line];
      const shown = row.notes.slice(0, maxNotes);
      const more = row.notes.length > maxNotes ? [`and ${row.notes.length - maxNotes} more`] : [];
      const notes = [...(common === undefined ? [formatTls(row.tls, now)] : []), ...shown, ...more];
      return [line, ...notes.flatMap((note) => wrapText(note, columns - 8, 2).map((part) => `      ${part}`))];
    }),
    ...(common !== undefined && rows.some(({ latency }) => latency !== undefined) ? [`      ${common}`] : []),
  ];
}

function formatLocks(rows: readonly VerifyRow[], { columns, colour }: Format): string[] {
  return rows.flatMap(({ outcome, notes }) =>
    wrapText(notes.join('; '), columns - 8, 2).map((part, index) =>
      index === 0 ? `${paint(colour, styles[outcome], outcome.padEnd(4))}  ${part}` : `      ${part}`,
    ),
  );
}

function formatTls(tls: TlsFacts | undefined, now: number): string {
  if (tls === undefined) return 'no TLS: http';
  return `${tls.protocol}, certificate of ${tls.name}, ${formatDuration(tls.validTo - now)} left`;
}
