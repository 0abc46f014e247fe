import { textWidth } from './wrap-text.ts';

/** Rows as aligned columns, two spaces apart; styled cells keep their alignment. Cells of `right` columns (by index) are aligned to the right. */
export function formatTable(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, textWidth(cell));
  return rows.map((row) =>
    row
      .map((cell, index) => {
        const room = ' '.repeat((widths[index] ?? 0) - textWidth(cell));
        return right.includes(index) ? room + cell : cell + room;
      })
      .join('  ')
      .trimEnd(),
  );
}
