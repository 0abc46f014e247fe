import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { chooseRegion } from './choose-region.ts';
import { sendJson } from './send-json.ts';

/**
 * What the secret may be: the load balancer's rule takes `*` and `?` for wildcards and compares 128 characters at most.
 */
export const verifySecretPattern = /^[A-Za-z0-9]{32,128}$/;

/** The custom header by which an origin knows that CloudFront asks. */
export const verifyHeader = 'x-origin-verify';

export interface OriginAppOptions {
  /** AWS region that it answers for. */
  region: string;
  /** Answers what is not `/health`; a failure of it is answered with 500. */
  serve: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;
  /** When set, anything but `/health` without it in `x-origin-verify` gets 403. */
  verifySecret?: string | undefined;
  /**
   * A field of the health answer, such as `binance_accessible`, and where its value comes from. Default: no such field.
   */
  accessible?: { field: string; read: () => boolean | Promise<boolean> } | undefined;
  /**
   * Shows viewers who ask through CloudFront the whole health answer. Default false: they get the status alone, and the
   * upstream is not asked for them.
   */
  publicHealth?: boolean | undefined;
  /** Called with what `serve` threw. */
  onError?: (error: unknown, request: IncomingMessage) => void;
}

export interface OriginApp {
  handle(request: IncomingMessage, response: ServerResponse): void;
  /**
   * From now on `/health` answers 503, and every answer ends its connection, so that the load balancer opens the next
   * one elsewhere.
   */
  drain(): void;
}

/**
 * A regional origin: `GET /health`, and what `serve` makes of the rest. Each response carries `X-Region`. `/health` is
 * 200 as long as this process can serve, whether the upstream answers or not: see
 * docs/decisions/006-health-and-upstream.md.
 */
export function openOriginApp(options: OriginAppOptions): OriginApp {
  const { region, serve, accessible, onError, publicHealth = false } = options;
  const secret = options.verifySecret === undefined ? undefined : Buffer.from(options.verifySecret);
  let isDraining = false;

  function sendHealth(request: IncomingMessage, response: ServerResponse): void {
    // CloudFront adds this header to each request; a viewer cannot (DG edge-function-restrictions-all.html).
    const isViewer = !publicHealth && request.headers['x-amz-cf-id'] !== undefined;
    const send = (fields: object) => sendJson(response, 200, { status: 'ok', region, ...fields });
    if (isViewer) sendJson(response, isDraining ? 503 : 200, { status: isDraining ? 'draining' : 'ok' });
    else if (isDraining) sendJson(response, 503, { status: 'draining', region });
    else if (accessible === undefined) send({});
    else {
      const answer = accessible.read();
      if (typeof answer === 'boolean') send({ [accessible.field]: answer });
      else void answer.then((later) => send({ [accessible.field]: later }));
    }
  }

  function fail(error: unknown, request: IncomingMessage, response: ServerResponse): void {
    onError?.(error, request);
    if (response.headersSent) response.destroy();
    else sendJson(response, 500, { status: 'error', region });
  }

  function serveOrFail(request: IncomingMessage, response: ServerResponse): void {
    try {
      const serving = serve(request, response);
      if (serving instanceof Promise) serving.catch((error: unknown) => fail(error, request, response));
    } catch (error) {
      fail(error, request, response);
    }
  }

  return {
    drain() {
      isDraining = true;
    },
    handle(request, response) {
      response.setHeader('x-region', chooseRegion(request.headers['x-region'], region));
      if (isDraining) response.shouldKeepAlive = false;
      if (request.url?.split('?', 1)[0] === '/health') sendHealth(request, response);
      else if (secret !== undefined && !isSecret(request.headers[verifyHeader], secret))
        sendJson(response, 403, { status: 'error', region, message: `${verifyHeader} is missing or wrong` });
      else serveOrFail(request, response);
    },
  };
}

/** Takes as long for a nearly right secret as for a wrong one. */
function isSecret(given: string | string[] | undefined, secret: Buffer): boolean {
  if (typeof given !== 'string') return false;
  const bytes = Buffer.from(given);
  return bytes.length === secret.length && timingSafeEqual(bytes, secret);
}
