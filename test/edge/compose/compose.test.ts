import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openFunctionRuntime } from '../../../local/runtime/function-runtime.ts';
import { type AnyRuntime, readDecision, runAll } from '../../../src/edge/ask/ask.ts';
import { buildFunction } from '../../../src/edge/build.ts';
import type { Execution, RawRun, RunInput, ViewerRequestEvent } from '../../../src/edge/execution.ts';
import { judgeRun } from '../../../src/edge/judge/judge.ts';
import { openNjsRuntime } from '../../../src/edge/njs/njs.ts';
import { njs, sampleEvent } from '../njs/sample.ts';
import { beginRun } from '../router/virtual-cloudfront.ts';
import { serveRoutes } from '../router/virtual-routes.ts';
import { type ComposedName, composedConfigs } from './configs.ts';
import { serveTeam } from './virtual-team.ts';

const now = 1_764_000_000_000;
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

interface ComposedCase extends Given {
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

const cases: ComposedCase[] = [
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

async function inputOf(each: ComposedCase): Promise<RunInput> {
  const { record = 'ok', keys = { 'token.secret': secret } } = each;
  return {
    source: await buildFunction(composedConfigs[each.config]),
    event: eventOf(each),
    store: { values: new Map(Object.entries({ ...keys, health: record })) },
    now,
  };
}

/** The source as a person wrote it, judged as the built code is. */
async function runSource(each: ComposedCase): Promise<Execution> {
  const input = await inputOf(each);
  await serveRoutes(composedConfigs[each.config]);
  const file = new URL('../../../functions/origin-router.ts', import.meta.url).href;
  vi.setSystemTime(now);
  const trace = beginRun(input);
  // Its top level may read the store's handle.
  await serveTeam(composedConfigs[each.config]);
  const { handler } = (await import(/* @vite-ignore */ file)) as { handler: (event: unknown) => Promise<unknown> };
  const run: RawRun = { output: null, ...trace, logs: [], droppedLogArguments: 0 };
  try {
    run.output = await handler(structuredClone(input.event));
  } catch (error) {
    run.failure = String(error);
  }
  vi.useRealTimers();
  return judgeRun(input, run);
}

// The module is the same for all files of edge tests.
afterAll(() => serveTeam({}));

const results = new Map<ComposedCase, { runtime: string; execution: Execution | undefined }[]>();
const runtimes: { name: string; runtime: AnyRuntime }[] = [];

beforeAll(async () => {
  runtimes.push({ name: 'workerd', runtime: await openFunctionRuntime() });
  if (njs !== undefined || process.env['CI'] === 'true') runtimes.push({ name: 'njs', runtime: openNjsRuntime({ njs, judge: judgeRun }) });
  const inputs = await Promise.all(cases.map(inputOf));
  for (const { name, runtime } of runtimes) {
    const executions = await runAll(runtime, inputs);
    for (const [index, each] of cases.entries())
      results.set(each, [...(results.get(each) ?? []), { runtime: name, execution: executions[index] }]);
  }
});

afterAll(() => Promise.all(runtimes.map(({ runtime }) => runtime.close())));

describe('the router with code of the team’s own, as source, as built bytes in workerd and in njs', () => {
  it.each(cases.map((each) => [each.config, each.when, each] as const))('%s: %s', async (_config, _when, each) => {
    const runs = [{ runtime: 'source', execution: await runSource(each) }, ...(results.get(each) ?? [])];
    expect(runs.length).toBe(1 + runtimes.length);
    for (const { runtime, execution } of runs) {
      if (execution === undefined) throw new Error(`${runtime} did not run`);
      const { route } = readDecision(execution, eventOf(each));
      // Each engine adds a place of its own to what was thrown.
      expect(route.replace(/ in \d+$/, ''), runtime).toBe(each.route);
      const output = execution.output as { uri?: string; headers?: Record<string, { value: string }> } | undefined;
      if (each.uriAfter !== undefined) expect(output?.uri, runtime).toBe(each.uriAfter);
      for (const [name, value] of Object.entries(each.origin ?? {})) expect(output?.headers?.[name]?.value ?? null, runtime).toBe(value);
      if (each.reads !== undefined) expect(execution.reads, runtime).toEqual(each.reads);
    }
  });
});
