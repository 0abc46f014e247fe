import { Buffer } from 'node:buffer';
import { createHash, type Hash } from 'node:crypto';
import * as querystring from 'node:querystring';

const algorithms = ['md5', 'sha1', 'sha256'];
const encodings = ['utf8', 'hex', 'base64', 'base64url'];
/** Bytes of a block, the same in all three algorithms. */
const blockBytes = 64;
const digestEncodings = ['hex', 'base64', 'base64url'];

/** The modules that `require` and `import` reach, with the methods that AWS lists (functions-javascript-runtime-20.html) and no others. */
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

type Digest = Pick<Hash, 'update'> & { digest(): Buffer };

function openDigest(digest: Digest): object {
  const opened = {
    update(data: string): object {
      digest.update(data);
      return opened;
    },
    digest(encoding?: unknown): unknown {
      if (encoding === undefined) return digest.digest();
      if (typeof encoding !== 'string' || !digestEncodings.includes(encoding))
        throw new TypeError(`Unknown digest encoding: "${String(encoding)}"`);
      return digest.digest().toString(encoding as 'hex');
    },
  };
  return opened;
}

/** RFC 2104. workerd's own createHmac looks for globals that a function must not find. */
function openHmac(algorithm: string, key: unknown): object {
  if (typeof key !== 'string' && !ArrayBuffer.isView(key)) throw new TypeError('the key must be a string or a buffer');
  const given = typeof key === 'string' ? Buffer.from(key) : Buffer.from(key.buffer as ArrayBuffer, key.byteOffset, key.byteLength);
  const short = given.length > blockBytes ? createHash(algorithm).update(given).digest() : given;
  const inner = createHash(algorithm).update(padded(short, 0x36));
  const hmac = {
    update: (data: string) => inner.update(data),
    digest: () => createHash(algorithm).update(padded(short, 0x5c)).update(inner.digest()).digest(),
  };
  return openDigest(hmac as Digest);
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

/** Narrows Buffer to the four encodings that AWS lists; Node's has seven more. */
export function narrowBuffer(): void {
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
