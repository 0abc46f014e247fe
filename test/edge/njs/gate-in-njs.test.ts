import { expect, it } from 'vitest';
import type { RawRun } from '../../../src/edge/execution.ts';
import { gate } from '../../../src/edge/gate/gate.ts';
import { openNjsRuntime } from '../../../src/edge/njs/njs.ts';
import { runBatch } from '../../../src/edge/njs/run-batch.ts';
import { describeWith } from '../../programs.ts';
import { acceptedBodies, acceptedExpressions, fileOf, refusedCases } from '../../unit/edge/gate-cases.ts';
import { njs, runOf, sampleEvent } from './sample.ts';

// The allow-list is tried on the engine itself: what the gate accepts must run, and where it refuses more than the
// engine does, the table says so.
describeWith(['njs'], 'the gate beside the real engine', () => {
  const open = () => openNjsRuntime({ njs });

  it.each(refusedCases)('njs $njs $code', async (refused) => {
    const batch = { code: fileOf(refused), associated: true, now: 0, runs: [{ event: sampleEvent(), now: 0 }] };
    const { loadFailure, lines } = await runBatch(String(njs), batch, { timeLimitMs: 5_000 });
    const failure = lines.map((line) => (JSON.parse(line) as RawRun).failure)[0];
    expect(loadFailure !== undefined ? 'refuses' : failure !== undefined ? 'throws' : 'runs').toBe(refused.njs);
  });

  it('runs every expression that the gate accepts, to the value of the table', async () => {
    const inputs = acceptedExpressions.map(([expression]) => runOf(`async function handler(event) { return ${expression}; }`));
    const executions = await open().runMany(inputs);
    for (const [index, [expression, value]] of acceptedExpressions.entries()) {
      expect(executions[index], expression).toMatchObject({ output: value, error: undefined });
    }
  });

  it('runs every statement that the gate accepts', async () => {
    const executions = await open().runMany(acceptedBodies.map((body) => runOf(`async function handler(event) { ${body} }`)));
    for (const [index, body] of acceptedBodies.entries()) expect(executions[index], body).toMatchObject({ output: true, error: undefined });
  });

  it('loads a function that reads its store at the top level', async () => {
    const code =
      "import cf from 'cloudfront';\nconst store = cf.kvs();\nfunction handler(event) { store.get('a'); return event.request; }\n";
    expect(await gate(code, { njs })).toMatchObject({ njs: 'passed', problems: [] });
  });

  it('refuses what only fails when the top level runs, with the line', async () => {
    const report = await gate('const a = {};\n\nconst b = a.b.c;\nfunction handler() { return b; }', { njs });
    expect(report.njs).toBe('refused');
    expect(report.problems).toMatchObject([
      { rule: 'njs', line: 3, found: expect.stringContaining('cannot get property "c" of undefined') },
    ]);
  });
});
