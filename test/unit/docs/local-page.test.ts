import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ReportRow } from '../../../src/conformance/conformance.ts';
import { conformanceCases } from '../../../src/conformance/conformance.ts';
import type { CaseVerdict } from '../../../src/conformance/conformance-case.ts';
import { type CommittedReport, casesOfRow, readReports, writeLocalPage } from '../../docs/local-page.ts';

const root = new URL('../../../', import.meta.url);
const page = readFileSync(new URL('local/README.md', root), 'utf8');
const ids = page.split('\n').flatMap(casesOfRow);

it('local/README.md is as npm run docs writes it from the committed reports', () => {
  expect(page).toBe(writeLocalPage(page, readReports(new URL('docs/conformance/', root))));
});

it('names cases that exist, in at least 40 rows', () => {
  expect(page.split('\n').filter((line) => casesOfRow(line).length > 0).length).toBeGreaterThanOrEqual(40);
  const known = conformanceCases.map(({ id }) => id);
  const unknown = ids.filter((id) => !known.some((each) => (id.endsWith('*') ? each.startsWith(id.slice(0, -1)) : each === id)));
  expect(unknown).toEqual([]);
});

describe('a report', () => {
  const row = (id: string, verdict: CaseVerdict): ReportRow => ({
    id,
    verdict,
    group: 'edge',
    question: '',
    emulated: 1,
    answered: 1,
    source: '',
  });
  const report = (date: string, rows: ReportRow[], target: 'aws' | 'local' = 'aws'): CommittedReport => ({ target, date, rows });
  const line = '| a | b | c | t: d · case x-1, y-* |';
  const same = [row('x-1', 'same'), row('y-1', 'same'), row('y-2', 'same')];

  it.each([
    { what: 'of an account in which all are the same', reports: [report('2026-12-01', same)], says: ': seen live on 2026-12-01' },
    {
      what: 'in which one differs',
      reports: [report('2026-12-01', [...same, row('y-3', 'different')])],
      says: ': refuted on 2026-12-01',
    },
    { what: 'that did not ask one of them', reports: [report('2026-12-01', same.slice(1))], says: '' },
    { what: 'that could not ask one of them', reports: [report('2026-12-01', [...same, row('y-3', 'could not ask')])], says: '' },
    { what: 'of the local cloud', reports: [report('2026-12-01', same, 'local')], says: '' },
    {
      what: 'after one that refuted it',
      reports: [report('2026-12-01', [row('x-1', 'different')]), report('2026-12-05', same)],
      says: ': seen live on 2026-12-05',
    },
  ])('$what changes the row', ({ reports, says }) => {
    const written = writeLocalPage(line, reports);
    expect(written).toBe(line.replace(' |', ' |').replace(/ \|$/, `${says} |`));
    expect(writeLocalPage(written, reports)).toBe(written);
    expect(writeLocalPage(written, [])).toBe(line);
  });
});
