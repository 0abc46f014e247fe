import { requestsKey } from '../../kvs/keys.ts';
import { maxValueBytes } from '../../kvs/limits.ts';
import type { StoreSnapshot } from './flag-store.ts';
import { hashRecord, parseJson, requestsSchema } from './stored-schema.ts';

/** What became of a request: the number of the flip that it made, `nothing` to do, or the code of its refusal. */
export type RequestOutcome = number | string;

/** A request that must be done once, however often it arrives. */
export interface RemoteRequest {
  id: string;
  /** What it asks for: another one under the same id is refused. */
  content: string;
}

export type FoundRequest = { outcome: RequestOutcome } | 'other-content' | undefined;

/** At least as many of the latest requests are remembered as fit into a value. */
const maxRequests = 40;

type Row = [id: string, content: string, outcome: RequestOutcome];

/** What became of this request; undefined for one that is not known. */
export function findRequest({ values }: StoreSnapshot, { id, content }: RemoteRequest): FoundRequest {
  const row = readRows(values.get(requestsKey)).find(([known]) => known === longHash(id));
  if (row === undefined) return undefined;
  return row[1] === hashRecord(content) ? { outcome: row[2] } : 'other-content';
}

/** The value of `remote/requests` with this one in front; the oldest leave it. */
export function rememberRequest({ values }: StoreSnapshot, { id, content }: RemoteRequest, outcome: RequestOutcome): string {
  const others = readRows(values.get(requestsKey)).filter(([known]) => known !== longHash(id));
  const rows: Row[] = [[longHash(id), hashRecord(content), outcome], ...others].slice(0, maxRequests) as Row[];
  while (Buffer.byteLength(JSON.stringify(rows)) > maxValueBytes) rows.pop();
  return JSON.stringify(rows);
}

function readRows(text: string | undefined): Row[] {
  return (requestsSchema.safeParse(parseJson(text)).data ?? []).flatMap((row) => (row === undefined ? [] : [row]));
}

/** 64 bits: two ids must not meet by chance. */
function longHash(id: string): string {
  return hashRecord(id) + hashRecord(`${id}\n`);
}
