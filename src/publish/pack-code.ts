import { createHash } from 'node:crypto';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { maxFunctionBytes, maxValueBytes } from '../../kvs/limits.ts';

/** Code as values of the key-value store: compressed, in base64, cut to what a value holds. */
export function packCode(code: Uint8Array): string[] {
  const text = brotliCompressSync(code).toString('base64');
  const pieces: string[] = [];
  for (let from = 0; from < text.length; from += maxValueBytes) pieces.push(text.slice(from, from + maxValueBytes));
  return pieces;
}

/** The code of these pieces; undefined unless it has this SHA-256. */
export function unpackCode(pieces: readonly string[], sha256: string): Uint8Array | undefined {
  try {
    const code = brotliDecompressSync(Buffer.from(pieces.join(''), 'base64'), { maxOutputLength: maxFunctionBytes });
    return hashCode(code) === sha256 ? code : undefined;
  } catch {
    return undefined;
  }
}

/** SHA-256, hex. */
export function hashCode(code: Uint8Array): string {
  return createHash('sha256').update(code).digest('hex');
}
