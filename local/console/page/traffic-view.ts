import type { ConsoleState, Second, TimelineEntry } from '../wire.ts';
import { byId, element, setAttribute, setText, svg } from './elements.ts';
import { kept } from './page-model.ts';
import { chooseTopMs, drawLine, heightOf, type PlotScale, placeOf } from './plot-lines.ts';
import { post, showProblems } from './server.ts';
import { formatCount, formatLatency } from './serving.ts';

const height = 120;

/** Room for the figures beside and below the plot. */
const margin = { left: 66, right: 8, top: 8, bottom: 18 } as const;

/** Latency as two lines, errors as bars, flips as marks across them, and the last second in words. */
export class TrafficView {
  readonly #errors = svg('g', { class: 'errors' });
  readonly #flips = svg('g', { class: 'flips' });
  readonly #grid = svg('g', { class: 'grid' });
  readonly #p50 = svg('path', { class: 'line p50' });
  readonly #p99 = svg('path', { class: 'line p99' });
  readonly #now = byId('traffic-now');
  readonly #viewers = byId<HTMLSelectElement>('viewers');
  #width = 600;
  #drawn = '';

  constructor() {
    const parts = [this.#grid, this.#errors, this.#flips, this.#p99, this.#p50];
    const plot = svg(
      'svg',
      { role: 'img', 'aria-labelledby': 'traffic-title traffic-now', height: height + margin.top + margin.bottom },
      ...parts,
    );
    // One unit is one pixel at any width, so that the figures keep their size.
    const measure = () => {
      this.#width = Math.max(150, plot.clientWidth - margin.left - margin.right);
      const size = `${this.#width + margin.left + margin.right} ${height + margin.top + margin.bottom}`;
      plot.setAttribute('viewBox', `${-margin.left} ${-margin.top} ${size}`);
    };
    new ResizeObserver(measure).observe(plot);
    const key = element(
      'ul',
      { class: 'legend', 'aria-label': 'Lines of the plot' },
      element('li', { class: 'key-p50' }, 'p50'),
      element('li', { class: 'key-p99' }, 'p99'),
      element('li', { class: 'key-errors' }, 'failed'),
      element('li', { class: 'key-flips' }, 'flip'),
    );
    byId('plot').append(plot, key);
    this.#viewers.addEventListener('change', async () => {
      const answer = await post('/api/viewers', { requestsPerSecond: Number(this.#viewers.value) });
      showProblems(byId('viewers-problem'), answer);
    });
  }

  show(state: ConsoleState, seconds: readonly Second[], timeline: readonly TimelineEntry[], now: number): void {
    const scale: PlotScale = { width: this.#width, height, seconds: kept.seconds, topMs: chooseTopMs(seconds) };
    if (`${scale.topMs} ${scale.width}` !== this.#drawn) this.#drawGrid(scale);
    this.#drawn = `${scale.topMs} ${scale.width}`;
    setAttribute(
      this.#p50,
      'd',
      drawLine(seconds, ({ p50Ms }) => p50Ms, now, scale),
    );
    setAttribute(
      this.#p99,
      'd',
      drawLine(seconds, ({ p99Ms }) => p99Ms, now, scale),
    );
    this.#errors.replaceChildren(...seconds.filter(({ failed }) => failed > 0).map((second) => drawErrors(second, now, scale)));
    const flips = timeline.filter(({ kind, at }) => kind === 'flip' && at > now - kept.seconds * 1_000);
    this.#flips.replaceChildren(...flips.map(({ at }) => svg('path', { d: `M${placeOf(at, now, scale).toFixed(1)} 0v${height}` })));
    setText(this.#now, describeNow(seconds, now));
    if (document.activeElement !== this.#viewers) this.#viewers.value = String(state.viewers);
  }

  #drawGrid(scale: PlotScale): void {
    const lines = [];
    for (let ms = 1; ms <= scale.topMs; ms *= 10) {
      const y = height - heightOf(ms, scale);
      lines.push(
        svg('path', { d: `M0 ${y}h${scale.width}` }),
        svg('text', { x: -6, y: y + 4, 'text-anchor': 'end' }, `${ms.toLocaleString('en')} ms`),
      );
    }
    const ages = [120, 90, 60, 30, 0].map((age) => {
      const anchor = age === 0 ? 'end' : age === kept.seconds ? 'start' : 'middle';
      const x = scale.width - (scale.width * age) / kept.seconds;
      return svg('text', { x, y: height + 14, 'text-anchor': anchor }, age === 0 ? 'now' : `−${age} s`);
    });
    this.#grid.replaceChildren(...lines, ...ages);
  }
}

/** The failed share of a second, as a bar from the floor; one of a thousand is still seen. */
function drawErrors({ at, failed, byOrigin }: Second, now: number, scale: PlotScale): SVGElement {
  const share = failed / Math.max(1, total(byOrigin));
  const tall = Math.max(3, share * height);
  const wide = scale.width / kept.seconds;
  return svg('rect', { x: placeOf(at, now, scale).toFixed(1), y: height - tall, width: wide - 0.5, height: tall });
}

function describeNow(seconds: readonly Second[], now: number): string {
  const last = seconds.findLast(({ at }) => at <= now - 1_000);
  if (last === undefined || last.at < now - 3_000) return 'No requests now.';
  const lately = seconds.filter(({ at }) => at > now - 60_000);
  const failed = lately.reduce((sum, second) => sum + second.failed, 0);
  const rate = formatCount(total(last.byOrigin), 'request', 'requests');
  return `${rate}/s, p50 ${formatLatency(last.p50Ms ?? 0)} ms, p99 ${formatLatency(last.p99Ms ?? 0)} ms; ${failed === 0 ? 'none' : failed.toLocaleString('en')} failed in the last minute.`;
}

function total(byOrigin: Second['byOrigin']): number {
  return Object.values(byOrigin).reduce((sum, count) => sum + count, 0);
}
