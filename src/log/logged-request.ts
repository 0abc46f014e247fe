/**
 * One request of an access log, with the log's own texts; undefined for `-` and for fields that the log does not have.
 */
export interface LoggedRequest {
  method: string;
  uri: string;
  /** Logging v2 and real-time logs may leave it out. */
  ip: string | undefined;
  query: string | undefined;
  host: string | undefined;
  userAgent: string | undefined;
  referer: string | undefined;
  cookie: string | undefined;
  /** Only logging v2 and real-time logs have it, and only when the field was chosen. */
  country: string | undefined;
  /** The log has the field: without a value CloudFront could not place the viewer. */
  hasCountry: boolean;
  /** The log has the query, be it empty. */
  hasQuery: boolean;
  /** The path pattern of the behavior; only real-time logs have it. */
  behavior: string | undefined;
  edgeLocation: string | undefined;
  /** `2026-11-20 12:00:01`, or a time stamp, as it is in the log. */
  time: string | undefined;
  /** Epoch milliseconds at which CloudFront finished the response; a log without milliseconds has whole seconds. */
  at: number | undefined;
  /** From the request to the last byte of the response. */
  durationMs: number | undefined;
  /** 0 when the viewer left before the response. */
  status: number | undefined;
  /** `x-edge-detailed-result-type`, or else `x-edge-result-type`: `Hit`, `Miss`, `Error`. */
  result: string | undefined;
  requestId: string | undefined;
  /** What a function wrote with `cf.logCustomData`, still URL-encoded; only logs with the chosen field have it. */
  logData: string | undefined;
  /**
   * The domain of the origin that answered; only real-time logs have it, and only for requests that reached an origin.
   */
  originHost: string | undefined;
  /** `Failover:<code>` when the second origin of a group answered; only real-time logs have it. */
  originReason: string | undefined;
  /** From the request to the origin until the first byte of its answer; undefined for a hit. */
  originFirstByteMs: number | undefined;
  originLastByteMs: number | undefined;
  /** `E123…`, or the domain of the distribution where the log has no id. */
  distribution: string | undefined;
}

// Names by AWS's pages (standard-logs-reference.html, real-time-logs.html), as `normalize` spells them.
const names = {
  method: ['cs-method'],
  uri: ['cs-uri-stem'],
  ip: ['c-ip'],
  query: ['cs-uri-query'],
  host: ['cs-host'],
  viewerHost: ['x-host-header'],
  userAgent: ['cs-user-agent'],
  referer: ['cs-referer'],
  cookie: ['cs-cookie'],
  country: ['c-country'],
  behavior: ['cache-behavior-path-pattern'],
  edgeLocation: ['x-edge-location'],
  date: ['date'],
  clock: ['time'],
  timestamp: ['timestamp'],
  timestampMs: ['timestamp-ms'],
  timeTaken: ['time-taken'],
  status: ['sc-status'],
  resultType: ['x-edge-result-type'],
  detailedResult: ['x-edge-detailed-result-type'],
  requestId: ['x-edge-request-id'],
  logData: ['viewer-request-log-data'],
  originHost: ['r-host'],
  originReason: ['sr-reason'],
  originFirstByte: ['origin-fbl'],
  originLastByte: ['origin-lbl'],
  distribution: ['distributionid', 'distribution-id', 'primary-distribution-id'],
} as const satisfies Record<string, readonly string[]>;

type Field = keyof typeof names;

const fieldOf: ReadonlyMap<string, Field> = new Map(
  Object.entries(names).flatMap(([field, spelled]) => spelled.map((name) => [name, field as Field] as const)),
);

/** The fields of a line of text: how many, and at which place those that are read are. */
export interface LogFields {
  count: number;
  places: ReadonlyMap<Field, number>;
}

/** The fields of a log that says `#Fields: …`; logging v2 may separate their names as it does the values. */
export function parseLogFields(text: string): LogFields {
  const found = text.trim().split(/[\s,;|]+/);
  const places = new Map<Field, number>();
  for (const [place, name] of found.entries()) {
    const field = fieldOf.get(normalize(name));
    if (field !== undefined && !places.has(field)) places.set(field, place);
  }
  return { count: found.length, places };
}

/** The fields of a standard log, for one without its head. */
export const standardFields: LogFields = parseLogFields(
  'date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end',
);

/** All fields of a real-time log, which has no head, in AWS's order: with the edge's own address, and as before it. */
const realTimeFields: readonly LogFields[] = ['s-ip ', ''].map((address) =>
  parseLogFields(
    `timestamp c-ip ${address}time-to-first-byte sc-status sc-bytes cs-method cs-protocol cs-host cs-uri-stem cs-bytes x-edge-location x-edge-request-id x-host-header time-taken cs-protocol-version c-ip-version cs-user-agent cs-referer cs-cookie cs-uri-query x-edge-response-result-type x-forwarded-for ssl-protocol ssl-cipher x-edge-result-type fle-encrypted-fields fle-status sc-content-type sc-content-len sc-range-start sc-range-end c-port x-edge-detailed-result-type c-country cs-accept-encoding cs-accept cache-behavior-path-pattern cs-headers cs-header-names cs-headers-count`,
  ),
);

/**
 * The fields of a log without `#Fields`: a real-time log, whose lines begin with seconds since 1970, or a standard one.
 */
export function guessFields(line: string): LogFields {
  if (!/^\d{9,10}\.\d{3}\D/.test(line)) return standardFields;
  return realTimeFields.find((fields) => typeof parseLogLine(line, fields) !== 'string') ?? standardFields;
}

/** The request of a line, or why it cannot be read. */
export function parseLogLine(line: string, fields: LogFields, delimiter = '\t'): LoggedRequest | string {
  return parseLogValues(line.split(delimiter), fields);
}

function parseLogValues(values: readonly string[], fields: LogFields): LoggedRequest | string {
  const request = parseValues((field) => values[fields.places.get(field) ?? -1]);
  if (typeof request !== 'string' || values.length > (fields.places.get('method') ?? 0)) return request;
  return `${values.length} of ${fields.count} fields`;
}

/** The same of a record whose values have names: of JSON, or of Parquet. */
export function parseLogEntry(entry: Readonly<Record<string, unknown>>): LoggedRequest | string {
  const values = new Map<Field, string>();
  for (const [name, value] of Object.entries(entry)) {
    const field = knownField(name);
    if (field !== undefined) values.set(field, value === null || value === undefined ? '' : formatValue(field, value));
  }
  return parseValues((field) => values.get(field));
}

/** Whether the field of this name is read. */
export function isLogField(name: string): boolean {
  return knownField(name) !== undefined;
}

/**
 * The separator of a line: of all texts of up to five characters, which logging v2 allows, the one that makes the line
 * a request; a tab where that fits.
 */
export function findDelimiter(line: string, fields: LogFields): string | undefined {
  const counts = new Map<string, number>();
  for (const [run] of line.slice(0, 2_000).matchAll(/[^\p{L}\p{N}]+/gu))
    for (let at = 0; at < run.length; at++)
      for (let length = 1; length <= Math.min(5, run.length - at); length++) {
        const text = run.slice(at, at + length);
        counts.set(text, (counts.get(text) ?? 0) + 1);
      }
  counts.delete('\t');
  // One between all fields is among the most frequent ones. A line of signs alone has thousands of others.
  const frequent = [...counts].sort(([, a], [, b]) => b - a).slice(0, maxDelimiters);
  const tried = line.length > maxSearchedLength ? ['\t'] : ['\t', ...frequent.map(([text]) => text)];
  let loose: string | undefined;
  for (const delimiter of tried) {
    const values = line.split(delimiter);
    if (typeof parseLogValues(values, fields) === 'string') continue;
    if (values.length === fields.count) return delimiter;
    loose ??= delimiter;
  }
  return loose;
}

const maxDelimiters = 200;

/** CloudFront takes 8 KB of URL and 20 KB of headers, and writes a byte as three characters at most. */
const maxSearchedLength = 96 * 1_024;

function parseValues(read: (field: Field) => string | undefined): LoggedRequest | string {
  const get = (field: Field): string | undefined => {
    const value = read(field);
    return value === '-' || value === '' ? undefined : value;
  };
  const [method, stem, ip] = [get('method'), get('uri'), get('ip')];
  if (method === undefined || !/^[A-Z]{3,20}$/.test(method)) return describe('cs-method', method);
  if (stem === undefined || !stem.startsWith('/')) return describe('cs-uri-stem', stem);
  if (ip !== undefined && !/^[\da-fA-F:.]{2,45}$/.test(ip)) return describe('c-ip', ip);
  const [country, date] = [get('country'), get('date')];
  // The distribution's own domain is `cs(Host)` of a standard log and `x-host-header` of a real-time log, the viewer's
  // host the other one.
  const isSwapped = isOwnDomain(get('viewerHost')) && !isOwnDomain(get('host'));
  // A real-time log has the query in the stem too.
  const mark = stem.indexOf('?');
  return {
    method,
    uri: mark < 0 ? stem : stem.slice(0, mark),
    ip,
    query: get('query') ?? (mark < 0 || mark === stem.length - 1 ? undefined : stem.slice(mark + 1)),
    host: isSwapped ? get('host') : (get('viewerHost') ?? get('host')),
    userAgent: get('userAgent'),
    referer: get('referer'),
    cookie: get('cookie'),
    country: country !== undefined && /^[A-Z]{2}$/.test(country) ? country : undefined,
    hasCountry: read('country') !== undefined,
    hasQuery: read('query') !== undefined || mark >= 0,
    behavior: get('behavior'),
    edgeLocation: get('edgeLocation'),
    time: date === undefined ? (get('timestamp') ?? get('timestampMs')) : `${date} ${get('clock') ?? ''}`.trim(),
    at: readTime(get),
    durationMs: milliseconds(get('timeTaken')),
    status: readStatus(get('status')),
    result: get('detailedResult') ?? get('resultType'),
    requestId: get('requestId'),
    logData: get('logData'),
    originHost: get('originHost'),
    originReason: get('originReason'),
    originFirstByteMs: milliseconds(get('originFirstByte')),
    originLastByteMs: milliseconds(get('originLastByte')),
    distribution: get('distribution') ?? get(isSwapped ? 'viewerHost' : 'host'),
  };
}

function isOwnDomain(host: string | undefined): boolean {
  return host?.endsWith('.cloudfront.net') === true;
}

const msPerDay = 86_400_000;

/** The day of `2026-11-20`, remembered: all lines of a file have the same one or two. */
let lastDay = { text: '', at: Number.NaN };

function readTime(get: (field: Field) => string | undefined): number | undefined {
  const precise = get('timestampMs');
  if (precise !== undefined && /^\d{10,14}$/.test(precise)) return Number(precise);
  const stamp = get('timestamp');
  // Seconds, with three more digits in a real-time log.
  if (stamp !== undefined && /^\d{9,10}(\.\d{1,9})?$/.test(stamp)) return Math.round(Number(stamp) * 1_000);
  if (stamp !== undefined && /^\d{13}$/.test(stamp)) return Number(stamp);
  const [date, clock] = [get('date'), get('clock')];
  if (date === undefined || clock === undefined) return undefined;
  if (date !== lastDay.text) lastDay = { text: date, at: /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN };
  const match = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d)$/.exec(clock.length > 8 ? clock.replace(/^.*T|\.\d+Z?$/g, '') : clock);
  if (match === null) return undefined;
  const at = lastDay.at + ((Number(match[1]) * 60 + Number(match[2])) * 60 + Number(match[3])) * 1_000;
  return at % msPerDay >= 0 ? at : undefined;
}

/** The milliseconds of seconds such as `0.045`. */
function milliseconds(seconds: string | undefined): number | undefined {
  return seconds !== undefined && /^\d{1,7}(\.\d{1,9})?$/.test(seconds) ? Math.round(Number(seconds) * 1_000) : undefined;
}

function readStatus(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{3}$/.test(text) ? Number(text) : undefined;
}

function describe(field: string, value: string | undefined): string {
  return value === undefined ? `no ${field}` : `${field} is ${JSON.stringify(value.slice(0, 40))}`;
}

const spellings = new Map<string, Field | undefined>();
const maxSpellings = 1_000;

/** By the name as a log spells it; remembered, since each record of JSON spells all its names. */
function knownField(name: string): Field | undefined {
  if (!spellings.has(name)) {
    if (spellings.size >= maxSpellings) spellings.clear();
    spellings.set(name, fieldOf.get(normalize(name)));
  }
  return spellings.get(name);
}

/** `cs(User-Agent)`, `cs-user-agent` of Kinesis and `cs_user_agent` of Parquet are one field. */
function normalize(name: string): string {
  return name
    .toLowerCase()
    .replace(/[()_\s]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

/** Parquet has dates and times of its own. */
function formatValue(field: Field, value: unknown): string {
  if (!(value instanceof Date)) return String(value);
  return field === 'date' ? value.toISOString().slice(0, 10) : value.toISOString();
}

/**
 * A value as it was before CloudFront encoded it for the log: spaces and control characters are `%20`. Unchanged where
 * it is not encoded well.
 */
export function decodeField(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
