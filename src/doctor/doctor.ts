import { EdgeError } from '../errors.ts';
import { type Check, type CheckFinding, type CheckOutcome, fail, unread, warn, worstOf } from './check.ts';
import { distributionCheck, everyBehaviorCheck, originGroupsCheck, originsCheck, timeoutsCheck } from './checks/distribution.ts';
import { credentialsCheck, healthRecordCheck, liveCodeCheck, storeAssociationCheck, versionsCheck } from './checks/edge.ts';
import { cachedContentCheck, countryCheck, policiesCheck } from './checks/policies.ts';
import { optionsCheck, originGroupCodesCheck, pricingPlanCheck, webSocketCheck } from './checks/protocol.ts';
import { certificatesCheck, hostHeaderCheck, originLockCheck } from './checks/reachability.ts';
import { alarmsCheck, flipperCheck, flipperPlaceCheck, signalsCheck } from './checks/watch.ts';
import type { DoctorReaders } from './readers.ts';

/** The result of one check. */
export interface Diagnosis {
  check: string;
  /** The worst of its findings. */
  outcome: CheckOutcome;
  why: string;
  findings: readonly CheckFinding[];
  /** Nothing could be read without credentials, which another diagnosis reports. */
  skipped?: true;
}

/** In the order of the report: credentials, what is LIVE, the configuration, the origins, what watches them. */
export const allChecks: readonly Check[] = [
  credentialsCheck,
  liveCodeCheck,
  versionsCheck,
  storeAssociationCheck,
  healthRecordCheck,
  distributionCheck,
  originsCheck,
  everyBehaviorCheck,
  policiesCheck,
  countryCheck,
  cachedContentCheck,
  originGroupsCheck,
  originGroupCodesCheck,
  optionsCheck,
  webSocketCheck,
  timeoutsCheck,
  hostHeaderCheck,
  certificatesCheck,
  originLockCheck,
  signalsCheck,
  alarmsCheck,
  flipperCheck,
  flipperPlaceCheck,
  pricingPlanCheck,
];

/**
 * Runs all checks at the same time. One that cannot run stops no other. The diagnoses are in the order of the checks.
 */
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
        return [cannotCheck(error)];
      });
      onDone(check);
      return { check: check.id, outcome: worstOf(findings.map(({ outcome }) => outcome)), why: check.why, findings };
    }),
  );
  return reportCredentialsOnce(diagnoses, refused);
}

/**
 * Missing credentials are the failure of one check, `credentials` or else the first that needs them. The others are
 * skipped.
 */
function reportCredentialsOnce(diagnoses: readonly Diagnosis[], refused: ReadonlyMap<string, EdgeError>): Diagnosis[] {
  const reporter = diagnoses.find(({ check, outcome }) => refused.has(check) || (check === 'credentials' && outcome === 'fail'))?.check;
  return diagnoses.map((diagnosis) => {
    const error = refused.get(diagnosis.check);
    if (error === undefined) return diagnosis;
    if (diagnosis.check !== reporter) return { ...diagnosis, outcome: 'warn', findings: [], skipped: true };
    return { ...diagnosis, outcome: 'fail', findings: [fail(error.message, error.hint ?? 'sign in to the account, then run it again')] };
  });
}

/** What cannot be read is a warning: it may be in order. */
function cannotCheck(error: unknown): CheckFinding {
  if (error instanceof EdgeError) return warn(`${unread}${error.message}`, error.hint ?? 'run it again');
  const { name, message } = error instanceof Error ? error : { name: 'error', message: String(error) };
  return warn(`${unread}a bug in this check, ${name}: ${message}`, 'the other checks are not affected; please report this one');
}
