import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EdgeError } from '../../errors.ts';
import { typed } from '../../text/typed.ts';
import type { RunInput } from '../execution.ts';
import { readImports } from '../gate/parse-code.ts';
import { runProcess, sandbox } from './run-process.ts';

/** Paths of the two programs that the count needs; see `findExecutable`. */
export interface CountingTools {
  njs: string;
  valgrind: string;
}

/** One event as a function would meet it. */
export type CountedInput = Pick<RunInput, 'event' | 'store'>;

/** CPU instructions as callgrind counts them: the same code gives the same figures, whatever else the machine does. */
export interface InstructionCount {
  /** To compile the code and run its top level, over an empty function. */
  load: number;
  /**
   * One event, over an empty async handler with the same event and the same substitute for 'cloudfront'; one figure per
   * input.
   */
  perRequest: number[];
}

const emptyHandler = 'async function handler(event) { return event.request; }\n';

/**
 * Counts what a function costs in njs. Its substitute for 'cloudfront' does as little as possible: an async read from
 * an object, helpers that keep their argument. What these calls cost in CloudFront is not known; the figures compare
 * functions with one another.
 */
export function countInstructions(...args: CountArguments): Promise<InstructionCount> {
  return withCounter(args, async (count) => ({ load: await countLoad(count), perRequest: await countEvents(count, args) }));
}

/** `perRequest` of `countInstructions` alone, without the runs that load takes. */
export function countRequests(...args: CountArguments): Promise<number[]> {
  return withCounter(args, (count) => countEvents(count, args));
}

type CountArguments = [
  code: string,
  inputs: readonly CountedInput[],
  tools: CountingTools,
  options?: { eventsPerRun?: number; signal?: AbortSignal | undefined },
];

/** Instructions of one run of a file in the folder: `runs` times the event of the input at `index`. */
type Counter = (file: string, index: number, runs: number) => Promise<number>;

/** Lays out the files that are counted, and takes them away afterwards. */
async function withCounter<T>([code, inputs, tools, options]: CountArguments, work: (count: Counter) => Promise<T>): Promise<T> {
  const { imports, problem } = readImports(code);
  if (problem !== undefined) throw cannotCount(`SyntaxError: ${problem}`);
  const folder = await mkdtemp(join(tmpdir(), 'function-cost-'));
  try {
    const importLine = imports.some(({ module }) => module === 'cloudfront') ? "import cf from 'cloudfront';\n" : '';
    await writeFile(join(folder, 'cloudfront'), cloudfrontModule(inputs));
    await writeFile(join(folder, 'full.js'), `${code}\n${loop(inputs)}`);
    await writeFile(join(folder, 'bare.js'), `${importLine}${emptyHandler}${loop(inputs)}`);
    for (const padding of paddings) {
      await writeFile(join(folder, `load-${padding}.js`), `${code}\n//${'x'.repeat(padding)}\n`);
      await writeFile(join(folder, `bare-load-${padding}.js`), `${importLine}${emptyHandler}\n//${'x'.repeat(padding)}\n`);
    }
    return await work((file, index, runs) => instructionsOf(tools, folder, [file, String(runs), String(index)], options?.signal));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function countLoad(count: Counter): Promise<number> {
  const least = async (name: string) => Math.min(...(await Promise.all(paddings.map((padding) => count(`${name}-${padding}.js`, 0, 0)))));
  return (await least('load')) - (await least('bare-load'));
}

async function countEvents(count: Counter, [, inputs, , options]: CountArguments): Promise<number[]> {
  const times = options?.eventsPerRun ?? 100;
  const perEvent = async (file: string, index: number) => {
    const [once, twice] = await Promise.all([count(file, index, times), count(file, index, 2 * times)]);
    return (twice - once) / times;
  };
  const emptyCosts = new Map<string, number>();
  const perRequest: number[] = [];
  for (const [index, { event }] of inputs.entries()) {
    const cost = await perEvent('full.js', index);
    const key = JSON.stringify(event);
    const empty = emptyCosts.get(key) ?? (await perEvent('bare.js', index));
    emptyCosts.set(key, empty);
    perRequest.push(Math.round(cost - empty));
  }
  return perRequest;
}

/** Under the names by which the counted script finds them: `input0`, `input1`, … */
function byName<T>(values: readonly T[]): Record<string, T> {
  return Object.fromEntries(values.map((value, index) => [`input${index}`, value]));
}

async function instructionsOf(
  tools: CountingTools,
  folder: string,
  [file, ...args]: [string, ...string[]],
  signal: AbortSignal | undefined,
): Promise<number> {
  const command = ['--tool=callgrind', '--callgrind-out-file=/dev/null', tools.njs, ...sandbox, '-p', folder, join(folder, file), ...args];
  const result = await runProcess(tools.valgrind, command, join(folder, `${[file, ...args].join('-')}.out`), {
    ...limits,
    ...(signal && { signal }),
  });
  const collected = /Collected : (\d+)/.exec(result.stderr)?.[1];
  const thrown = /^(?:Thrown:\s*)?(?:\w*Error:.*)/m.exec(`${result.stdout}\n${result.stderr}`)?.[0];
  if (result.exitCode !== 0 || thrown !== undefined || collected === undefined) {
    const ended = result.timedOut ? `it did not end within ${limits.maxMs / 1_000} s under valgrind` : 'a signal';
    throw cannotCount(thrown ?? `valgrind ended with ${result.exitCode ?? ended}`);
  }
  return Number(collected);
}

/**
 * Bytes of comment behind the code. Where a file's parts lie in memory moves the figure of its load by 2 %: the least
 * of three is steadier.
 */
const paddings = [0, 16, 64];

// valgrind needs its own address space beside the program's, and is some fifty times slower.
const limits = { silenceMs: 60_000, maxMs: 120_000, maxKiB: 4 * 1_048_576, maxCpuSeconds: 150 };

function cannotCount(reason: string): EdgeError {
  return new EdgeError('TEST_FAILED', `the function's instructions cannot be counted: ${reason}`, {
    hint: `${typed('function:test')} shows one run of it`,
  });
}

// The missing key's error is made once: for each new error njs's command line names the functions of the stack trace,
// which costs it 4.8 million instructions that have nothing to do with the function.
function cloudfrontModule(inputs: readonly CountedInput[]): string {
  const stores = inputs.map(({ store }) => (store?.failReads === true ? {} : Object.fromEntries(store?.values ?? [])));
  return `const values = ${JSON.stringify(byName(stores))}['input' + process.argv[3]];
const missing = new Error('no such key');
let kept;
const store = {
  get: async function (key, options) {
    const value = values[key];
    if (value === undefined) throw missing;
    if (options) {
      if (options.format === 'json') return JSON.parse(value);
      if (options.format === 'bytes') return Buffer.from(value);
    }
    return value;
  },
  exists: async function (key) { return values[key] !== undefined; },
  meta: async function () { return meta; },
};
const meta = { creationDateTime: '1970-01-01T00:00:00.000Z', lastUpdatedDateTime: '1970-01-01T00:00:00.000Z', keyCount: 0 };
function keep(argument) { kept = argument; }
const noModule = new TypeError('distributionTenant module is not available');
function refuse() { throw noModule; }
export default {
  edgeLocation: {},
  distributionTenant: Object.defineProperties({}, { id: { get: refuse }, parameters: { get: refuse } }),
  kvs: function () { return store; },
  logCustomData: keep,
  selectRequestOriginById: keep,
  createRequestOriginGroup: keep,
  updateRequestOrigin: keep,
};
`;
}

// The event is a literal made anew each time, since functions change it; the empty handler pays the same for it. Makers have names, not
// places: njs 0.7.9 that reads `[function () {}][0]` turns every 0 of the program into the text "0", the function's own ones too.
function loop(inputs: readonly CountedInput[]): string {
  const makers = inputs.map(
    ({ event }, index) =>
      `input${index}: function () { const event = ${JSON.stringify(event)}; event.request.rawQueryString = raw; return event; }`,
  );
  return `;(async function () {
  const raw = function () { return ''; };
  const make = { ${makers.join(',\n')} }['input' + process.argv[3]];
  const times = Number(process.argv[2]);
  for (let i = 0; i < times; i++) await handler(make());
})();
`;
}
