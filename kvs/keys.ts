/** The health record: the only key the edge reads. */
export const healthKey = 'health';

/** JSON for people and tools, never read by the edge. */
export const stateKey = 'state';

/** Places in the audit ring; sequence number n is written to place n modulo this. */
export const auditPlaces = 32;

/** Key of the audit entry with this sequence number: `audit/00` to `audit/31`, the oldest overwritten first. */
export function auditKey(sequence: number): string {
  return `audit/${String(sequence % auditPlaces).padStart(2, '0')}`;
}
