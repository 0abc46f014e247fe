import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { EdgeError } from '../../src/errors.ts';
import { builtFile, packageFile } from '../../src/package-files.ts';
import type { Host } from './host.ts';
import type { HostSettings } from './hosted-cloud.ts';
import type { SentError, WorkerCall, WorkerMessage } from './worker.ts';

type Method = Exclude<keyof Host, 'description' | 'close'>;

/** A host in a thread of its own. */
export interface RemoteHost {
  description: Host['description'];
  call<M extends Method>(method: M, ...args: Parameters<Host[M]>): Promise<Awaited<ReturnType<Host[M]>>>;
  /** The same promise each time. */
  close(): Promise<void>;
}

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/**
 * Opens a host in a worker thread: fake timers, mocked modules and a busy test of the caller's thread do not reach it,
 * and it ends with the process. The thread keeps the process alive only while a call waits for it.
 */
export async function openRemoteHost(settings: HostSettings, log: (line: string) => void): Promise<RemoteHost> {
  const worker = startWorker(settings);
  const waiting = new Map<number, Waiting>();
  let calls = 0;
  let ended: Error | undefined;
  let closing: Promise<void> | undefined;
  const send = (method: keyof Host, args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (ended !== undefined) return reject(ended);
      const id = ++calls;
      const settle = (then: (value: unknown) => void) => (value: unknown) => {
        waiting.delete(id);
        if (waiting.size === 0) worker.unref();
        then(value);
      };
      waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
      worker.ref();
      worker.postMessage({ id, method, args } satisfies WorkerCall);
    });
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const description = await new Promise<Host['description']>((resolve, reject) => {
    const end = (error: Error) => {
      ended ??= error;
      reject(ended);
      for (const { reject: fail } of waiting.values()) fail(ended);
    };
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'ready') resolve(message.description);
      else if (message.kind === 'failed') end(readError(message.error));
      else if (message.kind === 'result') waiting.get(message.id)?.resolve(message.value);
      else if (message.kind === 'error') waiting.get(message.id)?.reject(readError(message.error));
      else log(message.line);
    });
    worker.once('error', end);
    worker.once('exit', () => end(closedError()));
  }).catch(async (error: unknown) => {
    await exited;
    throw error;
  });
  worker.unref();
  return {
    description,
    call: (method, ...args) => send(method, args) as never,
    close() {
      closing ??= (async () => {
        const others = [...waiting.values()];
        const done = send('close', []);
        // Nothing that comes later reaches a cloud that is about to end, and what waits would wait without end.
        ended ??= closedError();
        for (const { reject } of others) reject(ended);
        try {
          await done;
        } catch (error) {
          if (error !== ended) throw error;
        } finally {
          await worker.terminate();
        }
      })();
      return closing;
    },
  };
}

function closedError(): EdgeError {
  return new EdgeError('LOCAL_CLOUD_ABSENT', 'this local cloud is closed', { hint: 'open another one' });
}

function readError({ code, message, hint, stack }: SentError): Error {
  if (code !== undefined) return new EdgeError(code, message, hint === undefined ? {} : { hint });
  return Object.assign(new Error(message), stack !== undefined && { stack });
}

/** From the sources, as in this repository's own tests, the thread needs a loader for TypeScript. */
function startWorker(settings: HostSettings): Worker {
  const built = builtFile('harness-worker.js');
  // Options of the process, such as a test runner's loaders, are not for this thread.
  const options = { workerData: settings, name: 'local cloud', execArgv: ['--no-warnings'] };
  if (built !== undefined) return new Worker(built, options);
  const file = pathToFileURL(packageFile('api/harness/worker.ts'));
  const loader = new URL('index.mjs', pathToFileURL(createRequire(import.meta.url).resolve('tsx/esm/api'))).href;
  const start = `import(${JSON.stringify(loader)}).then(({ register }) => { register(); return import(${JSON.stringify(file.href)}); })`;
  return new Worker(start, { ...options, eval: true });
}
