import { isRecord } from '../../text/is-record.ts';
import type { Execution, OriginCall, ViewerRequestEvent } from '../execution.ts';

/** What a function did with one request, as text that people read and programs compare. */
export interface RouteDecision {
  /** Ids of origins in the order they are tried; empty when the function chose none by id. */
  origins: readonly string[];
  /** Where the request goes: `singapore, then europe`, or what happens instead. */
  route: string;
  /** All other changes: `uri: /x`, `header x-origin-route: …`, `no header x-region`. */
  rewrites: readonly string[];
  /** The viewer gets a 502 or 503. */
  failed: boolean;
  /** The status of a response that the function made itself; undefined when a request goes on. */
  answered: number | undefined;
  /** The origin helper that was called, in words: `selectRequestOriginById("europe")`. */
  call: string;
}

/** The name of an origin by its id in the distribution. */
type NameOf = (id: string) => string;
const asItIs: NameOf = (id) => id;

/** The route of a request for which the function calls no helper. */
export const ownOrigin = 'the behavior’s own origin';

const statuses = { execution: 503, validation: 502 } as const;

/** Where the request goes, or what happens instead. */
export function readRoute(
  { error, output, originCall }: Pick<Execution, 'error' | 'output' | 'originCall'>,
  nameOf: NameOf = asItIs,
): string {
  if (error !== undefined) return `fails with ${statuses[error.kind]}: ${error.message}`;
  const status = field(output, 'statusCode');
  return status === undefined ? describeRoute(originCall, nameOf) : `is answered by the function with ${String(status)}`;
}

/** The decision in what a run did. */
export function readDecision(execution: Execution, event: ViewerRequestEvent, nameOf: NameOf = asItIs): RouteDecision {
  const { error, output, originCall } = execution;
  const status = error === undefined ? field(output, 'statusCode') : undefined;
  const decision = {
    origins: [],
    route: readRoute(execution, nameOf),
    rewrites: [],
    failed: error !== undefined,
    answered: typeof status === 'number' ? status : undefined,
    call: formatCall(originCall),
  };
  if (error !== undefined || status !== undefined) return decision;
  return { ...decision, origins: listOrigins(originCall).map(nameOf), rewrites: listRewrites(output, event) };
}

function formatCall(call: OriginCall | undefined): string {
  if (call === undefined) return 'no origin helper';
  if (call.helper === 'updateRequestOrigin') return `updateRequestOrigin(${JSON.stringify(call.settings)})`;
  const ids = listOrigins(call).map((id) => JSON.stringify(id));
  return `${call.helper}(${ids.join(', ')})${call.helper === 'createRequestOriginGroup' ? ` on ${call.statusCodes.join(', ')}` : ''}`;
}

function listOrigins(call: OriginCall | undefined): string[] {
  if (call?.helper === 'selectRequestOriginById') return [call.originId];
  return call?.helper === 'createRequestOriginGroup' ? call.originIds.map(({ originId }) => originId) : [];
}

function describeRoute(call: OriginCall | undefined, nameOf: NameOf): string {
  if (call === undefined) return ownOrigin;
  if (call.helper === 'updateRequestOrigin') return `the origin ${JSON.stringify(call.settings)}`;
  return listOrigins(call).map(nameOf).join(', then ');
}

function listRewrites(output: unknown, { request }: ViewerRequestEvent): string[] {
  const before = request.headers;
  const after = field(output, 'headers') ?? {};
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const uri = field(output, 'uri');
  return [
    ...(uri === request.uri ? [] : [`uri: ${String(uri)}`]),
    ...names.flatMap((name) => {
      const value = field(field(after, name), 'value');
      if (value === undefined) return [`no header ${name}`];
      return value === before[name]?.value ? [] : [`header ${name}: ${String(value)}`];
    }),
  ];
}

function field(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}
