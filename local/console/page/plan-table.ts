import { element } from './elements.ts';
import { formatClock, formatCount, formatServing } from './serving.ts';

/** The plan of a move, as the server describes it. */
export interface ShownPlan {
  weights: readonly { origin: string; before: number; after: number }[];
  moves: readonly {
    countries: readonly string[];
    before: Readonly<Record<string, number>>;
    after: Readonly<Record<string, number>>;
  }[];
  until: number | null;
  ends: { by: string; reason: string } | null;
  dangers: readonly string[];
  notes: readonly string[];
}

/** The plan as a small table: weights now and then, who moves, what speaks against it. */
export function formatPlanTable({ weights, moves, until, ends, dangers, notes }: ShownPlan): HTMLElement[] {
  const cell = (weight: number) => element('td', {}, `${weight} %`);
  const rows = weights.map(({ origin, before, after }) =>
    element('tr', { class: before === after ? '' : 'changed' }, element('th', { scope: 'row' }, origin), cell(before), cell(after)),
  );
  const head = ['Keeps of its viewers', 'now', 'then'].map((text) => element('th', { scope: 'col' }, text));
  return [
    element('table', {}, element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...rows)),
    ...moves.map(({ countries, before, after }) => {
      const who = countries.length === 0 ? 'All other viewers' : formatCount(countries.length, 'country', 'countries');
      const named = countries.length > 0 && countries.length < 8 ? ` (${countries.join(', ')})` : '';
      return element('p', {}, `${who}${named}: ${formatServing(before)} → ${formatServing(after)}`);
    }),
    ...(moves.length === 0 ? [element('p', {}, 'No viewer moves.')] : []),
    ...(until === null ? [] : [element('p', {}, `Until ${formatClock(until)}, then as the flipper decides.`)]),
    ...(ends === null ? [] : [element('p', {}, `Replaces the override by ${ends.by}: ${ends.reason}`)]),
    ...dangers.map((danger) => element('p', { class: 'danger' }, danger)),
    ...notes.map((note) => element('p', {}, note)),
  ];
}
