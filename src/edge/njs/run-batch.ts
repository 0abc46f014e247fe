import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageFile } from '../../package-files.ts';
import { listedGlobals, listedValues } from '../gate/listed.ts';
import { readImports } from '../gate/parse-code.ts';
import { runProcess, sandbox } from './run-process.ts';

/** One run as the driver in njs takes it. */
export interface NjsRun {
  event: unknown;
  store?: { values: Record<string, string>; createdAt?: string; updatedAt?: string };
  failReads?: true;
  edgeLocation?: unknown;
  rawQueryString?: string;
  /** The names of the query's arguments in their order, where that is not the one in which the event lists them. */
  queryNames?: string[];
  now: number;
}

/** Runs of one source in one njs process: its top level is evaluated once for all of them. */
export interface NjsBatch {
  code: string;
  /** Whether a KeyValueStore is associated with the function. */
  associated: boolean;
  /** Milliseconds since the epoch while the top level is evaluated. */
  now: number;
  runs: readonly NjsRun[];
}

export interface BatchResult {
  /** Why the code could not be loaded, so that no run started; undefined when it was loaded. */
  loadFailure: string | undefined;
  /** One JSON text for each run that ended; shorter than the batch when the next run never did. */
  lines: string[];
  /** Why the run after the last line did not end. */
  stopped: string | undefined;
}

export interface BatchLimits {
  /** Milliseconds one run may take, loading included. */
  timeLimitMs: number;
  signal?: AbortSignal;
  /** Where the folder of a batch is made and removed again; default: the system's. */
  temporaryFolder?: string;
}

/**
 * KiB of address space: the limit of a runaway allocation. CloudFront's 2 MB is impossible, because njs itself needs
 * more.
 */
const maxKiB = 1_048_576;

/** Seconds of processor time for a batch, however many runs it has. */
const maxBatchSeconds = 600;

let driver: Promise<string> | undefined;
const globals = [...listedGlobals.keys(), ...listedValues];

/**
 * Runs a batch in a process of its own. The function's bytes are unaltered between imports before them on their first
 * line and a call after them. Code that would load another module than CloudFront's is not given to njs at all: njs
 * compiles any file that an import names, sandbox or not.
 */
export async function runBatch(njs: string, batch: NjsBatch, limits: BatchLimits): Promise<BatchResult> {
  const { problem } = readImports(batch.code);
  if (problem !== undefined) return { loadFailure: `SyntaxError: ${problem}`, lines: [], stopped: undefined };
  const folder = await mkdtemp(join(limits.temporaryFolder ?? tmpdir(), 'njs-'));
  try {
    await Promise.all([
      writeFile(join(folder, '$driver'), await readDriver()),
      writeFile(join(folder, '$batch'), batchModule(batch)),
      writeFile(join(folder, 'cloudfront'), "import driver from '$driver'; export default driver.cf;\n"),
      writeFile(
        join(folder, 'function.js'),
        `import $batch from '$batch';import $driver from '$driver';${batch.code}\n;$driver.drive(${handlerOrNothing});\n`,
      ),
    ]);
    // -r: a rejected promise that nothing awaits does not end the process.
    const result = await runProcess(njs, [...sandbox, '-r', '-p', folder, join(folder, 'function.js')], join(folder, 'output'), {
      silenceMs: limits.timeLimitMs,
      maxKiB,
      maxCpuSeconds: Math.min(maxBatchSeconds, Math.ceil(((batch.runs.length + 1) * 2 * limits.timeLimitMs) / 1_000)),
      ...(limits.signal && { signal: limits.signal }),
    });
    const [first, ...pieces] = result.stdout.split('\n').slice(0, -1);
    const lines = joinPieces(pieces);
    const took = `the function was stopped: it did not end within ${limits.timeLimitMs} ms`;
    if (first !== 'loaded') {
      return { loadFailure: result.timedOut ? took : loadFailure(result.stderr), lines: [], stopped: undefined };
    }
    const waits =
      result.exitCode === 0 ? 'Error: the handler waits for a promise that never settles' : 'the function was stopped: njs broke off';
    return { loadFailure: undefined, lines, stopped: lines.length === batch.runs.length ? undefined : result.timedOut ? took : waits };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function readDriver(): Promise<string> {
  driver ??= readFile(packageFile('src/edge/njs/driver.js'), 'utf8');
  return driver;
}

const handlerOrNothing = "typeof handler === 'undefined' ? undefined : handler";

// Runs are texts that the driver parses when their turn comes: compiling them as object literals would cost far more.
function batchModule({ associated, now, runs }: NjsBatch): string {
  const texts = runs.map((run) => asciiLiteral(JSON.stringify(run)));
  const fields = `associated: ${associated}, now: ${now}, globals: ${JSON.stringify(globals)}`;
  return `globalThis.$batch = { ${fields}, runs: [\n${texts.join(',\n')}\n] };\nexport default 0;\n`;
}

/** Puts together what the driver had to print in pieces; the pieces of a run that did not end are dropped. */
function joinPieces(pieces: readonly string[]): string[] {
  const lines: string[] = [];
  let start = '';
  for (const piece of pieces) {
    if (piece.startsWith('+')) {
      start += piece.slice(1);
    } else {
      lines.push(start + piece.slice(1));
      start = '';
    }
  }
  return lines;
}

/** In single quotes, so that the double ones of JSON need no escape. */
export function asciiLiteral(json: string): string {
  const text = json.replace(/[\\']/g, '\\$&').replace(/[\u007f-\uffff]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `'${text}'`;
}

/** njs's own words, without the paths and with the line of the function: `SyntaxError: Unexpected token ";" in 3`. */
function loadFailure(stderr: string): string {
  const text = stderr.replace(/^Thrown:\n/, '');
  const message = (text.split('\n')[0] ?? '').replace(/ in \S*function\.js:(\d+)$/, ' in $1');
  const line = /\(\S*function\.js:(\d+)\)/.exec(text)?.[1];
  if (message === '') return 'njs could not load the function';
  return line === undefined ? message : `${message} in ${line}`;
}
