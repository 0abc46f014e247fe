import { createReadStream } from 'node:fs';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, inflateRawSync } from 'node:zlib';
import { EdgeError } from '../errors.ts';

/** A log file and its size on disk. */
export interface LogFile {
  path: string;
  bytes: number;
}

/** A run of lines, in the order of the file. */
export interface LogLines {
  lines: string[];
  /** Number of the first one, from 1. */
  first: number;
  /** Taken from the disk so far. */
  bytes: number;
}

/** Bytes read and unpacked at once, some three thousand lines. */
const chunkBytes = 1_024 * 1_024;

/** Longer lines are cut: CloudFront's own limits of URL and headers are far lower. */
const maxLineLength = 256 * 1_024;

/** The file itself, or all files in a folder and its subfolders, by name. NOT_FOUND when there is none. */
export async function listLogFiles(path: string): Promise<LogFile[]> {
  const found = await stat(path).catch((cause: Error) => {
    throw new EdgeError('NOT_FOUND', `cannot read ${path}: ${cause.message}`, {
      cause,
      hint: 'a CloudFront access log, .gz, plain, JSON or Parquet, or a folder of them',
    });
  });
  if (!found.isDirectory()) return [{ path, bytes: found.size }];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map((entry) => join(entry.parentPath, entry.name));
  if (files.length === 0)
    throw new EdgeError('NOT_FOUND', `${path} has no files in it`, {
      hint: 'a folder of CloudFront access logs: .gz, plain, JSON or Parquet',
    });
  return Promise.all(files.sort().map(async (file) => ({ path: file, bytes: (await stat(file)).size })));
}

/**
 * Unpacked at once from a file with something behind its members. More would fill the memory, and a small file can hold
 * it.
 */
const maxUnpackedBytes = 256 * 1_024 * 1_024;

/** Kinds of files by their first bytes; all others are text. */
const magic: readonly { kind: 'gzip' | 'parquet' | 'zip' | 'zstd' | 'bzip2' | 'utf16'; bytes: readonly number[] }[] = [
  { kind: 'gzip', bytes: [0x1f, 0x8b] },
  { kind: 'parquet', bytes: [0x50, 0x41, 0x52, 0x31] },
  { kind: 'zip', bytes: [0x50, 0x4b, 0x03, 0x04] },
  { kind: 'zstd', bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { kind: 'bzip2', bytes: [0x42, 0x5a, 0x68] },
  { kind: 'utf16', bytes: [0xff, 0xfe] },
];

export async function readFileKind(path: string): Promise<(typeof magic)[number]['kind'] | 'text'> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return magic.find(({ bytes }) => bytes.length <= bytesRead && bytes.every((byte, at) => buffer[at] === byte))?.kind ?? 'text';
  } finally {
    await file.close();
  }
}

/**
 * The text of a file in pieces, with the bytes read from disk so far; unpacked if the file is gzip. Throws in the
 * middle of a damaged file, after the text before the damage.
 */
export async function* readLogText(path: string, isPacked: boolean, signal?: AbortSignal): AsyncGenerator<{ text: string; bytes: number }> {
  const source = createReadStream(path, { highWaterMark: chunkBytes });
  const decoder = new TextDecoder();
  let given = 0;
  try {
    for await (const chunk of isPacked ? unpack(source) : source) {
      signal?.throwIfAborted();
      given += (chunk as Uint8Array).byteLength;
      yield { text: decoder.decode(chunk as Uint8Array, { stream: true }), bytes: source.bytesRead };
    }
  } catch (error) {
    // Node reads any byte behind a member as the next one; gzip itself warns and continues. A wrong checksum stays an
    // error.
    if (!isPacked || !(error instanceof Error) || !/incorrect header check|unexpected end of file|unknown compression/.test(error.message))
      throw error;
    const whole = await unpackMembers(path);
    if (whole === undefined || whole.byteLength < given) throw error;
    for (let at = given; at < whole.byteLength; at += chunkBytes) {
      signal?.throwIfAborted();
      yield { text: decoder.decode(whole.subarray(at, at + chunkBytes), { stream: true }), bytes: source.bytesRead };
    }
  }
  const rest = decoder.decode();
  if (rest !== '') yield { text: rest, bytes: source.bytesRead };
}

/** The lines of a text that comes in pieces. */
export async function* splitLines(pieces: AsyncIterable<{ text: string; bytes: number }>): AsyncGenerator<LogLines> {
  let rest = '';
  let first = 1;
  let read = 0;
  for await (const { text, bytes } of pieces) {
    read = bytes;
    const lines = (rest + text).split('\n');
    // A file without line ends must not fill the memory: its beginning is enough to see that it is not a log.
    rest = (lines.pop() ?? '').slice(0, maxLineLength);
    if (lines.length > 0) yield { lines, first, bytes };
    first += lines.length;
  }
  if (rest !== '') yield { lines: [rest], first, bytes: read };
}

function unpack(source: Readable): Readable {
  const lines = new PassThrough({ highWaterMark: chunkBytes });
  pipeline(source, createGunzip({ chunkSize: chunkBytes }), lines).catch((error: Error) => lines.destroy(error));
  return lines;
}

/**
 * All complete members of a packed file; undefined when another member begins behind them and is damaged, or when they
 * are too large.
 */
async function unpackMembers(path: string): Promise<Buffer | undefined> {
  const packed = await readFile(path);
  const parts: Buffer[] = [];
  let at = 0;
  let left = maxUnpackedBytes;
  while (packed[at] === 0x1f && packed[at + 1] === 0x8b) {
    const body = at + headerLength(packed, at);
    try {
      const { buffer, engine } = inflateRawSync(packed.subarray(body), { info: true, maxOutputLength: left }) as unknown as {
        buffer: Buffer;
        engine: { bytesWritten: number };
      };
      parts.push(buffer);
      left -= buffer.byteLength;
      if (left <= 0) return undefined;
      // A checksum and a length of four bytes each end a member.
      at = body + engine.bytesWritten + 8;
    } catch {
      return undefined;
    }
  }
  return parts.length === 0 ? undefined : Buffer.concat(parts);
}

/** RFC 1952, 2.3: ten bytes, and what the flags announce: extra fields, a name, a comment, a checksum. */
function headerLength(packed: Buffer, at: number): number {
  const flags = packed[at + 3] ?? 0;
  let end = at + 10;
  if ((flags & 4) !== 0) end += 2 + packed.readUInt16LE(end);
  for (const flag of [8, 16]) if ((flags & flag) !== 0) end = packed.indexOf(0, end) + 1;
  if ((flags & 2) !== 0) end += 2;
  return end - at;
}
