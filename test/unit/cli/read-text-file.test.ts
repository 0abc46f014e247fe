import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readTextFile } from '../../../src/cli/read-text-file.ts';

it('refuses a pipe, which would be waited for without an end', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pipe-'));
  const pipe = join(folder, 'function.js');
  execFileSync('mkfifo', [pipe]);
  await expect(readTextFile(pipe)).rejects.toMatchObject({ code: 'CONFIG_MISSING', message: expect.stringContaining('pipe') });
  await rm(folder, { recursive: true });
});
