// What a built function costs in njs: node --import tsx bench/router-cost.ts <function.js> [case]
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { RunInput } from '../src/edge/execution.ts';
import { countInstructions } from '../src/edge/instructions.ts';
import { findExecutable } from '../src/edge/njs/find-executable.ts';

interface CostCase {
  name: string;
  store: RunInput['store'];
}

const withRecord = (record: string): RunInput['store'] => ({ values: new Map([['health', record]]) });

const cases: CostCase[] = [
  { name: 'normal: ok, GET from IN', store: withRecord('ok') },
  { name: 'one origin down: singapore=0', store: withRecord('singapore=0') },
  { name: 'partial weight: singapore=25', store: withRecord('singapore=25') },
  { name: 'missing key', store: { values: new Map() } },
  { name: 'garbage record', store: withRecord('{"singapore": false}') },
  { name: 'override: singapore=0@<future>', store: withRecord('singapore=0@4102444800') },
];

const event: RunInput['event'] = {
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
      'cloudfront-viewer-country': { value: 'IN' },
    },
    cookies: {},
  },
};

const { positionals } = parseArgs({ allowPositionals: true });
const [file, only] = positionals;
const njs = findExecutable('njs', process.env['PATH']);
const valgrind = findExecutable('valgrind', process.env['PATH']);
if (file === undefined) {
  console.error('usage: node --import tsx bench/router-cost.ts <function.js> [part of a case name]');
  process.exitCode = 2;
} else if (njs === undefined || valgrind === undefined) {
  console.error('njs and valgrind must be on PATH: apt-get install njs valgrind');
  process.exitCode = 1;
} else {
  const code = await readFile(file, 'utf8');
  const chosen = cases.filter(({ name }) => name.includes(only ?? ''));
  const count = await countInstructions(
    code,
    chosen.map(({ store }) => ({ event, store })),
    { njs, valgrind },
  );
  const lines: [string, number | undefined][] = [
    ['bytes', Buffer.byteLength(code)],
    ['load', count.load],
  ];
  for (const [index, { name }] of chosen.entries()) lines.push([name, count.perRequest[index]]);
  for (const [name, figure] of lines) console.log(`${name.padEnd(34)}${String(figure).padStart(10)}`);
}
