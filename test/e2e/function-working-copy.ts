import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ControlPlane } from '../../local/aws/control-plane.ts';
import { openFunctionRuntime } from '../../local/runtime/function-runtime.ts';
import { hashCode } from '../../src/publish/stage.ts';
import { createReadyStore, openLocalAccount } from '../contract/control-plane/open-local-account.ts';
import { runScript } from './start-script.ts';

/** What a command came to. */
interface Outcome {
  code: number | null;
  out: string;
  err: string;
}

/** A copy of the project that a test may edit, in front of a local account of its own. */
export interface WorkingCopy {
  folder: string;
  control: ControlPlane;
  /** Runs a command in this process, with the functions of this repository and the other files of the copy. */
  run(name: string, args?: readonly string[], env?: Readonly<Record<string, string>>): Promise<Outcome>;
  /** Runs an npm script's command; `interruptAt` sends Ctrl-C once, when its talk first matches. */
  start(name: string, args?: readonly string[], interruptAt?: RegExp): Promise<Outcome>;
  read(file: string): Promise<string>;
  write(file: string, text: string): Promise<void>;
  /** Edits one file; the text must be in it. */
  replace(file: string, from: string, to: string): Promise<void>;
  /** SHA-256 of what viewers get; undefined when nothing is LIVE. */
  live(): string | undefined;
  /** Operations since the last time this was asked. */
  operations(): string[];
  close(): Promise<void>;
}

const copied = ['scripts', 'src', 'kvs', 'functions', 'local', 'origin', 'client', 'api', 'package.json', 'tsconfig.json'];

/** `withSources`: the copy has the program and the functions, too, so that a test may edit them. */
export async function openWorkingCopy({ withSources = false } = {}): Promise<WorkingCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'working-copy-'));
  const sources = withSources ? './src/' : `${resolve('src')}/`;
  await Promise.all(
    ['edge.config.ts', 'distribution.json'].map(async (name) => {
      const text = await readFile(join('test/fixtures/sample', name), 'utf8');
      await writeFile(join(folder, name), text.replace('../../../src/', sources));
    }),
  );
  if (withSources) await copySources(folder);

  const runtime = await openFunctionRuntime();
  const cloud = { keyValueStoreArn: '' };
  const account = await openLocalAccount({ runtime, localRoutes: { 'GET /_local/cloud': () => describe() } });
  const control = account.cloud;
  const describe = () => ({
    controlPlane: control.url,
    edge: control.url,
    accountId: '111122223333',
    distributionId: 'E1',
    origins: {},
    env: {},
    ...cloud,
  });
  cloud.keyValueStoreArn = (await createReadyStore(account, 'edge-health')).arn;
  control.calls.length = 0;
  const bare = {
    PATH: process.env['PATH'] ?? '',
    HOME: '/nonexistent',
    AWS_EC2_METADATA_DISABLED: 'true',
    EDGE_LOCAL_PORT: String(control.port),
  };

  return {
    folder,
    control,
    run: async (name, args = [], env = {}) => {
      const { code, stdout, stderr } = await runScript(name, args, { ...bare, ...env }, { isBare: true, folder });
      return { code, out: stdout, err: stderr };
    },
    start: (name, args = [], interruptAt) =>
      new Promise((settle) => {
        const child = spawn(process.execPath, ['--no-warnings', join(withSources ? folder : resolve(), 'scripts/run.mjs'), name, ...args], {
          cwd: folder,
          env: bare,
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let [out, err] = ['', ''];
        child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
          out += chunk;
        });
        let isInterrupted = false;
        child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
          err += chunk;
          if (isInterrupted || !interruptAt?.test(err)) return;
          isInterrupted = true;
          child.kill('SIGINT');
        });
        child.on('close', (code) => settle({ code, out, err }));
      }),
    read: (file) => readFile(join(folder, file), 'utf8'),
    write: (file, text) => writeFile(join(folder, file), text),
    replace: async (file, from, to) => {
      const text = await readFile(join(folder, file), 'utf8');
      if (!text.includes(from)) throw new Error(`${file} has no ${JSON.stringify(from)} in it`);
      await writeFile(
        join(folder, file),
        text.replace(from, () => to),
      );
    },
    live: () => {
      const live = control.published.liveFunction('arn:aws:cloudfront::111122223333:function/origin-router');
      return live && hashCode(Buffer.from(live.code));
    },
    operations: () => control.calls.splice(0).map(({ operation }) => operation),
    close: async () => {
      await account.close();
      await runtime.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function copySources(folder: string): Promise<void> {
  await Promise.all(copied.map((path) => cp(path, join(folder, path), { recursive: true })));
  // Not the folder itself: compiled commands are kept in it, and those of the copy are its own.
  await mkdir(join(folder, 'node_modules'));
  const packages = (await readdir('node_modules')).filter((name) => !name.startsWith('.'));
  await Promise.all(packages.map((name) => symlink(resolve('node_modules', name), join(folder, 'node_modules', name))));
}
