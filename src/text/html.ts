/** Markup that needs no escaping. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

type Part = Html | string | number | readonly Part[] | undefined;

/** Builds markup: escapes text and numbers, keeps markup of this tag, joins lists, drops undefined. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((markup, string, place) => `${markup}${render(parts[place - 1])}${string}`));
}

function render(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Html) return part.markup;
  if (typeof part === 'object') return part.map(render).join('');
  return escapeHtml(String(part));
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/**
 * Characters that XML forbids, even as a reference: control characters except white space, lone surrogates, U+FFFE and
 * U+FFFF.
 */
const impossible = /(?![\t\n\r])\p{Cc}|\p{Cs}|[\ufffe\uffff]/gu;

/** For text and quoted attributes. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (found) => entities[found] ?? found).replace(impossible, '\ufffd');
}

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

/** The figures of a chart, collapsed. */
export function foldTable(summary: string, table: Html): Html {
  return html`<details><summary>${summary}</summary>${table}</details>`;
}

/** A self-contained page: no script, no request, only its own style sheet. Also well-formed XML. */
export function formatHtmlPage(title: string, style: string, body: Html): string {
  return `<!DOCTYPE html>\n${
    html`<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`.markup
  }`;
}
