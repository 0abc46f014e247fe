import type { IncomingMessage } from 'node:http';
import { splitCountry } from '../../src/config/countries.ts';
import type { EventValues } from '../../src/edge/execution.ts';
import { addValue, emptyValues, parseCookies, parseQuery } from '../../src/edge/judge/event-values.ts';
import { isHiddenFromViewer } from '../../src/edge/judge/header-rules.ts';

/** A viewer's request as the edge understood it. */
export interface ViewerRequest {
  /** What CloudFront calls the request id, also sent as `x-amz-cf-id`. */
  id: string;
  method: string;
  /** The path as sent, without the query string. */
  path: string;
  /** Without the question mark; empty for a bare one, undefined for none. */
  query: string | undefined;
  /** Lower-case names, without what CloudFront hides from functions. */
  headers: EventValues;
  cookies: EventValues;
  querystring: EventValues;
  /** The Cookie header as sent. */
  cookie: string | undefined;
  host: string;
  ip: string;
  /** From `x-local-viewer-country`, where `US-CA` also has the subdivision; otherwise unchecked. */
  country: string | undefined;
  /** The subdivision's code, without that of the country. */
  region: string | undefined;
  protocol: 'http' | 'https';
  /** Index of the edge location that serves the viewer. */
  location: number;
  httpVersion: string;
  hasBody: boolean;
  /** Asks to speak WebSocket on this connection. */
  isWebSocket: boolean;
}

/** The request after the viewer-request function. */
export interface EdgeRequest {
  kind: 'request';
  uri: string;
  /** Without the question mark; undefined for none. */
  query: string | undefined;
  headers: EventValues;
  /** The Cookie header; undefined for none. */
  cookie: string | undefined;
  /** Query and cookies again, in the form that a viewer-response function gets. */
  querystring: EventValues;
  cookies: EventValues;
}

/** Control headers of the local edge. Functions and origins do not see them. */
const controlHeaders = {
  country: 'x-local-viewer-country',
  ip: 'x-local-viewer-ip',
  protocol: 'x-local-viewer-proto',
  location: 'x-local-location',
} as const;

/** Reads a request; undefined when its target is not a path. `locations` is how many edge locations there are. */
export function readViewerRequest(message: IncomingMessage, id: string, locations: number): ViewerRequest | undefined {
  const target = originForm(message.url ?? '');
  if (target === undefined) return undefined;
  const mark = target.indexOf('?');
  const query = mark === -1 ? undefined : target.slice(mark + 1);
  const headers = emptyValues();
  const control: Record<string, string> = {};
  let cookie: string | undefined;
  const raw = message.rawHeaders;
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase();
    const value = raw[index + 1] as string;
    if (name === 'cookie') cookie = cookie === undefined ? value : `${cookie}; ${value}`;
    else if (name.startsWith('x-local-')) control[name] = value;
    else if (!isHiddenFromViewer(name)) addValue(headers, name, value);
  }
  const host = normalizeHost(headers['host']?.value ?? '');
  if (headers['host'] !== undefined) headers['host'] = { value: host };
  const { code, region } = splitCountry(control[controlHeaders.country]);
  const address = control[controlHeaders.ip] ?? message.socket.remoteAddress ?? '';
  return {
    id,
    method: message.method ?? 'GET',
    path: mark === -1 ? target : target.slice(0, mark),
    query,
    headers,
    cookies: cookie === undefined ? emptyValues() : parseCookies(cookie),
    querystring: parseQuery(query),
    cookie,
    host,
    ip: address.startsWith('::ffff:') ? address.slice(7) : address,
    country: code,
    region,
    protocol: control[controlHeaders.protocol] === 'http' ? 'http' : 'https',
    location: chooseLocation(control[controlHeaders.location], locations),
    httpVersion: message.httpVersion,
    hasBody: headers['transfer-encoding'] !== undefined || (headers['content-length']?.value ?? '0') !== '0',
    isWebSocket: false,
  };
}

/** Adds those of CloudFront's headers that a policy names and for which this viewer has a value. */
export function addCloudFrontHeaders(viewer: ViewerRequest, names: readonly string[]): void {
  for (const name of names) {
    const value = cloudFrontHeader(name, viewer);
    if (value !== undefined) viewer.headers[name] = { value };
  }
}

/** The Host as functions and origins see it: lower case, without port and trailing dot. */
function normalizeHost(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
}

/** The target as path and query, also for a request in absolute form. */
function originForm(url: string): string | undefined {
  if (url.startsWith('/')) return url;
  const absolute = /^https?:\/\/[^/?#]+(.*)$/i.exec(url);
  if (absolute === null) return undefined;
  const rest = absolute[1] as string;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function chooseLocation(wanted: string | undefined, locations: number): number {
  const index = Number(wanted ?? 0);
  return Number.isInteger(index) && index >= 0 && index < locations ? index : 0;
}

function cloudFrontHeader(name: string, viewer: ViewerRequest): string | undefined {
  switch (name) {
    case 'cloudfront-viewer-country':
      return viewer.country;
    case 'cloudfront-viewer-country-region':
      return viewer.region;
    case 'cloudfront-forwarded-proto':
      return viewer.protocol;
    case 'cloudfront-viewer-http-version':
      return viewer.httpVersion;
    case 'cloudfront-viewer-address':
      return `${viewer.ip}:443`;
    default:
      return deviceHeaders(viewer.headers['user-agent']?.value ?? '')[name];
  }
}

// An approximation: CloudFront's own reading of User-Agent is not published.
const devices: Record<string, (agent: string) => boolean> = {
  'cloudfront-is-android-viewer': (agent) => agent.includes('Android'),
  'cloudfront-is-ios-viewer': (agent) => /iPhone|iPad|iPod/.test(agent),
  'cloudfront-is-mobile-viewer': (agent) => /Mobile|iPhone/.test(agent),
  'cloudfront-is-tablet-viewer': (agent) => /iPad|Tablet/.test(agent),
  'cloudfront-is-smarttv-viewer': (agent) => /SmartTV|SMART-TV|AppleTV/.test(agent),
  'cloudfront-is-desktop-viewer': (agent) => !/Mobile|iPhone|iPad|iPod|Android|Tablet|TV/.test(agent),
};

const known = new Map<string, Readonly<Record<string, string>>>();
const maxKnown = 1_000;

/** CloudFront's device headers for a User-Agent, cached: viewers send few different ones. */
function deviceHeaders(agent: string): Readonly<Record<string, string>> {
  const before = known.get(agent);
  if (before !== undefined) return before;
  const headers = Object.fromEntries(Object.entries(devices).map(([name, test]) => [name, String(test(agent))]));
  if (known.size >= maxKnown) known.clear();
  known.set(agent, headers);
  return headers;
}
