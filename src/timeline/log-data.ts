import { recordSequence } from '../../kvs/health-record.ts';
import { decodeField } from '../log/logged-request.ts';

/** What the router says of a request in the access log. */
export interface LoggedDecision {
  service: string | undefined;
  origin: string;
  /** As the router read it, with the number of its flip. */
  record: string;
  sequence: number | undefined;
  /** 0 to below 100, where a partial weight decided. */
  bucket: number | undefined;
  by: 'retry' | 'tester' | undefined;
  ageMs: number | undefined;
}

// `checkout/singapore;#=0@000417;europe=25;31.65;retry;age=1200`: the record of up to twelve entries, then what applies.
const line =
  /^(?:([a-z][a-z\d-]{0,62})\/)?([a-z][a-z\d-]{0,62});((?:#=0@\d{6};)?(?:ok|[a-z][a-z\d-]*=\d{1,3}(?:@\d{1,12})?(?:;[a-z][a-z\d-]*=\d{1,3}(?:@\d{1,12})?){0,11};?))(?:;(\d{1,2}(?:\.\d{1,20})?))?(?:;retry)?(?:;(tester))?(?:;age=(-?\d{1,15}|NaN))?$/;

/** Undefined for a text that is not the router's. */
export function parseLogData(text: string): LoggedDecision | undefined {
  if (text.length > 2_400) return undefined;
  const decoded = decodeField(text);
  const found = line.exec(decoded);
  if (found === null) return undefined;
  const [, service, origin = '', record = '', bucket, tester, age] = found;
  return {
    ...{ service, origin, record },
    sequence: recordSequence(record),
    bucket: Number(bucket) > 0 ? Number(bucket) : undefined,
    by: tester === undefined ? (/;retry(?:;|$)/.test(decoded) ? 'retry' : undefined) : 'tester',
    ageMs: age === undefined || age === 'NaN' ? undefined : Number(age),
  };
}
