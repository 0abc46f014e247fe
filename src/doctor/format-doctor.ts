import { paint } from '../text/terminal-text.ts';
import { type CheckOutcome, unread } from './check.ts';
import type { Diagnosis } from './doctor.ts';

const styles = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

/**
 * One line for each ok; warnings and failures also with the fix and the reason. `accepted` checks do not affect the
 * exit code.
 */
export function formatDoctor(diagnoses: readonly Diagnosis[], accepted: readonly string[], colour: boolean): string[] {
  const column = Math.max(0, ...diagnoses.map(({ check }) => check.length)) + 2;
  const skipped = diagnoses.flatMap((diagnosis) => (diagnosis.skipped ? diagnosis.check : []));
  const repeated = findRepeated(diagnoses);
  const lines = diagnoses.flatMap((diagnosis) => {
    const { check, why, outcome, findings, skipped: isSkipped } = diagnosis;
    if (isSkipped || repeated.has(diagnosis)) return [];
    const isAccepted = accepted.includes(check) && outcome !== 'ok';
    const reported = findings.flatMap(({ outcome: each, found, fix }, index) => {
      const word = paint(colour, styles[each], each.padEnd(6));
      const name = (index === 0 ? check : '').padEnd(column);
      const indent = ' '.repeat(6 + column);
      const [first = '', ...rest] = found.split('\n');
      return [`${word}${name}${first}`, ...rest.map((line) => indent + line), ...(fix === undefined ? [] : [`${indent}fix: ${fix}`])];
    });
    const notes = outcome === 'ok' ? [] : [`why: ${why}`, ...(isAccepted ? ['accepted: ignored in the exit code'] : [])];
    return [...reported, ...notes.map((note) => ' '.repeat(6 + column) + paint(colour, 'dim', note))];
  });
  for (const first of new Set(repeated.values())) {
    const names = diagnoses.filter((each) => repeated.get(each) === first).map(({ check }) => check);
    const text = `cannot check for the same reason as ${first.check}: ${names.join(', ')}`;
    lines.push(`${paint(colour, styles.warn, 'warn'.padEnd(6))}${text}`);
  }
  const unchecked = `skipped, since they need credentials: ${skipped.join(', ')}`;
  if (skipped.length > 0) lines.push(`${paint(colour, styles.warn, 'warn'.padEnd(6))}${unchecked}`);
  return [...lines, '', formatCounts(countDiagnoses(diagnoses))];
}

/**
 * Checks that could not read what an earlier one could not read either, with that one: their lines would be the same.
 */
function findRepeated(diagnoses: readonly Diagnosis[]): ReadonlyMap<Diagnosis, Diagnosis> {
  const firsts = new Map<string, Diagnosis>();
  const repeated = new Map<Diagnosis, Diagnosis>();
  for (const diagnosis of diagnoses) {
    const [finding, ...others] = diagnosis.findings;
    if (!finding?.found.startsWith(unread) || others.length > 0) continue;
    const first = firsts.get(finding.found);
    if (first === undefined) firsts.set(finding.found, diagnosis);
    else repeated.set(diagnosis, first);
  }
  return repeated;
}

export function countDiagnoses(diagnoses: readonly Diagnosis[]): Record<CheckOutcome, number> {
  const counts = { ok: 0, warn: 0, fail: 0 };
  for (const { outcome } of diagnoses) counts[outcome]++;
  return counts;
}

function formatCounts(counts: Record<CheckOutcome, number>): string {
  return Object.entries(counts)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(', ');
}
