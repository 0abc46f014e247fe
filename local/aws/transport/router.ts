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
 * Finds the operation of a raw request target. Segments are split before they are decoded, and `.` and `..` are
 * ordinary text: an encoded slash never becomes a separator.
 */
export function matchRoute(routes: readonly Route[], method: string, target: string): Match | undefined {
  const [path = '', ...rest] = target.split('?');
  if (!path.startsWith('/')) throw new ServiceError('BadRequest', 'the request target must begin with /');
  const segments = path.slice(1).split('/').map(decode);
  const query = parseQuery(rest.join('?'));
  for (const route of routes) {
    if (route.shape.method !== method || !isQueryOf(route, query)) continue;
    const labels = matchSegments(route.shape.segments, segments);
    if (labels !== undefined) return { route, labels, query };
  }
  return undefined;
}

/**
 * Arguments such as `WithTags` and `Operation=Tag` are part of an address: all of the operation's must be present, and
 * none of another operation's.
 */
function isQueryOf({ shape }: Route, query: ReadonlyMap<string, string>): boolean {
  const own = parseQuery(shape.query.join('&'));
  if ([...own].some(([name, value]) => query.get(name) !== value)) return false;
  const known = new Set([...own.keys(), ...shape.input.members.filter(({ place }) => place === 'query').map(({ wireName }) => wireName)]);
  return [...query].every(([name, value]) => known.has(name) || (value !== '' && name !== 'Operation'));
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
