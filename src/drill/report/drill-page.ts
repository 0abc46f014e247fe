import { formatMs } from '../format-ms.ts';
import { type Html, html } from '../page/html.ts';
import { formatPage } from '../page/page.ts';
import { formatOffset } from '../page/plot.ts';
import { formatHtmlTable } from '../page/table.ts';
import type { DrillReport } from './drill-report.ts';
import { drawCountries, drawMethods } from './outcome-charts.ts';
import { formatPromises } from './promise-list.ts';
import { formatRun } from './run-section.ts';
import { drawLatency, drawLooks, drawShares } from './system-charts.ts';

/** The report as one page that can be sent, printed and kept. Pure. */
export function formatDrillPage(report: DrillReport): string {
  const { verdict, summary, context, startedAt } = report;
  return formatPage(
    `Outage drill: ${summary.broken}, ${summary.fault}`,
    html`<header>
<p class="soft">Outage drill · ${startedAt.slice(0, 16).replace('T', ' ')} UTC · ${summary.broken} · fault: ${summary.fault}${context.revision === null ? '' : ` · revision ${context.revision}`}</p>
<h1>${verdict.headline}</h1>
<p><span class="pill ${verdict.isKept ? 'kept' : 'broken'}">${verdict.isKept ? '✓ passed' : '✗ failed'}</span></p>
<p>${verdict.sentences.join(' ')}</p>
</header>
${drawTiles(report)}
<h2>Promises</h2>
${formatPromises(summary.promises)}
<h2>Timeline</h2>
${formatTimeline(report)}
<h2>What viewers saw</h2>
${drawMethods(report)}
${drawShares(report)}
${drawLatency(report)}
${drawCountries(report)}
<h2>What the flipper saw</h2>
${drawLooks(report)}
<h2>Counts</h2>
${formatPhases(report)}
<h2>How it was run</h2>
${formatRun(report)}`,
  );
}

function drawTiles({ summary }: DrillReport): Html {
  const failed = (method: 'GET' | 'POST') => summary.phases.reduce((sum, phase) => sum + phase.failed[method], 0);
  const tiles: [string, string][] = [
    [formatMs(summary.detectedMs), 'from the fault to the verdict'],
    [formatMs(summary.writtenMs), 'from the first failed request to the written flip'],
    [formatMs(summary.movedMs), `from the fault to the last request at ${summary.broken}`],
    [formatMs(summary.homeMs), 'from the mend until everybody was home'],
    [String(failed('GET')), 'GET failed'],
    [String(failed('POST')), 'POST failed'],
  ];
  return html`<ul class="tiles">${tiles.map(([figure, says]) => html`<li><b>${figure}</b><span>${says}</span></li>`)}</ul>`;
}

function formatTimeline({ markers, moreMarkers }: DrillReport): Html {
  return html`<p class="soft">Times count from the fault. The numbers are those at the top of each chart.</p>
${formatHtmlTable(
  ['', 'time', 'what', 'from'],
  markers.map(({ kind, atMs, label, detail }, place) => [
    html`<span class="num ${kind}">${place + 1}</span>`,
    formatOffset(Math.round(atMs / 100) * 100),
    label,
    html`<span class="soft">${detail}</span>`,
  ]),
  [1],
)}${moreMarkers === 0 ? undefined : html`<p class="soft">${moreMarkers} more flips are left out.</p>`}`;
}

function formatPhases({ summary, origins }: DrillReport): Html {
  const methods = ['GET', 'POST'] as const;
  return formatHtmlTable(
    ['', 'requests', ...methods.map((method) => `failed ${method}`), ...origins.map(({ id }) => id), 'p50', 'p99'],
    summary.phases.map(({ phase, requests, failed, regions, p50Ms, p99Ms }) => [
      { before: 'before the fault', during: 'until 2 s after propagation', after: 'from then on' }[phase],
      requests,
      ...methods.map((method) => failed[method]),
      ...origins.map(({ region }) => regions[region] ?? 0),
      formatMs(p50Ms),
      formatMs(p99Ms),
    ]),
    Array.from({ length: methods.length + origins.length + 3 }, (_, place) => place + 1),
  );
}
