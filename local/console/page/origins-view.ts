import { originFaults } from '../../origin/origin-fault.ts';
import type { ConsoleState, OriginState, Second } from '../wire.ts';
import { byId, element, setAttribute, setText } from './elements.ts';
import { swatchClass } from './palette.ts';
import { post, showProblems } from './server.ts';
import { formatSpan } from './serving.ts';

/** Button texts that differ from the fault's name. */
const labels: Readonly<Record<string, string>> = { none: 'no fault', 'bad-body': 'bad body' };

const verdictMarks = { healthy: '✓', unhealthy: '✕', unknown: '?' } as const;

/** A card for each origin: verdict, weight, traffic, and buttons that set its fault. */
export class OriginsView {
  readonly #cards = new Map<string, HTMLElement>();

  show({ origins }: ConsoleState, seconds: readonly Second[], now: number): void {
    if (origins.length !== this.#cards.size) this.#build(origins);
    const traffic = seconds.findLast(({ at }) => at <= now - 1_000 && at > now - 3_000)?.byOrigin ?? {};
    for (const origin of origins) {
      const card = this.#cards.get(origin.id);
      if (card === undefined) continue;
      const part = (name: string) => card.querySelector(`.${name}`) as HTMLElement;
      setAttribute(card, 'data-verdict', origin.verdict);
      setText(part('verdict'), `${verdictMarks[origin.verdict]} ${origin.verdict}`);
      setText(part('since'), describeSince(origin, now));
      setText(part('weight'), `${origin.edgeWeight} %`);
      setText(part('pending'), origin.storeWeight === origin.edgeWeight ? '' : `→ ${origin.storeWeight} %`);
      setAttribute(part('bar'), 'value', String(origin.edgeWeight));
      setText(part('rate'), `${(traffic[origin.id] ?? 0).toLocaleString('en')} requests/s`);
      setText(part('probe'), origin.probe === null ? 'not probed yet' : `last probe ${origin.probe}`);
      for (const button of card.querySelectorAll('button')) {
        const isOn = origin.fault.split(':')[0] === button.dataset['fault'];
        setAttribute(button, 'aria-pressed', String(isOn));
      }
    }
  }

  #build(origins: readonly OriginState[]): void {
    this.#cards.clear();
    for (const [place, origin] of origins.entries()) this.#cards.set(origin.id, buildCard(origin, place));
    byId('origin-cards').replaceChildren(...this.#cards.values());
  }
}

function buildCard({ id, region, port }: OriginState, place: number): HTMLElement {
  const problem = element('p', { class: 'problem', role: 'alert', hidden: '' });
  const buttons = originFaults.map((fault) => {
    const button = element('button', { type: 'button', 'data-fault': fault, 'aria-pressed': 'false' }, labels[fault] ?? fault);
    button.addEventListener('click', async () => showProblems(problem, await post('/api/fault', { origin: id, fault })));
    return button;
  });
  return element(
    'article',
    { class: 'card', 'data-origin': id, 'aria-label': id },
    element(
      'header',
      {},
      element('span', { class: swatchClass(place), 'aria-hidden': 'true' }),
      element('h3', {}, id),
      element('small', {}, `${region} :${port}`),
      element('strong', { class: 'verdict' }),
    ),
    element(
      'p',
      { class: 'figures' },
      element('span', {}, 'keeps ', element('b', { class: 'weight' }), ' ', element('span', { class: 'pending' }), ' of its viewers'),
      element('span', { class: 'rate' }),
    ),
    element('progress', { class: 'bar', max: '100', value: '100', 'aria-label': `weight of ${id}` }),
    element('p', { class: 'evidence' }, element('span', { class: 'since' }), element('span', { class: 'probe' })),
    element(
      'div',
      { class: 'faults', role: 'group', 'aria-label': `Fault of ${id}` },
      element('span', { 'aria-hidden': 'true' }, 'fault'),
      ...buttons,
    ),
    problem,
  );
}

function describeSince({ verdict, since, why }: OriginState, now: number): string {
  if (since === null) return 'no verdict yet';
  return `${verdict} for ${formatSpan(now - since)}${why === null ? '' : `: ${why}`}`;
}
