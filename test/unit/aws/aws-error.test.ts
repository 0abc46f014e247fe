import { describe, expect, it } from 'vitest';
import { classifyAwsError, wrapAwsError } from '../../../src/aws/aws-error.ts';
import { EdgeError } from '../../../src/errors.ts';

interface Failure {
  name?: string;
  message?: string;
  status?: number;
  code?: string;
}

/** Shaped as the SDK and Node shape theirs. */
function failure({ name = 'Error', message = '', status, code }: Failure): Error {
  return Object.assign(new Error(message), { name, ...(code && { code }), ...(status && { $metadata: { httpStatusCode: status } }) });
}

const cases: (Failure & { is: ReturnType<typeof classifyAwsError>; reported: string | undefined })[] = [
  { name: 'ConflictException', status: 409, is: 'conflict', reported: 'CONFLICT' },
  { name: 'ValidationException', message: 'Pre-Condition failed during update', status: 400, is: 'conflict', reported: 'CONFLICT' },
  { name: 'ValidationException', message: 'precondition not met', status: 400, is: 'conflict', reported: 'CONFLICT' },
  { name: 'ValidationException', message: 'value too long', status: 400, is: 'refused', reported: 'AWS' },
  { name: 'PreconditionFailed', status: 412, is: 'conflict', reported: 'CONFLICT' },
  { name: 'InvalidIfMatchVersion', status: 400, is: 'conflict', reported: 'CONFLICT' },
  { name: 'FunctionInUse', status: 409, is: 'refused', reported: 'AWS' },
  { name: 'ThrottlingException', status: 503, is: 'throttled', reported: 'THROTTLED' },
  { name: 'TooManyRequestsException', status: 429, is: 'throttled', reported: 'THROTTLED' },
  { name: 'UnknownError', status: 429, is: 'throttled', reported: 'THROTTLED' },
  { name: 'InternalServerException', status: 500, is: 'unknown', reported: 'AWS' },
  { name: 'ServiceUnavailable', status: 503, is: 'unknown', reported: 'AWS' },
  { name: 'SyntaxError', message: 'Unexpected end of JSON input', status: 200, is: 'unknown', reported: 'AWS' },
  { name: 'TimeoutError', message: 'no answer within 5000 ms', is: 'unknown', reported: 'ENDPOINT_UNREACHABLE' },
  { name: 'TimeoutError', message: 'the request socket did not establish a connection', is: 'unsent', reported: 'ENDPOINT_UNREACHABLE' },
  { code: 'ECONNRESET', message: 'socket hang up', is: 'unknown', reported: 'ENDPOINT_UNREACHABLE' },
  { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED 127.0.0.1:1', is: 'unsent', reported: 'ENDPOINT_UNREACHABLE' },
  { code: 'ENOTFOUND', message: 'getaddrinfo ENOTFOUND x', is: 'unsent', reported: 'ENDPOINT_UNREACHABLE' },
  { code: 'SELF_SIGNED_CERT_IN_CHAIN', message: 'self-signed certificate', is: 'refused', reported: 'ENDPOINT_UNREACHABLE' },
  { name: 'CredentialsProviderError', message: 'Could not load credentials from any providers', is: 'refused', reported: 'CREDENTIALS' },
  {
    name: 'ExpiredTokenException',
    message: 'The security token included in the request is expired',
    status: 403,
    is: 'refused',
    reported: 'CREDENTIALS',
  },
  {
    name: 'AccessDeniedException',
    message: 'The security token included in the request is invalid',
    status: 403,
    is: 'refused',
    reported: 'CREDENTIALS',
  },
  { name: 'AccessDeniedException', message: 'User x may not', status: 403, is: 'refused', reported: 'ACCESS_DENIED' },
  { name: 'AccessDenied', status: 403, is: 'refused', reported: 'ACCESS_DENIED' },
  { name: 'ResourceNotFoundException', status: 404, is: 'refused', reported: 'NOT_FOUND' },
  { name: 'NoSuchFunctionExists', status: 404, is: 'refused', reported: 'NOT_FOUND' },
  { name: 'ValidationException', message: 'Key-Value-Store was not in expected state', status: 400, is: 'refused', reported: 'NOT_FOUND' },
  { name: 'ServiceQuotaExceededException', status: 402, is: 'refused', reported: 'QUOTA' },
  { name: 'FunctionSizeLimitExceeded', status: 413, is: 'refused', reported: 'QUOTA' },
  { name: 'TypeError', message: 'x is not a function', is: 'bug', reported: undefined },
  { name: 'AbortError', message: 'Request aborted', is: 'bug', reported: undefined },
];

describe('classifyAwsError and wrapAwsError', () => {
  it.each(cases)('takes $name $code $status "$message" for $is and reports it as $reported', ({ is, reported, ...facts }) => {
    const error = failure(facts);
    expect(classifyAwsError(error)).toBe(is);
    const wrapped = wrapAwsError(error, 'read the key-value store');
    if (reported === undefined) return expect(wrapped).toBe(error);
    expect(wrapped).toBeInstanceOf(EdgeError);
    const { code, message, hint, cause } = wrapped as EdgeError;
    expect(code).toBe(reported);
    expect(message).toMatch(/^cannot read the key-value store: \S/);
    expect(message).not.toContain('\n');
    expect(hint).toBeTruthy();
    expect(cause).toBe(error);
  });

  it('finds the words in an AggregateError, whose own message is empty', () => {
    const error = Object.assign(new AggregateError([failure({ message: 'connect ECONNREFUSED ::1:4600' })], ''), { code: 'ECONNREFUSED' });
    expect((wrapAwsError(error, 'x') as EdgeError).message).toBe('cannot x: connect ECONNREFUSED ::1:4600');
  });

  it('leaves an EdgeError as it is', () => {
    const error = new EdgeError('NOT_READY', 'still being made');
    expect(wrapAwsError(error, 'x')).toBe(error);
  });

  it('sends SSO users to sign in', () => {
    const error = failure({ name: 'CredentialsProviderError', message: 'The SSO session associated with this profile has expired.' });
    expect((wrapAwsError(error, 'x') as EdgeError).hint).toBe('aws sso login');
  });
});
