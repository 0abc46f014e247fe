import { originFaults } from '../../origin/origin-fault.ts';
import type { ConsoleState, OriginState, Second } from '../wire.ts';
import { byId, html, setAttribute, setText } from './elements.ts';
import { formatSpan } from './format.ts';
import { swatchClass } from './palette.ts';
import { post, showProblems } from './post.ts';

/** Faults whose name is not what a button says best. */
const labels: Readonly<Record<string, string>> = { none: 'well', 'bad-body': 'bad body' };

const verdictMarks = { healthy: '✓', unhealthy: '✕', unknown: '?' } as const;

/** A card for each origin: its verdict, its weight, its share of the traffic, and buttons that break and mend it. */
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
  const problem = html('p', { class: 'problem', role: 'alert', hidden: '' });
  const buttons = originFaults.map((fault) => {
    const button = html('button', { type: 'button', 'data-fault': fault, 'aria-pressed': 'false' }, labels[fault] ?? fault);
    button.addEventListener('click', async () => showProblems(problem, await post('/api/fault', { origin: id, fault })));
    return button;
  });
  return html(
    'article',
    { class: 'card', 'data-origin': id, 'aria-label': id },
    html(
      'header',
      {},
      html('span', { class: swatchClass(place), 'aria-hidden': 'true' }),
      html('h3', {}, id),
      html('small', {}, `${region} :${port}`),
      html('strong', { class: 'verdict' }),
    ),
    html(
      'p',
      { class: 'figures' },
      html('span', {}, 'keeps ', html('b', { class: 'weight' }), ' ', html('span', { class: 'pending' }), ' of its viewers'),
      html('span', { class: 'rate' }),
    ),
    html('progress', { class: 'bar', max: '100', value: '100', 'aria-label': `weight of ${id}` }),
    html('p', { class: 'evidence' }, html('span', { class: 'since' }), html('span', { class: 'probe' })),
    html(
      'div',
      { class: 'faults', role: 'group', 'aria-label': `Break or mend ${id}` },
      html('span', { 'aria-hidden': 'true' }, 'break it, or mend it'),
      ...buttons,
    ),
    problem,
  );
}

function describeSince({ verdict, since, why }: OriginState, now: number): string {
  if (since === null) return 'no verdict yet';
  return `${verdict} for ${formatSpan(now - since)}${why === null ? '' : `: ${why}`}`;
}
