import type { Execution, FunctionRuntime, FunctionSource, JudgeRun, RawRun, RunInput } from '../../src/edge/execution.ts';
import { checkCodeSize } from '../../src/edge/gate/gate.ts';
import { readImports } from '../../src/edge/gate/parse-code.ts';
import { formatGateProblem, type GateProblem, isRefusal } from '../../src/edge/gate/problem.ts';
import { failedExecution, judgeRun } from '../../src/edge/judge/judge.ts';
import { EdgeError } from '../../src/errors.ts';
import { type BatchWriter, openBatchWriter } from './batch-writer.ts';
import { bundleWorker, openWorkerd, Unanswered, type Workerd } from './open-workerd.ts';

export interface FunctionRuntimeOptions {
  /**
   * Milliseconds until a run is stopped and fails. Default 1,000. CloudFront's own limit is far lower and not
   * published, but a busy laptop must not fail a good function: this limit catches endless runs, not slow ones.
   */
  timeLimitMs?: number;
  /** Lines for the developer, not for viewers: stopped runs, restarts, dropped log arguments. */
  log?: (line: string) => void;
  /**
   * `checkSyntax` of src/edge/gate: syntax that V8 accepts and CloudFront does not. A function with an error fails; a
   * warning does not matter. Default: V8 alone decides.
   */
  checkSyntax?: (code: string) => readonly GateProblem[];
  /** CloudFront's rules for a run. Default: `judgeRun`, all of them. */
  judge?: JudgeRun;
  /** Epoch milliseconds at the start of each run: the only time that a function sees. */
  now?: () => number;
}

interface Job {
  input: RunInput;
  /** How often workerd ended while this run was alone in it. */
  crashes: number;
  settle: (execution: Execution) => void;
  fail: (reason: unknown) => void;
}

/** Runs per message. After a stopped run, the next runs of its source go alone. */
const maxBatch = 64;
const quarantineRuns = 100;
const maxStarts = 3;

/** Extra time for large messages: a snapshot of 5 MB takes time to arrive. */
const readCharsPerMs = 10_000;

/**
 * Runs CloudFront Functions in one long-lived workerd. A run costs a hop between processes, so runs that arrive during
 * a hop share the next one. Sources and snapshots travel once.
 */
export async function openFunctionRuntime(options: FunctionRuntimeOptions = {}): Promise<FunctionRuntime> {
  const { timeLimitMs = 1_000, log = () => {}, checkSyntax = () => [], judge = judgeRun, now = Date.now } = options;
  const script = await bundleWorker();
  const queue: Job[] = [];
  const alone = new Map<string, number>();
  const refusal = openRefusals((code) => refuse(code, checkSyntax) ?? readImports(code).problem);
  let running = false;
  let closed = false;
  let engine = await startEngine(script, log);

  function takeBatch(): Job[] {
    const first = queue.shift();
    if (first === undefined) return [];
    if (alone.has(first.input.source.sha256)) return [first];
    const batch = [first];
    while (batch.length < maxBatch && queue[0] !== undefined && !alone.has(queue[0].input.source.sha256)) {
      const next = queue.shift();
      if (next !== undefined) batch.push(next);
    }
    return batch;
  }

  async function work(): Promise<void> {
    for (let batch = takeBatch(); batch.length > 0; batch = takeBatch()) {
      try {
        await runBatch(batch);
      } catch (error) {
        for (const job of batch) job.fail(error);
      }
    }
    running = false;
  }

  async function runBatch(batch: Job[]): Promise<void> {
    const inputs = batch.map((job) => job.input);
    let answer: { whole: boolean; runs: RawRun[] };
    try {
      const text = engine.writer.write(inputs, now());
      answer = JSON.parse(await engine.workerd.exchange(text, timeLimitMs + text.length / readCharsPerMs));
    } catch (error) {
      if (closed) throw new Error('the function runtime is closed');
      await restart();
      if (error instanceof Unanswered && error.kind === 'undelivered') queue.unshift(...batch);
      else afterStop(batch, error);
      return;
    }
    batch.forEach((job, index) => {
      const raw = answer.runs[index];
      if (raw !== undefined) job.settle(report(job.input, raw));
    });
    if (answer.whole) return;
    queue.unshift(...batch.slice(answer.runs.length));
    log('a function changed a built-in object permanently; the runtime restarts');
    await restart();
  }

  async function restart(): Promise<void> {
    await engine.workerd.close();
    engine = await startEngine(script, log);
    if (closed) await engine.workerd.close();
  }

  /**
   * It is unknown which run of a batch caused the stop: each is tried again alone, and one that was alone is the cause.
   * If workerd just ended, which has other causes too, that must happen twice.
   */
  function afterStop(batch: Job[], reason: unknown): void {
    for (const { input } of batch) alone.set(input.source.sha256, quarantineRuns);
    const [first] = batch;
    const timedOut = reason instanceof Unanswered && reason.kind === 'late';
    if (first === undefined || batch.length > 1 || (!timedOut && first.crashes === 0)) {
      if (first !== undefined && batch.length === 1) first.crashes += 1;
      queue.unshift(...batch);
      return;
    }
    const message = timedOut ? `the function did not end within ${timeLimitMs} ms` : 'the function ended its runtime';
    log(`${message} and was stopped: ${first.input.source.sha256.slice(0, 12)}`);
    first.settle(failedExecution(message));
  }

  function report(input: RunInput, raw: RawRun): Execution {
    const { sha256 } = input.source;
    const left = alone.get(sha256);
    if (left !== undefined && left > 1) alone.set(sha256, left - 1);
    else if (left !== undefined) alone.delete(sha256);
    if (raw.droppedLogArguments > 0) log(`console.log takes one argument: ${raw.droppedLogArguments} more were not logged`);
    return judge(input, raw);
  }

  return {
    run: (input) =>
      new Promise((settle, fail) => {
        if (closed) return fail(new Error('the function runtime is closed'));
        const refused = refusal(input.source);
        if (refused !== undefined) return settle(failedExecution(`SyntaxError: ${refused}`));
        queue.push({ input, crashes: 0, settle, fail });
        if (running) return;
        running = true;
        // After the sockets have been read: requests that arrived together run together.
        setImmediate(() => void work());
      }),
    close: async () => {
      closed = true;
      await engine.workerd.close();
    },
  };
}

async function startEngine(script: string, log: (line: string) => void): Promise<{ workerd: Workerd; writer: BatchWriter }> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return { workerd: await openWorkerd(script, log), writer: openBatchWriter() };
    } catch (error) {
      if (attempt === maxStarts || error instanceof EdgeError) throw error;
      log(`workerd did not start (attempt ${attempt} of ${maxStarts}): ${String(error)}`);
    }
  }
}

/** Why CloudFront would not run a source: it is too large, or the gate refuses it. */
export function refuse(code: string, checkSyntax: (code: string) => readonly GateProblem[]): string | undefined {
  const problem = [...checkCodeSize(code), ...checkSyntax(code)].find(isRefusal);
  return problem && formatGateProblem(problem);
}

/** Checks each source once. */
export function openRefusals(check: (code: string) => string | undefined): (source: FunctionSource) => string | undefined {
  const known = new Map<string, string | undefined>();
  return ({ code, sha256 }) => {
    if (!known.has(sha256)) {
      if (known.size > 1_000) known.clear();
      known.set(sha256, check(code));
    }
    return known.get(sha256);
  };
}
