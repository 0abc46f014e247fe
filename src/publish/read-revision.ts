import { execFile } from 'node:child_process';

/** The revision of the working tree, `1a2b3c4d5e`, with a `+` when something in it is not committed; undefined where git knows nothing. */
export function readRevision(folder = '.'): Promise<string | undefined> {
  const describe = ['describe', '--always', '--abbrev=10', '--dirty=+', '--exclude=*'];
  return new Promise((resolve) => {
    execFile('git', describe, { cwd: folder, timeout: 5_000 }, (error, stdout) => {
      const revision = stdout.trim();
      resolve(error === null && /^[0-9a-f]{7,40}\+?$/.test(revision) ? revision : undefined);
    });
  });
}
