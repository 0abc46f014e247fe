import { originFaults } from '../../origin/origin-fault.ts';
import type { ConsoleState, OriginState, Second } from '../wire.ts';
import { byId, element, setAttribute, setText, svg } from './elements.ts';
import { markOf, originChip, originClass } from './origin-fills.ts';
import { post, showProblems } from './server.ts';
import { formatSpan } from './serving.ts';

/** Texts of the menu that differ from the fault's name. */
const labels: Readonly<Record<string, string>> = { none: 'no fault', 'bad-body': 'bad body' };

const verdictMarks = { healthy: '✓', unhealthy: '✕', unknown: '?' } as const;

/** Width of one probe in the strip. */
const probeWidth = 6;

/** A card for each origin: verdict, weight, traffic, its last probes, and a menu that sets its fault. */
export class OriginsView {
  readonly #cards = new Map<string, HTMLElement>();

  show({ origins, stepMs, target }: ConsoleState, seconds: readonly Second[], now: number): void {
    if (origins.length !== this.#cards.size) this.#build(origins);
    const last = seconds.findLast(({ at }) => at <= now - stepMs && at > now - 3 * stepMs)?.byOrigin ?? {};
    const per = stepMs === 1_000 ? 's' : 'min';
    for (const origin of origins) {
      const card = this.#cards.get(origin.id);
      if (card === undefined) continue;
      const part = (name: string) => card.querySelector(`.${name}`) as HTMLElement;
      setAttribute(card, 'data-verdict', origin.verdict);
      setAttribute(card, 'data-tone', toneOf(origin));
      setText(part('verdict'), `${verdictMarks[origin.verdict]} ${origin.verdict}`);
      setText(part('weight'), `${origin.edgeWeight} %`);
      setText(part('pending'), origin.storeWeight === origin.edgeWeight ? '' : `→ ${origin.storeWeight} %`);
      setAttribute(part('bar-weight'), 'value', String(origin.edgeWeight));
      setText(
        part('rate'),
        target.isLocal || Object.keys(last).length > 0 ? `${(last[origin.id] ?? 0).toLocaleString('en')} requests/${per}` : '',
      );
      setText(part('evidence'), describeEvidence(origin, now));
      showProbes(part('probes') as unknown as SVGElement, origin);
      const menu = card.querySelector('select');
      if (menu === null || origin.fault === null) continue;
      const kind = origin.fault.split(':')[0] ?? 'none';
      setAttribute(menu, 'data-on', String(kind !== 'none'));
      if (document.activeElement !== menu || menu.value === kind) menu.value = kind;
    }
  }

  #build(origins: readonly OriginState[]): void {
    this.#cards.clear();
    const ids = origins.map(({ id }) => id);
    for (const origin of origins) this.#cards.set(origin.id, buildCard(origin, ids));
    byId('origin-cards').replaceChildren(...this.#cards.values());
  }
}

/** Amber from the first bad probe on. */
export function toneOf({ verdict, probe }: OriginState): 'good' | 'warn' | 'bad' {
  if (verdict === 'unhealthy') return 'bad';
  return (probe?.badInRow ?? 0) > 0 ? 'warn' : 'good';
}

function buildCard({ id, region, port, fault }: OriginState, ids: readonly string[]): HTMLElement {
  const mark = markOf(id, ids);
  const problem = element('p', { class: 'problem', role: 'alert', hidden: '' });
  const menu = element(
    'select',
    { class: 'fault', 'aria-label': `Fault of ${id}` },
    ...originFaults.map((each) => element('option', { value: each }, labels[each] ?? each)),
  );
  menu.addEventListener('change', async () => showProblems(problem, await post('/api/fault', { origin: id, fault: menu.value })));
  return element(
    'article',
    { class: `card ${originClass(mark.place)}`, 'data-origin': id, 'aria-label': id },
    element(
      'header',
      {},
      originChip(mark),
      element('h3', {}, id),
      element('small', {}, port === null ? region : `${region} :${port}`),
      element('strong', { class: 'verdict' }),
    ),
    element(
      'p',
      { class: 'figures' },
      element('span', { class: 'weight' }),
      element('span', { class: 'pending' }),
      element('small', {}, 'of its viewers'),
      element('small', { class: 'rate' }),
    ),
    element('progress', { class: 'bar-weight', max: '100', value: '100', 'aria-label': `weight of ${id}` }),
    element('p', { class: 'evidence' }),
    element('div', { class: 'foot' }, svg('svg', { class: 'probes', role: 'img' }), ...(fault === null ? [] : [menu])),
    problem,
  );
}

/** The last probes as a strip, the newest at the right: a bad one is tall, so that it is seen without its colour. */
function showProbes(strip: SVGElement, { id, probes }: OriginState): void {
  if (strip.getAttribute('data-probes') === probes) return;
  strip.setAttribute('data-probes', probes);
  const bad = [...probes].filter((each) => each === 'b').length;
  strip.setAttribute('aria-label', probes === '' ? `no probes of ${id} yet` : `last ${probes.length} probes of ${id}: ${bad} bad`);
  strip.replaceChildren(
    ...[...probes].map((each, place) => {
      const height = each === 'b' ? 18 : each === 'g' ? 8 : 3;
      return svg('rect', { class: each, x: place * probeWidth, y: 18 - height, width: probeWidth - 2, height, rx: 1 });
    }),
  );
}

function describeEvidence({ verdict, since, why, probe }: OriginState, now: number): string {
  const held = since === null ? 'no verdict yet' : `${verdict} for ${formatSpan(now - since)}${why === null ? '' : `: ${why}`}`;
  return `${held} · ${probe === null ? 'not probed yet' : `last probe ${probe.text}`}`;
}
