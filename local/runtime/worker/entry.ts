import { type Batch, nudge, type WireRun } from '../wire.ts';
import { decoder, later, parseJson } from './captured.ts';
import { freezeDate } from './frozen-date.ts';
import { type Compile, forget, learn, sources } from './known.ts';
import { narrowBase64, narrowBuffer } from './modules.ts';
import { openRepair, type Repair, restrictRealm } from './realm.ts';
import { runOne, type Waiting } from './run-one.ts';
import { runSweep } from './run-sweep.ts';

interface Socket {
  binaryType: string;
  accept(): void;
  send(text: string): void;
  addEventListener(type: 'message', listener: (message: { data: string | ArrayBuffer }) => void): void;
}

const { WebSocketPair, Response } = globalThis as unknown as {
  WebSocketPair: new () => { 0: Socket; 1: Socket };
  Response: new (body: null, options: { status: number; webSocket?: Socket }) => object;
};

let repair: Repair | undefined;

export default {
  /**
   * One WebSocket for the life of the isolate: each message is a batch, answered by a message. A second client is not
   * the process that started this.
   */
  fetch(_request: unknown, env: { compiler: { newFunction: Compile } }): object {
    if (repair !== undefined) return new Response(null, { status: 403 });
    const { 0: client, 1: server } = new WebSocketPair();
    const compile: Compile = (script, name, ...parameters) => env.compiler.newFunction(script, name, ...parameters);
    server.binaryType = 'arraybuffer';
    server.accept();
    server.addEventListener('message', ({ data }) => {
      if (data === nudge) giveUpWaiting();
      else
        void answer(parseJson(typeof data === 'string' ? data : decoder.decode(data)) as Batch, compile).then(
          (text) => server.send(text),
          // Only a function that broke JSON itself leads here: Node cannot parse this and runs each source alone.
          () => server.send('broken'),
        );
    });
    const response = new Response(null, { status: 101, webSocket: client });
    narrowBuffer();
    narrowBase64();
    freezeDate();
    repair = openRepair(restrictRealm());
    return response;
  },
};

const waiting: Waiting = { giveUp: undefined };

/**
 * Messages and timers run only when nothing else can: a run that still waits then will never end. So may the next run
 * of the batch.
 */
function giveUpWaiting(): void {
  if (waiting.giveUp === undefined) return;
  waiting.giveUp();
  later(giveUpWaiting, 0);
}

/**
 * Runs one after the other, so that clock and realm belong to one run at a time. Stops when the realm cannot be
 * repaired.
 */
async function answer(batch: Batch, compile: Compile): Promise<string> {
  learn(batch, compile);
  const texts: string[] = [];
  let whole = true;
  for (let index = 0; whole && index < batch.runs.length; index += 1) {
    const run = batch.runs[index] as WireRun;
    texts.push(await runOne(run, waiting));
    if (sources.get(run.source)?.touchesRealm === true && repair?.() === false) whole = false;
  }
  const sweep = batch.sweep === undefined ? 'null' : await runSweep(batch.sweep, waiting);
  forget(batch);
  return `{"whole":${whole},"runs":[${texts.join(',')}],"sweep":${sweep}}`;
}
