import { formatDuration } from '../../text/duration.ts';
import { type Html, html } from '../page/html.ts';
import { formatHtmlTable } from '../page/table.ts';
import type { DrillReport, RunContext } from './drill-report.ts';

/** The configuration of a drill, how to run it again, and what it cannot show. Pure. */
export function formatRun({ context, origins, lagMs, summary }: DrillReport): Html {
  return html`${formatHtmlTable('setting|value'.split('|'), [
    ['fault', `${summary.fault} at ${summary.broken}`],
    ...formatContext(context),
    ...origins.map(({ id, region, wait }) => [
      `origin ${id}`,
      `${region}${wait === null ? '' : `; CloudFront tries to connect ${wait.connectionAttempts === 1 ? 'once' : `${wait.connectionAttempts} times`} for ${wait.connectTimeoutSeconds} s and waits ${wait.readTimeoutSeconds} s for an answer`}`,
    ]),
    ['exactness', `the process that ran all of it was ${lagMs} ms late or less for 99 % of the time`],
  ])}
<p>Run it again:</p>
<pre><code>${context.command}</code></pre>
${formatLimits(context)}`;
}

/** Rows that every report has. */
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
    ['traffic', `${requestsPerSecond} requests a second, three of five GET, two of five POST, from US, IN, BR, JP, DE and GB`],
    ['propagation', propagation],
    [
      'health check',
      `every ${ms(health.intervalMs)}, every ${ms(health.fastIntervalMs)} after a first bad one; ${ms(health.connectTimeoutMs)} to connect, ${ms(health.timeoutMs)} in all`,
    ],
    ['thresholds', `${health.unhealthyThreshold} bad in a row: unhealthy; ${health.healthyThreshold} good in a row: healthy`],
    ['way home', `after ${ms(failover.holdDownMs)}, then ${failover.ramp.join(' %, ')} %, ${ms(failover.rampStepMs)} apart`],
    ['per-request origin group', perRequestFailover ? 'on, for GET, HEAD and OPTIONS' : 'off'],
    ['revision', revision === null ? 'unknown' : `${revision}${revision.endsWith('+') ? ' (+: with changes that are not committed)' : ''}`],
    [
      'versions',
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ],
  ];
}

/** What no run on one machine can tell about AWS. */
export function formatLimits({ configured: { health, failover } }: RunContext): Html {
  const { intervalMs, fastIntervalMs, timeoutMs, unhealthyThreshold } = health;
  const worstMs = intervalMs + timeoutMs + (unhealthyThreshold - 1) * Math.max(fastIntervalMs, timeoutMs);
  return html`<p class="soft">The times above are shorter than those of edge.config.ts, so that an outage can be watched. With its own (a check every ${formatDuration(intervalMs)}, ${formatDuration(timeoutMs)} for each) a verdict takes at most ${formatDuration(worstMs)}, and the way home begins after ${formatDuration(failover.holdDownMs)}.</p>
<p class="soft">All of it ran on one machine: the real function, the real AWS SDK and real HTTP, but no AWS. Three things only an account can show:
how long a write of the KeyValueStore takes to reach every edge location (AWS promises no figure); whether CloudFront accepts an origin group
made by a function on a behavior that allows POST (not confirmed so far); and what the way between continents adds to each latency.</p>`;
}
