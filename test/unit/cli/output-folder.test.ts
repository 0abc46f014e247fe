import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openOutputFolder } from '../../../src/cli/output-folder.ts';

describe('openOutputFolder', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'output-folder-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

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
