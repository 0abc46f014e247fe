import { markOrigins } from '../../../src/text/palette.ts';
import type { ConsoleState, Second, TimelineEntry } from '../wire.ts';
import { byId, element, setAttribute, setText, svg } from './elements.ts';
import { originChip, originClass } from './origin-fills.ts';
import { kept } from './page-model.ts';
import { chooseTop, chooseTopMs, drawLine, drawStack, heightOf, type PlotScale, placeLabels, placeOf } from './plot-lines.ts';
import { post, showProblems } from './server.ts';
import { formatClock, formatCount, formatLatency, formatSpan, totalOf } from './serving.ts';

/** Pixels from the top: labels of the markers, requests, a gap, latency, times. */
const labelRows = 3;
const rowHeight = 13;
const requests = { top: labelRows * rowHeight + 6, height: 170 } as const;
const latency = { top: requests.top + requests.height + 18, height: 64 } as const;
const bottom = latency.top + latency.height;
const margin = { left: 52, right: 4 } as const;

/**
 * Requests by origin with failures in red above them, latency beneath, flips and faults as labelled markers across
 * both.
 */
export class TrafficView {
  readonly #grid = svg('g', { class: 'grid' });
  readonly #columns = svg('g', { class: 'columns' });
  readonly #flips = svg('g', { class: 'flips' });
  readonly #p50 = svg('path', { class: 'line p50' });
  readonly #p99 = svg('path', { class: 'line p99' });
  readonly #cursor = svg('path', { class: 'cursor', d: `M0 ${requests.top}V${bottom}`, visibility: 'hidden' });
  readonly #tip = element('div', { class: 'tip', 'aria-hidden': 'true', hidden: '' });
  readonly #now = byId('traffic-now');
  readonly #viewers = byId<HTMLSelectElement>('viewers');
  #width = 600;
  #drawn = '';
  /** Draws the same at another width. */
  #again: () => void = () => undefined;
  #ids: readonly string[] = [];
  #shown: { seconds: readonly Second[]; now: number; scale: PlotScale } | undefined;

  constructor() {
    const lines = svg('g', { transform: `translate(0 ${latency.top})` }, this.#p99, this.#p50);
    const stack = svg('g', { transform: `translate(0 ${requests.top})` }, this.#columns);
    const plot = svg(
      'svg',
      { role: 'img', 'aria-labelledby': 'traffic-title traffic-now', height: bottom + 16 },
      ...[this.#grid, stack, lines, this.#flips, this.#cursor],
    );
    // One unit is one pixel at any width, so that the figures keep their size.
    const measure = () => {
      this.#width = Math.max(150, plot.clientWidth - margin.left - margin.right);
      plot.setAttribute('viewBox', `${-margin.left} 0 ${this.#width + margin.left + margin.right} ${bottom + 16}`);
      this.#again();
    };
    new ResizeObserver(measure).observe(plot);
    plot.addEventListener('pointermove', (event) => this.#point(event, plot));
    plot.addEventListener('pointerleave', () => this.#leave());
    byId('plot').append(plot, this.#tip);
    this.#viewers.addEventListener('change', async () => {
      const answer = await post('/api/viewers', { requestsPerSecond: Number(this.#viewers.value) });
      showProblems(byId('viewers-problem'), answer);
    });
  }

  show(state: ConsoleState, seconds: readonly Second[], timeline: readonly TimelineEntry[], now: number): void {
    const { stepMs, viewers } = state;
    this.#again = () => this.show(state, seconds, timeline, now);
    const scale: PlotScale = { width: this.#width, height: requests.height, spanMs: kept.seconds * stepMs, stepMs };
    const top = chooseTop(Math.max(...seconds.map(totalOf), 0));
    const topMs = chooseTopMs(seconds);
    this.#prepare(state);
    const key = `${top} ${topMs} ${scale.width} ${stepMs}`;
    if (key !== this.#drawn) this.#drawGrid(scale, top, topMs);
    this.#drawn = key;
    this.#shown = { seconds, now, scale };
    const series = [
      ...this.#ids.map(
        (id) =>
          ({ byOrigin }: Second) =>
            byOrigin[id] ?? 0,
      ),
      ({ byOrigin }: Second) => Object.entries(byOrigin).reduce((sum, [id, count]) => sum + (this.#ids.includes(id) ? 0 : count), 0),
      ({ failed }: Second) => failed,
    ];
    for (const [place, d] of drawStack(seconds, series, now, { ...scale, top }).entries())
      setAttribute(this.#columns.children[place] as SVGElement, 'd', d);
    const lines = { ...scale, height: latency.height, topMs };
    setAttribute(
      this.#p50,
      'd',
      drawLine(seconds, ({ p50Ms }) => p50Ms, now, lines),
    );
    setAttribute(
      this.#p99,
      'd',
      drawLine(seconds, ({ p99Ms }) => p99Ms, now, lines),
    );
    this.#drawMarkers(timeline, now, scale);
    // CloudWatch's figures may be missing, and then the hint is all that there is to show.
    const isEmpty = !state.target.isLocal && seconds.length === 0;
    byId('plot').hidden = isEmpty;
    byId('plot-key').hidden = isEmpty;
    setText(byId('traffic-title'), state.target.isLocal ? 'Requests by origin' : 'Requests');
    setText(this.#now, isEmpty ? 'No figures of CloudWatch.' : describeNow(seconds, now, stepMs));
    byId('play').hidden = viewers === null;
    if (document.activeElement !== this.#viewers && viewers !== null) this.#viewers.value = String(viewers);
  }

  /** One path and one entry of the key for each origin. */
  #prepare({ origins }: ConsoleState): void {
    const ids = origins.map(({ id }) => id);
    if (ids.join() === this.#ids.join()) return;
    this.#ids = ids;
    const marks = markOrigins(ids);
    this.#columns.replaceChildren(
      ...marks.map(({ place }) => svg('path', { class: originClass(place) })),
      svg('path', { class: 'edge' }),
      svg('path', { class: 'failed' }),
    );
    byId('plot-key').replaceChildren(
      ...marks.map((mark) => element('li', {}, originChip(mark), mark.id)),
      element('li', {}, element('span', { class: 'chip failed', 'aria-hidden': 'true' }), 'failed'),
      element('li', { class: 'key-line' }, 'latency p50'),
      element('li', { class: 'key-line key-p99' }, 'p99'),
    );
  }

  #drawMarkers(timeline: readonly TimelineEntry[], now: number, scale: PlotScale): void {
    const marked = timeline.flatMap(({ at, mark, tone, text }) => {
      const x = placeOf(at, now, scale);
      if (mark === undefined || x < 0) return [];
      const width = mark.length * 6.4 + 10;
      return [{ x, mark, tone, text, width, isAtEnd: x + width > scale.width }];
    });
    const rows = placeLabels(
      marked.map(({ x, width, isAtEnd }) => ({ x: isAtEnd ? x - width : x, width })),
      labelRows,
    );
    const drawn = marked.map(({ x, mark, tone, text, isAtEnd }, place) => {
      const row = rows[place];
      const y = row === undefined ? requests.top : (labelRows - row) * rowHeight - 3;
      const line = svg('path', { d: `M${x.toFixed(1)} ${row === undefined ? requests.top : y - 9}V${bottom}` });
      const label = svg('text', { x: (x + (isAtEnd ? -4 : 4)).toFixed(1), y, 'text-anchor': isAtEnd ? 'end' : 'start' }, mark);
      const group = (...children: SVGElement[]) => svg('g', { 'data-tone': tone }, svg('title', {}, text), ...children);
      return { line: group(line), labels: row === undefined ? [] : [group(label)] };
    });
    // No line of a later marker runs through a label.
    this.#flips.replaceChildren(...drawn.map(({ line }) => line), ...drawn.flatMap(({ labels }) => labels));
  }

  #drawGrid(scale: PlotScale, top: number, topMs: number): void {
    const line = (y: number, text: string) => [
      svg('path', { d: `M0 ${y}h${scale.width}` }),
      svg('text', { x: -8, y: y + 4, 'text-anchor': 'end' }, text),
    ];
    const unit = scale.stepMs === 1_000 ? '/s' : '/min';
    const counts = [0, 0.5, 1].flatMap((share) =>
      line(requests.top + requests.height * (1 - share), `${(top * share).toLocaleString('en')}${share === 1 ? unit : ''}`),
    );
    const decades = [];
    for (let ms = 1; ms <= topMs; ms *= 10)
      decades.push(...line(bottom - heightOf(ms, latency.height, topMs), ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`));
    const ages = (scale.width < 420 ? [1, 0.5, 0] : [1, 0.75, 0.5, 0.25, 0]).map((share) => {
      const anchor = share === 0 ? 'end' : share === 1 ? 'start' : 'middle';
      const text = share === 0 ? 'now' : `−${formatSpan(scale.spanMs * share)}`;
      return svg('text', { x: scale.width * (1 - share), y: bottom + 14, 'text-anchor': anchor }, text);
    });
    this.#grid.replaceChildren(...counts, ...decades, ...ages);
  }

  /** The figures under the pointer. */
  #point(event: PointerEvent, plot: SVGElement): void {
    if (this.#shown === undefined) return;
    const { seconds, now, scale } = this.#shown;
    const box = plot.getBoundingClientRect();
    const x = event.clientX - box.left - margin.left;
    const at = now - ((scale.width - x) / scale.width) * scale.spanMs;
    const second = seconds.find((each) => at >= each.at && at < each.at + scale.stepMs);
    if (second === undefined || x < 0) {
      this.#leave();
      return;
    }
    this.#cursor.setAttribute('visibility', 'visible');
    this.#cursor.setAttribute('transform', `translate(${x.toFixed(1)} 0)`);
    this.#tip.hidden = false;
    const isRight = x > scale.width / 2;
    this.#tip.style.left = isRight ? '' : `${x + margin.left + 12}px`;
    this.#tip.style.right = isRight ? `${box.width - x - margin.left + 12}px` : '';
    this.#tip.style.top = `${requests.top}px`;
    const rows = this.#ids.map((id) => element('span', {}, `${id} ${(second.byOrigin[id] ?? 0).toLocaleString('en')}`));
    this.#tip.replaceChildren(
      element('b', {}, formatClock(second.at)),
      ...rows,
      ...(second.failed === 0 ? [] : [element('span', { class: 'bad' }, `failed ${second.failed.toLocaleString('en')}`)]),
      ...(second.p50Ms === null
        ? []
        : [element('span', {}, `p50 ${formatLatency(second.p50Ms)} ms, p99 ${formatLatency(second.p99Ms ?? 0)} ms`)]),
    );
  }

  #leave(): void {
    this.#tip.hidden = true;
    this.#cursor.setAttribute('visibility', 'hidden');
  }
}

function describeNow(seconds: readonly Second[], now: number, stepMs: number): string {
  const last = seconds.findLast(({ at }) => at <= now - stepMs);
  if (last === undefined || last.at < now - 5 * stepMs) return 'No requests now.';
  const failed = seconds.filter(({ at }) => at > now - 60 * stepMs).reduce((sum, second) => sum + second.failed, 0);
  const rate = `${formatCount(totalOf(last), 'request', 'requests')}/${stepMs === 1_000 ? 's' : 'min'}`;
  const times = last.p50Ms === null ? '' : `, p50 ${formatLatency(last.p50Ms)} ms, p99 ${formatLatency(last.p99Ms ?? 0)} ms`;
  return `${rate}${times}; ${failed === 0 ? 'none' : failed.toLocaleString('en')} failed in the last ${stepMs === 1_000 ? 'minute' : 'hour'}.`;
}
