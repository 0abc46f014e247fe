import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOrStackOf } from '../../../src/text/message-of.ts';
import { refuseRequest } from '../../console/refuse-request.ts';
import type { Account } from '../account.ts';
import { type Call, logCall } from '../call-log.ts';
import { type ControlPlaneFaults, type Fault, takeFaults } from '../faults.ts';
import { ServiceError, type ServiceErrorCode } from '../service-error.ts';
import { decodeRequest } from '../wire/decode-request.ts';
import { encodeResponse, type WireResponse } from '../wire/encode-response.ts';
import { checkSignature } from './check-signature.ts';
import { readBody } from './read-body.ts';
import { type Match, matchRoute, type Route, serviceOf } from './router.ts';
import { errorResponse } from './write-error.ts';

export interface Answering {
  routes: readonly Route[];
  account: Account;
  faults: ControlPlaneFaults;
  calls: Call[];
}

/** Answers one AWS request; undefined when a fault drops the connection. Never rejects: what is not a ServiceError is a 500. */
export async function answer(request: IncomingMessage, requestId: string, options: Answering): Promise<WireResponse | undefined> {
  const target = request.url ?? '';
  const service = serviceOf(target);
  const { account, calls } = options;
  let operation = 'Unknown';
  let response: WireResponse | undefined;
  try {
    // No client of the AWS APIs is a web page, so a request that comes from one has no business here.
    const refusal = refuseRequest(request);
    if (refusal !== undefined) throw new ServiceError('BadRequest', refusal);
    const match = matchRoute(options.routes, request.method ?? '', target);
    if (match !== undefined) operation = match.route.shape.name;
    // Read before anything is refused, so that the connection can be used again.
    const body = await readBody(request);
    checkSignature(service, request.headers);
    if (match === undefined)
      throw new ServiceError('UnknownOperationException', `no operation has the address ${request.method} ${target.slice(0, 200)}`);
    response = await perform(match, request, body, options);
  } catch (error) {
    response = errorResponse(asServiceError(error), service, requestId);
  }
  logCall(calls, { service, operation, at: account.options.now(), status: response?.status ?? 0 });
  return response;
}

async function perform(match: Match, request: IncomingMessage, body: string, options: Answering): Promise<WireResponse | undefined> {
  const { shape, operation, service } = match.route;
  const write = shape.input.members.some((member) => member.wireName === 'if-match');
  const faults = takeFaults(options.faults, { operation: shape.name, write, now: options.account.options.now() });
  for (const fault of faults) if (fault.kind === 'latency') await sleep(fault.latencyMs ?? 1_000, undefined, { ref: false });
  if (faults.some((fault) => fault.kind === 'drop-request')) return undefined;
  for (const fault of faults) throwFault(fault, service, options.faults);
  const format = service === 'cloudfront' ? 'xml' : 'json';
  const input = decodeRequest(shape, { labels: match.labels, query: match.query, headers: request.headers, body }, format);
  const output = await operation.run(input, options.account);
  const response = encodeResponse(shape, output, format);
  // UpdateFunction's version comes in a header that the model spells ETtag; both spellings are sent, so that no caller depends on either.
  const misspelt = response.headers['ettag'];
  if (misspelt !== undefined) {
    delete response.headers['ettag'];
    Object.assign(response.headers, { ETtag: misspelt, ETag: misspelt });
  }
  return faults.some((fault) => fault.kind === 'drop-response') ? undefined : response;
}

function throwFault(fault: Fault, service: Route['service'], faults: ControlPlaneFaults): void {
  const data = service === 'cloudfront-keyvaluestore';
  const codes: Partial<Record<Fault['kind'], [ServiceErrorCode, string]>> = {
    throttle: ['ThrottlingException', 'Rate exceeded'],
    unavailable: ['ServiceUnavailable', 'the service is not available'],
    'internal-error': [data ? 'InternalServerException' : 'InternalFailure', 'an internal error occurred'],
    conflict: data
      ? [faults.staleWrite, 'Pre-Condition failed during update of Key-Value-Store']
      : ['PreconditionFailed', 'the If-Match version is not the current one: read the resource again'],
  };
  const found = codes[fault.kind];
  if (found !== undefined) throw new ServiceError(...found);
}

function asServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  return new ServiceError('InternalFailure', messageOrStackOf(error));
}
