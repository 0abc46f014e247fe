import { paint } from '../text/paint.ts';
import type { Outcome } from './check.ts';
import type { Diagnosis } from './run-doctor.ts';

const styles = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

/** The diagnoses for people: one line for what is well; what is not, with why it matters and its mend. `accepted` checks do not count as failed. */
export function formatDoctor(diagnoses: readonly Diagnosis[], accepted: readonly string[], colour: boolean): string[] {
  const column = Math.max(0, ...diagnoses.map(({ check }) => check.length)) + 2;
  const skipped = diagnoses.flatMap((diagnosis) => (diagnosis.skipped ? diagnosis.check : []));
  const lines = diagnoses.flatMap(({ check, why, outcome, findings, skipped: isSkipped }) => {
    if (isSkipped) return [];
    const isAccepted = accepted.includes(check) && outcome !== 'ok';
    const told = findings.flatMap(({ outcome: each, found, mend }, index) => {
      const word = paint(colour, styles[each], each.padEnd(6));
      const name = (index === 0 ? check : '').padEnd(column);
      const indent = ' '.repeat(6 + column);
      const [first = '', ...rest] = found.split('\n');
      return [`${word}${name}${first}`, ...rest.map((line) => indent + line), ...(mend === undefined ? [] : [`${indent}mend: ${mend}`])];
    });
    const notes = outcome === 'ok' ? [] : [`why: ${why}`, ...(isAccepted ? ['accepted: it does not count'] : [])];
    return [...told, ...notes.map((note) => ' '.repeat(6 + column) + paint(colour, 'dim', note))];
  });
  const unchecked = `not checked without credentials: ${skipped.join(', ')}`;
  if (skipped.length > 0) lines.push(`${paint(colour, styles.warn, 'warn'.padEnd(6))}${unchecked}`);
  return [...lines, '', formatCounts(countOutcomes(diagnoses))];
}

export function countOutcomes(diagnoses: readonly Diagnosis[]): Record<Outcome, number> {
  const counts = { ok: 0, warn: 0, fail: 0 };
  for (const { outcome } of diagnoses) counts[outcome]++;
  return counts;
}

function formatCounts(counts: Record<Outcome, number>): string {
  return Object.entries(counts)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(', ');
}
