import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import * as querystring from 'node:querystring';

const algorithms = ['md5', 'sha1', 'sha256'];
const encodings = ['utf8', 'hex', 'base64', 'base64url'];
/** Bytes of a block, the same in all three algorithms. */
const blockBytes = 64;
const digestEncodings = ['hex', 'base64', 'base64url'];

/**
 * The modules that `require` and `import` reach, with the methods that AWS lists (functions-javascript-runtime-20.html)
 * and no others.
 */
export const modules: Record<string, object> = {
  crypto: Object.freeze({
    createHash: (algorithm: unknown) => openDigest(createHash(checkedAlgorithm(algorithm))),
    createHmac: (algorithm: unknown, key: unknown) => openHmac(checkedAlgorithm(algorithm), key),
  }),
  querystring: Object.freeze({
    parse: querystring.parse,
    decode: querystring.parse,
    stringify: querystring.stringify,
    encode: querystring.stringify,
    escape: querystring.escape,
    unescape: querystring.unescape,
  }),
  buffer: Object.freeze({ Buffer }),
};

function checkedAlgorithm(algorithm: unknown): string {
  if (typeof algorithm !== 'string' || !algorithms.includes(algorithm))
    throw new TypeError(`not supported algorithm: "${String(algorithm)}"`);
  return algorithm;
}

type Digest = { update(data: Buffer): unknown; digest(): Buffer };

function openDigest(digest: Digest): object {
  let isOver = false;
  const opened = {
    update(data: unknown, encoding?: unknown): object {
      if (isOver) throw new Error('Digest already called');
      digest.update(bytesOf(data, encoding));
      return opened;
    },
    digest(encoding?: unknown): unknown {
      if (isOver) throw new Error('Digest already called');
      if (encoding !== undefined && (typeof encoding !== 'string' || !digestEncodings.includes(encoding)))
        throw new TypeError(`Unknown digest encoding: "${String(encoding)}"`);
      isOver = true;
      return encoding === undefined ? digest.digest() : digest.digest().toString(encoding as 'hex');
    },
  };
  return opened;
}

/** What a digest takes in: the bytes of a buffer, or a text in one of the four encodings. */
function bytesOf(data: unknown, encoding: unknown = 'utf8'): Buffer {
  if (typeof encoding !== 'string') throw new TypeError('encoding must be a string');
  if (typeof data === 'string') {
    if (!encodings.includes(encoding)) throw new TypeError(`"${encoding}" encoding is not supported`);
    return decodeText(data, encoding);
  }
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  const kind = data === null ? 'null' : Array.isArray(data) ? 'array' : typeof data;
  throw new TypeError(`data argument "${kind}" is not a string or Buffer-like object`);
}

/** RFC 2104. workerd's own createHmac looks for globals that a function must not find. */
function openHmac(algorithm: string, key: unknown): object {
  if (typeof key !== 'string' && !ArrayBuffer.isView(key)) throw new TypeError('the key must be a string or a buffer');
  const given = typeof key === 'string' ? Buffer.from(key) : Buffer.from(key.buffer as ArrayBuffer, key.byteOffset, key.byteLength);
  const short = given.length > blockBytes ? createHash(algorithm).update(given).digest() : given;
  const inner = createHash(algorithm).update(padded(short, 0x36));
  const hmac = {
    update: (data: Buffer) => inner.update(data),
    digest: () => createHash(algorithm).update(padded(short, 0x5c)).update(inner.digest()).digest(),
  };
  return openDigest(hmac);
}

function padded(key: Buffer, mask: number): Buffer {
  const block = Buffer.alloc(blockBytes, mask);
  for (let index = 0; index < key.length; index += 1) block[index] = (key[index] ?? 0) ^ mask;
  return block;
}

/** Methods of Buffer that take an encoding, and the first argument that can be one. */
const encodingFrom = { alloc: 2, byteLength: 1, from: 1 };
const memberEncodingFrom = { fill: 1, includes: 1, indexOf: 1, lastIndexOf: 1, toString: 0, write: 1 };

type Method = (this: unknown, ...args: unknown[]) => unknown;

const decode = Buffer.from;
const alphabets: Record<string, RegExp> = { base64: /^[A-Za-z0-9+/]*/, base64url: /^[A-Za-z0-9_-]*/ };

/**
 * A text's bytes as njs 0.7 decodes them: up to the first character outside the encoding's own alphabet, and the text
 * itself when it is too short to hold a byte.
 */
function decodeText(text: string, encoding: string): Buffer {
  const alphabet = alphabets[encoding];
  const sound = alphabet === undefined ? text : (alphabet.exec(text)?.[0] ?? '');
  const isTooShort = encoding !== 'utf8' && (encoding === 'hex' ? Buffer.byteLength(text) : sound.length) < 2;
  return isTooShort ? decode(text, 'utf8') : decode(sound, encoding as 'utf8');
}

/** As njs before 0.8.4, which drops what is over after the last four characters of a text without padding. */
export function narrowBase64(): void {
  const decodeWhole = atob;
  globalThis.atob = (text) => {
    const given = String(text);
    const over = given.length % 4;
    try {
      return decodeWhole(over === 0 || over === 1 || /[\s=]/.test(given) ? given : given.slice(0, -over));
    } catch {
      throw new TypeError('the string to be decoded is not correctly encoded');
    }
  };
}

/** Narrows Buffer to the four encodings that AWS lists; Node's has seven more. */
export function narrowBuffer(): void {
  const { from } = Buffer;
  Buffer.from = function decoding(this: unknown, ...args: Parameters<typeof from>) {
    const [text, encoding] = args as unknown[];
    return typeof text === 'string' && typeof encoding === 'string' ? decodeText(text, encoding) : from.apply(Buffer, args);
  } as typeof from;
  narrow(Buffer as unknown as Record<string, Method>, encodingFrom);
  narrow(Buffer.prototype as unknown as Record<string, Method>, memberEncodingFrom);
  (Buffer as { isEncoding: (encoding: unknown) => boolean }).isEncoding = (encoding) =>
    typeof encoding === 'string' && encodings.includes(encoding);
}

function narrow(target: Record<string, Method>, from: Record<string, number>): void {
  for (const [name, first] of Object.entries(from)) {
    const method = target[name];
    if (method === undefined) continue;
    target[name] = function narrowed(this: unknown, ...args: unknown[]): unknown {
      for (let index = first; index < args.length; index += 1) {
        const argument = args[index];
        if (typeof argument === 'string' && !encodings.includes(argument)) throw new TypeError(`"${argument}" encoding is not supported`);
      }
      return method.apply(this, args);
    };
  }
}
