import { parentPort, workerData } from 'node:worker_threads';
import { EdgeError } from '../../src/errors.ts';
import { type Host, openHost } from './host.ts';
import type { HostSettings } from './hosted-cloud.ts';

/** A call from the other thread; the first has no method and waits for the start. */
export interface WorkerCall {
  id: number;
  method: keyof Host;
  args: readonly unknown[];
}

export type WorkerMessage =
  | { kind: 'ready'; description: Host['description'] }
  | { kind: 'failed'; error: SentError }
  | { kind: 'result'; id: number; value: unknown }
  | { kind: 'error'; id: number; error: SentError }
  | { kind: 'log'; line: string };

/** An error as it crosses the border: its class would be lost. */
export interface SentError {
  code: EdgeError['code'] | undefined;
  message: string;
  hint: string | undefined;
  stack: string | undefined;
}

const port = parentPort;
if (port === null) throw new Error('this file runs in a worker thread');
const send = (message: WorkerMessage) => port.postMessage(message);

try {
  const host = await openHost(workerData as HostSettings, (line) => send({ kind: 'log', line }));
  send({ kind: 'ready', description: host.description });
  port.on('message', ({ id, method, args }: WorkerCall) => {
    const call = host[method] as (...given: readonly unknown[]) => unknown;
    Promise.resolve()
      .then(() => call(...args))
      .then(
        (value) => send({ kind: 'result', id, value }),
        (error: unknown) => send({ kind: 'error', id, error: describeError(error) }),
      )
      // Nothing is open any more; the thread ends when nothing listens.
      .finally(() => method === 'close' && port.close());
  });
} catch (error) {
  send({ kind: 'failed', error: describeError(error) });
  port.close();
}

function describeError(error: unknown): SentError {
  if (error instanceof EdgeError) return { code: error.code, message: error.message, hint: error.hint, stack: undefined };
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { code: undefined, message, hint: undefined, stack };
}
