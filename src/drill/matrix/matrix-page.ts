import { formatHtmlPage, formatHtmlTable, type Html, html } from '../../text/html.ts';
import { formatMs } from '../../text/time.ts';
import { drawColumns, drawPlot, style } from '../page-parts.ts';
import type { RunContext } from '../report.ts';
import { legend } from '../report-charts.ts';
import { formatContext, formatLimits, formatPromiseTable, formatShortTimes } from '../report-page.ts';
import { formatRecovery, formatShare } from './format-matrix.ts';
import type { Matrix } from './matrix.ts';
import { type CellResult, lateMs, type MatrixMethod, type MethodFigures, matrixMethods, setups } from './matrix.ts';

/** The matrix as one self-contained page. `startedAt` is ISO 8601. Pure. */
export function formatMatrixPage(matrix: Matrix, context: RunContext, startedAt: string): string {
  const { cells, planned, promises, outageMs, broken } = matrix;
  const brokenPromises = promises.filter(({ result }) => result === 'broken').length;
  const isDone = cells.length === planned;
  const lagMs = Math.max(0, ...cells.map((cell) => cell.lagMs));
  return formatHtmlPage(
    `Outage matrix: ${broken}`,
    style,
    html`<header>
<p class="soft">Outage matrix · ${startedAt.slice(0, 16).replace('T', ' ')} UTC · ${broken}${context.revision === null ? '' : ` · revision ${context.revision}`}</p>
<h1>What the flag and the origin group each contribute</h1>
<p><span class="pill ${brokenPromises > 0 ? 'broken' : isDone ? 'kept' : 'late'}">${brokenPromises > 0 ? '✗ a claim is false' : isDone ? '✓ every claim is true' : `interrupted: ${cells.length} of ${planned} outages were run`}</span></p>
<p>${broken} was broken in ${new Set(cells.map(({ fault }) => fault)).size} ways under ${new Set(cells.map(({ setup }) => setup)).size} setups, for ${outageMs / 1_000} s each, while viewers sent GET and POST requests. It was not restored.</p>
</header>
${drawTotals(matrix)}
<h2>Claims</h2>
${formatPromiseTable(promises)}
<h2>Failed requests, and until when</h2>
<p class="soft">The share of requests sent during the outage that failed, and when the last of them was sent, counted from the fault. Requests of viewers whose home is another origin never fail.</p>
${matrixMethods.map((method) =>
  drawGrid(matrix, method, (figures) => ({
    kind: figures.failed === 0 ? 'fine' : figures.recovered ? 'slow' : 'fail',
    text: formatShare(figures.failed, figures.requests),
    small: figures.failed === 0 ? 'none failed' : figures.recovered ? `until ${formatRecovery(figures)}` : 'to the end',
  })),
)}
<h2>How long viewers waited</h2>
<p class="soft">p99 of the requests sent during the whole outage, and (late) of those sent in its last ${lateMs / 1_000} s, after failover. A request that fails at once is also quick.</p>
${matrixMethods.map((method) =>
  drawGrid(matrix, method, ({ p99Ms, lateP99Ms }) => ({
    kind: (lateP99Ms ?? 0) >= 1_000 ? 'fail' : (p99Ms ?? 0) >= 1_000 ? 'slow' : 'fine',
    text: formatMs(p99Ms),
    small: `late: ${formatMs(lateP99Ms)}`,
  })),
)}
<h2>Second by second</h2>
${legend([
  { piece: 'a', text: 'answered' },
  { piece: 'x', text: 'failed, below the line' },
])}
${drawPanels(matrix)}
<h2>Counts</h2>
${formatCounts(cells)}
${formatWrites(cells)}
<h2>How it was run</h2>
${formatHtmlTable(
  ['setting', 'value'],
  [
    ['outage', `${outageMs / 1_000} s each, one after the other, each in its own local cloud`],
    ...formatContext(context).filter(([name]) => name !== 'per-request origin group'),
    ['accuracy', `the process was at most ${lagMs} ms late for 99 % of the time`],
  ],
)}
<p>Run it again:</p>
<pre><code>${context.command}</code></pre>
${formatShortTimes(context)}
${formatLimits(context)}`,
  );
}

function drawTotals({ totals }: Matrix): Html {
  return html`<ul class="tiles">${setups.map(({ name, says }) => {
    const of = totals.filter(({ setup }) => setup === name);
    if (of.length === 0) return undefined;
    return html`<li><strong>${name}</strong><span>${says}</span>${of.map(
      ({ method, requests, failed }) => html`<b>${formatShare(failed, requests)}</b><span>${failed} of ${requests} ${method} failed</span>`,
    )}</li>`;
  })}</ul>`;
}

function drawGrid(
  { cells }: Matrix,
  method: MatrixMethod,
  show: (figures: MethodFigures) => { kind: string; text: string; small: string },
): Html {
  const faults = [...new Set(cells.map(({ fault }) => fault))];
  return html`<h3>${method}</h3><div class="scroll"><table class="grid-table"><thead><tr><th scope="col">fault</th>${setups.map(({ name }) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>
${faults.map(
  (fault) =>
    html`<tr><th scope="row">${fault}</th>${setups.map(({ name }) => {
      const cell = cells.find((each) => each.fault === fault && each.setup === name);
      if (cell === undefined) return html`<td>not run</td>`;
      const { kind, text, small } = show(cell.methods[method]);
      return html`<td class="${kind}"><b>${text}</b><small>${small}</small></td>`;
    })}</tr>\n`,
)}</tbody></table></div>`;
}

function drawPanels({ cells }: Matrix): Html {
  const faults = [...new Set(cells.map(({ fault }) => fault))];
  const count = (cell: CellResult, method: MatrixMethod) =>
    cell.seconds.map(({ [method]: { ok, failed } }) => ({ up: [ok], down: failed }));
  // One scale for all panels makes them comparable.
  const all = cells.flatMap((cell) => matrixMethods.flatMap((method) => count(cell, method)));
  const most = Math.max(1, ...all.flatMap(({ up, down }) => [...up, down]));
  return html`${matrixMethods.map(
    (method) =>
      html`<h3>${method}</h3><div class="panels">${faults.map(
        (fault) =>
          html`<p class="row">${fault}</p>${setups.map(({ name }) => {
            const cell = cells.find((each) => each.fault === fault && each.setup === name);
            if (cell === undefined) return html`<div><p class="soft">${name}: not run</p></div>`;
            const { requests, failed } = cell.methods[method];
            return html`<div><p class="soft">${name}: ${formatShare(failed, requests)}</p>${drawPlot({
              id: `panel-${method}-${fault}-${name}`,
              title: `${method} under ${fault} with ${name}`,
              desc: `${failed} of ${requests} failed.`,
              axis: {
                fromMs: 0,
                toMs: cell.seconds.length * 1_000,
                marks: cell.movedMs === null ? [] : [{ kind: 'propagated', atMs: cell.movedMs, label: 'flip at the edge' }],
              },
              height: 56,
              grid: [{ y: 28, text: '', isZero: true }],
              drawing: drawColumns({ parts: count(cell, method), up: ['a'], down: 'x', height: 56, most, least: most }),
              times: false,
            })}</div>`;
          })}`,
      )}</div>`,
  )}<p class="soft">Each panel begins at the fault and has one column per second. The dashed vertical line marks the flip at the edge.</p>`;
}

function formatCounts(cells: readonly CellResult[]): Html {
  return formatHtmlTable(
    ['fault', 'setup', 'method', 'requests', 'failed', 'share', 'until', 'p50', 'p99', 'late p50', 'late p99'],
    cells.flatMap(({ fault, setup, methods }) =>
      matrixMethods.map((method) => {
        const figures = methods[method];
        const { requests, failed, p50Ms, p99Ms, lateP50Ms, lateP99Ms } = figures;
        const times = [p50Ms, p99Ms, lateP50Ms, lateP99Ms].map(formatMs);
        return [fault, setup, method, requests, failed, formatShare(failed, requests), formatRecovery(figures), ...times];
      }),
    ),
    [3, 4, 5, 6, 7, 8, 9, 10],
  );
}

function formatWrites(cells: readonly CellResult[]): Html | undefined {
  const rows = cells.flatMap(({ fault, writes }) => (writes === null ? [] : [{ fault, ...writes }]));
  if (rows.length === 0) return undefined;
  return html`<h2>Writes of clients that try again</h2>
<p class="soft">By Idempotency-Key, which these origins do not honour. A write that was carried out twice had an answer that came too late or broke off.</p>
${formatHtmlTable(
  ['fault', 'keys at an origin', 'reached one again', 'carried out twice'],
  rows.map(({ fault, keys, reachedTwice, carriedOutTwice }) => [fault, keys, reachedTwice, carriedOutTwice]),
  [1, 2, 3],
)}`;
}
