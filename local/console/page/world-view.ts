import type { AudienceState, ConsoleState, WorldShapes, WorldState } from '../wire.ts';
import { byId, element, setText, svg } from './elements.ts';
import { markOf, originChip, originClass, softFill, texturePattern, wantsTexture } from './origin-fills.ts';
import { toneOf } from './origins-view.ts';
import { countCodes, formatCount, formatServing, servingOf } from './serving.ts';

const names = new Intl.DisplayNames(['en'], { type: 'region' });

/** The map, the answer about one country, and the table that says the same. */
export class WorldView {
  readonly #map = byId('map');
  readonly #country = byId<HTMLInputElement>('country');
  readonly #defs = svg('defs');
  readonly #marks = new Map<string, SVGElement[]>();
  readonly #drawing: Promise<void>;
  #unit = 2;
  #world: WorldState | undefined;
  #origins: readonly string[] = [];
  #pointed: string | undefined;
  #audiences = new Map<string, AudienceState>();
  readonly #pins = svg('g', { class: 'pins' });
  readonly #tip = element('div', { class: 'tip', 'aria-hidden': 'true', hidden: '' });
  #regions: WorldShapes['regions'] = {};
  #pinned = '';

  constructor() {
    this.#drawing = this.#draw();
    this.#country.addEventListener('input', () => this.#answer());
    wantsTexture.addEventListener('change', () => this.#paint());
  }

  /** Colours the map again. */
  async show(world: WorldState, { origins }: ConsoleState): Promise<void> {
    this.#world = world;
    this.#origins = origins.map(({ id }) => id);
    this.#audiences = new Map(world.audiences.flatMap((audience) => audience.countries.map((code) => [code ?? '', audience])));
    this.#fillTable(world);
    this.#answer();
    await this.#drawing;
    this.#paint();
  }

  async #draw(): Promise<void> {
    const response = await fetch('/world.json');
    if (!response.ok)
      return void this.#map.append(
        element('p', { class: 'problem' }, 'The map could not be loaded; the table below has the same content.'),
      );
    const { width, height, shapes, dots, regions } = (await response.json()) as WorldShapes;
    this.#regions = regions;
    const drawing = svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-labelledby': 'world-title map-text' });
    const text = element('p', { id: 'map-text', class: 'unseen' });
    drawing.append(this.#defs);
    for (const [code, d] of Object.entries(shapes)) drawing.append(this.#mark(code, svg('path', { d })));
    for (const [code, [cx, cy]] of Object.entries(dots)) drawing.append(this.#mark(code, svg('circle', { cx, cy })));
    drawing.append(this.#pins);
    this.#map.replaceChildren(drawing, text, this.#tip);
    drawing.addEventListener('pointermove', (event) => {
      this.#point((event.target as Element).getAttribute('data-code') ?? undefined);
      this.#moveTip(event);
    });
    drawing.addEventListener('pointerleave', () => {
      this.#point(undefined);
      this.#tip.hidden = true;
    });
    drawing.addEventListener('click', ({ target }) => {
      const code = (target as Element).getAttribute('data-code');
      if (code === null || code === '') return;
      this.#country.value = code;
      this.#answer();
    });
    const measure = () => {
      this.#unit = width / Math.max(200, drawing.clientWidth);
      drawing.style.setProperty('--unit', String(this.#unit));
      this.#pinned = '';
      this.#paint();
    };
    new ResizeObserver(measure).observe(drawing);
    byId('countries').append(
      ...[...this.#marks.keys()]
        .filter(Boolean)
        .sort()
        .map((code) => element('option', { value: code }, names.of(code) ?? code)),
    );
  }

  #mark<E extends SVGElement>(code: string, element: E): E {
    element.setAttribute('data-code', code);
    this.#marks.set(code, [...(this.#marks.get(code) ?? []), element]);
    return element;
  }

  #paint(): void {
    if (this.#world === undefined) return;
    const patterns: SVGPatternElement[] = [];
    const fills = new Map<AudienceState, string>();
    for (const [index, audience] of this.#world.audiences.entries()) {
      const { shares, problem } = servingOf(audience, this.#origins);
      const parts = Object.entries(shares)
        .map(([id, share]) => ({ place: this.#origins.indexOf(id), share }))
        .sort((a, b) => a.place - b.place);
      if (problem !== undefined || parts.length === 0) continue;
      fills.set(audience, wantsTexture.matches ? `url(#fill-${index})` : softFill(parts));
      if (wantsTexture.matches) patterns.push(texturePattern(`fill-${index}`, parts, this.#unit));
    }
    this.#defs.replaceChildren(...patterns);
    for (const [code, elements] of this.#marks) {
      const audience = this.#audiences.get(code);
      const fill = audience === undefined ? undefined : fills.get(audience);
      for (const element of elements) {
        element.setAttribute('data-served', audience === undefined ? '' : this.#describeServing(audience));
        element.style.setProperty('fill', fill ?? '');
      }
    }
    setText(byId('map-text'), this.#world.audiences.map((audience) => this.#summarize(audience)).join('; '));
  }

  #describeServing(audience: AudienceState): string {
    const { shares, problem } = servingOf(audience, this.#origins);
    return problem ?? formatServing(shares);
  }

  #summarize(audience: AudienceState): string {
    return `${formatCount(countCodes(audience), 'country', 'countries')} served by ${this.#describeServing(audience)}`;
  }

  #point(code: string | undefined): void {
    if (code === this.#pointed) return;
    for (const element of this.#marks.get(this.#pointed ?? '-') ?? []) element.classList.remove('pointed');
    this.#pointed = code;
    for (const element of this.#marks.get(code ?? '-') ?? []) element.classList.add('pointed');
    this.#answer();
  }

  /** A pin with the origin's letter at its region, with a ring in amber or red when it is not healthy. */
  showPins({ origins }: ConsoleState): void {
    const ids = origins.map(({ id }) => id);
    const key = JSON.stringify([
      origins.map((origin) => [origin.id, origin.region, toneOf(origin)]),
      Object.keys(this.#regions).length,
      this.#unit,
    ]);
    if (key === this.#pinned) return;
    this.#pinned = key;
    const seen = new Map<string, number>();
    this.#pins.replaceChildren(
      ...origins.flatMap((origin) => {
        const place = this.#regions[origin.region];
        if (place === undefined) return [];
        const others = seen.get(origin.region) ?? 0;
        seen.set(origin.region, others + 1);
        const mark = markOf(origin.id, ids);
        const move = `translate(${place[0] + others * 20 * this.#unit} ${place[1]}) scale(${this.#unit})`;
        return [
          svg(
            'g',
            { class: `pin ${originClass(mark.place)}`, 'data-tone': toneOf(origin), transform: move, 'data-pin': origin.id },
            svg('circle', { class: 'halo', r: 13 }),
            svg('circle', { r: 9 }),
            svg('text', { y: 3.5 }, mark.letter),
          ),
        ];
      }),
    );
  }

  /** Beside the pointer, on the side with more room. */
  #moveTip(event: PointerEvent): void {
    const pin = (event.target as Element).closest('[data-pin]')?.getAttribute('data-pin');
    const code = this.#pointed;
    this.#tip.hidden = pin === undefined && code === undefined;
    const audience = this.#audiences.get(code ?? '-');
    const title = pin ?? (code === '' ? 'Land without an ISO code' : (names.of(code ?? 'ZZ') ?? ''));
    const [home = ''] = audience?.order ?? [];
    const serving = audience === undefined ? '' : this.#describeServing(audience);
    const line = pin ? 'origin' : serving === home ? `${serving}, at home` : `${serving}; home is ${home}`;
    this.#tip.replaceChildren(element('b', {}, title), element('span', {}, line));
    const box = this.#map.getBoundingClientRect();
    const x = event.clientX - box.left;
    const isRight = x > box.width / 2;
    this.#tip.style.left = isRight ? '' : `${x + 14}px`;
    this.#tip.style.right = isRight ? `${box.width - x + 14}px` : '';
    this.#tip.style.top = `${Math.max(0, event.clientY - box.top - 20)}px`;
  }

  /** About the country that was named, else the one under the pointer. */
  #answer(): void {
    const named = findCountry(this.#country.value, [...this.#audiences.keys()]);
    const code = this.#pointed ?? named;
    const place = byId('country-answer');
    for (const element of this.#map.querySelectorAll('.named')) element.classList.remove('named');
    for (const element of this.#marks.get(named ?? '-') ?? []) element.classList.add('named');
    if (code === undefined) {
      const typed = this.#country.value.trim();
      setText(place, typed === '' ? 'Type a country or point at one.' : `unknown country "${typed}"`);
      return;
    }
    const audience = this.#audiences.get(code);
    const name = code === '' ? 'Land without an ISO code: like viewers without a country' : `${names.of(code) ?? code} (${code})`;
    if (audience === undefined) {
      setText(place, `${name}: no answer yet`);
      return;
    }
    const [home = ''] = audience.order;
    const away = this.#describeServing(audience) === home ? 'at home' : `home is ${home}`;
    setText(place, `${name}: ${this.#describeServing(audience)}, ${away}. GET ${audience.get}; POST ${audience.post}.`);
  }

  #fillTable({ audiences }: WorldState): void {
    byId('world-rows').replaceChildren(
      ...audiences.map((audience) => {
        const countries = audience.countries.map((code) => (code === null ? 'viewers without a country' : (names.of(code) ?? code)));
        const count = formatCount(countCodes(audience), 'country', 'countries');
        return element(
          'tr',
          {},
          element('th', { scope: 'row' }, this.#describeServing(audience)),
          element('td', {}, element('strong', {}, count), `: ${countries.sort((a, b) => a.localeCompare(b, 'en')).join(', ')}`),
          element('td', {}, audience.get),
          element('td', {}, audience.post),
          element('td', {}, audience.order[0] ?? ''),
        );
      }),
    );
    const counts = new Map<string, number>();
    for (const audience of audiences) {
      const { shares, problem } = servingOf(audience, this.#origins);
      const key = problem !== undefined ? 'no origin' : Object.keys(shares).length > 1 ? 'shared' : (Object.keys(shares)[0] ?? '');
      counts.set(key, (counts.get(key) ?? 0) + countCodes(audience));
    }
    const entry = (chip: HTMLElement, text: string) => element('li', {}, chip, text);
    const plain = (kind: string) => element('span', { class: `chip ${kind}`, 'aria-hidden': 'true' });
    byId('legend').replaceChildren(
      ...this.#origins.map((id) => entry(originChip(markOf(id, this.#origins)), `${id} ${counts.get(id) ?? 0}`)),
      ...(counts.has('shared') ? [entry(plain('shared'), `shared ${counts.get('shared')}`)] : []),
      ...(counts.has('no origin') ? [entry(plain('unserved'), `no origin ${counts.get('no origin')}`)] : []),
    );
  }
}

/** A country by its code or its English name, or the only one that begins so. */
function findCountry(text: string, codes: readonly string[]): string | undefined {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return undefined;
  const exact = codes.find((code) => code !== '' && (code.toLowerCase() === wanted || names.of(code)?.toLowerCase() === wanted));
  if (exact !== undefined) return exact;
  const begun = codes.filter((code) => code !== '' && names.of(code)?.toLowerCase().startsWith(wanted));
  return wanted.length > 2 && begun.length === 1 ? begun[0] : undefined;
}
