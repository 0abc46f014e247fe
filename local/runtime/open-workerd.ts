import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { WebSocket } from 'undici';

/** A workerd that runs functions; one message goes out at a time and one comes back. */
export interface Workerd {
  /** Rejects with Unanswered when no answer came within the limit or workerd died: it is of no more use then and must be closed. */
  exchange(text: string, limitMs: number): Promise<string>;
  close(): Promise<void>;
}

/** workerd did not answer: a function ran away, or the process ended. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

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
  const miniflare = new Miniflare({
    modules: true,
    script,
    compatibilityDate: '2026-04-01',
    compatibilityFlags: ['nodejs_compat'],
    unsafeEvalBinding: 'compiler',
    unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
    cf: false,
    handleRuntimeStdio: (stdout: Readable, stderr: Readable) => {
      stdout.resume();
      stderr.on('data', (text: Buffer) => log(`workerd: ${String(text).split('\n', 1)[0] ?? ''}`));
    },
  });
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

function openSocket(url: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.addEventListener('open', () => resolve(socket), { once: true });
    socket.addEventListener('error', () => reject(new Error(`workerd does not answer at ${url}`)), { once: true });
  });
}

function openExchange(socket: WebSocket, dispose: () => Promise<void>): Workerd {
  let pending: { resolve: (text: string) => void; reject: (reason: Error) => void; timer: NodeJS.Timeout } | undefined;
  const settle = (): typeof pending => {
    const settled = pending;
    pending = undefined;
    clearTimeout(settled?.timer);
    return settled;
  };
  socket.addEventListener('message', ({ data }) => settle()?.resolve(String(data)));
  socket.addEventListener('close', () => settle()?.reject(new Unanswered('workerd ended')));
  return {
    exchange: (text, limitMs) =>
      new Promise((resolve, reject) => {
        const giveUp = (): void => {
          settle()?.reject(new Unanswered(`no answer within ${limitMs} ms`));
        };
        // The timer may be late because this process was busy, and the answer may wait in the socket: look there once more.
        const timer = setTimeout(() => setImmediate(() => pending?.timer === timer && giveUp()), limitMs);
        pending = { resolve, reject, timer };
        if (socket.readyState === socket.OPEN) socket.send(text);
        else settle()?.reject(new Unanswered('workerd ended'));
      }),
    close: async () => {
      socket.close();
      await dispose();
    },
  };
}
