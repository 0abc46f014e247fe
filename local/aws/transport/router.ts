import type { Operation } from '../operation.ts';
import { ServiceError } from '../service-error.ts';
import { type OperationShape, operationShape } from '../wire/shape.ts';

export interface Route {
  service: 'cloudfront' | 'cloudfront-keyvaluestore';
  shape: OperationShape;
  operation: Operation;
}

export interface Match {
  route: Route;
  labels: Map<string, string>;
  query: Map<string, string>;
}

/** The routes of one service's operations; addresses come from the model. */
export function routesOf(service: Route['service'], operations: readonly Operation[]): Route[] {
  return operations.map((operation) => ({ service, shape: operationShape(operation.schema), operation }));
}

/** Which service a path belongs to, and so which format its errors have. */
export function serviceOf(target: string): Route['service'] {
  return /^\/key-value-stores(\/|\?|$)/.test(target) ? 'cloudfront-keyvaluestore' : 'cloudfront';
}

/**
 * Finds the operation of a raw request target. Segments are split before they are decoded, and `.` and `..` are ordinary text:
 * an encoded slash never becomes a separator.
 */
export function matchRoute(routes: readonly Route[], method: string, target: string): Match | undefined {
  const [path = '', ...rest] = target.split('?');
  if (!path.startsWith('/')) throw new ServiceError('BadRequest', 'the request target must begin with /');
  const segments = path.slice(1).split('/').map(decode);
  const query = parseQuery(rest.join('?'));
  for (const route of routes) {
    if (route.shape.method !== method || !route.shape.query.every((name) => query.has(name))) continue;
    const labels = matchSegments(route.shape.segments, segments);
    if (labels !== undefined) return { route, labels, query };
  }
  return undefined;
}

function matchSegments(pattern: readonly string[], segments: readonly string[]): Map<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const labels = new Map<string, string>();
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (part.startsWith('{')) {
      if (segment === '') return undefined;
      labels.set(part.slice(1, -1), segment);
    } else if (part !== segment) return undefined;
  }
  return labels;
}

function parseQuery(text: string): Map<string, string> {
  const query = new Map<string, string>();
  for (const part of text.split('&')) {
    if (part === '') continue;
    const [name = '', ...value] = part.split('=');
    query.set(decode(name), decode(value.join('=')));
  }
  return query;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ServiceError('BadRequest', 'the request target has a malformed percent encoding');
  }
}
