import type { IncomingMessage } from 'node:http';
import type { Call } from '../call-log.ts';
import { type ControlPlaneFaults, parseFaults } from '../faults.ts';
import { ServiceError } from '../service-error.ts';
import type { WireResponse } from '../wire/encode-response.ts';
import { readBody } from './read-body.ts';

/** What `/_local/` answers: is it up, which calls came, and what shall go wrong. Not part of AWS; unsigned. */
export async function answerLocalApi(
  request: IncomingMessage,
  target: string,
  options: { faults: ControlPlaneFaults; calls: readonly Call[]; now: () => number },
): Promise<WireResponse> {
  const { faults, calls } = options;
  switch (`${request.method} ${target}`) {
    case 'GET /_local/health':
      return json(200, { status: 'ok' });
    case 'GET /_local/calls':
      return json(200, { calls });
    case 'GET /_local/faults':
      return json(200, faults);
    case 'POST /_local/faults': {
      // Asking for this type makes a browser ask first, so that no page can post here unseen.
      if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) return json(415, { problems: ['send application/json'] });
      const body = await readBody(request).catch((error: unknown) => {
        if (error instanceof ServiceError) return error;
        throw error;
      });
      if (body instanceof ServiceError) return json(body.status, { problems: [body.message] });
      const parsed = parseFaults(body, options.now());
      if ('problems' in parsed) return json(400, parsed);
      Object.assign(faults, parsed.faults);
      return json(200, faults);
    }
    default:
      return json(404, { problems: [`no ${request.method} ${target}`] });
  }
}

function json(status: number, body: object): WireResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
