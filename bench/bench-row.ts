import { formatTable } from '../src/text/terminal-text.ts';

/** One figure beside its budget. */
export interface BenchRow {
  name: string;
  value: number;
  unit: string;
  /** The value should not exceed it. */
  budget?: number;
  /** Whether it does not; absent without a budget. */
  ok?: boolean;
}

/** A row; `ok` follows from the budget. */
export function benchRow(name: string, value: number, unit: string, budget?: number): BenchRow {
  return { name, value, unit, ...(budget === undefined ? {} : { budget, ok: value <= budget }) };
}

/** The rows as an aligned table. */
export function formatBenchRows(rows: readonly BenchRow[]): string[] {
  return formatTable(
    rows.map(({ name, value, unit, budget, ok }) => [
      name,
      formatValue(value),
      unit,
      ...(budget === undefined ? [] : [`budget ${formatValue(budget)}`, ok ? 'ok' : 'EXCEEDED']),
    ]),
    [1],
  );
}

function formatValue(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : String(Math.round(value * 100) / 100);
}
