import { healthKey } from '../../../kvs/keys.ts';
import { storedKey } from '../../../kvs/reserved-keys.ts';
import { splitCountry } from '../../config/countries.ts';
import type { EdgeConfig } from '../../config/edge-config.ts';
import { aliasOf } from '../../config/origin-names.ts';
import { isRecord } from '../../text/is-record.ts';
import type { Execution, FunctionRuntime, FunctionSource, OriginCall, RunInput, ViewerRequestEvent } from '../execution.ts';
import { parseCookies } from '../judge/event-values.ts';
import type { NjsRuntime } from '../njs/njs.ts';

/** One request of one viewer, under one health record. */
export interface Question {
  viewer: Viewer;
  /** The health record; undefined when the key is missing. */
  record: string | undefined;
}

/** A function's bytes and the engine that runs them. */
export interface Asked {
  runtime: AnyRuntime;
  source: FunctionSource;
  /** Epoch milliseconds: the moment of the run, which decides whether an entry has expired. */
  now: number;
  /** Origins whose aliases take the place of their ids in what is found; ids stay without it. */
  origins?: EdgeConfig['origins'] | undefined;
  /** The team's own keys in the store, for its own code. */
  keys?: Readonly<Record<string, string>> | undefined;
  /** `keyPrefix` of edge.config.ts: the function reads the record below it. */
  keyPrefix?: string | undefined;
}

/** What the function decides for each question, found by running it. */
export async function askFunction(
  { runtime, source, now, origins = {}, keys = {}, keyPrefix }: Asked,
  questions: readonly Question[],
): Promise<RouteDecision[]> {
  const recordKey = storedKey(healthKey, keyPrefix);
  const events = questions.map(({ viewer }) => buildViewerEvent(viewer));
  const inputs = questions.map(({ record }, index) => ({
    source,
    event: events[index] as (typeof events)[number],
    store: { values: new Map([...Object.entries(keys), ...(record === undefined ? [] : [[recordKey, record] as const])]) },
    now,
  }));
  const executions = await runAll(runtime, inputs);
  return executions.map((execution, index) =>
    readDecision(execution, events[index] as (typeof events)[number], (id) => aliasOf(origins, id)),
  );
}

/** Any runtime. njs runs many events in one process with `runMany`; workerd batches its messages itself. */
export type AnyRuntime = FunctionRuntime & Partial<Pick<NjsRuntime, 'runMany'>>;

/** Runs all of them, results in the order of the inputs. */
export async function runAll(runtime: AnyRuntime, inputs: readonly RunInput[]): Promise<Execution[]> {
  return runtime.runMany?.(inputs) ?? Promise.all(inputs.map((input) => runtime.run(input)));
}

/** What a function can see of a viewer. */
export interface Viewer {
  /** As CloudFront names it, `US` or with the subdivision `US-CA`; undefined when the header is not there. */
  country: string | undefined;
  method: string;
  ip: string;
  /** Default `/`. */
  uri?: string;
  /** The requested host name; default `www.example.com`. */
  host?: string;
  /** Further headers, by name in lower case. */
  headers?: Readonly<Record<string, string>>;
}

/** An address reserved for documentation (RFC 5737), for viewers whose address does not matter. */
export const someIp = '203.0.113.7';

/** The viewer-request event of such a viewer. */
export function buildViewerEvent({ country, method, ip, uri = '/', host = 'www.example.com', headers = {} }: Viewer): ViewerRequestEvent {
  const { cookie, ...others } = headers;
  return {
    version: '1.0',
    context: { distributionDomainName: '', distributionId: '', eventType: 'viewer-request', requestId: '' },
    viewer: { ip },
    request: {
      method,
      uri,
      querystring: {},
      headers: {
        host: { value: host },
        ...Object.fromEntries(Object.entries(others).map(([name, value]) => [name, { value }])),
        ...countryHeaders(country),
      },
      cookies: cookie === undefined ? {} : parseCookies(cookie),
    },
  };
}

function countryHeaders(country: string | undefined): ViewerRequestEvent['request']['headers'] {
  const { code, region } = splitCountry(country);
  return {
    ...(code !== undefined && { 'cloudfront-viewer-country': { value: code } }),
    ...(region !== undefined && { 'cloudfront-viewer-country-region': { value: region } }),
  };
}

/** What a function did with one request, as text that people read and programs compare. */
export interface RouteDecision {
  /** Ids of origins in the order they are tried; empty when the function chose none by id. */
  origins: readonly string[];
  /** Where the request goes: `singapore, then europe`, or what happens instead. */
  route: string;
  /** All other changes: `uri: /x`, `header x-origin-route: …`, `no header x-region`. */
  rewrites: readonly string[];
  /** The viewer gets a 502 or 503. */
  failed: boolean;
  /** The status of a response that the function made itself; undefined when a request goes on. */
  answered: number | undefined;
  /** The origin helper that was called, in words: `selectRequestOriginById("europe")`. */
  call: string;
}

/** The name of an origin by its id in the distribution. */
type NameOf = (id: string) => string;
const asItIs: NameOf = (id) => id;

/** The route of a request for which the function calls no helper. */
export const ownOrigin = 'the behavior’s own origin';

const statuses = { execution: 503, validation: 502 } as const;

/** Where the request goes, or what happens instead. */
export function readRoute(
  { error, output, originCall }: Pick<Execution, 'error' | 'output' | 'originCall'>,
  nameOf: NameOf = asItIs,
): string {
  if (error !== undefined) return `fails with ${statuses[error.kind]}: ${error.message}`;
  const status = field(output, 'statusCode');
  return status === undefined ? describeRoute(originCall, nameOf) : `is answered by the function with ${String(status)}`;
}

/** The decision in what a run did. */
export function readDecision(execution: Execution, event: ViewerRequestEvent, nameOf: NameOf = asItIs): RouteDecision {
  const { error, output, originCall } = execution;
  const status = error === undefined ? field(output, 'statusCode') : undefined;
  const decision = {
    origins: [],
    route: readRoute(execution, nameOf),
    rewrites: [],
    failed: error !== undefined,
    answered: typeof status === 'number' ? status : undefined,
    call: formatCall(originCall),
  };
  if (error !== undefined || status !== undefined) return decision;
  return { ...decision, origins: listOrigins(originCall).map(nameOf), rewrites: listRewrites(output, event) };
}

function formatCall(call: OriginCall | undefined): string {
  if (call === undefined) return 'no origin helper';
  if (call.helper === 'updateRequestOrigin') return `updateRequestOrigin(${JSON.stringify(call.settings)})`;
  const ids = listOrigins(call).map((id) => JSON.stringify(id));
  return `${call.helper}(${ids.join(', ')})${call.helper === 'createRequestOriginGroup' ? ` on ${call.statusCodes.join(', ')}` : ''}`;
}

function listOrigins(call: OriginCall | undefined): string[] {
  if (call?.helper === 'selectRequestOriginById') return [call.originId];
  return call?.helper === 'createRequestOriginGroup' ? call.originIds.map(({ originId }) => originId) : [];
}

function describeRoute(call: OriginCall | undefined, nameOf: NameOf): string {
  if (call === undefined) return ownOrigin;
  if (call.helper === 'updateRequestOrigin') return `the origin ${JSON.stringify(call.settings)}`;
  return listOrigins(call).map(nameOf).join(', then ');
}

function listRewrites(output: unknown, { request }: ViewerRequestEvent): string[] {
  const before = request.headers;
  const after = field(output, 'headers') ?? {};
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const uri = field(output, 'uri');
  return [
    ...(uri === request.uri ? [] : [`uri: ${String(uri)}`]),
    ...names.flatMap((name) => {
      const value = field(field(after, name), 'value');
      if (value === undefined) return [`no header ${name}`];
      return value === before[name]?.value ? [] : [`header ${name}: ${String(value)}`];
    }),
  ];
}

function field(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}
