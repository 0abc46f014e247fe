import type { DoctorReaders } from './readers.ts';

export type CheckOutcome = 'ok' | 'warn' | 'fail';

/** What a check found, and how to fix it; an ok needs no fix. */
export interface CheckFinding {
  outcome: CheckOutcome;
  found: string;
  fix?: string;
}

/** One thing that breaks such a setup silently. */
export interface Check {
  /** Such as `country`; stable, since operators name it on the command line. */
  id: string;
  /** One sentence: what goes wrong otherwise. */
  why: string;
  /** At least one finding. Throws when something cannot be read. */
  examine(readers: DoctorReaders): Promise<readonly CheckFinding[]>;
}

interface Definition<Facts> {
  id: string;
  why: string;
  /** Reads what `judge` needs. */
  gather(readers: DoctorReaders): Promise<Facts>;
  judge(facts: Facts): readonly CheckFinding[];
}

/** A check in two parts: `judge` is pure, so that tests need no account. */
export function defineCheck<Facts>({ id, why, gather, judge }: Definition<Facts>): Check {
  return { id, why, examine: async (readers) => judge(await gather(readers)) };
}

/** How the finding of a check begins that could not read what it needs. */
export const unread = 'cannot check: ';

export function ok(found: string): CheckFinding {
  return { outcome: 'ok', found };
}

export function warn(found: string, fix: string): CheckFinding {
  return { outcome: 'warn', found, fix };
}

export function fail(found: string, fix: string): CheckFinding {
  return { outcome: 'fail', found, fix };
}

/** The problems, or one ok finding when there are none. */
export function problemsOr(problems: readonly CheckFinding[], whenNone: string): readonly CheckFinding[] {
  return problems.length > 0 ? problems : [ok(whenNone)];
}

const rank: Readonly<Record<CheckOutcome, number>> = { ok: 0, warn: 1, fail: 2 };

/** The worst of them; ok for none. */
export function worstOf(outcomes: readonly CheckOutcome[]): CheckOutcome {
  return outcomes.reduce<CheckOutcome>((worst, outcome) => (rank[outcome] > rank[worst] ? outcome : worst), 'ok');
}
