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

/** What monitors outside report about origins; JSON, never read by the edge. */
export const reportsKey = 'remote/reports';

/** The latest requests that came by the flipper's Lambda and what became of them; JSON, never read by the edge. */
export const requestsKey = 'remote/requests';

/**
 * Places in the ring of published versions; version n is written to place n modulo this. Seven records with a piece of
 * code each, the audit ring, record and state still fit into one page of ListKeys.
 */
export const publishPlaces = 7;

/** Key of the record of this version: `publish/0` to `publish/6`, the oldest overwritten first. */
export function publishKey(version: number): string {
  return `publish/${version % publishPlaces}`;
}

/** Key of one piece of the version's code, from 0: `publish/0/0`. */
export function publishCodeKey(version: number, piece: number): string {
  return `${publishKey(version)}/${piece}`;
}
