import type { EventValues, ViewerRequestEvent } from '../../edge/execution.ts';
import type { LoggedRequest } from './log-line.ts';

/** Everything of a logged request that the function could go by, by the name under which a traced run tells that it was read. */
export type VisibleRequest = ReadonlyMap<string, string>;

/** Headers that a log tells of, by their name in the event. */
const loggedHeaders = { host: 'host', 'user-agent': 'userAgent', referer: 'referer' } as const;

/** The request as far as the log knows it. `country` is the viewer's, from wherever it is known. */
export function listVisible(request: LoggedRequest, country: string | undefined): VisibleRequest {
  const visible = new Map([
    ['ip', request.ip ?? ''],
    ['method', request.method],
    ['uri', request.uri],
    ['querystring', request.query ?? ''],
    ['cookies', request.cookie ?? ''],
  ]);
  if (country !== undefined) visible.set('headers.cloudfront-viewer-country', country);
  for (const [header, field] of Object.entries(loggedHeaders)) {
    const value = request[field];
    if (value !== undefined) visible.set(`headers.${header}`, value);
  }
  return visible;
}

/** Names of what is there: which headers a request has can be asked for without reading one. */
export function formatPresence(visible: VisibleRequest): string {
  return [...visible.keys()].join();
}

/** The event that such a request makes. Headers that logs do not tell of are missing from it. */
export function buildLoggedEvent(visible: VisibleRequest): ViewerRequestEvent {
  const headers: EventValues = {};
  for (const [name, value] of visible) if (name.startsWith('headers.')) headers[name.slice('headers.'.length)] = { value: decode(value) };
  const get = (name: string) => visible.get(name) ?? '';
  return {
    version: '1.0',
    context: { distributionDomainName: '', distributionId: '', eventType: 'viewer-request', requestId: '' },
    viewer: { ip: get('ip') },
    request: {
      method: get('method'),
      uri: get('uri'),
      querystring: splitPairs(get('querystring'), '&'),
      headers,
      cookies: splitPairs(decode(get('cookies')), /;\s*/),
    },
  };
}

function splitPairs(text: string, separator: string | RegExp): EventValues {
  // Names are a viewer's: `__proto__` is one like any other.
  const values = Object.create(null) as EventValues;
  for (const pair of text.split(separator)) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const value = equals < 0 ? '' : pair.slice(equals + 1);
    const there = values[name];
    if (there === undefined) values[name] = { value };
    else there.multiValue = [...(there.multiValue ?? [{ value: there.value }]), { value }];
  }
  return values;
}

/** Logs write spaces and control characters of headers as %20. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
