import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFunctionRuntime } from '../../local/runtime/function-runtime.ts';
import { openSweepRuntime } from '../../local/runtime/sweep-runtime.ts';
import { type AnyRuntime, runAll } from '../../src/edge/ask/ask.ts';
import { readRoute } from '../../src/edge/ask/decision.ts';
import type { FunctionSource, SweepRuntime } from '../../src/edge/execution.ts';
import { judgeRun } from '../../src/edge/judge/judge.ts';
import { findNjs, openNjsRuntime } from '../../src/edge/njs/njs.ts';
import { openDecider } from '../../src/explain/replay/decider.ts';
import { buildLoggedEvent, listVisible } from '../../src/explain/replay/logged-request.ts';
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
  await copy.run('function-build');
  await writeFile(join(copy.folder, 'before.js'), await readFile(join(copy.folder, 'dist/functions/origin-router.js')));
  await copy.replace('edge.config.ts', "'AT', ", "'AT', 'IN', ");
  await copy.replace('edge.config.ts', "['US', 'IN']", "['US']");
});
afterAll(() => copy.close());

const replay = (...args: string[]) => copy.run('function-replay', args);

describe('npm run function:replay', () => {
  it('says which requests of a log would go elsewhere, whose country is guessed, and what could not be read', async () => {
    const { code, out, err } = await replay(log, '--before', 'before.js', '--json');
    expect([code, err]).toEqual([0, '']);
    const report = JSON.parse(out) as { durationMs: number; runs: number };
    expect(report).toMatchObject({
      lines: lines + 1,
      requests: lines,
      countries: { log: 0, location: (lines * 4) / 5, none: lines / 5 },
      rerouted: lines / 5,
      unreadable: 1,
      movements: [{ before: 'singapore, then europe', after: 'europe, then singapore', requests: lines / 5, countries: { IN: lines / 5 } }],
    });
    // What makes it quick: a run for each kind of request, not for each request.
    expect(report.runs).toBeLessThan(200);
  });

  it('tells it to people, with its speed', async () => {
    const { out } = await replay(log, '--before', 'before.js');
    expect(out).toMatch(
      /\nread +40,000 requests of 40,001 lines in 1 file, [\d,]+ lines a second\ncountry +32,000 guessed from the edge location, 8,000 unknown\nrerouted +8,000 requests \(20\.00 %\)\n/,
    );
    expect(out).toMatch(/\nunread +1 lines are not requests\n.*access\.gz:40003: 1 of \d+ fields\n$/);
  });

  it.each([
    {
      when: 'the file is no log',
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

const engines = [
  { name: 'workerd', open: async (): Promise<AnyRuntime> => openFunctionRuntime() },
  ...(findNjs(process.env['PATH']) === undefined
    ? []
    : [{ name: 'njs', open: async (): Promise<AnyRuntime> => openNjsRuntime({ njs: findNjs(process.env['PATH']), judge: judgeRun }) }]),
];

describe.each(engines)('a decision that was not run again ($name)', ({ open }) => {
  // Goes by everything that a log tells, each for some requests only.
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
    edgeLocation: fc.constant(undefined),
    time: fc.constant(undefined),
  });

  it('is the one that a run would have made', async () => {
    const runtime = await open();
    try {
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
          expect(decided).toEqual(runs.map((run) => ({ before: readRoute(run), after: 'z' })));
        }),
        { numRuns: 3 },
      );
    } finally {
      await runtime.close();
    }
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
    const runtime = await open();
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
      expect(await decider.decide(visible)).toEqual(expected);
      expect(swept).toBeGreaterThan(3_000);
      // Without one, or with one that cannot, every run is the engine's.
      const alone = openDecider({ ...options, openSweeper: async () => ({ sweep: async () => undefined, close: async () => undefined }) });
      expect(await alone.decide(visible.slice(0, 700))).toEqual(expected.slice(0, 700));
    } finally {
      await decider.close();
      await runtime.close();
    }
  });
});
