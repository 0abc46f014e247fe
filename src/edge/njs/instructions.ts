import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EdgeError } from '../../errors.ts';
import { typed } from '../../text/typed.ts';
import type { RunInput } from '../execution.ts';
import { readImports } from '../gate/parse-code.ts';
import { asciiLiteral } from './run-batch.ts';
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
      const padded = paddings.map((padding) => `${text}\n//${'x'.repeat(padding)}\n`);
      return Math.min(...(await Promise.all(padded.map((program) => count(program)))).flat());
    };
    return (await least(full)) - (await least(bare));
  });
}

/**
 * `perRequest` of `countInstructions` alone. All inputs share one run of the function and one of the empty handler:
 * valgrind's start costs far more than the events, and an input's figure is within 1 % of one from a run of its own.
 */
export function countRequests(...[code, inputs, tools, options]: CountArguments): Promise<number[]> {
  const [full, bare] = programsOf(code);
  return withCounter(tools, options, async (count) => {
    const times = options?.eventsPerRun ?? 100;
    const mark = marks.find((name) => !code.includes(name)) ?? marks[0];
    const countAll = (text: string) => count(`${text}\n${loop(mark)}`, { inputs, mark, times });
    const [whole, least] = [await countAll(full), await countAll(bare)];
    return whole.map((instructions, index) => Math.round((instructions - (least[index] ?? Number.NaN)) / times));
  });
}

interface CountOptions {
  eventsPerRun?: number;
  signal?: AbortSignal | undefined;
  /** Results of earlier counts, each of a program, an input and a number of events. */
  known?: Map<string, Promise<number>>;
}

type CountArguments = [code: string, inputs: readonly CountedInput[], tools: CountingTools, options?: CountOptions];

/** A program handles each input twice as often as given, and calls the mark at half-time and at the input's end. */
interface Marked {
  inputs: readonly CountedInput[];
  times: number;
  mark: Mark;
}

/** Instructions of each input's second half; without inputs, those of the whole run. */
type Counter = (program: string, marked?: Marked) => Promise<number[]>;

/** The function and the empty one beside it, with the same import. */
function programsOf(code: string): [full: string, bare: string] {
  const { imports, problem } = readImports(code);
  if (problem !== undefined) throw cannotCount(`SyntaxError: ${problem}`);
  const importLine = imports.some(({ module }) => module === 'cloudfront') ? "import cf from 'cloudfront';\n" : '';
  return [code, `${importLine}${emptyHandler}`];
}

/** Lays out the files that are counted, and removes them afterwards. */
async function withCounter<T>(tools: CountingTools, options: CountOptions | undefined, work: (count: Counter) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'function-cost-'.padEnd(pathLength - tmpdir().length, '-')));
  const known = options?.known ?? new Map<string, Promise<number>>();
  const count: Counter = async (program, marked) => {
    const own = await mkdtemp(join(folder, 'program-'));
    if (marked !== undefined) await writeFile(join(own, '$inputs'), inputsModule(marked.inputs));
    await writeFile(join(own, 'cloudfront'), `${marked === undefined ? noValues : givenValues}${cloudfrontModule}`);
    await writeFile(join(own, 'main.js'), program);
    return instructionsOf(tools, own, marked, options?.signal);
  };
  const countUnknown: Counter = (program, marked) => {
    const keyed = (marked?.inputs ?? [undefined]).map((input) => ({
      input,
      key: `${marked?.times}\n${input && inputsModule([input])}\n${program}`,
    }));
    const unknown = keyed.filter(({ key }, index) => !known.has(key) && keyed.findIndex((each) => each.key === key) === index);
    const inputs = unknown.flatMap(({ input }) => input ?? []);
    const counting = unknown.length > 0 ? count(program, marked && { ...marked, inputs }) : Promise.resolve([]);
    for (const [index, { key }] of unknown.entries())
      known.set(
        key,
        counting.then((counts) => counts[index] ?? Number.NaN),
      );
    return Promise.all(keyed.map(({ key }) => known.get(key) ?? Number.NaN));
  };
  try {
    return await work(countUnknown);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function instructionsOf(
  tools: CountingTools,
  folder: string,
  marked: Marked | undefined,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const counts = join(folder, 'counts');
  const written =
    marked === undefined ? ['--callgrind-out-file=/dev/null'] : [`--callgrind-out-file=${counts}`, `--dump-before=${marked.mark}`];
  const program = [tools.njs, ...sandbox, '-p', '.', 'main.js', String(marked?.times ?? 0)];
  const result = await runProcess(tools.valgrind, ['--tool=callgrind', ...written, ...program], join(folder, 'output'), {
    ...limits,
    cwd: folder,
    ...(marked && { env: steadyHeap }),
    ...(signal && { signal }),
  });
  const collected = /Collected : (\d+)/.exec(result.stderr)?.[1];
  const thrown = /^(?:Thrown:\s*)?(?:\w*Error:.*)/m.exec(`${result.stdout}\n${result.stderr}`)?.[0];
  if (result.exitCode !== 0 || thrown !== undefined || collected === undefined) {
    const ended = result.timedOut ? `it did not end within ${limits.maxMs / 1_000} s under valgrind` : 'a signal';
    throw cannotCount(thrown ?? `valgrind ended with ${result.exitCode ?? ended}`);
  }
  if (marked === undefined) return [Number(collected)];
  const { inputs, mark } = marked;
  const calls = (await readdir(folder)).filter((name) => name.startsWith('counts.')).length;
  if (calls !== 2 * inputs.length) throw cannotCount(`callgrind saw ${calls} calls of ${mark} in place of ${2 * inputs.length}`);
  // Of the two files of an input, the first has what came before its half-time.
  const files = inputs.map((_, index) => readFile(`${counts}.${2 * index + 2}`, 'utf8'));
  return (await Promise.all(files)).map((text) => Number(/^summary: (\d+)$/m.exec(text)?.[1]));
}

/**
 * Characters of the temporary folder's path, which njs keeps in memory: the same on each machine, or a figure would
 * depend on TMPDIR.
 */
const pathLength = 160;

/**
 * Bytes of comment behind the code. Where a file's parts lie in memory moves the figure of its load by 2 %: the least
 * of three is steadier.
 */
const paddings = [0, 16, 64];

// Without it some programs, by chance, grow and shrink the heap with each event, which costs 650 instructions.
const steadyHeap = { GLIBC_TUNABLES: 'glibc.malloc.top_pad=1000000' };

// valgrind needs its own address space beside the program's, and is some fifty times slower.
const limits = { silenceMs: 60_000, maxMs: 120_000, maxKiB: 4 * 1_048_576, maxCpuSeconds: 150 };

function cannotCount(reason: string): EdgeError {
  return new EdgeError('TEST_FAILED', `the function's instructions cannot be counted: ${reason}`, {
    hint: `${typed('function:test')} shows one run of it`,
  });
}

/**
 * Events and values as texts, which the program parses: their object literals would change where all else lies in
 * memory, and so the figures.
 */
function inputsModule(inputs: readonly CountedInput[]): string {
  const valuesOf = (store: RunInput['store']) => (store?.failReads === true ? {} : Object.fromEntries(store?.values ?? []));
  const texts = inputs.map(({ event, store }) => ({ event: JSON.stringify(event), values: JSON.stringify(valuesOf(store)) }));
  return `export default { use: function () {}, all: JSON.parse(${asciiLiteral(JSON.stringify(texts))}) };\n`;
}

const noValues = 'const values = {};\n';
const givenValues = `import inputs from '$inputs';
let values = {};
inputs.use = function (these) { values = these; };
`;

// The missing key's error is made once: for each new error njs's command line names the functions of the stack trace.
// That costs 4.8 million instructions, which are not the function's.
const cloudfrontModule = `const missing = new Error('no such key');
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

// The event is a new one each time, since functions change it; the empty handler pays the same for it.
const loop = (mark: Mark): string => `import $inputs from '$inputs';
(async function () {
  const raw = function () { return ''; };
  const make = function (text) { const event = JSON.parse(text); event.request.rawQueryString = raw; return event; };
  const times = Number(process.argv[2]);
  for (let n = 0; n < $inputs.all.length; n++) {
    const text = $inputs.all[n].event;
    $inputs.use(JSON.parse($inputs.all[n].values));
    for (let i = 0; i < times; i++) await handler(make(text));
    Math.${mark}(1);
    for (let i = 0; i < times; i++) await handler(make(text));
    Math.${mark}(1);
  }
})();
`;
