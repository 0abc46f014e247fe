// What a run costs in the local runtime: node --import tsx bench/runtime-throughput.ts [function.js] [--seconds 3] Read
// it by the column of your concurrency: one run at a time pays for a hop between two processes; runs that arrive
// together share it.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { openFunctionRuntime } from '../local/runtime/function-runtime.ts';
import type { FunctionRuntime, RunInput } from '../src/edge/execution.ts';

const sample = `import cf from 'cloudfront';
async function handler(event) {
  const request = event.request;
  const record = await cf.kvs().get('health');
  cf.selectRequestOriginById(record === 'ok' ? 'singapore' : 'europe');
  request.headers['x-origin-route'] = { value: 'singapore;health=' + record };
  return request;
}
`;

const names = [
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'cloudfront-viewer-country',
  'referer',
  'user-agent',
  'x-request-id',
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
    uri: '/api/things',
    querystring: { page: { value: '2' } },
    headers: {
      host: { value: 'www.example.com' },
      ...Object.fromEntries(names.map((name) => [name, { value: `a usual value of ${name}` }])),
    },
    cookies: { session: { value: 'abcdefghijklmnopqrstuvwxyz' } },
  },
};

async function measure(runtime: FunctionRuntime, input: RunInput, concurrency: number, seconds: number): Promise<string> {
  const took: number[] = [];
  const start = performance.now();
  const cpu = process.cpuUsage();
  const end = start + seconds * 1_000;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (let begun = performance.now(); begun < end; begun = performance.now()) {
        const { error } = await runtime.run(input);
        if (error !== undefined) throw new Error(error.message);
        took.push(performance.now() - begun);
      }
    }),
  );
  const { user, system } = process.cpuUsage(cpu);
  const perSecond = (took.length * 1_000) / (performance.now() - start);
  took.sort((a, b) => a - b);
  const at = (share: number): string => (took[Math.floor(took.length * share)] ?? 0).toFixed(2);
  return `${String(concurrency).padStart(11)} ${perSecond.toFixed(0).padStart(8)} ${at(0.5).padStart(8)} ${at(0.99).padStart(8)} ${((user + system) / took.length).toFixed(0).padStart(14)}`;
}

const { positionals, values } = parseArgs({ allowPositionals: true, options: { seconds: { type: 'string', default: '3' } } });
const code = positionals[0] === undefined ? sample : await readFile(positionals[0], 'utf8');
const input: RunInput = {
  source: { code, sha256: createHash('sha256').update(code).digest('hex') },
  event,
  store: { values: new Map([['health', 'ok']]), version: 'bench' },
};
const opened = performance.now();
const runtime = await openFunctionRuntime();
console.log(`runtime ready in ${(performance.now() - opened).toFixed(0)} ms`);
console.log('concurrency   runs/s   p50 ms   p99 ms  this CPU µs/run');
await measure(runtime, input, 16, 0.5);
for (const concurrency of [1, 16, 64]) console.log(await measure(runtime, input, concurrency, Number(values.seconds)));
await runtime.close();
