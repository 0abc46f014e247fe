import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gate } from '../../../src/edge/gate/gate.ts';
import { countInstructions } from '../../../src/edge/njs/instructions.ts';
import { openNjsRuntime } from '../../../src/edge/njs/njs.ts';
import { runProcess } from '../../../src/edge/njs/run-process.ts';
import { describeWith, pathOf } from '../../programs.ts';
import { njs, runOf, sampleEvent } from './sample.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'process-'));
});
afterAll(() => rm(folder, { recursive: true }));

const limits = { silenceMs: 20_000, maxKiB: 1_048_576, maxCpuSeconds: 20 };
const shell = (script: string, given = limits) => runProcess('/bin/sh', ['-c', script], join(folder, 'output'), given);

describe('a process for a function', () => {
  it('goes on when a signal for the whole process group reaches it', async () => {
    const { exitCode, stdout } = await shell('kill -INT $$; kill -HUP $$; kill -TERM $$; echo done');
    expect([exitCode, stdout]).toEqual([0, 'done\n']);
  });

  it('ends an endless loop that this process does not watch', async () => {
    const { exitCode, timedOut } = await shell('while :; do :; done', { ...limits, maxCpuSeconds: 1 });
    expect([exitCode, timedOut]).toEqual([undefined, false]);
  });
});

const endless = 'for (;;) {}\nfunction handler(event) { return event.request; }';

describeWith(['njs'], 'a signal during njs', () => {
  it('ends a run, which is not a failure of the function', async () => {
    const stop = new AbortController();
    const runtime = openNjsRuntime({ njs: String(njs), signal: stop.signal, temporaryFolder: folder });
    const run = runtime.run(runOf(endless));
    setTimeout(() => stop.abort(), 200);
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    expect((await readdir(folder)).filter((name) => name.startsWith('njs-'))).toEqual([]);
  });

  it('ends the gate, which is not a refusal', async () => {
    const signal = AbortSignal.timeout(200);
    await expect(gate(endless, { njs, signal })).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describeWith(['njs', 'valgrind'], 'a signal during the count', () => {
  it('ends it', async () => {
    const tools = { njs: String(njs), valgrind: String(pathOf('valgrind')) };
    const signal = AbortSignal.timeout(200);
    const counting = countInstructions(endless, [{ event: sampleEvent(), store: undefined }], tools, { signal });
    await expect(counting).rejects.toMatchObject({ name: 'AbortError' });
  });
});
