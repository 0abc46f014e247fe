// What the router costs in njs against its budgets: npm run bench -- router [function.js]
// Instructions, not time: the same code gives the same figures on every run. A function file is counted by itself, without budgets.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import edgeConfig from '../edge.config.ts';
import { parseEdgeConfig } from '../src/config/edge-config.ts';
import { buildFunction } from '../src/edge/build.ts';
import type { RunInput } from '../src/edge/execution.ts';
import { countInstructions } from '../src/edge/njs/instructions.ts';
import { findExecutable } from '../src/edge/njs/run-process.ts';

interface CostCase {
  name: string;
  /** Instructions over an empty handler. */
  budget?: number;
  country?: string;
  store: RunInput['store'];
}

const withRecord = (record: string): RunInput['store'] => ({ values: new Map([['health', record]]) });

const cases: CostCase[] = [
  { name: 'normal: ok, GET from IN', budget: 20_000, store: withRecord('ok') },
  { name: 'one origin down: singapore=0', budget: 45_000, store: withRecord('singapore=0') },
  { name: 'partial weight: singapore=25', budget: 50_000, store: withRecord('singapore=25') },
  { name: 'missing key', store: { values: new Map() } },
  { name: 'garbage record', store: withRecord('{"singapore": false}') },
  { name: 'override: singapore=0@<future>', store: withRecord('singapore=0@4102444800') },
  // Twelve origins with a partial weight each: the dearest record that is one.
  { name: 'any record: a=1;b=1;…', budget: 250_000, store: withRecord([...'abcdefghijkl'].map((origin) => `${origin}=1`).join(';')) },
];

const eventFrom = (country: string): RunInput['event'] => ({
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
    uri: '/api/x',
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

const { positionals } = parseArgs({ allowPositionals: true });
const [file] = positionals;
const njs = findExecutable('njs', process.env['PATH']);
const valgrind = findExecutable('valgrind', process.env['PATH']);
if (njs === undefined || valgrind === undefined) {
  console.log('router: not counted, njs and valgrind must be on PATH: apt-get install njs valgrind');
} else {
  let isOver = false;
  const row = (name: string, figure: number, budget?: number) => {
    const verdict = budget === undefined ? '' : `  of ${budget.toLocaleString('en')}${figure <= budget ? '' : '  OVER BUDGET'}`;
    isOver ||= budget !== undefined && figure > budget;
    console.log(`${name.padEnd(34)}${figure.toLocaleString('en').padStart(10)}${verdict}`);
  };
  const count = async (code: string, counted: readonly CostCase[], budgets: { bytes?: number; load?: number }) => {
    const inputs = counted.map(({ store, country = 'IN' }) => ({ event: eventFrom(country), store }));
    const { perRequest } = await countInstructions(code, inputs, { njs, valgrind });
    // By itself: the events of many cases in one script move this figure by 3 %, which is not the function's.
    const { load } = await countInstructions(code, inputs.slice(0, 1), { njs, valgrind }, { eventsPerRun: 1 });
    row('bytes', Buffer.byteLength(code), budgets.bytes);
    row('load: compile and top level', load, budgets.load);
    for (const [index, { name, budget }] of counted.entries()) row(name, perRequest[index] ?? 0, file === undefined ? budget : undefined);
  };
  if (file !== undefined) await count(await readFile(file, 'utf8'), cases, {});
  else {
    const config = parseEdgeConfig(edgeConfig);
    console.log('the router with edge.config.ts, instructions in njs over an empty handler');
    await count((await buildFunction(config)).code, cases, { bytes: 1_300, load: 1_500_000 });
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
    const worst = [countries.findLast((country) => country < 'M'), countries.at(-1), 'ZZ'];
    const far = worst.map((country = '') => ({
      name: `normal: ok, GET from ${country}`,
      budget: 40_000,
      country,
      store: withRecord('ok'),
    }));
    // One country to a count: with several in one script njs sometimes finds all of them at no cost.
    const { code } = await buildFunction({ ...config, routes });
    for (const one of far) await count(code, [one], { bytes: 10_240, load: 2_000_000 });
  }
  process.exitCode = isOver ? 1 : 0;
}
