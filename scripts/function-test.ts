import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { maxFunctionMemoryBytes } from '../kvs/limits.ts';
import { defineCommand } from '../src/cli/command.ts';
import { readTextFile } from '../src/cli/files.ts';
import { flag, text } from '../src/cli/option.ts';
import { locateProject } from '../src/config/open-project.ts';
import type { Execution } from '../src/edge/execution.ts';
import { gate } from '../src/edge/gate/gate.ts';
import { formatGateProblem, isRefusal } from '../src/edge/gate/problem.ts';
import { judgeRun } from '../src/edge/judge/judge.ts';
import { countInstructions, type InstructionCount } from '../src/edge/njs/instructions.ts';
import { findNjs, openNjsRuntime } from '../src/edge/njs/njs.ts';
import { findExecutable } from '../src/edge/njs/run-process.ts';
import { parseStoreData, parseTestEvent } from '../src/edge/parse-test-input.ts';
import { EdgeError } from '../src/errors.ts';
import { isRecord } from '../src/text/is-record.ts';
import { typed } from '../src/text/typed.ts';

const built = 'dist/functions/origin-router.js';

export default defineCommand({
  usage: 'function:test -- --event <file> [options]',
  summary: 'Runs one event through a function in njs, the engine with CloudFront’s grammar and error texts, and shows what it did.',
  examples: ['function:test -- --event event.json', 'function:test -- --function f.js --event event.json --kvs keys.json'],
  options: {
    function: text(`the function’s JavaScript; ${built} by default`, { placeholder: 'file' }),
    event: text('the event as JSON, in the form of TestFunction', { placeholder: 'file' }),
    kvs: text('the keys of its KeyValueStore as JSON; without it, no store is associated', { placeholder: 'file' }),
    'no-count': flag('do not count instructions; counting takes some seconds'),
  },
  main: async ({ values }, io) => {
    if (values.event === undefined)
      throw new EdgeError('USAGE', '--event is missing', { hint: 'a file with {"request": {"uri": "/"}} is enough' });
    const njs = findNjs(io.env['PATH']);
    const runtime = openNjsRuntime({ njs, judge: judgeRun, now: io.now, signal: io.signal });
    const file = values.function ?? join(locateProject(io.env).folder, built);
    const code = await readTextFile(file, values.function === undefined ? `${typed('function:build')} makes it` : undefined);
    const event = parseTestEvent(await readTextFile(values.event), values.event);
    const store = values.kvs === undefined ? undefined : { values: parseStoreData(await readTextFile(values.kvs), values.kvs) };
    const report = await gate(code, { file });
    for (const problem of [...report.problems, ...report.notes]) io.stderr(formatGateProblem(problem));
    const isRefused = report.problems.some(isRefusal);
    // Two public reports say so; the value here is the one that viewers' requests get.
    if (/\brawQueryString\b/.test(code))
      io.stderr('rawQueryString() returns the query here; a test in CloudFront’s console may return an empty text');

    const source = { code, sha256: createHash('sha256').update(code).digest('hex') };
    const execution = await runtime.run({ source, event, store, now: io.now() });
    const valgrind = findExecutable('valgrind', io.env['PATH']);
    // Code that the gate refuses is not counted: it would run a few hundred times without CloudFront's rules around it.
    const canCount = njs !== undefined && valgrind !== undefined && execution.error === undefined && !isRefused;
    const { signal } = io;
    const count =
      canCount && !values['no-count'] ? await countInstructions(code, [{ event, store }], { njs, valgrind }, { signal }) : undefined;
    const hint = valgrind === undefined ? 'not counted: apt-get install valgrind' : 'not counted';
    const { bytes, problems, notes } = report;
    io.result({ ...execution, problems, notes, bytes, instructions: count ?? null }, describe(execution, isRefused, bytes, count, hint));
    return execution.error === undefined && !isRefused ? 0 : 1;
  },
});

function describe(execution: Execution, isRefused: boolean, bytes: number, count: InstructionCount | undefined, hint: string): string[] {
  const { error, output, originCall, reads, logs, memoryBytes } = execution;
  const statuses = { execution: '503 FunctionExecutionError', validation: '502 FunctionValidationError' };
  const kind = isRecord(output) && 'statusCode' in output ? 'response' : 'request';
  const cost = count && `${figure(count.perRequest[0] ?? 0)} a request, ${figure(count.load)} to load`;
  const result = isRefused
    ? 'result        none: the gate refuses the function, as function:publish and the local edge would'
    : `result        ${kind} ${JSON.stringify(output)}`;
  return [
    error ? `error         ${statuses[error.kind]}: ${error.message}` : result,
    `origin call   ${originCall ? JSON.stringify(originCall) : 'none: the behavior’s own origin'}`,
    `reads         ${reads.length > 0 ? reads.join(', ') : 'none'}`,
    ...(logs.length > 0 ? logs.map((line) => `log           ${line}`) : ['log           none']),
    `size          ${figure(bytes)} bytes`,
    ...(memoryBytes === undefined
      ? []
      : [`memory        ${kilobytes(memoryBytes)} KB of ${kilobytes(maxFunctionMemoryBytes)}, counted in njs`]),
    `instructions  ${cost ?? hint}`,
  ];
}

function kilobytes(bytes: number): string {
  return figure(Math.ceil(bytes / 1_024));
}

function figure(value: number): string {
  return value.toLocaleString('en-US');
}
