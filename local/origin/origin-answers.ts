import type { IncomingMessage, ServerResponse } from 'node:http';

const maxEchoBytes = 65_536;

/** Answers with what arrived; a body larger than the bound is counted to its end and cut in the answer. */
export function sendEcho(request: IncomingMessage, response: ServerResponse, region: string): void {
  const chunks: Buffer[] = [];
  let kept = 0;
  let bodyBytes = 0;
  request.on('data', (chunk: Buffer) => {
    bodyBytes += chunk.length;
    if (kept < maxEchoBytes) {
      chunks.push(chunk.subarray(0, maxEchoBytes - kept));
      kept += chunk.length;
    }
  });
  request.on('end', () =>
    sendJson(response, 200, {
      region,
      method: request.method,
      path: request.url,
      headers: request.headers,
      bodyBytes,
      body: Buffer.concat(chunks).toString(),
    }),
  );
}

/** Streams so many bytes at the reader's pace, from one block of memory. */
export function sendStream(request: IncomingMessage, response: ServerResponse, bytes: number): void {
  const total = Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : 0;
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': total });
  if (request.method === 'HEAD') return void response.end();
  const block = Buffer.alloc(Math.min(total, 65_536), 'x');
  if (total === block.length) return void response.end(block);
  let left = total;
  const write = () => {
    while (left > 0) {
      const chunk = left >= block.length ? block : block.subarray(0, left);
      left -= chunk.length;
      if (!response.write(chunk)) return void response.once('drain', write);
    }
    response.end();
  };
  write();
}

/** Promises more than it sends and breaks the connection off. */
export function sendTruncated(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 });
  response.write('{"status":"o', () => response.destroy());
}

/** Sends one JSON document. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
