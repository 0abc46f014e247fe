import type { IncomingHttpHeaders } from 'node:http';
import { ServiceError } from '../service-error.ts';
import type { Route } from './router.ts';

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
 * Checks the shape of the signature, not the signature: the local cloud knows no secrets. SigV4 for the control plane, SigV4A (an ECDSA
 * signature in DER, for a set of regions) for the data plane.
 */
export function checkSignature(service: Route['service'], headers: IncomingHttpHeaders): void {
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
