import { createHash } from 'node:crypto';
import { maxFunctionBytes } from '../../../kvs/limits.ts';
import { typed } from '../../text/typed.ts';
import type { Execution, JudgeRun, RunInput } from '../execution.ts';
import { gate } from '../gate/gate.ts';
import { type GateProblem, isRefusal } from '../gate/problem.ts';
import { countInstructions, type InstructionCount } from '../njs/instructions.ts';
import { openNjsRuntime } from '../njs/njs.ts';

export interface CheckTools {
  /** Paths of the programs; without one, the report says what was not checked. */
  njs: string | undefined;
  valgrind: string | undefined;
  judge: JudgeRun;
  now: number;
  /** Ends a run in progress; the check then rejects. */
  signal?: AbortSignal | undefined;
}

export interface CheckInput {
  file: string;
  code: string;
  event: RunInput['event'];
  /** Whether the event was given with --event: a failure on our own event proves nothing. */
  isOwnEvent: boolean;
  /** The store's keys; undefined when none were given. */
  keys: ReadonlyMap<string, string> | undefined;
  count: boolean;
}

export interface FunctionCheck {
  file: string;
  bytes: number;
  /** Errors, warnings and notes in the order of the code. */
  problems: GateProblem[];
  njs: 'passed' | 'refused' | 'absent';
  /** What one event did; undefined when the function was not run. */
  run: Pick<Execution, 'output' | 'originCall' | 'reads' | 'logs' | 'error' | 'memoryBytes'> | undefined;
  /** Over an empty handler; undefined when nothing was counted. */
  instructions: { perRequest: number; load: number } | undefined;
  /** V8 at the local edge behaves differently from CloudFront. */
  needsNjs: boolean;
}

/** Checks a CloudFront Function without CloudFront: the gate, one run in njs, and its cost. */
export async function inspectFunction(input: CheckInput, tools: CheckTools): Promise<FunctionCheck> {
  const { file, code } = input;
  const report = await gate(code, { file, njs: tools.njs, signal: tools.signal });
  // CloudFront documents the helper, and only this machine lacks it: a warning, and no run.
  const mayRun = !report.problems.some(({ rule }) => rule === 'no-local-engine');
  const problems = [...report.problems, ...report.notes].map(
    (problem): GateProblem => ({ ...problem, file, level: problem.rule === 'no-local-engine' ? 'warning' : problem.level }),
  );
  const isSound = mayRun && !problems.some(isRefusal);
  const run = isSound && tools.njs !== undefined ? await runOnce(input, tools.njs, tools) : undefined;
  if (run?.error !== undefined) problems.push(describeFailure(run.error, input));
  const instructions = run !== undefined && run.error === undefined && input.count ? await count(input, tools) : undefined;
  return {
    file,
    bytes: report.bytes,
    problems: problems.sort((a, b) => a.line - b.line || a.column - b.column),
    njs: report.njs,
    run,
    instructions,
    needsNjs: problems.some((problem) => problem.needsNjs === true),
  };
}

/** The store of a function that uses one; empty unless keys were given. */
function storeOf({ code, keys }: CheckInput): RunInput['store'] {
  if (keys !== undefined) return { values: keys };
  return /\bkvs\b/.test(code) ? { values: new Map() } : undefined;
}

async function runOnce(input: CheckInput, njs: string, { judge, now, signal }: CheckTools): Promise<Execution> {
  const runtime = openNjsRuntime({ njs, judge, now: () => now, signal });
  const source = { code: input.code, sha256: createHash('sha256').update(input.code).digest('hex') };
  try {
    return await runtime.run({ source, event: input.event, store: storeOf(input), now });
  } finally {
    await runtime.close();
  }
}

async function count(input: CheckInput, { njs, valgrind, signal }: CheckTools): Promise<FunctionCheck['instructions']> {
  if (njs === undefined || valgrind === undefined) return undefined;
  const events = [{ event: input.event, store: storeOf(input) }];
  const counted: InstructionCount = await countInstructions(input.code, events, { njs, valgrind }, { signal });
  return { perRequest: counted.perRequest[0] ?? 0, load: counted.load };
}

function describeFailure(error: NonNullable<Execution['error']>, { file, isOwnEvent }: CheckInput): GateProblem {
  const line = Number(/ in (\d+)$/.exec(error.message)?.[1] ?? 1);
  const status = error.kind === 'execution' ? '503 FunctionExecutionError' : '502 FunctionValidationError';
  return {
    level: isOwnEvent ? 'error' : 'warning',
    file,
    line,
    column: 1,
    found: error.message,
    rule: 'njs',
    instead: isOwnEvent
      ? `CloudFront answers this event with ${status}`
      : `a plain GET / gets ${status}; for a function that needs more, pass --event and the store's keys with --kvs`,
  };
}

/** Each finding with its fix, then one line for the file. */
export function formatCheck(check: FunctionCheck, tools: CheckTools): string[] {
  const figure = (value: number) => value.toLocaleString('en-US');
  const size = `${figure(check.bytes)} of ${figure(maxFunctionBytes)} bytes`;
  const engine = { passed: 'njs runs it', refused: 'njs refuses it', absent: 'not run: njs is not on PATH (apt-get install njs)' }[
    check.njs
  ];
  const { instructions } = check;
  const uncounted =
    tools.valgrind === undefined ? 'cost not counted: valgrind is not on PATH (apt-get install valgrind)' : 'cost not counted';
  const cost = instructions
    ? `${figure(instructions.perRequest)} instructions a request over a function that does nothing, ${figure(instructions.load)} to load`
    : uncounted;
  const engineNote = check.needsNjs ? [`${typed('edge')} runs it in njs, where that is installed`] : [];
  const parts = [size, engine, ...(check.njs === 'passed' ? [cost] : []), ...engineNote];
  return [...check.problems.map(formatProblem), `${check.file}: ${parts.join('; ')}`];
}

function formatProblem({ file, line, column, level, rule, found, instead }: GateProblem): string {
  return `${file}:${line}:${column} ${level} ${rule}: ${found}; ${instead}`;
}
