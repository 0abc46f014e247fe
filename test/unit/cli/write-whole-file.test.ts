import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeWholeFile } from '../../../src/cli/write-whole-file.ts';

it('writes no file that somebody laid out for it in a shared folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'shared-'));
  const [victim, path] = [join(folder, 'victim'), join(folder, 'report.html')];
  await writeFile(victim, 'mine');
  // The name of a draft that could be guessed, and the file itself, both lead elsewhere.
  await symlink(victim, `${path}.${process.pid}.new`);
  await symlink(victim, path);
  await writeWholeFile(path, 'report');
  expect([await readFile(victim, 'utf8'), await readFile(path, 'utf8')]).toEqual(['mine', 'report']);
  expect((await readdir(folder)).sort()).toEqual(['report.html', `report.html.${process.pid}.new`, 'victim']);
  await rm(folder, { recursive: true });
});
