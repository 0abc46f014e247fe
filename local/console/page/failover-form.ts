import type { ConsoleState } from '../wire.ts';
import { byId, element, setText } from './elements.ts';
import { formatPlanTable, type ShownPlan } from './plan-table.ts';
import { type PostAnswer, post, showProblems } from './server.ts';

/** Moves viewers by hand: shows the plan, then writes exactly that plan. */
export class FailoverForm {
  readonly #form = byId<HTMLFormElement>('failover');
  readonly #problem = byId('failover-problem');
  readonly #plan = byId('plan');
  readonly #write = byId<HTMLButtonElement>('write-plan');
  readonly #drop = byId<HTMLButtonElement>('drop-plan');
  readonly #breakGlass = byId('break-glass');
  /** The fields of the shown plan, and the override in force when it was made. */
  #shown: { fields: Record<string, string>; seen: string } | undefined;
  #origins = '';

  constructor() {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#ask();
    });
    // A plan is valid only for the fields that it was made from.
    this.#form.addEventListener('input', () => this.#forget());
    this.#field('command').addEventListener('change', () => this.#showFields());
    this.#write.addEventListener('click', () => void this.#commit());
    this.#drop.addEventListener('click', () => {
      this.#forget();
      byId('show-plan').focus();
    });
    this.#showFields();
  }

  show({ origins, author, target }: ConsoleState): void {
    this.#form.hidden = !target.mayWrite;
    byId('read-only').hidden = target.mayWrite;
    setText(byId('read-only'), target.mayWrite ? '' : 'Read-only: start the console with --write to move viewers from here.');
    const ids = origins.map(({ id }) => id).join(' ');
    if (ids === this.#origins) return;
    this.#origins = ids;
    this.#field('origin').replaceChildren(...origins.map(({ id }) => element('option', {}, id)));
    // In an outage the operator usually moves viewers away from the first origin.
    this.#field('origin').value = (origins[1] ?? origins[0])?.id ?? '';
    this.#field('by').value = author;
  }

  #field(name: string): HTMLInputElement {
    return this.#form.elements.namedItem(name) as HTMLInputElement;
  }

  #showFields(): void {
    const command = this.#field('command').value;
    for (const label of this.#form.querySelectorAll<HTMLElement>('[data-for]')) {
      label.hidden = !label.dataset['for']?.split(' ').includes(command);
      for (const input of label.querySelectorAll('input')) input.disabled = label.hidden;
    }
    this.#breakGlass.hidden = true;
    this.#field('break-glass').value = '';
  }

  #read(): Record<string, string> {
    const fields = Object.fromEntries([...new FormData(this.#form)].map(([name, value]) => [name, String(value)]));
    if (fields['command'] === 'auto') delete fields['origin'];
    return fields;
  }

  async #ask(): Promise<void> {
    const fields = this.#read();
    const answer = await post('/api/failover', fields);
    this.#forget();
    this.#show(answer);
    if (answer['asks'] !== true) return;
    this.#shown = { fields, seen: String(answer['seen']) };
    this.#write.hidden = false;
    this.#drop.hidden = false;
    this.#plan.focus();
  }

  async #commit(): Promise<void> {
    if (this.#shown === undefined) return;
    const { fields, seen } = this.#shown;
    this.#write.disabled = true;
    const answer = await post('/api/failover', { ...fields, seen, write: 'yes' });
    this.#write.disabled = false;
    this.#forget();
    this.#show(answer);
    this.#plan.focus();
  }

  #show(answer: PostAnswer): void {
    showProblems(this.#problem, answer);
    const { plan, result } = answer;
    // Before the write its plan as a table, afterwards what became of it.
    const parts =
      Array.isArray(result) && result.length > 0
        ? result.map((line) => element('p', {}, String(line)))
        : plan
          ? formatPlanTable(plan as ShownPlan)
          : [];
    this.#plan.hidden = parts.length === 0;
    this.#plan.replaceChildren(...parts);
    const isRefused = answer['code'] === 'ORIGIN_UNHEALTHY';
    this.#breakGlass.hidden = !isRefused && this.#field('break-glass').value === '';
    if (isRefused) this.#field('break-glass').focus();
  }

  #forget(): void {
    this.#shown = undefined;
    this.#write.hidden = true;
    this.#drop.hidden = true;
    this.#plan.hidden = true;
    showProblems(this.#problem, {});
  }
}
