import type { ServerResponse } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import type { OriginRoute } from './origin-choice.ts';
import type { OriginRequest } from './origin-request.ts';
import type { ReplyHead } from './viewer-reply.ts';

/** One viewer's request on its way to an origin. */
export interface OriginExchange {
  route: OriginRoute;
  request: OriginRequest;
  /** The viewer's body, read once; undefined when there is none. */
  body: Readable | undefined;
  viewerProtocol: 'http' | 'https';
  /** Called with the way to end each attempt, so that a viewer who leaves takes the origin's work along. */
  onAbortable: (abort: () => void) => void;
  /** True while the viewer has not taken what it was sent: the origin is then not to blame for silence. */
  isViewerSlow: () => boolean;
  /** Asks for WebSocket, so that the origin may answer 101. Default false. */
  isWebSocket?: boolean;
}

/** Why no response came. The first four are failures to connect. */
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
export interface BodySink {
  response: ServerResponse;
  /** Sees every part as it passes. */
  onChunk?: (chunk: Buffer) => void;
  /** Called when the body is complete, never when it broke off. */
  onComplete?: () => void;
  onBroken: (error: Error) => void;
}

/** A response whose body is still to come: exactly one of `relay` and `discard` is called. */
export interface OriginResponse {
  kind: 'response';
  head: ReplyHead;
  /** Sends the body on at the viewer's pace and ends the viewer's response with it. */
  relay(sink: BodySink): void;
  /** Drops the body; the connection is kept when that costs little. */
  discard(): void;
}

/** The origin took up WebSocket: both ends now speak it over this socket. */
export interface OriginUpgrade {
  kind: 'upgraded';
  /** Names as the origin wrote them, and values, in turn. */
  headers: string[];
  socket: Duplex;
}

export type OriginReply = OriginResponse | OriginUpgrade | { kind: 'failure'; failure: OriginFailure; detail: string };
