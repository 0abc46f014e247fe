import { parseHealthRecord, weightAt } from '../../kvs/health-record.ts';

/** A record from the moment every edge location serves by it. */
export interface ServedRecord {
  /** Epoch milliseconds at which it had arrived everywhere. */
  at: number;
  record: string;
}

/** When things happened, in epoch milliseconds; undefined when they did not. */
export interface Timeline {
  startedAt: number;
  brokenAt: number;
  /** The flipper's verdict on the broken origin. */
  unhealthyAt: number | undefined;
  /** The flip away was written. */
  writtenAt: number | undefined;
  /** The flip away had reached the edge. */
  propagatedAt: number | undefined;
  healedAt: number | undefined;
  /** The last step of the ramp had reached the edge: everybody's order stands again. */
  homeAt: number | undefined;
  endedAt: number;
  /** Oldest first; the first one served when the drill began. */
  records: readonly ServedRecord[];
}

/** The record that the edge served by at this moment. */
export function servedRecord(records: readonly ServedRecord[], at: number): string {
  return records.findLast((entry) => entry.at <= at)?.record ?? 'ok';
}

/** The weight that the edge gave an origin at this moment, by the records that had arrived. */
export function servedWeight(records: readonly ServedRecord[], origin: string, at: number): number {
  return weightAt(parseHealthRecord(servedRecord(records, at)) ?? [], origin, at / 1_000);
}
