import { type ServerResponse, STATUS_CODES } from 'node:http';
import { hopByHopHeaders } from '../../src/edge/judge/header-rules.ts';

/** CloudFront's own headers of every response. */
export interface EdgeMarks {
  via: string;
  pop: string;
  id: string;
}

/** Status and headers of a response, before they are written. */
export interface ReplyHead {
  statusCode: number;
  statusMessage: string;
  /** Names in lower case and values in turn. */
  headers: string[];
}

/** A response that a function generated or changed. */
export interface EdgeResponse {
  kind: 'response';
  statusCode: number;
  statusDescription: string | undefined;
  /** Names and values in turn, with Set-Cookie, without Content-Length. */
  headers: string[];
  /** Undefined keeps the body. */
  body: Buffer | undefined;
}

/** An origin's status and headers without hop-by-hop headers. `raw` is names and values in turn. */
export function readReplyHead(statusCode: number, statusMessage: string, raw: readonly Buffer[]): ReplyHead {
  const headers: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] as Buffer).toString('latin1').toLowerCase();
    if (!hopByHopHeaders.has(name)) headers.push(name, (raw[index + 1] as Buffer).toString('latin1'));
  }
  return { statusCode, statusMessage, headers };
}

/** Writes status and headers with CloudFront's own headers. The caller sends the body. */
export function writeReplyHead(response: ServerResponse, head: ReplyHead, xCache: string, marks: EdgeMarks): void {
  const headers = head.headers.slice();
  const viaAt = headers.indexOf('via');
  if (viaAt !== -1 && viaAt % 2 === 0) headers[viaAt + 1] = `${headers[viaAt + 1]}, ${marks.via}`;
  else headers.push('via', marks.via);
  headers.push('x-cache', xCache, 'x-amz-cf-pop', marks.pop, 'x-amz-cf-id', marks.id);
  response.writeHead(head.statusCode, head.statusMessage, headers);
}

/** Sends a response that a function generated. */
export function sendGenerated(response: ServerResponse, generated: EdgeResponse, isHead: boolean, marks: EdgeMarks): void {
  const { statusCode, statusDescription, body = Buffer.alloc(0) } = generated;
  const headers = [...generated.headers, 'content-length', String(body.length)];
  const statusMessage = statusDescription ?? STATUS_CODES[statusCode] ?? '';
  writeReplyHead(response, { statusCode, statusMessage, headers }, 'FunctionGeneratedResponse from cloudfront', marks);
  response.end(isHead ? undefined : body);
}

/** CloudFront's error page for a request that it cannot serve. */
export function errorPage(statusCode: number, explanation: string, id: string): { head: ReplyHead; body: Buffer } {
  const title = `${statusCode} ${STATUS_CODES[statusCode] ?? ''}`;
  const body = Buffer.from(
    `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><h1>${title}</h1><p>${explanation}</p><p>Request ID: ${id}</p></body></html>\n`,
  );
  const headers = ['server', 'CloudFront', 'content-type', 'text/html', 'content-length', String(body.length)];
  return { head: { statusCode, statusMessage: STATUS_CODES[statusCode] ?? '', headers }, body };
}

/** Sends that page. */
export function sendErrorPage(response: ServerResponse, statusCode: number, xCache: string, marks: EdgeMarks, explanation: string): void {
  const { head, body } = errorPage(statusCode, explanation, marks.id);
  writeReplyHead(response, head, xCache, marks);
  response.end(body);
}

/** Redirects the viewer to https: 301 for GET and HEAD, otherwise 307, which keeps the method. */
export function sendHttpsRedirect(response: ServerResponse, method: string, location: string, marks: EdgeMarks): void {
  const statusCode = method === 'GET' || method === 'HEAD' ? 301 : 307;
  const headers = ['server', 'CloudFront', 'content-length', '0', 'location', location];
  writeReplyHead(response, { statusCode, statusMessage: STATUS_CODES[statusCode] ?? '', headers }, 'Redirect from cloudfront', marks);
  response.end();
}
