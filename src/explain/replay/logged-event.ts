import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { EdgeConfig } from '../../config/edge-config.ts';
import { aliasOf } from '../../config/origin-names.ts';
import { defaultBehavior, matchesPattern } from '../../config/path-pattern.ts';
import { routingOf } from '../../config/services.ts';
import type { EventValues, ViewerRequestEvent } from '../../edge/execution.ts';
import { parseCookies, parseQuery } from '../../edge/judge/event-values.ts';
import { decodeField, type LoggedRequest } from '../../log/logged-request.ts';

/** The fields of a logged request that a function can read, by the names that a trace uses. */
export type VisibleRequest = ReadonlyMap<string, string>;

/** Headers that a log may contain, by their name in the event. */
const loggedHeaders = { host: 'host', 'user-agent': 'userAgent', referer: 'referer' } as const;

type Shown = Pick<LoggedRequest, 'ip' | 'method' | 'uri' | 'query' | 'cookie' | 'host' | 'userAgent' | 'referer'>;

/** The request as far as the log shows it. `country` is the viewer's, from the log or guessed. */
export function listVisible(request: Shown, country: string | undefined): VisibleRequest {
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

/** The names that are present: a function can test for a header without reading it. */
export function formatPresence(visible: VisibleRequest): string {
  return [...visible.keys()].join();
}

/** The event of such a request, without headers that logs never contain. */
export function buildLoggedEvent(visible: VisibleRequest): ViewerRequestEvent {
  const headers: EventValues = {};
  for (const [name, value] of visible)
    if (name.startsWith('headers.')) headers[name.slice('headers.'.length)] = { value: decodeField(value) };
  const get = (name: string) => visible.get(name) ?? '';
  return {
    version: '1.0',
    context: { distributionDomainName: '', distributionId: '', eventType: 'viewer-request', requestId: '' },
    viewer: { ip: get('ip') },
    request: {
      method: get('method'),
      uri: get('uri'),
      querystring: parseQuery(get('querystring')),
      headers,
      cookies: parseCookies(decodeField(get('cookies'))),
    },
  };
}

/** A behavior as far as a replay needs it. */
export interface ReplayedBehavior {
  /**
   * Its path pattern or `default`, with the service of the path where there are services; `*` where neither is known.
   */
  name: string;
  /** The alias or id of its own origin: where a request goes for which the function calls no helper. */
  origin?: string | undefined;
  /** False: our function is not on it, so that neither version runs. */
  isRouted: boolean;
}

/** The behavior of a path. Without a distribution all paths are one behavior, whose own origin is not known. */
export function openBehaviors(
  config: Pick<EdgeConfig, 'functionName' | 'origins' | 'defaultOrder' | 'routes' | 'services'>,
  distribution: DistributionConfig | undefined,
): (path: string) => ReplayedBehavior {
  const listed = distribution?.CacheBehaviors?.Items ?? [];
  return (path) => {
    const found = listed.find(({ PathPattern = '' }) => matchesPattern(PathPattern, path));
    const behavior = found ?? distribution?.DefaultCacheBehavior;
    const pattern = behavior === undefined ? '*' : (found?.PathPattern ?? defaultBehavior);
    const name = config.services === undefined ? pattern : `${pattern}, ${describeService(routingOf(config, path)?.service)}`;
    if (behavior === undefined) return { name, isRouted: true };
    const functions = behavior.FunctionAssociations?.Items ?? [];
    return {
      name,
      origin: aliasOf(config.origins, behavior.TargetOriginId ?? ''),
      isRouted: functions.some(
        ({ EventType, FunctionARN }) =>
          EventType === 'viewer-request' && FunctionARN?.endsWith(`:function/${config.functionName}`) === true,
      ),
    };
  };
}

function describeService(service: string | undefined): string {
  return service === undefined ? 'passes through' : `service ${service}`;
}
