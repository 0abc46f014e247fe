import { okRecord } from './health-record.ts';
import { healthKey, stateKey } from './keys.ts';

/**
 * What a new store starts with: every origin takes all its viewers, and no flip has happened yet. A key that exists is
 * never seeded.
 */
export const seed: readonly { key: string; value: string }[] = [
  { key: healthKey, value: okRecord },
  { key: stateKey, value: '{"sequence":0,"origins":{}}' },
];
