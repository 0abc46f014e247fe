import type { ServiceErrorCode } from './service-error.ts';
import { ServiceError } from './service-error.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const keptEtags = 100;

/** A new version identifier that looks like CloudFront's. */
export function createEtag(prefix: 'E' | 'KV', random: () => number): string {
  return prefix + createId(alphabet, 13, random);
}

/** `length` characters of the alphabet. */
export function createId(letters: string, length: number, random: () => number): string {
  return Array.from({ length }, () => letters.charAt(Math.floor(random() * letters.length))).join('');
}

/** Something under an ETag, with the earlier ones. */
interface Versioned {
  etag: string;
  pastEtags: string[];
}

/** Gives the next version its ETag. */
export function renewEtag(record: Versioned, etag: string): void {
  record.pastEtags.push(record.etag);
  if (record.pastEtags.length > keptEtags) record.pastEtags.shift();
  record.etag = etag;
}

/**
 * Control-plane writes: a missing If-Match, or one that never was an ETag of this resource, is InvalidIfMatchVersion
 * 400; an earlier one is PreconditionFailed 412. The model describes both; where AWS draws the line between them is not
 * documented. `stale` replaces the latter where an operation does not list it.
 */
export function checkIfMatch(ifMatch: string | undefined, record: Versioned, stale: ServiceErrorCode = 'PreconditionFailed'): void {
  if (ifMatch === record.etag) return;
  if (ifMatch !== undefined && record.pastEtags.includes(ifMatch))
    throw new ServiceError(stale, 'the If-Match version is not the current one: read the resource again');
  throw new ServiceError('InvalidIfMatchVersion', 'the If-Match version is missing or not valid for the resource');
}
