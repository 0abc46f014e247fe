import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFunctionRuntime } from '../../local/runtime/function-runtime.ts';
import { openSweepRuntime } from '../../local/runtime/sweep-runtime.ts';
import { type AnyRuntime, readRoute, runAll } from '../../src/edge/ask/ask.ts';
import type { FunctionSource, SweepRuntime } from '../../src/edge/execution.ts';
import { judgeRun } from '../../src/edge/judge/judge.ts';
import { findNjs, openNjsRuntime } from '../../src/edge/njs/njs.ts';
import { type Decider, openDecider } from '../../src/explain/replay/decider.ts';
import { buildLoggedEvent, listVisible } from '../../src/explain/replay/logged-event.ts';
import { openWorkingCopy, type WorkingCopy } from './function-working-copy.ts';

let copy: WorkingCopy;
let log: string;

const fields =
  'date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie)';
const locations = ['SIN2-P1', 'FRA60-P3', 'BOM78-P2', 'CDG50-P1', 'XYZ1-C1'];
const lines = 40_000;

/** Every location in turn, a POST now and then, every address another. */
function logText(): string {
  const rows = Array.from({ length: lines }, (_, n) => {
    const ip = `198.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
    const time = `12:${String(Math.floor(n / 60) % 60).padStart(2, '0')}:${String(n % 60).padStart(2, '0')}`;
    const what = [n % 10 === 0 ? 'POST' : 'GET', 'd1.cloudfront.net', `/api/${n}`, '200', '-', 'curl/8', `id=${n}`, '-'];
    return ['2026-11-20', time, locations[n % locations.length], '2847', ip, ...what].join('\t');
  });
  return ['#Version: 1.0', `#Fields: ${fields}`, ...rows, 'not a line', ''].join('\n');
}

beforeAll(async () => {
  copy = await openWorkingCopy();
  log = join(copy.folder, 'access.gz');
  await writeFile(log, gzipSync(logText()));
  await copy.write('package.json', '{\n  "private": true\n}\n');
  await copy.run('function:build');
  await writeFile(join(copy.folder, 'before.js'), await readFile(join(copy.folder, 'dist/functions/origin-router.js')));
  await copy.replace('edge.config.ts', "'AT', ", "'AT', 'IN', ");
  await copy.replace('edge.config.ts', "['US', 'IN']", "['US']");
});
afterAll(() => copy.close());

const replay = (...args: string[]) => copy.run('function:replay', args);

describe('npm run function:replay', () => {
  it('says which requests of a log would go elsewhere, whose country is guessed, and what could not be read', async () => {
    const { code, out, err } = await copy.start('function:replay', [log, '--before', 'before.js', '--json']);
    expect([code, err]).toEqual([0, '']);
    const report = JSON.parse(out) as { durationMs: number; runs: number };
    expect(report).toMatchObject({
      lines: lines + 1,
      requests: lines,
      countries: { log: 0, location: (lines * 4) / 5, none: lines / 5 },
      rerouted: lines / 5,
      unreadable: 1,
      unchanged: { proven: 0, ifCountry: 24_000, ifUnseen: 8_000 },
      rewritten: 0,
      notRouted: 0,
      movements: [
        {
          behavior: '/api/*',
          before: 'singapore, then europe',
          after: 'europe, then singapore',
          requests: lines / 5,
          countries: { IN: lines / 5 },
        },
      ],
    });
    // What makes it quick: a run for each kind of request, not for each request.
    expect(report.runs).toBeLessThan(200);
  });

  it('prints it for people, with its speed', async () => {
    const { out } = await replay(log, '--before', 'before.js');
    expect(out).toMatch(
      /\nread +40,000 requests of 40,001 lines.* [\d,]+ lines a second\ncountry +32,000 .*, 8,000 unknown\nunchanged +0 requests.*\n +24,000 more.*\n +8,000 more.*\nrerouted +8,000 requests \(20\.00 %\)\n/,
    );
    expect(out).toMatch(/\nunread +1 lines are not requests\n.*access\.gz:40003: 1 of \d+ fields\n$/);
  });

  it('proves a function unchanged against itself, where the log has the country', async () => {
    const path = join(copy.folder, 'country.log');
    await writeFile(
      path,
      '#Fields: c-ip cs-method cs-uri-stem cs-uri-query c-country\n192.0.2.1\tPOST\t/api/x\t-\tIN\n192.0.2.1\tGET\t/\t-\t-\n',
    );
    const { code, out } = await replay(path, '--before', 'config', '--after', 'config', '--json');
    expect([code, JSON.parse(out)]).toMatchObject([0, { requests: 2, unchanged: { proven: 2, ifCountry: 0, ifUnseen: 0 }, movements: [] }]);
  });

  it.each([
    {
      when: 'the file is not a log',
      args: ['package.json', '--before', 'before.js'],
      says: /^error: no request of a CloudFront access log in package\.json: package\.json:1: no cs-method\nhint: /,
      code: 1,
    },
    {
      when: 'the file is not there',
      args: ['nowhere', '--before', 'before.js'],
      says: /^error: cannot read nowhere: ENOENT.*\nhint: /,
      code: 1,
    },
    {
      when: 'the second function is not there',
      args: ['access.gz', '--before', 'before.js', '--after', 'nowhere.js'],
      says: /^error: cannot read nowhere\.js: ENOENT.*\nhint: /,
      code: 1,
    },
    { when: 'no log is named', args: [], says: /^error: <log> is missing\nhint: /, code: 2 },
    {
      when: 'nothing is LIVE',
      args: ['access.gz', '--local'],
      says: /^error: origin-router was never published: nothing is LIVE\nhint: npm run function:publish\n$/,
      code: 1,
    },
  ])('says one line and a hint when $when', async ({ args, says, code }) => {
    const outcome = await replay(...args);
    expect(outcome.err).toMatch(says);
    expect([outcome.code, outcome.out]).toEqual([code, '']);
  });
});

const routesOf = (decided: Awaited<ReturnType<Decider['decide']>>) =>
  decided.map(({ before, after }) => ({ before: before.route, after: after.route }));

const engines = [
  { name: 'workerd', open: async (): Promise<AnyRuntime> => openFunctionRuntime() },
  ...(findNjs(process.env['PATH']) === undefined
    ? []
    : [{ name: 'njs', open: async (): Promise<AnyRuntime> => openNjsRuntime({ njs: findNjs(process.env['PATH']), judge: judgeRun }) }]),
];

describe.each(engines)('a decision that was not run again ($name)', ({ open }) => {
  let runtime: AnyRuntime;
  beforeAll(async () => {
    runtime = await open();
  });
  afterAll(() => runtime.close());

  // Goes by everything that a log has, each for some requests only.
  const curious: FunctionSource = {
    sha256: 'curious',
    code: `import cf from 'cloudfront';
      async function handler(event) {
        const request = event.request;
        const country = request.headers['cloudfront-viewer-country'];
        let to = 'a';
        if (country && country.value === 'IN') to = request.method === 'POST' ? 'b' : event.viewer.ip.length > 9 ? 'c' : 'd';
        else if (request.headers['user-agent'] && request.headers['user-agent'].value === 'bot') to = 'e';
        else if (request.uri.indexOf('/x') === 0) { request.uri = '/y'; to = request.querystring.q ? 'f' : 'g'; }
        else if (request.cookies.s) to = 'h';
        if (Object.keys(request.headers).length > 3) to += to;
        cf.selectRequestOriginById(to);
        return request;
      }`,
  };
  const constant: FunctionSource = {
    sha256: 'constant',
    code: "import cf from 'cloudfront';\nfunction handler(event) { cf.selectRequestOriginById('z'); return event.request; }",
  };
  const now = 1_764_000_000_000;
  const dash = { nil: undefined, freq: 3 } as const;
  const logged = fc.record({
    method: fc.constantFrom('GET', 'POST'),
    uri: fc.constantFrom('/', '/x', '/x/1', '/z'),
    ip: fc.constantFrom('1.1.1.1', '198.51.100.9'),
    query: fc.option(fc.constantFrom('q=1', 'r=2'), dash),
    host: fc.constant('www.example.com'),
    userAgent: fc.option(fc.constantFrom('bot', 'curl'), dash),
    referer: fc.option(fc.constant('https://e.com/'), dash),
    cookie: fc.option(fc.constantFrom('s=1', 't=2'), dash),
    country: fc.option(fc.constantFrom('IN', 'DE'), dash),
    hasCountry: fc.constant(true),
    hasQuery: fc.constant(true),
    behavior: fc.constant(undefined),
    edgeLocation: fc.constant(undefined),
    time: fc.constant(undefined),
  });

  it('is the one that a run would have made', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(logged, { minLength: 80, maxLength: 120 }), async (requests) => {
        const visible = requests.map((request) => listVisible(request, request.country));
        const decider = openDecider({ runtime, before: curious, after: constant, record: 'ok', now });
        const decided = await decider.decide(visible);
        const events = visible.map(buildLoggedEvent);
        const store = { values: new Map<string, string>() };
        const runs = await runAll(
          runtime,
          events.map((event) => ({ source: curious, event, store, now })),
        );
        expect(routesOf(decided)).toEqual(runs.map((run) => ({ before: readRoute(run), after: 'z' })));
      }),
      { numRuns: 3 },
    );
  });

  it.each([
    { does: 'reads a header that no log shows', body: "if (request.headers['x-tenant']) to = 'b';", reads: ['headers.x-tenant'] },
    { does: 'reads one as a member', body: "if (request.headers.authorization) to = 'b';", reads: ['headers.authorization'] },
    { does: 'reads one by a name in a constant', body: "if (request.headers[name]) to = 'b';", reads: ['headers.x-plan'] },
    { does: 'reads one that the log shows', body: "if (request.headers.host.value === 'x') to = 'b';", reads: ['headers.host'] },
    { does: 'lists the headers', body: "if (Object.keys(request.headers).length > 9) to = 'b';", reads: ['headers'] },
    { does: 'looks for a header', body: "if ('x-a' in request.headers) to = 'b';", reads: ['headers'] },
    { does: 'reads the context', body: "if (event.context.requestId === 'x') to = 'b';", reads: ['context'] },
    { does: 'reads another key', body: "try { to = await cf.kvs().get('flags'); } catch (_error) {}", reads: ['key:flags'] },
    { does: 'sets a header', body: "request.headers['x-b'] = { value: '1' };", reads: [], changes: 'header x-b {"value":"1"}' },
    { does: 'drops a header', body: "delete request.headers['user-agent'];", reads: [], changes: 'no header user-agent' },
    { does: 'writes a part', body: "request.uri = '/z';", reads: ['uri'], changes: 'uri "/z"' },
    {
      does: 'answers',
      body: 'return { statusCode: 302 };',
      reads: [],
      changes: '{"statusCode":302}',
      route: 'is answered by the function with 302',
    },
    { does: 'sets the router’s own header', body: "request.headers['x-origin-route'] = { value: 'a' };", reads: [] },
  ])('has what decided it: one that $does', async ({ body, reads, changes = '', route = 'a' }) => {
    const code = `import cf from 'cloudfront';
      const name = 'x-plan';
      async function handler(event) { const request = event.request; let to = 'a'; ${body} cf.selectRequestOriginById(to); return request; }`;
    const source = { code, sha256: body };
    const decider = openDecider({ runtime, before: source, after: source, record: 'ok', now });
    const visible = new Map([
      ['ip', '10.0.0.1'],
      ['method', 'GET'],
      ['uri', '/'],
      ['querystring', ''],
      ['cookies', ''],
      ['headers.host', 'www.example.com'],
      ['headers.user-agent', 'curl'],
    ]);
    const [decided] = await decider.decide([visible]);
    expect(decided?.before).toEqual({ route, changes, reads });
    expect(decided?.after).toEqual(decided?.before);
  });

  it('is left to a sweep once requests have little in common, with the same answers', async () => {
    const byAddress: FunctionSource = {
      sha256: 'by address',
      code: `import cf from 'cloudfront';
        function handler(event) { cf.selectRequestOriginById(event.viewer.ip.slice(-1)); return event.request; }`,
    };
    const visible = Array.from(
      { length: 4_000 },
      (_, n) =>
        new Map([
          ['ip', `10.0.${n >> 8}.${n & 255}`],
          ['method', 'GET'],
          ['uri', '/'],
        ]),
    );
    const expected = visible.map((request) => ({ before: request.get('ip')?.slice(-1), after: 'z' }));
    const sweeper = await openSweepRuntime();
    let swept = 0;
    const counted: SweepRuntime = {
      sweep: (sweep) => {
        swept += sweep.events.length;
        return sweeper.sweep(sweep);
      },
      close: sweeper.close,
    };
    const options = { runtime, before: byAddress, after: constant, record: 'ok', now };
    const decider = openDecider({ ...options, openSweeper: async () => counted });
    try {
      expect(routesOf(await decider.decide(visible))).toEqual(expected);
      expect(swept).toBeGreaterThan(3_000);
      // Without one, or with one that cannot, every run is the engine's.
      const alone = openDecider({ ...options, openSweeper: async () => ({ sweep: async () => undefined, close: async () => undefined }) });
      expect(routesOf(await alone.decide(visible.slice(0, 700)))).toEqual(expected.slice(0, 700));
    } finally {
      await decider.close();
    }
  });
});
