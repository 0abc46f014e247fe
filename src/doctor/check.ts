import type { DoctorReaders } from './doctor-readers.ts';

export type Outcome = 'ok' | 'warn' | 'fail';

/** What a check found. `mend` is what to do about it; nothing when it is ok. */
export interface Finding {
  outcome: Outcome;
  found: string;
  mend?: string;
}

/** One thing that breaks such a setup without a word. */
export interface Check {
  /** Such as `country`; stable, people name it on the command line. */
  id: string;
  /** One sentence: what happens when it is wrong. */
  why: string;
  /** At least one finding. Throws what stood in the way of looking. */
  examine(readers: DoctorReaders): Promise<readonly Finding[]>;
}

interface Definition<Facts> {
  id: string;
  why: string;
  /** Reads what is judged; the only part that touches the world. */
  gather(readers: DoctorReaders): Promise<Facts>;
  judge(facts: Facts): readonly Finding[];
}

/** A check of two parts, so that what it says of any facts can be tried without an account. */
export function defineCheck<Facts>({ id, why, gather, judge }: Definition<Facts>): Check {
  return { id, why, examine: async (readers) => judge(await gather(readers)) };
}

export function ok(found: string): Finding {
  return { outcome: 'ok', found };
}

export function warn(found: string, mend: string): Finding {
  return { outcome: 'warn', found, mend };
}

export function fail(found: string, mend: string): Finding {
  return { outcome: 'fail', found, mend };
}

/** The problems, or when there are none the one line that says so. */
export function problemsOr(problems: readonly Finding[], allWell: string): readonly Finding[] {
  return problems.length > 0 ? problems : [ok(allWell)];
}

const rank: Readonly<Record<Outcome, number>> = { ok: 0, warn: 1, fail: 2 };

/** The worst of them; ok for none. */
export function worstOf(outcomes: readonly Outcome[]): Outcome {
  return outcomes.reduce<Outcome>((worst, outcome) => (rank[outcome] > rank[worst] ? outcome : worst), 'ok');
}
