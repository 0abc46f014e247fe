import type { IncomingMessage, ServerResponse } from 'node:http';
import { verifyHeader } from './origin-app.ts';
import { sendJson } from './send-json.ts';

export interface EchoOptions {
  region: string;
  /**
   * Shows CloudFront's secret, too, as tests of an edge want it. Default false: a client would learn how to get past
   * CloudFront.
   */
  withSecret?: boolean;
}

const maxEchoBytes = 65_536;

/** A larger body is refused: nothing here needs one, and reading it costs the others. */
const maxBodyBytes = 10 * 1_024 * 1_024;

/**
 * The sample route: answers with what arrived; a body larger than the bound is counted to its end and cut in the
 * answer. Put your own in its place.
 */
export function sendEcho(request: IncomingMessage, response: ServerResponse, { region, withSecret = false }: EchoOptions): void {
  const chunks: Buffer[] = [];
  let kept = 0;
  let bodyBytes = 0;
  request.on('data', (chunk: Buffer) => {
    bodyBytes += chunk.length;
    if (bodyBytes > maxBodyBytes) return refuse();
    if (kept < maxEchoBytes) {
      chunks.push(chunk.subarray(0, maxEchoBytes - kept));
      kept += chunk.length;
    }
  });
  function refuse(): void {
    if (response.headersSent) return;
    response.shouldKeepAlive = false;
    sendJson(response, 413, { status: 'error', region, message: `a body may have ${maxBodyBytes} bytes` });
    response.once('finish', () => request.destroy());
  }
  request.on('end', () => {
    if (response.headersSent) return;
    const { headers } = request;
    sendJson(response, 200, {
      region,
      method: request.method,
      path: request.url,
      headers: withSecret || headers[verifyHeader] === undefined ? headers : { ...headers, [verifyHeader]: '(hidden)' },
      bodyBytes,
      body: Buffer.concat(chunks).toString(),
    });
  });
}
