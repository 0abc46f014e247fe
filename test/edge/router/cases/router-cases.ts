import { addressCases } from './address-cases.ts';
import { countryCases } from './country-cases.ts';
import { eventCases, methodCases } from './event-cases.ts';
import { orderCases } from './order-cases.ts';
import { recordCases, sharedStoreCases, storeCases } from './record-cases.ts';
import { retryCases } from './retry-cases.ts';
import type { RouterCase } from './router-case.ts';
import { serviceCases } from './service-cases.ts';
import { shareCases } from './share-cases.ts';
import { subdivisionCases } from './subdivision-cases.ts';
import { testerCases } from './tester-cases.ts';

/** The one table that every runtime and the model must agree on. */
export const routerCases: readonly RouterCase[] = [
  ...countryCases,
  ...orderCases,
  ...recordCases,
  ...storeCases,
  ...sharedStoreCases,
  ...methodCases,
  ...eventCases,
  ...addressCases,
  ...retryCases,
  ...serviceCases,
  ...shareCases,
  ...subdivisionCases,
  ...testerCases,
];
