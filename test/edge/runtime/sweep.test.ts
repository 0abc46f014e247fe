import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFunctionRuntime } from '../../../local/runtime/function-runtime.ts';
import { openSweepRuntime } from '../../../local/runtime/sweep-runtime.ts';
import { readRoute } from '../../../src/edge/ask/ask.ts';
import type {
  EventValue,
  EventValues,
  FunctionRuntime,
  FunctionSource,
  SweepRuntime,
  ViewerRequestEvent,
} from '../../../src/edge/execution.ts';
import { sourceOf, viewerRequest } from './events.ts';

let sweeper: SweepRuntime;
let runtime: FunctionRuntime;
beforeAll(async () => {
  [sweeper, runtime] = await Promise.all([openSweepRuntime(), openFunctionRuntime()]);
}, 60_000);
afterAll(() => Promise.all([sweeper?.close(), runtime?.close()]));

const source = (body: string): FunctionSource => sourceOf(`import cf from 'cloudfront';\nconst crypto = require('crypto');\n${body}`);
const store = { values: new Map([['health', 'singapore=25']]), version: 'sweep' };
const now = 1_764_000_000_000;

const byHash = source(`async function handler(event) {
  const weight = await cf.kvs().get('health');
  const first = crypto.createHash('md5').update(event.viewer.ip).digest()[0];
  cf.selectRequestOriginById(first % 2 ? weight : 'europe');
  event.request.headers['x-route'] = { value: 'even' };
  return event.request;
}`);

/**
 * Does something else to every kind of request: leaves alone, adds, changes, removes, answers, throws, breaks rules.
 */
const moody = source(`function handler(event) {
  const request = event.request;
  const kind = event.viewer.ip.length % 10;
  if (kind === 0) return { statusCode: 302, headers: { location: { value: request.uri } } };
  if (kind === 1) throw new Error('for ' + request.method);
  if (kind === 2) request.uri = request.uri + ' ';
  if (kind === 3) request.headers['X-Upper'] = { value: 'a' };
  if (kind === 4) delete request.headers.host;
  if (kind === 5) cf.updateRequestOrigin({ domainName: 'a.example.com', customHeaders: { referer: 'x' } });
  if (kind === 6) request.querystring = { a: { value: 'b' } };
  if (kind === 7) request.cookies.s = { value: request.rawQueryString() || 'none' };
  if (kind === 8) return Object.assign({}, request, { method: 'PUT' });
  if (kind === 9) { request.extra = request; }
  if (request.headers.referer) cf.selectRequestOriginById('europe');
  return request;
}`);

const pairs: fc.Arbitrary<EventValues> = fc.dictionary(
  fc.constantFrom('a', 'constructor', 'b[]', '__proto__'),
  fc.oneof(fc.constant<EventValue>({ value: '1' }), fc.constant<EventValue>({ value: '2', multiValue: [{ value: '2' }, { value: '' }] })),
  { maxKeys: 2, noNullPrototype: false },
);
const anyEvent: fc.Arbitrary<ViewerRequestEvent> = fc
  .record({
    ip: fc.stringMatching(/^[0-9a-f:]{2,12}$/),
    method: fc.constantFrom('GET', 'POST'),
    uri: fc.constantFrom('/', '/x'),
    headers: fc.constantFrom<EventValues>({ host: { value: 'e.com' } }, {}, { host: { value: 'e.com' }, referer: { value: 'r' } }),
    querystring: pairs,
    cookies: pairs,
  })
  .map(({ ip, ...request }) => ({ ...viewerRequest(request), viewer: { ip } }));

const event = (ip: string): ViewerRequestEvent => ({ ...viewerRequest(), viewer: { ip } });

describe('a sweep', () => {
  it('ends every run as a single run ends', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyEvent, { minLength: 60, maxLength: 120 }), async (events) => {
        const swept = await sweeper.sweep({ sources: [byHash, moody], events, store, now });
        for (const [place, one] of [byHash, moody].entries()) {
          const runs = await Promise.all(events.map((each) => runtime.run({ source: one, event: structuredClone(each), store, now })));
          expect(swept?.[place]?.map((each) => readRoute(each))).toEqual(runs.map((each) => readRoute(each)));
        }
      }),
      { numRuns: 4 },
    );
  });

  it('reports runs that did the same once', async () => {
    const events = Array.from({ length: 2_000 }, (_, n) => event(`192.0.${n >> 8}.${n & 255}`));
    const [executions = []] = (await sweeper.sweep({ sources: [byHash], events, store, now })) ?? [];
    expect(executions).toHaveLength(2_000);
    expect(new Set(executions).size).toBe(2);
  });

  it('fails every run of a function that does not load', async () => {
    const swept = await sweeper.sweep({ sources: [source('nothing here')], events: [event('192.0.2.1')], store, now });
    expect(swept?.[0]?.[0]?.error).toEqual({ kind: 'execution', message: expect.stringContaining('SyntaxError') });
  });

  it('gives up a run that waits without end, and no other', async () => {
    const waits = source(`async function handler(event) {
      if (event.viewer.ip === '192.0.2.1') await new Promise(function () {});
      return event.request;
    }`);
    const swept = await sweeper.sweep({ sources: [waits], events: [event('192.0.2.1'), event('192.0.2.2')], store, now });
    expect(swept?.[0]?.map(({ error }) => error?.message)).toEqual([
      'Error: the handler waits for a promise that never settles',
      undefined,
    ]);
  });

  it('is not the way to run a function that changes built-in objects', async () => {
    const body = 'Array.prototype.map = null; function handler(event) { return event.request; }';
    expect(await sweeper.sweep({ sources: [source(body)], events: [event('192.0.2.1')], store, now })).toBeUndefined();
    const [[run] = []] = (await sweeper.sweep({ sources: [byHash], events: [event('192.0.2.1')], store, now })) ?? [];
    expect(run?.error).toBeUndefined();
  });

  it('fails every run of a function with an import that leads out, and runs the one beside it', async () => {
    const sources = [source("function handler(event) { import('node:fs'); return event.request; }"), byHash];
    const swept = await sweeper.sweep({ sources, events: [event('192.0.2.1')], store, now });
    expect(swept?.map(([run]) => run?.error?.kind)).toEqual(['execution', undefined]);
  });

  it('is given up for a function that never ends, and with it the runtime', async () => {
    const short = await openSweepRuntime({ timeLimitMs: 200 });
    try {
      const endless = source('function handler() { for (;;) {} }');
      expect(await short.sweep({ sources: [endless], events: [event('192.0.2.1')], store, now })).toBeUndefined();
      expect(await short.sweep({ sources: [byHash], events: [event('192.0.2.1')], store, now })).toBeUndefined();
    } finally {
      await short.close();
    }
  }, 60_000);
});

it('gives each run the room for its own logs, and distinguishes runs with other logs', async () => {
  const loud = source(`function handler(event) { console.log(event.request.uri + 'x'.repeat(1000)); return event.request; }`);
  const events = Array.from({ length: 60 }, (_, n) => viewerRequest({ uri: `/${n}` }));
  const [executions] = (await sweeper.sweep({ sources: [loud], events, store, now })) ?? [];
  expect(executions?.map(({ logs }) => logs[0]?.split('x')[0])).toEqual(events.map(({ request }) => request.uri));
});
