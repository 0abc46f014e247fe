import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { EdgeError } from '../../cli/errors.ts';

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

/** A line longer than this is not kept whole: CloudFront's own limits of URL and headers end far below. */
const maxLineLength = 256 * 1_024;

/** The files of a log: the file itself, or everything in a folder and the folders in it, in the order of their names. NOT_FOUND when there is none. */
export async function listLogFiles(path: string): Promise<LogFile[]> {
  const found = await stat(path).catch((cause: Error) => {
    throw new EdgeError('NOT_FOUND', `cannot read ${path}: ${cause.message}`, {
      cause,
      hint: 'a CloudFront standard log, .gz or plain, or a folder of them',
    });
  });
  if (!found.isDirectory()) return [{ path, bytes: found.size }];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map((entry) => join(entry.parentPath, entry.name));
  if (files.length === 0)
    throw new EdgeError('NOT_FOUND', `${path} has no files in it`, { hint: 'a folder of CloudFront standard logs, .gz or plain' });
  return Promise.all(files.sort().map(async (file) => ({ path: file, bytes: (await stat(file)).size })));
}

/**
 * The lines of a file, piece by piece, unpacked when it begins as gzip does. Throws in the middle when the file is damaged; the lines before
 * that have been given out.
 */
export async function* readLogLines(path: string, signal?: AbortSignal): AsyncGenerator<LogLines> {
  const isPacked = await isGzip(path);
  const source = createReadStream(path, { highWaterMark: chunkBytes });
  const stream = isPacked ? unpack(source) : source;
  const decoder = new TextDecoder();
  let rest = '';
  let first = 1;
  for await (const chunk of stream) {
    signal?.throwIfAborted();
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
    // A file without line ends must not fill the memory: its beginning is enough to see that it is no log.
    rest = (lines.pop() ?? '').slice(0, maxLineLength);
    if (lines.length > 0) yield { lines, first, bytes: source.bytesRead };
    first += lines.length;
  }
  if (rest !== '') yield { lines: [rest], first, bytes: source.bytesRead };
}

function unpack(source: Readable): Readable {
  const lines = new PassThrough({ highWaterMark: chunkBytes });
  pipeline(source, createGunzip({ chunkSize: chunkBytes }), lines).catch((error: Error) => lines.destroy(error));
  return lines;
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}
