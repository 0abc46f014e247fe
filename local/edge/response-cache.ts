import type { ReplyHead } from './viewer-reply.ts';

/** A response as it is kept. */
export interface CachedResponse {
  /** As the origin sent it, without `age`. */
  head: ReplyHead;
  body: Buffer;
  /** Epoch milliseconds at which it was stored or last confirmed, less the age it had then. */
  bornAt: number;
  freshUntil: number;
  /** An error kept for a moment, rather than an object. */
  isError: boolean;
}

/** Responses by key, the one used longest ago dropped first. */
export interface ResponseCache {
  get(key: string): CachedResponse | undefined;
  put(key: string, response: CachedResponse): void;
  readonly bytes: number;
  clear(): void;
}

/** Larger responses pass through without being kept. */
export const maxCachedBodyBytes = 8 * 1_024 * 1_024;

export function openResponseCache(maxBytes = 64 * 1_024 * 1_024): ResponseCache {
  const entries = new Map<string, CachedResponse>();
  let bytes = 0;
  const drop = (key: string): void => {
    bytes -= sizeOf(key, entries.get(key));
    entries.delete(key);
  };
  return {
    get(key) {
      const found = entries.get(key);
      if (found === undefined) return undefined;
      entries.delete(key);
      entries.set(key, found);
      return found;
    },
    put(key, response) {
      drop(key);
      entries.set(key, response);
      bytes += sizeOf(key, response);
      for (const oldest of entries.keys()) {
        if (bytes <= maxBytes) break;
        drop(oldest);
      }
    },
    get bytes() {
      return bytes;
    },
    clear() {
      entries.clear();
      bytes = 0;
    },
  };
}

function sizeOf(key: string, response: CachedResponse | undefined): number {
  if (response === undefined) return 0;
  return key.length + response.body.length + response.head.headers.reduce((sum, text) => sum + text.length, 256);
}
