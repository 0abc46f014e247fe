import { storedKey } from '../../kvs/reserved-keys.ts';
import { paint } from '../text/terminal-text.ts';
import type { KeyStep } from './plan-keys.ts';
import type { StorePlan } from './store.ts';

const signs = {
  add: ['+', 'green'],
  change: ['~', 'yellow'],
  remove: ['-', 'red'],
  adopt: ['=', 'cyan'],
  release: ['-', 'dim'],
} as const;

/** A plan as JSON. */
export function describeStorePlan({ name, arn, keyPrefix, steps, others }: StorePlan) {
  return {
    store: { name, arn: arn ?? null },
    changes: steps.map(({ kind, key, before, after }) => ({
      kind,
      key: storedKey(key, keyPrefix),
      before: before ?? null,
      after: after ?? null,
    })),
    others: others.length,
  };
}

/** One line per key that changes, and how many other keys stay. */
export function formatStorePlan({ name, arn, keyPrefix, steps, others }: StorePlan, colour: boolean): string[] {
  const count = (...kinds: KeyStep['kind'][]) => steps.filter(({ kind }) => kinds.includes(kind)).length;
  const removed = steps.filter(({ kind, before }) => kind === 'remove' || (kind === 'release' && before === undefined)).length;
  const rest = others.length === 0 ? '' : `; ${others.length} other ${others.length === 1 ? 'key stays' : 'keys stay'}`;
  return [
    arn === undefined ? `${paint(colour, 'green', '+')} key-value store ${name}` : `key-value store ${name} (${arn})`,
    ...(keyPrefix === undefined ? [] : [`the package’s own keys are below ${keyPrefix}/`]),
    ...steps.map(
      (step) =>
        `  ${paint(colour, signs[step.kind][1], signs[step.kind][0])} ${formatStep({ ...step, key: storedKey(step.key, keyPrefix) })}`,
    ),
    steps.length === 0 && arn !== undefined
      ? `nothing to do${rest}`
      : `${count('add')} to add, ${count('change', 'adopt')} to change, ${removed} to remove${rest}`,
  ];
}

function formatStep(step: KeyStep): string {
  const { kind, key, before = '', after = '' } = step;
  const name = formatText(key);
  if (kind === 'release')
    return `${name}: ${step.before === undefined ? 'already removed by another writer' : 'kept, another function declares it'}`;
  if (kind === 'adopt') return `${name}: ${formatText(after)}, unchanged; declared here from now on`;
  if (kind === 'remove') return `${name}: ${formatText(before)}`;
  return kind === 'add' ? `${name}: ${formatText(after)}` : `${name}: ${formatText(before)} → ${formatText(after)}`;
}

/** Text with what a terminal would not show escaped, cut to 80 characters. */
function formatText(text: string): string {
  const shown = text.length > 80 ? `${text.slice(0, 79)}…` : text;
  return /^[^\s\p{C}]([^\p{C}]*[^\s\p{C}])?$/u.test(shown) ? shown : JSON.stringify(shown);
}
