import { appendFileSync, mkdirSync, statSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { EdgeError } from '../../src/errors.ts';
import { messageOf } from '../../src/text/message-of.ts';
import type { EdgeRequestRecord } from './exchange.ts';
import type { ViewerRequest } from './viewer-request.ts';

export interface AccessLogOptions {
  /** A folder, or one file: a name with an ending, unless it is a folder. One that ends with `.gz` is packed. */
  path: string;
  format: 'w3c' | 'json';
  /** The `x-edge-location` of each edge location. */
  locations: readonly string[];
  /** Of a file in a folder; the next request opens another one. Default 16 MiB. */
  maxFileBytes?: number;
  onFailure?: (problem: string) => void;
}

export interface AccessLog {
  add(record: EdgeRequestRecord, viewer: ViewerRequest | undefined, distribution: string): void;
  /** Writes what is left. */
  close(): void;
}

// AWS: standard-logs-reference.html. The order is that of the classic fields, then the chosen ones.
const fields = [
  ...['date', 'time', 'x-edge-location', 'sc-bytes', 'c-ip', 'cs-method', 'cs(Host)', 'cs-uri-stem', 'sc-status', 'cs(Referer)'],
  ...['cs(User-Agent)', 'cs-uri-query', 'cs(Cookie)', 'x-edge-result-type', 'x-edge-request-id', 'x-host-header', 'cs-protocol'],
  ...['cs-bytes', 'time-taken', 'x-edge-detailed-result-type', 'timestamp(ms)', 'c-country', 'viewer-request-log-data'],
  ...['viewer-response-log-data', 'DistributionId'],
] as const;

const flushBytes = 64 * 1_024;
const flushMs = 1_000;

/**
 * Writes the edge's requests as CloudFront's standard logs (v2). At most 64 KB wait in memory, for a second.
 * CONFIG_INVALID where the place cannot be written; a later failure, such as a full disk, ends the log and goes to
 * `onFailure` once.
 */
export function openAccessLog(options: AccessLogOptions): AccessLog {
  const { path, format, maxFileBytes = 16 * 1_024 * 1_024 } = options;
  const isFile = extname(path) !== '' && !isFolder(path);
  const isPacked = path.endsWith('.gz');
  try {
    makeFolder(isFile ? dirname(path) : path);
    if (isFile) appendFileSync(path, '');
  } catch (cause) {
    throw new EdgeError('CONFIG_INVALID', `cannot write the access log to ${path}: ${messageOf(cause)}`, {
      cause,
      hint: 'a folder, or a file that ends with .log, .json or .gz',
    });
  }
  let waiting: string[] = [];
  let waitingBytes = 0;
  let timer: NodeJS.Timeout | undefined;
  let file = isFile ? path : '';
  let fileBytes = isFile ? statSync(path).size : 0;
  let files = 0;
  let hasFailed = false;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0) return;
    if (!isFile && (file === '' || fileBytes >= maxFileBytes)) {
      const hour = new Date().toISOString().slice(0, 13).replace('T', '-');
      file = join(path, `${hour}.${process.pid.toString(36)}-${files++}.${format === 'json' ? 'json' : 'log'}`);
      fileBytes = 0;
    }
    const head = fileBytes === 0 && format === 'w3c' ? `#Version: 1.0\n#Fields: ${fields.join(' ')}\n` : '';
    const text = head + waiting.join('');
    [waiting, waitingBytes] = [[], 0];
    const bytes = isPacked ? gzipSync(text) : Buffer.from(text);
    try {
      appendFileSync(file, bytes);
      fileBytes += bytes.byteLength;
    } catch (error) {
      hasFailed = true;
      options.onFailure?.(`the access log ends: ${messageOf(error)}`);
    }
  }

  return {
    add(record, viewer, distribution) {
      if (hasFailed) return;
      const line = formatEntry(record, viewer, distribution, options);
      waiting.push(line);
      waitingBytes += line.length;
      if (waitingBytes >= flushBytes) flush();
      else timer ??= setTimeout(flush, flushMs).unref();
    },
    close: flush,
  };
}

/** Not by Node's `recursive`, which tries below /proc without end. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && isFolder(folder)) return;
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error;
    makeFolder(dirname(folder));
    mkdirSync(folder);
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function formatEntry(
  record: EdgeRequestRecord,
  viewer: ViewerRequest | undefined,
  distribution: string,
  { format, locations }: AccessLogOptions,
): string {
  const endedAt = Math.round(record.at + record.ms);
  const [date = '', clock = ''] = new Date(endedAt).toISOString().split('T');
  const result = record.xCache.replace(/ from cloudfront$/, '');
  const header = (name: string) => viewer?.headers[name]?.value;
  const values: Partial<Record<(typeof fields)[number], string | undefined>> = {
    date,
    time: clock.slice(0, 8),
    'x-edge-location': locations[record.location],
    'c-ip': record.ip,
    'cs-method': record.method,
    'cs(Host)': viewer?.host,
    'cs-uri-stem': record.path,
    'sc-status': String(record.status).padStart(3, '0'),
    'cs(Referer)': header('referer'),
    'cs(User-Agent)': header('user-agent'),
    'cs-uri-query': viewer?.query,
    'x-edge-result-type': /Error/.test(result) ? 'Error' : result,
    'x-edge-request-id': record.id,
    'x-host-header': viewer?.host,
    'cs-protocol': viewer?.protocol,
    'time-taken': (record.ms / 1_000).toFixed(3),
    'x-edge-detailed-result-type': result,
    'timestamp(ms)': String(endedAt),
    'c-country': record.country?.slice(0, 2),
    'viewer-request-log-data': record.viewerRequestLogData,
    'viewer-response-log-data': record.viewerResponseLogData,
    DistributionId: distribution,
  };
  const texts = fields.map((field) => encode(values[field], field));
  if (format === 'w3c') return `${texts.join('\t')}\n`;
  return `${JSON.stringify(Object.fromEntries(fields.map((field, index) => [field, texts[index]])))}\n`;
}

/**
 * Spaces, control characters, quotes, brackets and bytes beyond ASCII are percent-encoded, but no percent sign: a path
 * is encoded by its viewer. Node gives each byte of a request as one character. A function's text is encoded already.
 */
function encode(value: string | undefined, field: string): string {
  if (value === undefined || value === '') return '-';
  if (field.endsWith('log-data')) return value;
  return value.replace(/[^\x21-\x7e]|["'<>[\]\\^`{|}~#]/gu, (found) =>
    [...Buffer.from(found, found <= '\xff' ? 'latin1' : 'utf8')]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  );
}
