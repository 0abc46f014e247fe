import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { EdgeConfig } from '../config/edge-config.ts';
import { defaultBehavior, matchesPattern } from '../config/path-pattern.ts';
import { routingOf } from '../config/services.ts';
import { resolveName, toLookup } from './resolve-name.ts';

/** Which origin answered a viewer. */
export type EdgeAnswer =
  | { origins: readonly string[]; status?: number }
  /** `failed`: a viewer gets an error, or nothing in time; otherwise only the answering origin is unknown. */
  | { problem: string; failed: boolean };

/** The edge as a viewer sees it. */
export interface EdgeView {
  url: string;
  /** Only the local edge can be asked on behalf of a country; anywhere else a viewer is where it is. */
  canChooseCountry: boolean;
  ask(country: string | undefined, ip?: string): Promise<EdgeAnswer>;
}

/** Request header that gives the local edge a viewer's country. */
export const localCountryHeader = 'x-local-viewer-country';
/** Request header that gives the local edge a viewer's address. */
export const localIpHeader = 'x-local-viewer-ip';
const maxBodyBytes = 65_536;
const lookup = toLookup((name, family) => resolveName(name, { family, timeoutMs: 5_000 }));

export interface EdgeViewOptions {
  url: string;
  isLocal: boolean;
  config: Pick<EdgeConfig, 'origins'>;
  /** Whole request. Default 5 s. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/**
 * Asks for the health check's path and learns the origin from the region in the answer: header `x-region`, else the
 * JSON field `region`.
 */
export function openEdgeView({ url, isLocal, config, timeoutMs = 5_000, signal }: EdgeViewOptions): EdgeView {
  const byRegion = groupByRegion(config);
  const path = healthPath(config);
  return {
    url,
    canChooseCountry: isLocal,
    ask: async (country, ip) => {
      const headers: Record<string, string> = { 'cache-control': 'no-cache' };
      if (isLocal && country !== undefined) headers[localCountryHeader] = country;
      if (isLocal && ip !== undefined) headers[localIpHeader] = ip;
      try {
        const { status, region } = await fetchRegion(new URL(path, url), headers, timeoutMs, signal);
        const failed = status >= 500;
        if (region === undefined) return { problem: `answered ${status} without a region`, failed };
        const origins = byRegion.get(region);
        return origins === undefined
          ? { problem: `answered ${status} from ${region}, which is the region of no origin`, failed }
          : { origins, status };
      } catch (error) {
        signal?.throwIfAborted();
        return { problem: `did not answer: ${(error as Error).message || (error as NodeJS.ErrnoException).code}`, failed: true };
      }
    },
  };
}

/** The ids of the origins in each region. */
export function groupByRegion({ origins }: EdgeViewOptions['config']): ReadonlyMap<string, readonly string[]> {
  const byRegion = new Map<string, string[]>();
  for (const [id, { region }] of Object.entries(origins)) byRegion.set(region, [...(byRegion.get(region) ?? []), id]);
  return byRegion;
}

/** The path of the first http signal, `/health` without any. */
export function healthPath({ origins }: EdgeViewOptions['config']): string {
  const signals = Object.values(origins).flatMap((origin) => origin.signals);
  return signals.find((signal) => signal.type === 'http')?.path ?? '/health';
}

/** Why the edge's answer for the health check's path shows no routing; undefined when it does. */
export function whyNotAsked(config: EdgeConfig): string | undefined {
  const path = healthPath(config).split('?', 1)[0] ?? '';
  const behaviors = config.distributions?.flatMap((distribution) => distribution.behaviors);
  // Behaviors that edge.config.ts does not name are unknown here: the default one is taken to have what no named one
  // has.
  const isRouted = behaviors?.some((name) => name === defaultBehavior || matchesPattern(name, path)) ?? true;
  if (!isRouted) return `no behavior that edge.config.ts names has the path ${path} of the health check`;
  return routingOf(config, path) === undefined ? `no service of edge.config.ts has the path ${path} of the health check` : undefined;
}

function fetchRegion(
  url: URL,
  headers: Record<string, string>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<{ status: number; region: string | undefined }> {
  const deadline = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(
      url,
      { headers, lookup, signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]) },
      (response) => {
        readBody(response).then((body) => {
          resolve({ status: response.statusCode ?? 0, region: readRegion(response.headers, body) });
        }, reject);
      },
    );
    request.on('error', (error) => reject(deadline.aborted ? new Error(`no answer within ${timeoutMs} ms`) : error));
    request.end();
  });
}

/** The body, cut at a length no health check reaches. */
async function readBody(response: IncomingMessage): Promise<string> {
  let body = '';
  response.setEncoding('utf8');
  for await (const chunk of response) {
    body += chunk;
    if (body.length > maxBodyBytes) break;
  }
  return body;
}

/** The region that an answer is from: header `x-region`, else the JSON field `region`. */
export function readRegion(headers: Readonly<Record<string, string | string[] | undefined>>, body: string): string | undefined {
  const header = headers['x-region'];
  return typeof header === 'string' && header !== '' ? header : parseRegion(body);
}

function parseRegion(body: string): string | undefined {
  try {
    const region: unknown = (JSON.parse(body) as { region?: unknown } | null)?.region;
    return typeof region === 'string' ? region : undefined;
  } catch {
    return undefined;
  }
}
