import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openOutputFolder, readTextFile, writeWholeFile } from '../../../src/cli/files.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-files-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('openOutputFolder', () => {
  it('makes the folder, leaves nothing of its trial behind, and puts files in place of older ones', async () => {
    const path = join(folder, 'new', 'deep');
    const output = await openOutputFolder(path, ['report.html']);
    expect(await readdir(path)).toEqual([]);
    await output.write('report.html', 'old');
    expect(await output.write('report.html', 'new')).toBe(join(path, 'report.html'));
    expect(await readdir(path)).toEqual(['report.html']);
    expect(await readFile(join(path, 'report.html'), 'utf8')).toBe('new');
  });

  it.each([
    { when: 'a file has its name', taken: 'a-file', prepare: (path: string) => writeFile(path, '') },
    { when: 'a folder has the name of a file to be written', taken: 'report.html', prepare: (path: string) => mkdir(path) },
  ])('refuses in one line when $when', async ({ taken, prepare }) => {
    await prepare(join(folder, taken));
    const path = taken === 'a-file' ? join(folder, taken) : folder;
    const refused = openOutputFolder(path, ['report.html']);
    await expect(refused).rejects.toMatchObject({ code: 'USAGE', message: expect.stringMatching(/^cannot write to .*[^\n]*$/) });
  });

  it('leaves the older file as it was when the new one cannot be written', async () => {
    const output = await openOutputFolder(folder, ['report.html']);
    await mkdir(join(folder, 'report.html'));
    await expect(output.write('report.html', 'new')).rejects.toMatchObject({ code: 'USAGE' });
    expect(await readdir(folder)).toEqual(['report.html']);
  });
});

it.runIf(process.platform === 'linux')('ends where no folder can be made', async () => {
  await expect(writeWholeFile('/proc/no/such/file', 'x')).rejects.toMatchObject({ code: 'ENOENT' });
});

it('refuses a pipe, since reading it would never end', async () => {
  const pipe = join(folder, 'function.js');
  execFileSync('mkfifo', [pipe]);
  await expect(readTextFile(pipe)).rejects.toMatchObject({ code: 'CONFIG_MISSING', message: expect.stringContaining('pipe') });
});

it('follows no link that another user left in a shared folder', async () => {
  const [victim, path] = [join(folder, 'victim'), join(folder, 'report.html')];
  await writeFile(victim, 'mine');
  // The name of a draft that could be guessed, and the file itself, both lead elsewhere.
  await symlink(victim, `${path}.${process.pid}.new`);
  await symlink(victim, path);
  await writeWholeFile(path, 'report');
  expect([await readFile(victim, 'utf8'), await readFile(path, 'utf8')]).toEqual(['mine', 'report']);
  expect((await readdir(folder)).sort()).toEqual(['report.html', `report.html.${process.pid}.new`, 'victim']);
});
