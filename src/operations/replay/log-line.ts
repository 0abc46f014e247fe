/** What a line of an access log says of a request; texts are as in the log, undefined for `-` and for fields that the log does not have. */
export interface LoggedRequest {
  method: string;
  uri: string;
  ip: string;
  query: string | undefined;
  host: string | undefined;
  userAgent: string | undefined;
  referer: string | undefined;
  cookie: string | undefined;
  /** Only standard logging v2 and real-time logs have it, and only when the field was chosen. */
  country: string | undefined;
  edgeLocation: string | undefined;
  /** `2026-11-20 12:00:01`, as it stands in the log. */
  time: string | undefined;
}

/** The place of each field in a line, -1 for those that the log does not have. */
export type LogFields = Readonly<Record<keyof Omit<LoggedRequest, 'time'> | 'date' | 'clock' | 'viewerHost' | 'timestamp', number>>;

// Names by AWS's page (standard-logs-reference.html); logs that went through Kinesis spell those in parentheses with a hyphen.
const names: Readonly<Record<keyof LogFields, readonly string[]>> = {
  method: ['cs-method'],
  uri: ['cs-uri-stem'],
  ip: ['c-ip'],
  query: ['cs-uri-query'],
  host: ['cs(Host)', 'cs-host'],
  viewerHost: ['x-host-header'],
  userAgent: ['cs(User-Agent)', 'cs-user-agent'],
  referer: ['cs(Referer)', 'cs-referer'],
  cookie: ['cs(Cookie)', 'cs-cookie'],
  country: ['c-country'],
  edgeLocation: ['x-edge-location'],
  date: ['date'],
  clock: ['time'],
  timestamp: ['timestamp', 'timestamp(ms)'],
};

const legacy =
  'date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header';

/** The fields of a log that says `#Fields: …`. */
export function parseLogFields(text: string): LogFields {
  const found = text.trim().split(/\s+/);
  return mapNames((wanted) => found.findIndex((name) => wanted.includes(name)));
}

/** The fields of a log that lost its head: those of the standard log. */
export const standardFields: LogFields = parseLogFields(legacy);

/** The request of a line, or why it cannot be read. */
export function parseLogLine(line: string, fields: LogFields): LoggedRequest | string {
  const values = line.startsWith('{') ? readJson(line) : line.split('\t');
  if (values === undefined) return 'no JSON';
  const get = (field: keyof LogFields): string | undefined => {
    const value = Array.isArray(values) ? values[fields[field]] : values.get(field);
    return value === undefined || value === '-' || value === '' ? undefined : value;
  };
  const [method, uri, ip] = [get('method'), get('uri'), get('ip')];
  if (method === undefined || !/^[A-Z]{3,20}$/.test(method)) return describe('cs-method', method);
  if (uri === undefined || !uri.startsWith('/')) return describe('cs-uri-stem', uri);
  if (ip === undefined || !/^[\da-fA-F:.]{2,45}$/.test(ip)) return describe('c-ip', ip);
  const country = get('country');
  const date = get('date');
  return {
    method,
    uri,
    ip,
    query: get('query'),
    host: get('viewerHost') ?? get('host'),
    userAgent: get('userAgent'),
    referer: get('referer'),
    cookie: get('cookie'),
    country: country !== undefined && /^[A-Z]{2}$/.test(country) ? country : undefined,
    edgeLocation: get('edgeLocation'),
    time: date === undefined ? get('timestamp') : `${date} ${get('clock') ?? ''}`.trim(),
  };
}

function describe(field: string, value: string | undefined): string {
  return value === undefined ? `no ${field}` : `${field} is ${JSON.stringify(value.slice(0, 40))}`;
}

/** Logging v2 can write one JSON object per line. */
function readJson(line: string): Map<keyof LogFields, string> | undefined {
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (raw === null || typeof raw !== 'object') return undefined;
  const entries = raw as Record<string, unknown>;
  const found = new Map<keyof LogFields, string>();
  for (const [field, wanted] of Object.entries(names)) {
    const name = wanted.find((candidate) => entries[candidate] !== undefined);
    if (name !== undefined) found.set(field as keyof LogFields, String(entries[name]));
  }
  return found;
}

function mapNames(place: (wanted: readonly string[]) => number): LogFields {
  return Object.fromEntries(Object.entries(names).map(([field, wanted]) => [field, place(wanted)])) as unknown as LogFields;
}
