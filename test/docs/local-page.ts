import { readdirSync, readFileSync } from 'node:fs';
import type { ConformanceReport } from '../../src/conformance/conformance.ts';

/** The parts of a committed report that a row needs. */
export type CommittedReport = Pick<ConformanceReport, 'target' | 'date' | 'rows'>;

/** The reports of docs/conformance/, the latest last. */
export function readReports(folder: URL): CommittedReport[] {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
  return names
    .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as CommittedReport)
    .sort((one, other) => (one.date < other.date ? -1 : 1));
}

const marked = / · case ([a-z0-9.*, -]+?)(?:: (?:seen live|refuted) on [\d-]+)?(?= \|$)/;

/** The case ids of a row; one that ends with `*` means all that begin so. */
export function casesOfRow(line: string): string[] {
  return marked.exec(line)?.[1]?.split(', ') ?? [];
}

/**
 * local/README.md with what the latest report of an account says to each row that names cases: seen live, refuted, or
 * nothing.
 */
export function writeLocalPage(page: string, reports: readonly CommittedReport[]): string {
  const lives = reports.filter(({ target }) => target === 'aws');
  return page
    .split('\n')
    .map((line) => {
      const ids = casesOfRow(line);
      return ids.length === 0 ? line : line.replace(marked, ` · case ${ids.join(', ')}${judgeRow(ids, lives)}`);
    })
    .join('\n');
}

/** The latest report that asked every case of the row decides; a difference in one refutes it. */
function judgeRow(ids: readonly string[], reports: readonly CommittedReport[]): string {
  for (const { date, rows } of reports.toReversed()) {
    const own = ids.map((id) => rows.filter((row) => (id.endsWith('*') ? row.id.startsWith(id.slice(0, -1)) : row.id === id)));
    const verdicts = own.flatMap((found) => found.map(({ verdict }) => verdict));
    if (verdicts.includes('different')) return `: refuted on ${date}`;
    if (own.every((found) => found.length > 0) && verdicts.every((verdict) => verdict === 'same')) return `: seen live on ${date}`;
  }
  return '';
}
