import { createHmac } from 'node:crypto';
import { expect } from 'vitest';
import { readDecision } from '../../../src/edge/ask/ask.ts';
import type { Execution, ViewerRequestEvent } from '../../../src/edge/execution.ts';
import { judgeRun } from '../../../src/edge/judge/judge.ts';
import { sampleEvent } from '../njs/sample.ts';
import type { RouterInput } from '../router/built-routers.ts';
import { runRouterSource } from '../router/source-router.ts';
import { beginRun } from '../router/virtual-cloudfront.ts';
import { type ComposedName, composedConfigs } from './configs.ts';
import { serveTeam } from './virtual-team.ts';

const secret = 'k';
const sign = (text: string) => `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;

interface Given {
  uri?: string;
  headers?: Record<string, string>;
  token?: string;
  method?: string;
  record?: string;
  keys?: Record<string, string>;
}

export interface ComposedCase extends Given {
  config: ComposedName;
  when: string;
  /** `singapore, then europe`, `is answered by the function with 401`, `fails with 503: …`. */
  route: string;
  uriAfter?: string;
  /** Headers that the origin gets; null: none. */
  origin?: Record<string, string | null>;
  reads?: string[];
}

const signedIn = { authorization: `Basic ${Buffer.from('preview:not-a-secret').toString('base64')}` };

export const composedCases: readonly ComposedCase[] = [
  { config: 'auth', when: 'no password', route: 'is answered by the function with 401', reads: [] },
  {
    config: 'auth',
    when: 'the password',
    headers: signedIn,
    route: 'singapore, then europe',
    origin: { authorization: null },
    reads: ['health'],
  },
  {
    config: 'auth',
    when: 'the password, a POST, the first origin down',
    headers: signedIn,
    method: 'POST',
    record: 'singapore=0',
    route: 'europe',
  },
  {
    config: 'redirect',
    when: 'the name begins with www',
    headers: { host: 'www.example.com' },
    route: 'is answered by the function with 301',
    reads: [],
  },
  {
    config: 'redirect',
    when: 'another name',
    route: 'singapore, then europe',
    origin: { 'x-origin-route': 'singapore;country=IN;health=ok' },
  },
  { config: 'token', when: 'no token', route: 'is answered by the function with 401', reads: ['token.secret'] },
  { config: 'token', when: 'a wrong token', token: 'me.x', route: 'is answered by the function with 401' },
  { config: 'token', when: 'a token', token: sign('me'), route: 'singapore, then europe', reads: ['token.secret', 'health'] },
  { config: 'token', when: 'a path without tokens', uri: '/free', route: 'singapore, then europe', reads: ['health'] },
  { config: 'token', when: 'no secret in the store', token: sign('me'), keys: {}, route: 'is answered by the function with 503' },
  {
    config: 'rewrite',
    when: 'a rewritten path of a service',
    uri: '/api/docs/',
    route: 'singapore, then europe',
    uriAfter: '/api/docs/index.html',
    origin: { 'x-viewer': '5fd47831', 'x-origin-route': 'singapore;country=IN;health=ok' },
  },
  {
    config: 'rewrite',
    when: 'a rewritten path of no service',
    uri: '/docs/',
    route: 'the behavior’s own origin',
    uriAfter: '/docs/index.html',
    origin: { 'x-viewer': '5fd47831', 'x-origin-route': null },
    reads: [],
  },
  {
    config: 'strip',
    when: 'the router ran before it',
    route: 'singapore, then europe',
    uriAfter: '/x',
    origin: { 'x-seen-route': 'singapore;country=IN;health=ok' },
  },
  { config: 'both', when: 'no token', route: 'is answered by the function with 401' },
  {
    config: 'both',
    when: 'a token',
    token: sign('me'),
    route: 'singapore, then europe',
    uriAfter: '/x',
    reads: ['token.secret', 'health'],
  },
  {
    config: 'both',
    when: 'a path of no service',
    uri: '/free',
    route: 'the behavior’s own origin',
    uriAfter: '/free',
    origin: { 'x-seen-route': 'none' },
    reads: [],
  },
  { config: 'throws', when: 'it does not throw', route: 'singapore, then europe' },
  { config: 'throws', when: 'it throws', headers: { 'x-fail': '1' }, route: 'fails with 503: Error: no session' },
  {
    config: 'throws',
    when: 'it returns nothing',
    headers: { 'x-nothing': '1' },
    route: 'fails with 502: the handler returned nothing: it must return the request or a response',
    reads: [],
  },
  { config: 'throws-after', when: 'it throws', headers: { 'x-fail': '1' }, route: 'fails with 503: Error: no session' },
  { config: 'throws-after', when: 'it does not throw', route: 'singapore, then europe' },
];

function eventOf({ uri = '/api/x', headers = {}, token, method = 'GET' }: Given): ViewerRequestEvent {
  const all = { host: 'example.com', 'cloudfront-viewer-country': 'IN', ...headers };
  return sampleEvent({
    uri,
    method,
    headers: Object.fromEntries(Object.entries(all).map(([name, value]) => [name, { value }])),
    querystring: token === undefined ? {} : { token: { value: token } },
  });
}

export function composedInput(each: ComposedCase): RouterInput {
  const { record = 'ok', keys = { 'token.secret': secret } } = each;
  return { event: eventOf(each), store: { values: new Map(Object.entries({ ...keys, health: record })) }, now: 1_764_000_000_000 };
}

/** The source as a person wrote it, judged as the built code is. The team's code stays until `serveTeam({})`. */
export async function runComposedSource(each: ComposedCase): Promise<Execution> {
  const input = { ...composedInput(each), source: { code: '', sha256: '' } };
  // Its top level may read the store's handle.
  beginRun(input);
  await serveTeam(composedConfigs[each.config]);
  const [run] = await runRouterSource(composedConfigs[each.config], [input]);
  if (run === undefined) throw new Error('the source did not run');
  return judgeRun(input, run);
}

/** That this run did what the case demands. */
export function expectComposed(each: ComposedCase, execution: Execution, runtime: string): void {
  const { route } = readDecision(execution, eventOf(each));
  // Each engine adds a place of its own to what was thrown.
  expect(route.replace(/ in \d+$/, ''), runtime).toBe(each.route);
  const output = execution.output as { uri?: string; headers?: Record<string, { value: string }> } | undefined;
  if (each.uriAfter !== undefined) expect(output?.uri, runtime).toBe(each.uriAfter);
  for (const [name, value] of Object.entries(each.origin ?? {})) expect(output?.headers?.[name]?.value ?? null, runtime).toBe(value);
  if (each.reads !== undefined) expect(execution.reads, runtime).toEqual(each.reads);
}
