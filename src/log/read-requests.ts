import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet';
import { EdgeError } from '../errors.ts';
import { lineOf } from '../text/message-of.ts';
import {
  findDelimiter,
  guessFields,
  isLogField,
  type LogFields,
  type LoggedRequest,
  parseLogEntry,
  parseLogFields,
  parseLogLine,
} from './logged-request.ts';
import { readFileKind, readLogText, splitLines } from './read-log.ts';

/** A few thousand requests of a file. */
export interface LogPiece {
  requests: LoggedRequest[];
  /** Lines, or records from 1, that are not requests. */
  unreadable: { at: number; reason: string }[];
  /** Taken from the disk so far. */
  bytes: number;
}

interface ReadOptions {
  /** The fields of a log without `#Fields`. */
  fields?: LogFields | undefined;
  signal?: AbortSignal | undefined;
}

/** Rows of a Parquet file that are decoded at once. */
const rowsAtOnce = 10_000;

/**
 * Lines without a fitting delimiter after which the file is read as separated by tabs, so that reasons are reported.
 */
const maxSearches = 20;

/**
 * The requests of a file in any of CloudFront's forms: text with or without `#Fields`, with any separator, JSON,
 * Parquet. Throws where the file is damaged or is something else.
 */
export async function* readRequests(path: string, { fields, signal }: ReadOptions = {}): AsyncGenerator<LogPiece> {
  const kind = await readFileKind(path);
  if (kind === 'parquet') yield* readParquet(path, signal);
  else if (kind === 'text' || kind === 'gzip') yield* readText(readLogText(path, kind === 'gzip', signal), fields);
  else
    throw new EdgeError(
      'CONFIG_INVALID',
      `${kind === 'utf16' ? 'UTF-16 text' : `packed by ${kind}`}: only gzip, plain text, JSON and Parquet can be read`,
    );
}

/** JSON if the file begins with an object or an array. */
async function* readText(pieces: AsyncGenerator<{ text: string; bytes: number }>, fields: LogFields | undefined): AsyncGenerator<LogPiece> {
  let head = await pieces.next();
  while (head.done !== true && head.value.text.trim() === '') head = await pieces.next();
  if (head.done === true) return;
  const first = head.value;
  const all = (async function* () {
    yield first;
    yield* pieces;
  })();
  if (/^\s*[[{]/.test(first.text)) yield* readJson(all);
  else yield* readLines(all, fields);
}

async function* readJson(pieces: AsyncIterable<{ text: string; bytes: number }>): AsyncGenerator<LogPiece> {
  const splitter = openJsonSplitter();
  let read = 0;
  const piece = (parts: ReturnType<typeof splitter.push>): LogPiece => {
    const found: LogPiece = { requests: [], unreadable: [], bytes: read };
    for (const { line, entry, reason } of parts) add(found, line, entry === undefined ? (reason ?? 'not JSON') : parseLogEntry(entry));
    return found;
  };
  for await (const { text, bytes } of pieces) {
    read = bytes;
    yield piece(splitter.push(text));
  }
  yield piece(splitter.end());
}

async function* readLines(pieces: AsyncIterable<{ text: string; bytes: number }>, given: LogFields | undefined): AsyncGenerator<LogPiece> {
  let named: LogFields | undefined;
  let delimiter: string | undefined;
  let searches = 0;
  for await (const { lines, first, bytes } of splitLines(pieces)) {
    const piece: LogPiece = { requests: [], unreadable: [], bytes };
    for (const [index, line] of lines.entries()) {
      if (line.startsWith('#')) {
        if (!line.startsWith('#Fields:')) continue;
        named = parseLogFields(line.slice('#Fields:'.length));
        [delimiter, searches] = [undefined, 0];
        continue;
      }
      const text = line.endsWith('\r') ? line.slice(0, -1) : line;
      if (text === '') continue;
      const fields = named ?? given ?? guessFields(text);
      if (delimiter === undefined && searches < maxSearches) {
        searches++;
        delimiter = findDelimiter(text, fields);
      }
      add(piece, first + index, parseLogLine(text, fields, delimiter));
    }
    yield piece;
  }
}

async function* readParquet(path: string, signal: AbortSignal | undefined): AsyncGenerator<LogPiece> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const rows = Number(metadata.num_rows);
  const columns = parquetSchema(metadata)
    .children.map(({ element }) => element.name)
    .filter(isLogField);
  // Snappy is in hyparquet; the others are Node's own. A page of some bytes could hold gigabytes.
  const limit = { maxOutputLength: 256 * 1_024 * 1_024 };
  const compressors = {
    GZIP: (input: Uint8Array) => gunzipSync(input, limit),
    BROTLI: (input: Uint8Array) => brotliDecompressSync(input, limit),
  };
  for (let rowStart = 0; rowStart < rows; rowStart += rowsAtOnce) {
    signal?.throwIfAborted();
    const rowEnd = Math.min(rows, rowStart + rowsAtOnce);
    const found: LogPiece = { requests: [], unreadable: [], bytes: Math.round((file.byteLength * rowEnd) / rows) };
    const entries = await parquetReadObjects({ file, metadata, columns, compressors, rowStart, rowEnd });
    for (const [index, entry] of entries.entries()) add(found, rowStart + index + 1, parseLogEntry(entry));
    yield found;
  }
}

function add(piece: LogPiece, at: number, parsed: LoggedRequest | string): void {
  if (typeof parsed === 'string') piece.unreadable.push({ at, reason: parsed });
  else piece.requests.push(parsed);
}

/** A top-level object of a JSON text, or why it cannot be read. */
interface JsonPart {
  /** The line it begins at, from 1. */
  line: number;
  entry?: Record<string, unknown>;
  reason?: string;
}

/** Longer records are not kept: CloudFront's own limits are far lower. */
const maxRecordLength = 256 * 1_024;

/**
 * Splits JSON that arrives in pieces into its objects: one a line, several lines each, or the members of an array. A
 * broken object ends where a line begins with the next one, so that one bad record costs no other.
 */
function openJsonSplitter(): { push(text: string): JsonPart[]; end(): JsonPart[] } {
  let [line, startLine, depth] = [1, 1, 0];
  let [isText, isEscaped, isLineStart] = [false, false, true];
  let object = '';

  function close(parts: JsonPart[]): void {
    parts.push({ line: startLine, ...parse(object) });
    depth = 0;
    isText = false;
    object = '';
  }

  return {
    push(text) {
      const parts: JsonPart[] = [];
      let start = depth > 0 ? 0 : -1;
      for (let at = 0; at < text.length; at++) {
        const char = text.charCodeAt(at);
        if (char === 0x0a) {
          line++;
          isLineStart = true;
          continue;
        }
        const isFirst = isLineStart;
        isLineStart &&= char === 0x20 || char === 0x09 || char === 0x0d;
        if (depth > 0 && isFirst && char === 0x7b) {
          object += text.slice(start, at);
          close(parts);
        }
        if (isText) {
          if (isEscaped) isEscaped = false;
          else if (char === 0x5c) isEscaped = true;
          else if (char === 0x22) isText = false;
        } else if (char === 0x22) isText = depth > 0;
        else if (char === 0x7b) {
          if (depth === 0) [start, startLine] = [at, line];
          depth++;
        } else if (char === 0x7d && depth > 0) {
          depth--;
          if (depth > 0) continue;
          object += text.slice(start, at + 1);
          close(parts);
          start = -1;
        }
      }
      if (depth > 0 && object.length <= maxRecordLength) object += text.slice(start);
      return parts;
    },
    end() {
      const parts: JsonPart[] = [];
      if (depth > 0) close(parts);
      return parts;
    },
  };
}

function parse(text: string): Omit<JsonPart, 'line'> {
  if (text.length > maxRecordLength) return { reason: `a record of more than ${maxRecordLength} characters` };
  try {
    return { entry: JSON.parse(text) as Record<string, unknown> };
  } catch (error) {
    return { reason: `not JSON: ${lineOf(error).slice(0, 120)}` };
  }
}
