import type { IncomingMessage } from 'node:http';

export interface AnsweredRequest {
  request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>;
  status: number;
  /** From the request's head to the end of the answer. */
  tookMs: number;
  /** The answer was not sent to its end. */
  isBroken: boolean;
}

const maxLength = 200;

/**
 * The fields of one line of the log. Neither a query string nor a secret is among them. `id` is CloudFront's request
 * id, the one of its own logs; else the load balancer's trace id; null when there is none.
 */
export function describeRequest({ request, status, tookMs, isBroken }: AnsweredRequest): Record<string, unknown> {
  const { headers } = request;
  return {
    event: 'request',
    id: cut(headers['x-amz-cf-id'] ?? headers['x-amzn-trace-id']) ?? null,
    method: request.method,
    path: cut(request.url?.split('?', 1)[0]),
    status,
    ms: Math.round(tookMs * 10) / 10,
    // What the edge decided; undefined, and so left out, for a request that did not come through it.
    route: cut(headers['x-origin-route']),
    askedRegion: cut(headers['x-region']),
    ...(isBroken && { broken: true }),
  };
}

function cut(value: string | string[] | undefined): string | undefined {
  return value === undefined ? undefined : String(value).slice(0, maxLength);
}
