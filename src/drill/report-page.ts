import { formatDuration, formatMs } from '../text/duration.ts';
import { formatHtmlTable, formatPage, type Html, html } from './page/html.ts';
import { formatOffset } from './page/plot.ts';
import type { DrillReport, RunContext } from './report.ts';
import { drawCountries, drawLatency, drawMethods, drawProbes, drawShares } from './report-charts.ts';
import type { DrillPromise } from './summarize-drill.ts';

/** The report as one self-contained page. Pure. */
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
${formatPromiseTable(summary.promises)}
<h2>Timeline</h2>
${formatTimeline(report)}
<h2>What viewers got</h2>
${drawMethods(report)}
${drawShares(report)}
${drawLatency(report)}
${drawCountries(report)}
<h2>What the flipper found</h2>
${drawProbes(report)}
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
    [formatMs(summary.failbackMs), 'from the restore to the end of the failback'],
    [String(failed('GET')), 'GET failed'],
    [String(failed('POST')), 'POST failed'],
  ];
  return html`<ul class="tiles">${tiles.map(([figure, says]) => html`<li><b>${figure}</b><span>${says}</span></li>`)}</ul>`;
}

function formatTimeline({ markers, moreMarkers }: DrillReport): Html {
  return html`<p class="soft">Times count from the fault. The numbers are also at the top of each chart.</p>
${formatHtmlTable(
  ['', 'time', 'what', 'detail'],
  markers.map(({ kind, atMs, label, detail }, place) => [
    html`<span class="num ${kind}">${place + 1}</span>`,
    formatOffset(Math.round(atMs / 100) * 100),
    label,
    html`<span class="soft">${detail}</span>`,
  ]),
  [1],
)}${moreMarkers === 0 ? undefined : html`<p class="soft">${moreMarkers} more flips are not listed.</p>`}`;
}

function formatPhases({ summary, origins }: DrillReport): Html {
  const methods = ['GET', 'POST'] as const;
  return formatHtmlTable(
    ['', 'requests', ...methods.map((method) => `failed ${method}`), ...origins.map(({ id }) => id), 'p50', 'p99'],
    summary.phases.map(({ phase, requests, failed, regions, p50Ms, p99Ms }) => [
      { before: 'before the fault', during: 'until 2 s after propagation', after: 'after that' }[phase],
      requests,
      ...methods.map((method) => failed[method]),
      ...origins.map(({ region }) => regions[region] ?? 0),
      formatMs(p50Ms),
      formatMs(p99Ms),
    ]),
    Array.from({ length: methods.length + origins.length + 3 }, (_, place) => place + 1),
  );
}

const words = {
  kept: { text: '✓ kept', kind: 'kept' },
  broken: { text: '✗ broken', kind: 'broken' },
  skipped: { text: '– not tested', kind: 'skipped' },
} as const;

/** Promises with their counts. Pure. */
export function formatPromiseTable(promises: readonly DrillPromise[]): Html {
  return formatHtmlTable(
    ['', 'promise', 'counted'],
    promises.map(({ promise, result, detail }) => [html`<b class="t ${words[result].kind}">${words[result].text}</b>`, promise, detail]),
  );
}

/** The configuration of a drill, the command to repeat it, and its limits. Pure. */
function formatRun({ context, origins, lagMs, summary }: DrillReport): Html {
  return html`${formatHtmlTable('setting|value'.split('|'), [
    ['fault', `${summary.fault} at ${summary.broken}`],
    ...formatContext(context),
    ...origins.map(({ id, region, wait }) => [
      `origin ${id}`,
      `${region}${wait === null ? '' : `; CloudFront tries to connect ${wait.connectionAttempts === 1 ? 'once' : `${wait.connectionAttempts} times`} for ${wait.connectTimeoutSeconds} s and waits ${wait.readTimeoutSeconds} s for an answer`}`,
    ]),
    ['accuracy', `the process was at most ${lagMs} ms late for 99 % of the time`],
  ])}
<p>Run it again:</p>
<pre><code>${context.command}</code></pre>
${formatLimits(context)}`;
}

/** The rows of every report. */
export function formatContext({
  requestsPerSecond,
  propagation,
  health,
  failover,
  perRequestFailover,
  revision,
  versions,
}: RunContext): string[][] {
  const ms = formatDuration;
  return [
    ['traffic', `${requestsPerSecond} requests per second, 60 % GET and 40 % POST, from US, IN, BR, JP, DE and GB`],
    ['propagation', propagation],
    [
      'health check',
      `every ${ms(health.intervalMs)}, every ${ms(health.fastIntervalMs)} after a bad probe; ${ms(health.connectTimeoutMs)} to connect, ${ms(health.timeoutMs)} in total`,
    ],
    ['thresholds', `${health.unhealthyThreshold} bad in a row: unhealthy; ${health.healthyThreshold} good in a row: healthy`],
    ['failback', `after a hold-down of ${ms(failover.holdDownMs)}, then ${failover.ramp.join(' %, ')} %, ${ms(failover.rampStepMs)} apart`],
    ['per-request origin group', perRequestFailover ? 'on, for GET, HEAD and OPTIONS' : 'off'],
    ['revision', revision === null ? 'unknown' : `${revision}${revision.endsWith('+') ? ' (+: with uncommitted changes)' : ''}`],
    [
      'versions',
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ],
  ];
}

/** What a run on one machine cannot show. */
export function formatLimits({ configured: { health, failover }, onAws = [] }: RunContext): Html {
  const { intervalMs, fastIntervalMs, timeoutMs, unhealthyThreshold } = health;
  const worstMs = intervalMs + timeoutMs + (unhealthyThreshold - 1) * Math.max(fastIntervalMs, timeoutMs);
  return html`<p class="soft">The drill uses shorter times than edge.config.ts, so that you can watch an outage. With the times of edge.config.ts (a probe every ${formatDuration(intervalMs)}, up to ${formatDuration(timeoutMs)} each) a verdict takes at most ${formatDuration(worstMs)}, and failback begins after ${formatDuration(failover.holdDownMs)}.</p>
${onAws.map((sentence) => html`<p>${sentence}</p>`)}
<p class="soft">Everything ran on one machine: the real function, the real AWS SDK and real HTTP, without AWS. Only an account can show
how long a KeyValueStore write takes to reach every edge location (AWS promises no figure),
and how much latency the distance between continents adds.</p>`;
}
