import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cache = resolve('node_modules/.cache');

/** What `npm pack` made. */
export interface Packed {
  /** The tarball's path. */
  file: string;
  size: number;
  files: { path: string }[];
}

/**
 * The packed package, once for all test files of a run: packing builds dist/ again, and two at once would spoil each
 * other's.
 */
export async function packTarball(): Promise<Packed> {
  // The files of a run are processes of one parent.
  const folder = join(cache, `packed-${process.ppid}`);
  const answer = join(folder, 'packed.json');
  await mkdir(cache, { recursive: true });
  const isFirst = await mkdir(folder).then(
    () => true,
    () => false,
  );
  if (isFirst) {
    await removeOlder();
    await pack(folder, answer);
  }
  for (const end = Date.now() + 240_000; !existsSync(answer); await sleep(100))
    if (Date.now() > end) throw new Error(`no other test packed the package: ${answer} is missing`);
  const packed = JSON.parse(await readFile(answer, 'utf8')) as Packed | { error: string };
  if ('error' in packed) throw new Error(packed.error);
  return packed;
}

async function pack(folder: string, answer: string): Promise<void> {
  const plain = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(npm_|EDGE_|NODE_OPTIONS|VITEST)/i.test(key)));
  const result = await run('npm', ['pack', '--json', '--pack-destination', folder], { env: plain, maxBuffer: 64 * 1_024 * 1_024 }).then(
    ({ stdout }): Packed | { error: string } => {
      const [packed] = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as [Omit<Packed, 'file'> & { filename: string }];
      return { file: join(folder, packed.filename), size: packed.size, files: packed.files };
    },
    (error: Error) => ({ error: error.message }),
  );
  // A reader that waits for it reads it whole.
  await writeFile(`${answer}.new`, JSON.stringify(result));
  await rename(`${answer}.new`, answer);
}

async function removeOlder(): Promise<void> {
  for (const name of await readdir(cache)) {
    const pid = Number(/^packed-(\d+)$/.exec(name)?.[1]);
    if (pid > 0 && pid !== process.ppid && !isRunning(pid)) await rm(join(cache, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
