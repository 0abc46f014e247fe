import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Header names as they were spelled. */
  rawHeaders: string[];
  body: Buffer;
}

const day = '20261123';
const hmac = 'a'.repeat(64);
const der = `3044${'0220'}${'1'.repeat(64)}0220${'2'.repeat(64)}`;

/** Headers that look signed for the control plane. */
export const signed = {
  'x-amz-date': `${day}T180000Z`,
  authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/${day}/us-east-1/cloudfront/aws4_request, SignedHeaders=host;x-amz-date, Signature=${hmac}`,
};

/** Headers that look signed for the data plane. */
export const signedForData = {
  'x-amz-date': `${day}T180000Z`,
  'x-amz-region-set': '*',
  authorization: `AWS4-ECDSA-P256-SHA256 Credential=AKIDEXAMPLE/${day}/cloudfront-keyvaluestore/aws4_request, SignedHeaders=host;x-amz-date;x-amz-region-set, Signature=${der}`,
};

/** One request exactly as given: the path is not normalised, nothing is added but Host and Content-Length. */
export function sendRaw(
  port: number,
  options: { method?: string; path: string; headers?: Record<string, string>; body?: string | Uint8Array },
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', path, headers = {}, body } = options;
    const outgoing = request({
      host: '127.0.0.1',
      port,
      method,
      path,
      agent: false,
      headers: { host: `localhost:${port}`, ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }), ...headers },
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          rawHeaders: response.rawHeaders,
          body: Buffer.concat(chunks),
        }),
      );
    });
    outgoing.end(body);
  });
}

/**
 * Writes these bytes on a connection and gives back everything that came until the server ended it, or until `ms` have
 * passed.
 */
export function sendBytes(port: number, bytes: string | Uint8Array, ms = 3_000): Promise<{ text: string; ended: boolean }> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1');
    const done = (ended: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text: Buffer.concat(chunks).toString('latin1'), ended });
    };
    const timer = setTimeout(() => done(false), ms);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => done(true));
    socket.on('close', () => done(true));
    socket.write(bytes);
  });
}
