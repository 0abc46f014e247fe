import type { CallCounts } from './budget.ts';
import type { CaseGroup, CaseVerdict } from './conformance-case.ts';
import type { NotRemoved } from './tear-down.ts';

/** One case and its verdict. */
export interface ReportRow {
  id: string;
  group: CaseGroup;
  question: string;
  emulated: unknown;
  /** Null where the case could not be asked. */
  answered: unknown;
  verdict: CaseVerdict;
  /** What was seen beside the answer, such as a time or the text of an error; not compared. */
  note?: string;
  source: string;
  open?: string;
}

/** A run, without account ids, ARNs and names: it can be committed. */
export interface ConformanceReport {
  target: 'local' | 'aws';
  /** Of its beginning, such as 2026-11-30. */
  date: string;
  seconds: number;
  summary: Readonly<Record<CaseVerdict, number>>;
  counts: CallCounts;
  /** What those cost, before any free tier. */
  usd: number;
  rows: readonly ReportRow[];
  /** What could not be removed. Not part of what is written to a file. */
  left: readonly NotRemoved[];
  /** Why the run ended early. */
  failure?: string;
}

export function summarizeRows(rows: readonly ReportRow[]): Record<CaseVerdict, number> {
  const count = (verdict: CaseVerdict) => rows.filter((row) => row.verdict === verdict).length;
  return { same: count('same'), different: count('different'), 'could not ask': count('could not ask') };
}
