import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCfnLint } from '../../templates/run-cfn-lint.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cfn-lint-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A program in the place of cfn-lint; test/e2e/infra-check.test.ts asks the real one where it is installed. */
async function standIn(script: string): Promise<string> {
  const file = join(folder, 'cfn-lint');
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return file;
}
const env = { PATH: process.env['PATH'] };

describe('runCfnLint', () => {
  it('takes what it finds for lines, whatever it ends with', async () => {
    const match = { Filename: 'a.yaml', Level: 'Error', Message: 'too long', Rule: { Id: 'E1' }, Location: { Start: { LineNumber: 7 } } };
    const file = await standIn(`echo '${JSON.stringify([match])}'; exit 2`);
    expect(await runCfnLint(file, ['a.yaml'], { env })).toEqual(['a.yaml:7: error E1: too long']);
  });

  it('hands it the files as files, whatever they are called', async () => {
    await expect(runCfnLint(await standIn('echo "$*" >&2; exit 1'), ['a.yaml', '--b.yaml'], { env })).rejects.toMatchObject({
      message: expect.stringMatching(/: --format json --ignore-checks W3002 -- a\.yaml --b\.yaml$/),
    });
  });

  it('takes one that does not run for no second opinion', async () => {
    await expect(runCfnLint(await standIn('echo "no module" >&2; exit 127'), ['a.yaml'], { env })).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message: 'cfn-lint is on PATH and does not run: no module',
    });
    await expect(runCfnLint(join(folder, 'nowhere'), ['a.yaml'], { env })).rejects.toMatchObject({ code: 'TOOL_MISSING' });
  });

  it('ends with the command', async () => {
    const abort = new AbortController();
    const running = runCfnLint(await standIn('exec sleep 30'), ['a.yaml'], { env, signal: abort.signal });
    abort.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  });
});
