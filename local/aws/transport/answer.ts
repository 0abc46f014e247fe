import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOrStackOf } from '../../../src/text/message-of.ts';
import type { Account } from '../account.ts';
import { type Call, logCall } from '../call-log.ts';
import { type ControlPlaneFaults, type Fault, takeFaults } from '../faults.ts';
import { ServiceError, type ServiceErrorCode } from '../service-error.ts';
import { decodeRequest, encodeResponse, errorResponse, type WireResponse } from '../wire/messages.ts';
import { refuseRequest } from './http-server.ts';
import { readBody } from './local-api.ts';
import { type Match, matchRoute, type Route, serviceOf } from './router.ts';

interface Answering {
  routes: readonly Route[];
  account: Account;
  faults: ControlPlaneFaults;
  calls: Call[];
}

/** Answers one AWS request; undefined when a fault drops the connection. Never rejects: any other error is a 500. */
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
  const undo = shape.name === 'UpdateKeys' && faults.some(({ kind }) => kind === 'lose-write') ? keepValues(options.account) : undefined;
  const output = await operation.run(input, options.account);
  undo?.();
  const response = encodeResponse(shape, output, format);
  // UpdateFunction's version comes in a header that the model spells ETtag; both spellings are sent, so that no caller
  // depends on either.
  const misspelt = response.headers['ettag'];
  if (misspelt !== undefined) {
    delete response.headers['ettag'];
    Object.assign(response.headers, { ETtag: misspelt, ETag: misspelt });
  }
  return faults.some((fault) => fault.kind === 'drop-response') ? undefined : response;
}

/** Takes back what happens to the values of the stores until the result is called. */
function keepValues({ stores, changed }: Account): () => void {
  const kept = [...stores.values()].map((store) => ({ store, values: store.values, totalBytes: store.totalBytes }));
  return () => {
    for (const { store, values, totalBytes } of kept) {
      if (store.values === values) continue;
      Object.assign(store, { values, totalBytes });
      changed({ kind: 'store', arn: store.arn });
    }
  };
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

const schemes = {
  cloudfront: {
    algorithm: 'AWS4-HMAC-SHA256',
    scope: /^\d{8}\/us-east-1\/cloudfront\/aws4_request$/,
    signature: /^[0-9a-f]{64}$/,
    wrongScope: "Credential should be scoped to a valid region (us-east-1) and the service 'cloudfront'",
  },
  'cloudfront-keyvaluestore': {
    algorithm: 'AWS4-ECDSA-P256-SHA256',
    scope: /^\d{8}\/cloudfront-keyvaluestore\/aws4_request$/,
    signature: /^30[0-9a-f]{60,148}$/,
    wrongScope: "Credential should be scoped to the service 'cloudfront-keyvaluestore' and to no region",
  },
} as const;

/**
 * Checks only the form of the signature: the local cloud has no secrets. SigV4 for the control plane, SigV4A (an ECDSA
 * signature in DER, for a set of regions) for the data plane.
 */
function checkSignature(service: Route['service'], headers: IncomingHttpHeaders): void {
  const { authorization } = headers;
  if (authorization === undefined || authorization === '')
    throw new ServiceError('MissingAuthenticationToken', 'Missing Authentication Token');
  const scheme = schemes[service];
  const [algorithm = '', ...rest] = authorization.split(' ');
  if (algorithm !== scheme.algorithm)
    throw new ServiceError('IncompleteSignature', `Authorization must use ${scheme.algorithm}, not ${algorithm.slice(0, 40)}`);
  const parts = new Map(
    rest
      .join(' ')
      .split(',')
      .map((part) => part.trim().split(/=(.*)/s))
      .map(([name = '', value = '']) => [name, value] as const),
  );
  const missing = ['Credential', 'SignedHeaders', 'Signature'].filter((name) => !parts.get(name));
  if (missing.length > 0) throw new ServiceError('IncompleteSignature', `Authorization header requires ${missing.join(', ')}`);
  const [keyId = '', ...scope] = parts.get('Credential')?.split('/') ?? [];
  if (keyId === '' || !scheme.scope.test(scope.join('/'))) throw new ServiceError('SignatureDoesNotMatch', scheme.wrongScope);
  const signed = parts.get('SignedHeaders')?.split(';') ?? [];
  const date = headers['x-amz-date'];
  if (typeof date !== 'string' || !/^\d{8}T\d{6}Z$/.test(date)) throw new ServiceError('IncompleteSignature', 'X-Amz-Date is required');
  if (scope[0] !== date.slice(0, 8)) throw new ServiceError('SignatureDoesNotMatch', 'Date in Credential scope does not match X-Amz-Date');
  if (!signed.includes('host')) throw new ServiceError('SignatureDoesNotMatch', "'host' must be a signed header");
  if (service === 'cloudfront-keyvaluestore') {
    const regions = headers['x-amz-region-set'];
    if (typeof regions !== 'string' || !signed.includes('x-amz-region-set'))
      throw new ServiceError('IncompleteSignature', 'X-Amz-Region-Set is required and must be signed');
    if (regions !== '*' && !regions.split(',').includes('us-east-1'))
      throw new ServiceError('SignatureDoesNotMatch', `the region set ${regions.slice(0, 40)} does not hold us-east-1`);
  }
  if (!scheme.signature.test(parts.get('Signature') ?? ''))
    throw new ServiceError('SignatureDoesNotMatch', 'the signature has the wrong form');
}
