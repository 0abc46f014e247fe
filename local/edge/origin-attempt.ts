import type { ServerResponse } from 'node:http';
import { type Duplex, Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { OriginRoute } from './origin-choice.ts';
import type { OriginRequest } from './origin-request.ts';
import { type ReplyHead, readReplyHead } from './viewer-reply.ts';

type Controller = Dispatcher.DispatchController;

/** Bytes of a body read before the reply has a taker, so that a small response needs one step. */
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

  /** Holds the first bytes until the reply has a taker. Reads a discarded body only up to the same limit. */
  #hold(controller: Controller, chunk: Buffer): void {
    this.#waitingBytes += chunk.length;
    const isFull = this.#waitingBytes > maxWaitingBytes;
    if (this.#state !== 'discarded') this.#waiting.push(chunk);
    else if (isFull) controller.abort(new Error('the body was discarded'));
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

  /** If this process was busy, the answer may be waiting in the socket: read that before blaming the origin. */
  #onSilence(): void {
    const before = this.#activity;
    setImmediate(() => {
      if (this.#activity === before && this.#state !== 'complete' && this.#state !== 'broken') this.#blameSilence();
    });
  }

  /** Silence is the origin's fault unless the viewer has not read what was sent, or not sent its body. */
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

/** One viewer's request on its way to an origin. */
export interface OriginExchange {
  route: OriginRoute;
  request: OriginRequest;
  /** The viewer's body, read once; undefined when there is none. */
  body: Readable | undefined;
  viewerProtocol: 'http' | 'https';
  /** Gets a function that ends the attempt, for when the viewer leaves. */
  onAbortable: (abort: () => void) => void;
  /** True while the viewer has not read what was sent: the origin's silence is then not its fault. */
  isViewerSlow: () => boolean;
  /** Asks for WebSocket, so that the origin may answer 101. Default false. */
  isWebSocket?: boolean;
}

/** Why there is no response. The first four are failures to connect. */
export type OriginFailure =
  | 'dns'
  | 'refused'
  | 'connect-timeout'
  | 'tls'
  | 'dropped'
  | 'read-timeout'
  | 'viewer-closed'
  | 'invalid-request';

export const connectFailures: ReadonlySet<OriginFailure> = new Set(['dns', 'refused', 'connect-timeout', 'tls']);

/** Where a body goes. */
interface BodySink {
  response: ServerResponse;
  /** Called with every part. */
  onChunk?: (chunk: Buffer) => void;
  /** Called when the body is complete; not when it broke off. */
  onComplete?: () => void;
  onBroken: (error: Error) => void;
}

/** A response before its body: the caller must call `relay` or `discard`, exactly one of them, once. */
export interface OriginResponse {
  kind: 'response';
  head: ReplyHead;
  /** Streams the body at the viewer's pace, then ends the viewer's response. */
  relay(sink: BodySink): void;
  /** Drops the body. Keeps the connection if the rest of the body is small. */
  discard(): void;
}

/** The origin accepted WebSocket: both ends now speak it over this socket. */
export interface OriginUpgrade {
  kind: 'upgraded';
  /** Names as the origin wrote them and values, in turn. */
  headers: string[];
  socket: Duplex;
}

export type OriginReply = OriginResponse | OriginUpgrade | { kind: 'failure'; failure: OriginFailure; detail: string };

/**
 * A viewer's body for one attempt at an origin. It reads the source only on demand and does not destroy it, so that a
 * failed attempt loses neither the viewer's body nor its connection.
 */
export class BodyRelay extends Readable {
  /** True while the reader waits for the source. */
  isWaiting = false;
  /** Called when a part of the body, or its end, goes on to the reader. */
  onProgress: () => void = () => {};
  readonly #source: Readable;
  #isAttached = false;

  constructor(source: Readable) {
    super();
    this.#source = source;
  }

  override _read(): void {
    this.isWaiting = true;
    if (!this.#isAttached) {
      this.#isAttached = true;
      this.#source.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError);
    }
    this.#source.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.isWaiting = false;
    if (this.#isAttached) {
      this.#source.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onError);
      // Drop the rest of the body, so that the viewer reaches the end of its request and reads the answer.
      this.#source.on('error', () => {}).resume();
    }
    callback(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#progress();
    if (!this.push(chunk)) this.#source.pause();
  };

  readonly #onEnd = (): void => {
    this.#progress();
    this.push(null);
  };

  readonly #onError = (error: Error): void => {
    this.destroy(error);
  };

  #progress(): void {
    this.isWaiting = false;
    this.onProgress();
  }
}
