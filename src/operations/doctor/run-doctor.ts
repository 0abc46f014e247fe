import { EdgeError } from '../../cli/errors.ts';
import { type Check, type Finding, type Outcome, warn, worstOf } from './check.ts';
import type { DoctorReaders } from './doctor-readers.ts';

/** What one check came to. */
export interface Diagnosis {
  check: string;
  /** The worst of its findings. */
  outcome: Outcome;
  why: string;
  findings: readonly Finding[];
}

/** Makes all checks at once, in whatever order their answers come; the diagnoses are in the order of the checks. One that cannot be made stops no other. */
export function runDoctor(checks: readonly Check[], readers: DoctorReaders, onDone: (check: Check) => void = () => undefined) {
  return Promise.all(
    checks.map(async (check): Promise<Diagnosis> => {
      const findings = await check.examine(readers).catch((error: unknown) => [cannotLook(error)]);
      onDone(check);
      return { check: check.id, outcome: worstOf(findings.map(({ outcome }) => outcome)), why: check.why, findings };
    }),
  );
}

/** Whoever may not look cannot say that something is wrong. */
function cannotLook(error: unknown): Finding {
  if (error instanceof EdgeError) return warn(`cannot look: ${error.message}`, error.hint ?? 'run it again');
  const { name, message } = error instanceof Error ? error : { name: 'error', message: String(error) };
  return warn(`cannot look: a bug in this check, ${name}: ${message}`, 'the other checks stand by themselves; please report this one');
}
