import { type Html, html } from './html.ts';

/** A table; columns named in `numbers` (by place) are aligned to the right. */
export function formatHtmlTable(
  head: readonly string[],
  rows: readonly (readonly (string | number | Html)[])[],
  numbers: readonly number[] = [],
): Html {
  const kind = (place: number) => (numbers.includes(place) ? 'n' : 't');
  return html`<div class="scroll"><table><thead><tr>${head.map((cell, place) => html`<th scope="col" class="${kind(place)}">${cell}</th>`)}</tr></thead><tbody>
${rows.map((row) => html`<tr>${row.map((cell, place) => html`<td class="${numbers.includes(place) ? 'n' : ''}">${cell}</td>`)}</tr>\n`)}</tbody></table></div>`;
}

/** The figures of a chart, folded away. */
export function foldTable(summary: string, table: Html): Html {
  return html`<details><summary>${summary}</summary>${table}</details>`;
}
