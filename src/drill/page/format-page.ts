import { Html, html } from '../../text/html.ts';
import { style } from './style.ts';

/** A self-contained page: no script, no request. Also well-formed XML. */
export function formatPage(title: string, body: Html): string {
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
