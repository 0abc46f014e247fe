import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { remembering } from './stored-schema.ts';

/** The fingerprint of a health record: the first 8 hex digits of its SHA-256. */
export const hashRecord = remembering((text: string) => bytesToHex(sha256(utf8ToBytes(text)).subarray(0, 4)));
