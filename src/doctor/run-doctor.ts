import { EdgeError } from '../errors.ts';
import { type Check, type Finding, fail, type Outcome, warn, worstOf } from './check.ts';
import type { DoctorReaders } from './doctor-readers.ts';

/** What one check came to. */
export interface Diagnosis {
  check: string;
  /** The worst of its findings. */
  outcome: Outcome;
  why: string;
  findings: readonly Finding[];
  /** Nothing could be read without credentials, which another diagnosis reports. */
  skipped?: true;
}

/** Makes all checks at once, in whatever order their answers come; the diagnoses are in the order of the checks. One that cannot be made stops no other. */
export async function runDoctor(
  checks: readonly Check[],
  readers: DoctorReaders,
  onDone: (check: Check) => void = () => undefined,
): Promise<Diagnosis[]> {
  const refused = new Map<string, EdgeError>();
  const diagnoses = await Promise.all(
    checks.map(async (check): Promise<Diagnosis> => {
      const findings = await check.examine(readers).catch((error: unknown) => {
        if (error instanceof EdgeError && error.code === 'CREDENTIALS') refused.set(check.id, error);
        return [cannotLook(error)];
      });
      onDone(check);
      return { check: check.id, outcome: worstOf(findings.map(({ outcome }) => outcome)), why: check.why, findings };
    }),
  );
  // Said once: by the check that is about them, which comes first, or by the first that needs them.
  const speaker = diagnoses.find(({ check, outcome }) => refused.has(check) || (check === 'credentials' && outcome === 'fail'))?.check;
  return diagnoses.map((diagnosis) => {
    const error = refused.get(diagnosis.check);
    if (error === undefined) return diagnosis;
    if (diagnosis.check !== speaker) return { ...diagnosis, outcome: 'warn', findings: [], skipped: true };
    return { ...diagnosis, outcome: 'fail', findings: [fail(error.message, error.hint ?? 'sign in to the account, then run it again')] };
  });
}

/** Whoever may not look cannot say that something is wrong. */
function cannotLook(error: unknown): Finding {
  if (error instanceof EdgeError) return warn(`cannot look: ${error.message}`, error.hint ?? 'run it again');
  const { name, message } = error instanceof Error ? error : { name: 'error', message: String(error) };
  return warn(`cannot look: a bug in this check, ${name}: ${message}`, 'the other checks stand by themselves; please report this one');
}
