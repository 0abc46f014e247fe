import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, WebSocket } from 'undici';
import { EdgeError } from '../../src/errors.ts';
import { builtFile, packageFile } from '../../src/package-files.ts';
import { nudge } from './wire.ts';

/** A workerd that runs functions; one message goes out at a time and one comes back. */
export interface Workerd {
  /** Rejects with Unanswered when no answer came within the limit or workerd died; it must then be closed. */
  exchange(text: string, limitMs: number): Promise<string>;
  close(): Promise<void>;
}

/** workerd did not answer: it took too long, it ended, or it had ended before the message. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
  readonly kind: 'late' | 'ended' | 'undelivered';

  constructor(kind: Unanswered['kind']) {
    super(`workerd did not answer: ${kind}`);
    this.kind = kind;
  }
}

/**
 * A usual answer takes far less. After this time workerd gets a nudge: if it can read that, nothing runs, so the
 * current run waits for a promise that never settles.
 */
const nudgeAfterMs = 25;

const longText = 64 * 1_024;

/** The worker as one module. From the sources it is compiled at the start, in some tens of milliseconds. */
export async function bundleWorker(): Promise<string> {
  const built = builtFile('assets/worker.js');
  if (built !== undefined) return readFile(built, 'utf8');
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [packageFile('local/runtime/worker/entry.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    external: ['node:*'],
    legalComments: 'none',
  });
  return outputFiles[0]?.text ?? '';
}

/** Milliseconds until workerd must listen, generous for a busy machine. */
const startLimitMs = 30_000;

/**
 * Starts workerd and opens the WebSocket that every batch goes through. It listens on a Unix socket in a folder that
 * only this user can enter: no web page and no other user can send it code to compile. It reaches no network and has no
 * inspector.
 */
export async function openWorkerd(script: string, log: (line: string) => void): Promise<Workerd> {
  const folder = await mkdtemp(join(tmpdir(), 'workerd-'));
  const socketPath = join(folder, 'socket');
  const dispatcher = new Agent({ connect: { socketPath } });
  let child: ChildProcess | undefined;
  let isClosing = false;
  const dispose = async (): Promise<void> => {
    isClosing = true;
    if (child !== undefined) await end(child);
    await dispatcher.destroy();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all([writeFile(join(folder, 'worker.js'), script), writeFile(join(folder, 'config.capnp'), describeWorkerd(socketPath))]);
    const args = ['serve', '--experimental', '--control-fd=3', join(folder, 'config.capnp')];
    child = spawn('/bin/sh', ['-c', endWithStdin, findWorkerd(), ...args], {
      cwd: folder,
      env: {},
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
    });
    // Output while closing is not useful.
    child.stderr?.on('data', (text: Buffer) => isClosing || log(`workerd: ${String(text).split('\n', 1)[0] ?? ''}`));
    await untilListening(child);
    // The host name does not matter: the socket belongs to the only worker.
    const socket = await openSocket('ws://workerd/', dispatcher);
    return openExchange(socket, dispose);
  } catch (error) {
    await dispose();
    throw error;
  }
}

const files = ['config.capnp', 'worker.js', 'socket'];

/**
 * Starts a program that ends as soon as standard input does: however this process ends, even by SIGKILL, the program
 * does not outlive it. Signals to the process group are left to this process, which may still have something to finish.
 * The folder, which is its working directory, goes with it.
 */
const endWithStdin = `trap '' INT TERM HUP; "$0" "$@" </dev/null & exec 3>&-; read _; kill -9 $!; wait; rm -f ${files.join(' ')}; cd /; rmdir "$OLDPWD"`;

/**
 * The program's file. TOOL_MISSING where its package is not there: it is optional, since no binary runs on every
 * platform.
 */
function findWorkerd(): string {
  try {
    return (createRequire(import.meta.url)('workerd') as { default: string }).default;
  } catch (cause) {
    throw new EdgeError('TOOL_MISSING', 'workerd, the engine of the local cloud, is not installed', {
      cause,
      hint: '`npm install workerd` shows why; it has programs for Linux (glibc), macOS and Windows, and `--omit=optional` leaves it out',
    });
  }
}

/**
 * workerd's configuration, a text of Cap'n Proto. `internet` is the service that a worker's `fetch`,
 * `cloudflare:sockets` and `node:net` use; it may connect to nowhere. Compressing what travels between two processes on
 * one machine took a tenth of the time of a run.
 */
function describeWorkerd(socketPath: string): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "internet", network = (allow = [])),
    (name = "functions", worker = (
      modules = [(name = "worker.js", esModule = embed "worker.js")],
      compatibilityDate = "2026-04-01",
      compatibilityFlags = ["nodejs_compat", "no_web_socket_compression"],
      bindings = [(name = "compiler", unsafeEval = void)],
      globalOutbound = "internet",
    )),
  ],
  sockets = [(name = "functions", address = ${JSON.stringify(`unix:${socketPath}`)}, http = (), service = "functions")],
);
`;
}

/** Resolves when workerd reports on its control channel that its socket is open. */
function untilListening(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`workerd did not listen within ${startLimitMs} ms`)), startLimitMs);
    const settle = (error?: Error) => {
      clearTimeout(timer);
      if (error === undefined) resolve();
      else reject(error);
    };
    child.once('error', settle);
    const control = child.stdio[3];
    control?.on('data', (text: Buffer) => {
      if (String(text).includes('"listen"')) settle();
    });
    control?.once('close', () => settle(new Error('workerd ended before it listened')));
  });
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return resolve();
    child.once('exit', () => resolve());
    child.stdin?.end();
  });
}

function openSocket(url: string, dispatcher: Agent): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { dispatcher });
    socket.addEventListener('open', () => resolve(socket), { once: true });
    socket.addEventListener('error', () => reject(new Error('workerd does not answer on its socket')), { once: true });
  });
}

function openExchange(socket: WebSocket, dispose: () => Promise<void>): Workerd {
  let pending: { resolve: (text: string) => void; reject: (reason: Error) => void; timer?: NodeJS.Timeout } | undefined;
  const settle = (): typeof pending => {
    const settled = pending;
    pending = undefined;
    clearTimeout(settled?.timer);
    return settled;
  };
  /**
   * Calls back unless the answer arrives first. If this process was busy, the answer may be in the socket: read it once
   * more before.
   */
  const after = (delayMs: number, callback: () => void): void => {
    const waiting = pending;
    if (waiting !== undefined) waiting.timer = setTimeout(() => setImmediate(() => pending === waiting && callback()), delayMs);
  };
  socket.addEventListener('message', ({ data }) => settle()?.resolve(String(data)));
  socket.addEventListener('close', () => settle()?.reject(new Unanswered('ended')));
  return {
    exchange: (text, limitMs) =>
      new Promise((resolve, reject) => {
        if (socket.readyState !== socket.OPEN) return reject(new Unanswered('undelivered'));
        pending = { resolve, reject };
        // Texts are checked for lone surrogates and copied; a long one costs less as bytes.
        socket.send(text.length < longText ? text : Buffer.from(text));
        const nudgeMs = Math.min(nudgeAfterMs, limitMs);
        after(nudgeMs, () => {
          socket.send(nudge);
          after(limitMs - nudgeMs, () => settle()?.reject(new Unanswered('late')));
        });
      }),
    close: async () => {
      socket.close();
      await dispose();
    },
  };
}
