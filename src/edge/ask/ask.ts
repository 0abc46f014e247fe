import { healthKey } from '../../../kvs/keys.ts';
import { storedKey } from '../../../kvs/reserved-keys.ts';
import { splitCountry } from '../../config/countries.ts';
import type { EdgeConfig } from '../../config/edge-config.ts';
import { aliasOf } from '../../config/origin-names.ts';
import type { Execution, FunctionRuntime, FunctionSource, RunInput, ViewerRequestEvent } from '../execution.ts';
import { parseCookies } from '../judge/event-values.ts';
import type { NjsRuntime } from '../njs/njs.ts';
import { type RouteDecision, readDecision } from './decision.ts';

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
