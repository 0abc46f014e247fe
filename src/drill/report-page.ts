import { formatHtmlPage, formatHtmlTable, type Html, html } from '../text/html.ts';
import { formatDuration, formatMs } from '../text/time.ts';
import { formatOffset, style } from './page-parts.ts';
import type { DrillReport, RunContext } from './report.ts';
import { drawCountries, drawLatency, drawMethods, drawOverview, drawProbes, drawShares } from './report-charts.ts';
import type { DrillPromise } from './summarize-drill.ts';

/** The report as one self-contained page. Pure. */
export function formatDrillPage(report: DrillReport): string {
  const { verdict, summary, context, startedAt } = report;
  return formatHtmlPage(
    `Outage drill: ${summary.broken}, ${summary.fault}`,
    style,
    html`<header>
<p class="soft">Outage drill · ${startedAt.slice(0, 16).replace('T', ' ')} UTC · ${summary.broken} · fault: ${summary.fault}${context.revision === null ? '' : ` · revision ${context.revision}`}</p>
<h1>${verdict.headline}</h1>
<p><span class="pill ${verdict.isKept ? 'kept' : 'broken'}">${verdict.isKept ? '✓ passed' : '✗ failed'}</span> ${verdict.sentences.join(' ')}</p>
</header>
${drawOverview(report)}
${drawTiles(report)}
${formatShortTimes(context)}
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

function drawTiles({ summary, buckets }: DrillReport): Html {
  const tiles: [string, string, string?][] = [
    [formatMs(summary.detectedMs), 'from the fault to the verdict'],
    [formatMs(summary.writtenMs), 'from the first failed request to the written flip'],
    [formatMs(summary.movedMs), `from the fault to the last request at ${summary.broken}`],
    [formatMs(summary.failbackMs), 'from the restore to the end of the failback'],
    ...(['GET', 'POST'] as const).map((method): [string, string, string?] => {
      const { failed, share, requests } = countLost(buckets, method);
      // A POST is never sent twice, so those of the gap are lost: expected, and still a loss.
      return [
        share,
        `${failed === 0 ? 'none' : failed} of ${requests} ${method} failed`,
        failed === 0 ? 'kept' : method === 'POST' ? 'late' : 'broken',
      ];
    }),
  ];
  return html`<ul class="tiles">${tiles.map(([figure, says, kind = '']) => html`<li><b class="${kind}">${figure}</b><span>${says}</span></li>`)}</ul>`;
}

/** How many requests of a method failed, and their share; a share that is not 0 is never written as `0 %`. Pure. */
export function countLost(buckets: DrillReport['buckets'], method: string): { requests: number; failed: number; share: string } {
  const counts = buckets.map(({ methods }) => methods[method] ?? { ok: 0, failed: 0 });
  const failed = counts.reduce((sum, each) => sum + each.failed, 0);
  const requests = counts.reduce((sum, each) => sum + each.ok, failed);
  const percent = requests === 0 ? 0 : (100 * failed) / requests;
  return { requests, failed, share: `${failed === 0 ? 0 : Math.max(0.1, Math.round(percent * 10) / 10)} %` };
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

/** The drill's times beside those of edge.config.ts: a reader must not take the one for the other. Pure. */
export function formatShortTimes({ health, failover, propagationMs, configured }: RunContext): Html {
  const { intervalMs, fastIntervalMs, timeoutMs, unhealthyThreshold } = configured.health;
  const worstMs = intervalMs + timeoutMs + (unhealthyThreshold - 1) * Math.max(fastIntervalMs, timeoutMs);
  return html`<p class="note"><b>The drill's times are short, so that you can watch an outage.</b> It probes every ${formatDuration(health.intervalMs)}, a write reaches the edge after ${formatDuration(propagationMs)}, and failback begins after ${formatDuration(failover.holdDownMs)}. With edge.config.ts the flipper probes every ${formatDuration(intervalMs)} and needs at most ${formatDuration(worstMs)} for a verdict, and failback begins after ${formatDuration(configured.failover.holdDownMs)}; CloudFront needs about 30s for a write, up to 75s.</p>`;
}

/** What a run on one machine cannot show. */
export function formatLimits({ onAws = [] }: RunContext): Html {
  return html`${onAws.map((sentence) => html`<p>${sentence}</p>`)}
<p class="soft">Everything ran on one machine: the real function, the real AWS SDK and real HTTP, without AWS. Only an account can show
how long a KeyValueStore write takes to reach every edge location (AWS promises no figure),
and how much latency the distance between continents adds.</p>`;
}
