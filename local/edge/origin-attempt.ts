import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { BodyRelay } from './body-relay.ts';
import type { BodySink, OriginExchange, OriginFailure, OriginReply } from './origin-exchange.ts';
import { readReplyHead } from './viewer-reply.ts';

type Controller = Dispatcher.DispatchController;

/** So much of a body is taken before anybody asked for it, so that a small response is over in one go. */
const maxWaitingBytes = 65_536;

/** One attempt at an origin: the HTTP client's handler on one side, the reply on the other. */
export class OriginAttempt implements Dispatcher.DispatchHandler {
  readonly reply: Promise<OriginReply>;
  readonly #exchange: OriginExchange;
  readonly #body: BodyRelay | undefined;
  readonly #onOver: () => void;
  #settle: (reply: OriginReply) => void = () => {};
  #controller: Controller | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failure: { failure: OriginFailure; detail: string } | undefined;
  #activity = 0;
  #hasReply = false;
  #sink: BodySink | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #state: 'open' | 'discarded' | 'complete' | 'broken' = 'open';
  #error: Error | undefined;

  /** `onOver` is called once, when the connection is free again or gone. */
  constructor(exchange: OriginExchange, body: BodyRelay | undefined, onOver: () => void) {
    this.#exchange = exchange;
    this.#body = body;
    this.#onOver = onOver;
    this.reply = new Promise((resolve) => {
      this.#settle = resolve;
    });
    // The origin's time counts from when it has the request, not from when the viewer began to send it.
    if (body !== undefined) body.onProgress = () => this.#noteActivity();
    exchange.onAbortable(() => this.#abort('viewer-closed', 'the viewer closed the connection'));
  }

  /** Connected, about to be written. */
  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#failure !== undefined) controller.abort(new Error(this.#failure.detail));
    else this.#timer = setTimeout(() => this.#onSilence(), this.#exchange.route.origin.readTimeoutMs);
  }

  onResponseStart(controller: Controller, statusCode: number, _headers: unknown, statusMessage = ''): void {
    this.#noteActivity();
    this.#hasReply = true;
    this.#settle({
      kind: 'response',
      head: readReplyHead(statusCode, statusMessage, controller.rawHeaders as Buffer[]),
      relay: (sink) => this.#relay(sink),
      discard: () => this.#discard(),
    });
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#noteActivity();
    if (this.#sink === undefined) this.#hold(controller, chunk);
    else this.#write(controller, this.#sink, chunk);
  }

  onResponseEnd(): void {
    this.#close('complete');
    if (this.#sink !== undefined) this.#finish(this.#sink);
  }

  onResponseError(_controller: Controller | undefined, error: Error): void {
    this.#close('broken');
    this.#error = error;
    if (!this.#hasReply) this.#settle({ kind: 'failure', ...(this.#failure ?? classify(error, this.#controller !== undefined)) });
    else this.#sink?.onBroken(error);
  }

  onRequestUpgrade(controller: Controller, _statusCode: number, _headers: unknown, socket: Duplex): void {
    this.#close('complete');
    this.#hasReply = true;
    this.#settle({ kind: 'upgraded', headers: (controller.rawHeaders as Buffer[]).map((text) => text.toString('latin1')), socket });
  }

  /** Keeps what comes before anybody asked for it, and little of what nobody wants. */
  #hold(controller: Controller, chunk: Buffer): void {
    this.#waitingBytes += chunk.length;
    const isFull = this.#waitingBytes > maxWaitingBytes;
    if (this.#state !== 'discarded') this.#waiting.push(chunk);
    else if (isFull) controller.abort(new Error('nobody wants the body'));
    if (isFull) controller.pause();
  }

  #relay(sink: BodySink): void {
    this.#sink = sink;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const chunk of waiting) sink.onChunk?.(chunk);
    if (this.#state === 'complete') {
      // All of a small response is here: one call writes head and body.
      sink.onComplete?.();
      sink.response.end(waiting.length === 1 ? waiting[0] : Buffer.concat(waiting));
      return;
    }
    for (const chunk of waiting) sink.response.write(chunk);
    if (this.#error !== undefined) sink.onBroken(this.#error);
    else if (!sink.response.writableNeedDrain) this.#controller?.resume();
    else if (this.#controller !== undefined) this.#waitForViewer(this.#controller, sink);
  }

  #write(controller: Controller, sink: BodySink, chunk: Buffer): void {
    sink.onChunk?.(chunk);
    if (!sink.response.write(chunk)) this.#waitForViewer(controller, sink);
  }

  #waitForViewer(controller: Controller, sink: BodySink): void {
    controller.pause();
    sink.response.once('drain', () => {
      this.#noteActivity();
      controller.resume();
    });
  }

  #finish(sink: BodySink): void {
    sink.onComplete?.();
    sink.response.end();
  }

  #discard(): void {
    this.#state = this.#state === 'open' ? 'discarded' : this.#state;
    this.#waiting = [];
    this.#controller?.resume();
  }

  #noteActivity(): void {
    this.#activity++;
    this.#timer?.refresh();
  }

  /** This process may have been busy, with the answer waiting in the socket: it is looked for there before anybody is blamed. */
  #onSilence(): void {
    const before = this.#activity;
    setImmediate(() => {
      if (this.#activity === before && this.#state !== 'complete' && this.#state !== 'broken') this.#blameSilence();
    });
  }

  /** Silence is the origin's fault unless the viewer has yet to take what came or to send what is due. */
  #blameSilence(): void {
    const isViewersFault = this.#hasReply ? this.#exchange.isViewerSlow() : this.#body?.isWaiting === true;
    const { readTimeoutMs } = this.#exchange.route.origin;
    if (isViewersFault) this.#timer?.refresh();
    else
      this.#abort(
        'read-timeout',
        this.#hasReply ? `the origin sent nothing for ${readTimeoutMs} ms` : `no response within ${readTimeoutMs} ms`,
      );
  }

  #abort(failure: OriginFailure, detail: string): void {
    this.#failure ??= { failure, detail };
    this.#controller?.abort(new Error(detail));
  }

  #close(state: 'complete' | 'broken'): void {
    clearTimeout(this.#timer);
    this.#state = state;
    this.#onOver();
  }
}

function classify(error: Error & { code?: string }, isConnected: boolean): { failure: OriginFailure; detail: string } {
  const code = error.code ?? '';
  const detail = error.message === '' ? code : error.message;
  if (code === 'UND_ERR_INVALID_ARG') return { failure: 'invalid-request', detail };
  if (isConnected) return { failure: 'dropped', detail };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return { failure: 'dns', detail };
  if (code === 'ETIMEDOUT') return { failure: 'connect-timeout', detail };
  if (/^ERR_(TLS|SSL)|CERT|^EPROTO/.test(code)) return { failure: 'tls', detail };
  return { failure: 'refused', detail };
}
