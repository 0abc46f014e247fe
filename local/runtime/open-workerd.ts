import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { WebSocket } from 'undici';
import { nudge } from './wire.ts';

/** A workerd that runs functions; one message goes out at a time and one comes back. */
export interface Workerd {
  /** Rejects with Unanswered when no answer came within the limit or workerd died: it is of no more use then and must be closed. */
  exchange(text: string, limitMs: number): Promise<string>;
  close(): Promise<void>;
}

/** workerd did not answer: it took too long, it ended meanwhile, or it had ended before it was asked. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
  readonly kind: 'late' | 'ended' | 'undelivered';

  constructor(kind: Unanswered['kind']) {
    super(`workerd did not answer: ${kind}`);
    this.kind = kind;
  }
}

/**
 * An answer takes well under this. After it workerd is asked what is the matter: if it can read the question, nothing runs, and the run that is on waits for a promise
 * that never settles.
 */
const nudgeAfterMs = 25;

const longText = 64 * 1_024;

const entry = fileURLToPath(new URL('./worker/entry.ts', import.meta.url));

/** The worker as one module; its TypeScript is compiled at start, which takes some tens of milliseconds. */
export async function bundleWorker(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    external: ['node:*'],
    legalComments: 'none',
  });
  return outputFiles[0]?.text ?? '';
}

/**
 * Starts workerd and opens the WebSocket that every batch goes through. The socket leads straight to the worker, past miniflare's own entry worker, which would more
 * than double the cost of a hop; and a message on an open socket costs about two thirds of an HTTP request on a kept-alive connection.
 */
export async function openWorkerd(script: string, log: (line: string) => void): Promise<Workerd> {
  const miniflare = withOwnSignals(
    () =>
      new Miniflare({
        modules: true,
        script,
        compatibilityDate: '2026-04-01',
        // Compressing what travels between two processes on one machine took a tenth of the time of a run.
        compatibilityFlags: ['nodejs_compat', 'no_web_socket_compression'],
        unsafeEvalBinding: 'compiler',
        unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
        cf: false,
        handleRuntimeStdio: (stdout: Readable, stderr: Readable) => {
          stdout.resume();
          stderr.on('data', (text: Buffer) => log(`workerd: ${String(text).split('\n', 1)[0] ?? ''}`));
        },
      }),
  );
  try {
    await miniflare.ready;
    const url = await miniflare.unsafeGetDirectURL();
    const socket = await openSocket(`ws://${url.host}/`);
    return openExchange(socket, () => miniflare.dispose());
  } catch (error) {
    await miniflare.dispose();
    throw error;
  }
}

/**
 * Miniflare ends the process on SIGINT and SIGTERM, in the middle of whatever its owner still has to finish. Those listeners go; the one that ends workerd with
 * the process stays.
 */
function withOwnSignals(open: () => Miniflare): Miniflare {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const owned = signals.map((name) => new Set(process.listeners(name)));
  const miniflare = open();
  for (const [place, name] of signals.entries())
    for (const listener of process.listeners(name)) if (!owned[place]?.has(listener)) process.off(name, listener);
  return miniflare;
}

function openSocket(url: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.addEventListener('open', () => resolve(socket), { once: true });
    socket.addEventListener('error', () => reject(new Error(`workerd does not answer at ${url}`)), { once: true });
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
  /** Calls back unless the answer arrives first. This process may have been busy, with the answer waiting in the socket: look there once more. */
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
        // Texts are checked for lone surrogates and copied on their way out; a long one costs less as bytes.
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
