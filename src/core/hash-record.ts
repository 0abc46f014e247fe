import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** The fingerprint of a health record: the first 8 hex digits of its SHA-256. */
export function hashRecord(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)).subarray(0, 4));
}
