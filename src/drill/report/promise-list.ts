import type { DrillPromise } from '../judge-promises.ts';
import { type Html, html } from '../page/html.ts';
import { formatHtmlTable } from '../page/table.ts';

const words = {
  held: { text: '✓ held', kind: 'kept' },
  broken: { text: '✗ broken', kind: 'broken' },
  skipped: { text: '– not tested', kind: 'skipped' },
} as const;

/** Promises with what was counted. Pure. */
export function formatPromises(promises: readonly DrillPromise[]): Html {
  return formatHtmlTable(
    ['', 'promise', 'counted'],
    promises.map(({ promise, result, detail }) => [html`<b class="t ${words[result].kind}">${words[result].text}</b>`, promise, detail]),
  );
}
