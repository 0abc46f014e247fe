import type { AudienceState, ConsoleState, WorldShapes, WorldState } from '../wire.ts';
import { byId, element, setText, svg } from './elements.ts';
import { originPattern, sharedPattern, swatchClass } from './palette.ts';
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

  constructor() {
    this.#drawing = this.#draw();
    this.#country.addEventListener('input', () => this.#answer());
  }

  /** Colours the map anew. */
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
    const { width, height, shapes, dots } = (await response.json()) as WorldShapes;
    const drawing = svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-labelledby': 'world-title map-text' });
    const text = element('p', { id: 'map-text', class: 'unseen' });
    drawing.append(this.#defs);
    for (const [code, d] of Object.entries(shapes)) drawing.append(this.#mark(code, svg('path', { d })));
    for (const [code, [cx, cy]] of Object.entries(dots)) drawing.append(this.#mark(code, svg('circle', { cx, cy })));
    this.#map.replaceChildren(drawing, text);
    drawing.addEventListener('pointerover', ({ target }) => this.#point((target as Element).getAttribute('data-code') ?? undefined));
    drawing.addEventListener('pointerleave', () => this.#point(undefined));
    drawing.addEventListener('click', ({ target }) => {
      const code = (target as Element).getAttribute('data-code');
      if (code === null || code === '') return;
      this.#country.value = code;
      this.#answer();
    });
    const measure = () => {
      this.#unit = width / Math.max(200, drawing.clientWidth);
      drawing.style.setProperty('--unit', String(this.#unit));
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
    const patterns = this.#origins.map((_, place) => originPattern(`origin-${place}`, place, this.#unit));
    const fills = new Map<AudienceState, string>();
    for (const [index, audience] of this.#world.audiences.entries()) {
      const { shares, problem } = servingOf(audience, this.#origins);
      const parts = Object.entries(shares).map(([id, share]) => ({ place: this.#origins.indexOf(id), share }));
      const [only] = parts;
      if (problem !== undefined || only === undefined) fills.set(audience, 'unserved');
      else if (parts.length === 1) fills.set(audience, `origin-${only.place}`);
      else {
        patterns.push(
          sharedPattern(
            `shared-${index}`,
            parts.sort((a, b) => a.place - b.place),
            this.#unit,
          ),
        );
        fills.set(audience, `shared-${index}`);
      }
    }
    this.#defs.replaceChildren(...patterns);
    for (const [code, elements] of this.#marks) {
      const audience = this.#audiences.get(code);
      const fill = audience === undefined ? undefined : fills.get(audience);
      for (const element of elements) {
        element.setAttribute('data-served', audience === undefined ? '' : this.#describeServing(audience));
        if (fill === undefined || fill === 'unserved') element.removeAttribute('fill');
        else element.setAttribute('fill', `url(#${fill})`);
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

  /** About the country under the pointer, else the one that was named. */
  #answer(): void {
    const named = findCountry(this.#country.value, [...this.#audiences.keys()]);
    const code = this.#pointed ?? named;
    const place = byId('country-answer');
    for (const element of this.#map.querySelectorAll('.named')) element.classList.remove('named');
    for (const element of this.#marks.get(named ?? '-') ?? []) element.classList.add('named');
    if (code === undefined) {
      const typed = this.#country.value.trim();
      setText(place, typed === '' ? 'Type a country or point at one to see where its viewers go.' : `unknown country "${typed}"`);
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
    const entry = (swatch: string, text: string) => element('li', {}, element('span', { class: swatch, 'aria-hidden': 'true' }), text);
    byId('legend').replaceChildren(
      ...this.#origins.map((id, place) => entry(swatchClass(place), `${id} ${counts.get(id) ?? 0}`)),
      ...(counts.has('shared') ? [entry('swatch shared', `shared ${counts.get('shared')}`)] : []),
      ...(counts.has('no origin') ? [entry('swatch unserved', `no origin ${counts.get('no origin')}`)] : []),
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
