import type { Check } from './check.ts';
import { alarmsCheck } from './checks/alarms.ts';
import { cachedContentCheck } from './checks/cached-content.ts';
import { certificatesCheck } from './checks/certificates.ts';
import { countryCheck } from './checks/country.ts';
import { credentialsCheck } from './checks/credentials.ts';
import { distributionCheck } from './checks/distribution.ts';
import { everyBehaviorCheck } from './checks/every-behavior.ts';
import { flipperCheck } from './checks/flipper.ts';
import { healthRecordCheck } from './checks/health-record.ts';
import { liveCodeCheck } from './checks/live-code.ts';
import { originGroupsCheck } from './checks/origin-groups.ts';
import { originLockCheck } from './checks/origin-lock.ts';
import { originsCheck } from './checks/origins.ts';
import { policiesCheck } from './checks/policies.ts';
import { signalsCheck } from './checks/signals.ts';
import { storeAssociationCheck } from './checks/store-association.ts';
import { timeoutsCheck } from './checks/timeouts.ts';

/** In the order in which they are told: who asks, what is live, how it is set up, the origins, who watches. */
export const allChecks: readonly Check[] = [
  credentialsCheck,
  liveCodeCheck,
  storeAssociationCheck,
  healthRecordCheck,
  distributionCheck,
  originsCheck,
  everyBehaviorCheck,
  policiesCheck,
  countryCheck,
  cachedContentCheck,
  originGroupsCheck,
  timeoutsCheck,
  certificatesCheck,
  originLockCheck,
  signalsCheck,
  alarmsCheck,
  flipperCheck,
];
