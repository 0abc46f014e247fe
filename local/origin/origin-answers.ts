import type { IncomingMessage, ServerResponse } from 'node:http';

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
