import type { IncomingMessage } from 'node:http';
import { ServiceError } from '../service-error.ts';

/** Bytes of a request body. UpdateKeys may have 3 MB on AWS, but 50 of its largest keys are below 100 KB. */
export const maxBodyBytes = 1_048_576;

/** How much of a body that is too large is still read, so that a caller in the middle of sending gets to see the answer. */
const maxDrainedBytes = 16 * maxBodyBytes;

/** The body as text. RequestEntityTooLarge past the limit, with nothing kept in memory; MalformedInput when it is not UTF-8. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > maxDrainedBytes) break;
    if (bytes > maxBodyBytes) chunks.length = 0;
    else chunks.push(chunk);
  }
  if (bytes > maxBodyBytes) throw new ServiceError('RequestEntityTooLarge', `the body has more than ${maxBodyBytes} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new ServiceError('MalformedInput', 'the body is not UTF-8');
  }
}
