import type { IncomingMessage } from 'node:http';
import type { Call } from '../call-log.ts';
import { type ControlPlaneFaults, parseFaults } from '../faults.ts';
import { ServiceError } from '../service-error.ts';
import type { WireResponse } from '../wire/messages.ts';
import { refuseRequest } from './http-server.ts';

/**
 * Routes of `/_local/`, by `GET /_local/name`: from the body (empty for GET) to a JSON answer. `problems` in it makes
 * it a 400.
 */
export type LocalRoutes = Readonly<Record<string, (body: string) => object | Promise<object>>>;

/** Answers `/_local/`: health, the log of calls, and faults. Not part of AWS; unsigned. */
export async function answerLocalApi(
  request: IncomingMessage,
  target: string,
  options: { faults: ControlPlaneFaults; calls: readonly Call[]; now: () => number; routes: LocalRoutes },
): Promise<WireResponse> {
  const refusal = refuseRequest(request);
  if (refusal !== undefined) return json(403, { problems: [refusal] });
  const { faults, calls, routes } = options;
  const name = `${request.method} ${target}`;
  if (Object.hasOwn(routes, name)) return answerRoute(request, routes[name]);
  switch (name) {
    case 'GET /_local/health':
      return json(200, { status: 'ok' });
    case 'GET /_local/calls':
      return json(200, { calls });
    case 'GET /_local/faults':
      return json(200, faults);
    case 'POST /_local/faults':
      return answerRoute(request, (body) => {
        const parsed = parseFaults(body, options.now());
        return 'problems' in parsed ? parsed : Object.assign(faults, parsed.faults);
      });
    default:
      return json(404, { problems: [`no ${name}`] });
  }
}

/** Hands a request to a route. */
export async function answerRoute(request: IncomingMessage, route: LocalRoutes[string] | undefined): Promise<WireResponse> {
  // Asking for this type makes a browser ask first, so that no page can post here unseen.
  if (request.method === 'POST' && !/^application\/json\b/.test(request.headers['content-type'] ?? ''))
    return json(415, { problems: ['send application/json'] });
  try {
    const answer = (await route?.(await readBody(request))) ?? {};
    return json('problems' in answer ? 400 : 200, answer);
  } catch (error) {
    if (error instanceof ServiceError) return json(error.status, { problems: [error.message] });
    throw error;
  }
}

function json(status: number, body: object): WireResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** Bytes of a request body. UpdateKeys may have 3 MB on AWS, but 50 of its largest keys are below 100 KB. */
export const maxBodyBytes = 1_048_576;

/** How much of a body over the limit is still read, so that the sender gets the answer. */
const maxDrainedBytes = 16 * maxBodyBytes;

/**
 * The body as text. RequestEntityTooLarge past the limit, with nothing kept in memory; MalformedInput when it is not
 * UTF-8.
 */
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
