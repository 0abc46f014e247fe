// What the router costs in njs compared with its budgets: npm run bench -- router [function.js | --budgets]
// Instructions, not time: the same code gives the same figures on every run. A function file is counted alone, without
// budgets. --budgets counts only rows that have one, and of rows that cost the same only one, as the tests do.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { maxEntries, maxRecordLength } from '../kvs/health-record.ts';
import type { EdgeConfig } from '../src/config/edge-config.ts';
import { openProject } from '../src/config/open-project.ts';
import { buildFunction } from '../src/edge/build.ts';
import type { RunInput } from '../src/edge/execution.ts';
import { countLoad, countRequests } from '../src/edge/njs/instructions.ts';
import { findExecutable } from '../src/edge/njs/run-process.ts';
import { allRecords } from '../test/edge/router/worst-records.ts';
import { countOwnCode } from './own-code-cost.ts';
import { countOptions } from './router-options.ts';

interface CostCase {
  name: string;
  /** Instructions over an empty handler. */
  budget?: number;
  country?: string;
  store: RunInput['store'];
}

/** The least that a router of this kind can do: one read and one helper call, each of which may fail. */
const floorCode = `import cf from 'cloudfront';
async function handler(event) {
  try {
    const record = await cf.kvs().get('health');
    cf.selectRequestOriginById('singapore');
  } catch (_error) {}
  return event.request;
}
`;

const withRecord = (record: string): RunInput['store'] => ({ values: new Map([['health', record]]) });

const cases: CostCase[] = [
  { name: 'normal: ok, GET from IN', budget: 16_000, store: withRecord('ok') },
  { name: 'one origin down: singapore=0', budget: 40_000, store: withRecord('singapore=0') },
  { name: 'partial weight: singapore=25', budget: 50_000, store: withRecord('singapore=25') },
  { name: 'missing key', store: { values: new Map() } },
  { name: 'garbage record', store: withRecord('{"singapore": false}') },
  { name: 'override: singapore=0@<future>', store: withRecord('singapore=0@4102444800') },
  // Twelve origins with a partial weight each: the dearest record that is one.
  { name: 'any record: a=1;b=1;…', budget: 250_000, store: withRecord([...'abcdefghijkl'].map((origin) => `${origin}=1`).join(';')) },
];

const eventFrom = (country: string, uri = '/api/x'): RunInput['event'] => ({
  version: '1.0',
  context: {
    distributionDomainName: 'd111111abcdef8.cloudfront.net',
    distributionId: 'EDFDVBD6EXAMPLE',
    eventType: 'viewer-request',
    requestId: 'EXAMPLEntjQpEXAMPLE_SG5Z-EXAMPLEPmPfEXAMPLEu3EqEXAMPLE==',
  },
  viewer: { ip: '203.0.113.7' },
  request: {
    method: 'GET',
    uri,
    querystring: {},
    headers: {
      host: { value: 'example.com' },
      'user-agent': { value: 'curl/8.5.0' },
      accept: { value: '*/*' },
      'cloudfront-viewer-country': { value: country },
    },
    cookies: {},
  },
});

/** Origins with names of sixty characters, so that the longest value of a store is a record. */
function manyOrigins(config: EdgeConfig, count: number): EdgeConfig {
  const ids = Array.from({ length: count }, (_, n) => `origin-${n}`.padEnd(60, 'x'));
  const [origin] = Object.values(config.origins);
  const origins = Object.fromEntries(ids.map((id) => [id, origin as EdgeConfig['origins'][string]]));
  return { ...config, origins, defaultOrder: ids, routes: [] };
}

/** Records that make the edge read as many entries, and as long ones, as a record of these origins may have. */
function longRecords(ids: readonly string[]): string[] {
  const limit = maxRecordLength(ids);
  const fill = (entries: readonly string[]) =>
    entries.reduce((text, entry) => (text.length + entry.length > limit ? text : text + entry), '');
  const twelve = Array.from({ length: maxEntries }, (_, n) => ids[n % ids.length] ?? '');
  const names = twelve.map((_, n) => String.fromCharCode(97 + n).padEnd(Math.floor(limit / maxEntries) - 3, 'y'));
  return [
    fill(twelve.map((id) => `${id}=1;`)),
    fill(names.map((name) => `${name}=1;`)),
    fill(names.map((name) => `${name.slice(4)}=1@1;`)),
  ];
}

/**
 * The configuration for the paths /api/*, behind services for other paths that route as it does and have countries of
 * their own.
 */
function withServices(config: EdgeConfig, extra: number): EdgeConfig {
  const { defaultOrder: order, routes } = config;
  const others = Array.from({ length: extra }, (_, n) => ({
    name: `part-${n}`,
    paths: [`/part-${n}/*`],
    order: n % 2 === 0 ? order : [...order].reverse(),
    routes: [{ countries: ['JP', 'KR'], order }],
  }));
  return { ...config, services: [...others, { name: 'api', paths: ['/api/*'], order, routes }] };
}

const { positionals, values: flags } = parseArgs({ allowPositionals: true, options: { budgets: { type: 'boolean' } } });
const [file] = positionals;
const onlyBudgets = flags.budgets === true;
const njs = findExecutable('njs', process.env['PATH']);
const valgrind = findExecutable('valgrind', process.env['PATH']);
if (njs === undefined || valgrind === undefined) {
  console.log('router: not counted, njs and valgrind must be on PATH: apt-get install njs valgrind');
} else {
  const tools = { njs, valgrind };
  const known = new Map<string, Promise<number>>();
  let isOver = false;
  let figures: number[] = [];
  const row = (name: string, figure: number, budget?: number, errorPercent = 0) => {
    const isRowOver = budget !== undefined && figure > budget * (1 + errorPercent / 100);
    isOver ||= isRowOver;
    const beyond = isRowOver ? '  OVER BUDGET' : `  within the count's ${errorPercent} %`;
    const verdict = budget === undefined ? '' : `  of ${budget.toLocaleString('en')}${figure <= budget ? '' : beyond}`;
    console.log(`${name.padEnd(34)}${figure.toLocaleString('en').padStart(10)}${verdict}`);
  };
  const count = async (code: string, counted: readonly CostCase[], budgets: { bytes?: number; load?: number }) => {
    const inputs = counted.map(({ store, country = 'IN' }) => ({ event: eventFrom(country), store }));
    const perRequest = await countRequests(code, inputs, tools, { known });
    figures = perRequest;
    const load = await countLoad(code, [], tools, { known });
    row('bytes', Buffer.byteLength(code), budgets.bytes);
    // Two bytes more or less of code move it by up to 1 % in either direction: all else lies elsewhere in memory.
    row('load: compile and top level', load, budgets.load, 1);
    for (const [index, { name, budget }] of counted.entries()) row(name, perRequest[index] ?? 0, file === undefined ? budget : undefined);
  };
  if (file !== undefined) await count(await readFile(file, 'utf8'), cases, {});
  else {
    const { config } = await openProject({ env: process.env });
    console.log('the router with edge.config.ts, instructions in njs over an empty handler');
    const shown = cases.filter(({ budget }) => !onlyBudgets || budget !== undefined);
    await count((await buildFunction(config)).code, shown, { bytes: 1_300, load: 1_500_000 });
    if (!onlyBudgets) {
      const [normal = 0] = figures;
      const [floor = 0] = await countRequests(floorCode, [{ event: eventFrom('IN'), store: withRecord('ok') }], tools, { known });
      row('floor: one read, one helper', floor);
      console.log(`the normal path costs ${(normal / floor).toFixed(2)} times the floor`);
    }
    if (!onlyBudgets) {
      const { code } = await buildFunction(config);
      const inputs = allRecords().map((record) => ({ event: eventFrom('IN'), store: withRecord(record) }));
      const perRequest = await countRequests(code, inputs, tools, { eventsPerRun: 10, known });
      row(`the dearest of ${inputs.length} records`, Math.max(...perRequest), 250_000);
    }
    for (const origins of onlyBudgets ? [30] : [6, 30]) {
      const many = manyOrigins(config, origins);
      const { code } = await buildFunction(many);
      const inputs = longRecords(many.defaultOrder).map((record) => ({ event: eventFrom('IN'), store: withRecord(record) }));
      const perRequest = await countRequests(code, inputs, tools, { eventsPerRun: 10, known });
      row(`any record: ${origins} origins, long names`, Math.max(...perRequest), 250_000);
    }
    const [one, six] = await Promise.all(
      [0, 5].map(async (extra) => {
        const { code, bytes } = await buildFunction(withServices(config, extra));
        const inputs = ['/api/x', '/none'].map((uri) => ({ event: eventFrom('IN', uri), store: withRecord('ok') }));
        const perRequest = await countRequests(code, inputs, tools, { known });
        return { bytes, served: perRequest[0] ?? 0, passed: perRequest[1] ?? 0 };
      }),
    );
    if (one !== undefined && six !== undefined) {
      console.log('\nthe same with services: the last of six serves /api/*');
      row('one service: ok, GET from IN', one.served);
      row('one service: a path of none', one.passed);
      row('each extra service', Math.ceil((six.served - one.served) / 5), 1_000);
      row('each extra service, passing through', Math.ceil((six.passed - one.passed) / 5), 1_000);
      row('each extra service, bytes', Math.ceil((six.bytes - one.bytes) / 5), 120);
    }
    console.log('\ncode of the team’s own that does nothing, on top of the router');
    const own = await countOwnCode(config, [{ event: eventFrom('IN'), store: withRecord('ok') }], tools, { known });
    for (const { name, instructions, budget, bytes, maxBytes } of own) {
      row(name, instructions, budget);
      row(`${name}: bytes`, bytes, maxBytes);
    }
    console.log('\noptions of the order, each on top of the router without it');
    for (const { name, instructions, budget, bytes } of await countOptions(
      config,
      { event: eventFrom('IN'), store: withRecord('ok') },
      tools,
      known,
    )) {
      row(name, instructions, budget);
      row(`${name}: bytes`, bytes);
    }
    // Two letters each, the last ones the farthest to search for.
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
    const codes = letters.flatMap((first) => letters.map((second) => first + second));
    const countries = codes.filter((_, index) => index % 19 < 7).slice(0, 249);
    const half = [...config.defaultOrder].reverse();
    const routes = [
      { countries: countries.filter((_, index) => index % 2 === 0), order: config.defaultOrder },
      { countries: countries.filter((_, index) => index % 2 === 1), order: half },
    ];
    console.log('\nthe same with 249 countries, each with a route of its own');
    const worst = [...(onlyBudgets ? [] : [countries.findLast((country) => country < 'M')]), countries.at(-1), 'ZZ'];
    const far = worst.map((country = '') => ({
      name: `normal: ok, GET from ${country}`,
      budget: 40_000,
      country,
      store: withRecord('ok'),
    }));
    await count((await buildFunction({ ...config, routes })).code, far, { bytes: 10_240, load: 2_000_000 });
  }
  process.exitCode = isOver ? 1 : 0;
}
