import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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

/**
 * Functions of the C library that njs calls by their own names: callgrind can write its counts each time that one is
 * called.
 */
const marks = ['cbrt', 'asinh', 'acosh', 'atanh'] as const;
type Mark = (typeof marks)[number];

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
export async function countInstructions(...args: CountArguments): Promise<InstructionCount> {
  return { load: await countLoad(...args), perRequest: await countRequests(...args) };
}

/** `load` of `countInstructions` alone. */
export function countLoad(...[code, , tools, options]: CountArguments): Promise<number> {
  const [full, bare] = programsOf(code);
  return withCounter(tools, options, async (count) => {
    const least = async (text: string) => {
      const padded = paddings.map((padding) => ({ text: `${text}\n//${'x'.repeat(padding)}\n`, store: undefined }));
      return Math.min(...(await Promise.all(padded.map((program) => count(program, 0)))));
    };
    return (await least(full)) - (await least(bare));
  });
}

/**
 * `perRequest` of `countInstructions` alone. Each input has its own program, so that no figure depends on other inputs.
 */
export function countRequests(...[code, inputs, tools, options]: CountArguments): Promise<number[]> {
  const [full, bare] = programsOf(code);
  return withCounter(tools, options, async (count) => {
    const times = options?.eventsPerRun ?? 100;
    const mark = marks.find((name) => !code.includes(name)) ?? marks[0];
    const perRequest: number[] = [];
    for (const { event, store } of inputs) {
      const whole = await count({ text: `${full}\n${loop(event, mark)}`, store, mark }, times);
      const least = await count({ text: `${bare}${loop(event, mark)}`, store: undefined, mark }, times);
      perRequest.push(Math.round((whole - least) / times));
    }
    return perRequest;
  });
}

interface CountOptions {
  eventsPerRun?: number;
  signal?: AbortSignal | undefined;
  /** Results of earlier counts: the same program and number of events always give the same figure. */
  known?: Map<string, Promise<number>>;
}

type CountArguments = [code: string, inputs: readonly CountedInput[], tools: CountingTools, options?: CountOptions];

interface Program {
  text: string;
  store: RunInput['store'];
  /**
   * It handles its event twice as often as it is asked to, and calls this function at half-time and at its end. Without
   * one, the whole run is counted.
   */
  mark?: Mark;
}

/** Instructions of a program: of its whole run, or of as many events as given. */
type Counter = (program: Program, events: number) => Promise<number>;

/** The function and the empty one beside it, with the same import. */
function programsOf(code: string): [full: string, bare: string] {
  const { imports, problem } = readImports(code);
  if (problem !== undefined) throw cannotCount(`SyntaxError: ${problem}`);
  const importLine = imports.some(({ module }) => module === 'cloudfront') ? "import cf from 'cloudfront';\n" : '';
  return [code, `${importLine}${emptyHandler}`];
}

/** Lays out the files that are counted, and removes them afterwards. */
async function withCounter<T>(tools: CountingTools, options: CountOptions | undefined, work: (count: Counter) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'function-cost-'));
  const count: Counter = async (program, events) => {
    const own = await mkdtemp(join(folder, 'program-'));
    await writeFile(join(own, 'cloudfront'), cloudfrontModule(program.store));
    await writeFile(join(own, 'main.js'), program.text);
    return instructionsOf(tools, own, program.mark, events, options?.signal);
  };
  const known = options?.known ?? new Map<string, Promise<number>>();
  try {
    return await work((program, events) => {
      const key = `${events}\n${cloudfrontModule(program.store)}\n${program.text}`;
      const counting = known.get(key) ?? count(program, events);
      known.set(key, counting);
      return counting;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function instructionsOf(
  tools: CountingTools,
  folder: string,
  mark: Mark | undefined,
  events: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const counts = join(folder, 'counts');
  const written = mark === undefined ? ['--callgrind-out-file=/dev/null'] : [`--callgrind-out-file=${counts}`, `--dump-before=${mark}`];
  const program = [tools.njs, ...sandbox, '-p', folder, join(folder, 'main.js'), String(events)];
  const result = await runProcess(tools.valgrind, ['--tool=callgrind', ...written, ...program], join(folder, 'output'), {
    ...limits,
    ...(signal && { signal }),
  });
  const collected = /Collected : (\d+)/.exec(result.stderr)?.[1];
  const thrown = /^(?:Thrown:\s*)?(?:\w*Error:.*)/m.exec(`${result.stdout}\n${result.stderr}`)?.[0];
  if (result.exitCode !== 0 || thrown !== undefined || collected === undefined) {
    const ended = result.timedOut ? `it did not end within ${limits.maxMs / 1_000} s under valgrind` : 'a signal';
    throw cannotCount(thrown ?? `valgrind ended with ${result.exitCode ?? ended}`);
  }
  if (mark === undefined) return Number(collected);
  // The first file has all up to half-time.
  const marked = (await readdir(folder)).filter((name) => name.startsWith('counts.'));
  const summary = marked.length === 2 ? /^summary: (\d+)$/m.exec(await readFile(`${counts}.2`, 'utf8'))?.[1] : undefined;
  if (summary === undefined) throw cannotCount(`callgrind saw ${marked.length} calls of ${mark} in place of 2`);
  return Number(summary);
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

// The missing key's error is made once: for each new error njs's command line names the functions of the stack trace.
// That costs 4.8 million instructions, which are not the function's.
function cloudfrontModule(store: RunInput['store']): string {
  const values = store?.failReads === true ? {} : Object.fromEntries(store?.values ?? []);
  return `const values = ${JSON.stringify(values)};
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

// The event is a new literal each time, since functions change it; the empty handler pays the same for it.
function loop(event: RunInput['event'], mark: Mark): string {
  return `;(async function () {
  const raw = function () { return ''; };
  const make = function () { const event = ${JSON.stringify(event)}; event.request.rawQueryString = raw; return event; };
  const times = Number(process.argv[2]);
  for (let i = 0; i < times; i++) await handler(make());
  Math.${mark}(1);
  for (let i = 0; i < times; i++) await handler(make());
  Math.${mark}(1);
})();
`;
}
