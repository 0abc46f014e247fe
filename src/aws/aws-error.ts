import { EdgeError, type ErrorCode } from '../errors.ts';

/**
 * What a failed call means for the next one. `conflict`: another writer was faster, read again. `throttled`, `unsent`: nothing happened, send again later.
 * `unknown`: it may have happened or not. `refused`: sending it again changes nothing. `bug`: neither AWS nor the network failed.
 */
export type CallFailure = 'conflict' | 'throttled' | 'unsent' | 'unknown' | 'refused' | 'bug';

interface Facts {
  name: string;
  message: string;
  status: number;
  /** Of the operating system, such as ECONNREFUSED. */
  code: string;
}

const throttled =
  /^(Throttl\w*|Throttled\w*|TooManyRequests(Exception)?|RequestLimitExceeded|RequestThrottled\w*|SlowDown|BandwidthLimitExceeded)$/;
const unsent = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/;
const broken = /^(ECONNRESET|EPIPE|ETIMEDOUT|ECONNABORTED|EPROTO|HPE_\w+)$/;
const certificate = /^(CERT_\w+|ERR_TLS_\w+|ERR_SSL_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)$/;
const credentials =
  /^(CredentialsProviderError|TokenProviderError|ExpiredToken(Exception)?|UnrecognizedClientException|InvalidClientTokenId|InvalidToken|MissingAuthenticationToken(Exception)?|IncompleteSignature(Exception)?|InvalidSignatureException|SignatureDoesNotMatch|InvalidAccessKeyId|TokenRefreshRequired|RequestExpired)$/;
const denied = /^(AccessDenied(Exception)?|UnauthorizedOperation|AuthorizationError)$/;
const missing = /^(NoSuch\w+|EntityNotFound|ResourceNotFoundException)$/;
const quota = /^(ServiceQuotaExceededException|EntityLimitExceeded|EntitySizeLimitExceeded|FunctionSizeLimitExceeded|TooMany\w+)$/;

/** What a failed call means for the next one. A stale ETag has been seen under three names, so all of them are a conflict. */
export function classifyAwsError(error: unknown): CallFailure {
  if (error instanceof EdgeError && error.cause !== undefined) return classifyAwsError(error.cause);
  const { name, message, status, code } = readFacts(error);
  if (name === 'ConflictException' || name === 'PreconditionFailed' || name === 'InvalidIfMatchVersion' || status === 412)
    return 'conflict';
  if (name === 'ValidationException' && /pre-?condition/i.test(message)) return 'conflict';
  if (throttled.test(name) || status === 429) return 'throttled';
  if (unsent.test(code) || certificate.test(code) || credentials.test(name)) return unsent.test(code) ? 'unsent' : 'refused';
  // The SDK words its own connect timeout so; the request had not left.
  if (name === 'TimeoutError') return /establish/i.test(message) ? 'unsent' : 'unknown';
  if (broken.test(code) || status >= 500) return 'unknown';
  // An answer that is cut off or garbled hides whether the call succeeded.
  if (status >= 200 && status < 300) return 'unknown';
  return status >= 400 ? 'refused' : 'bug';
}

/** The error for an operator: `cannot <doing>: …`. An error that neither AWS nor the network caused is returned unchanged. */
export function wrapAwsError(error: unknown, doing: string): unknown {
  if (error instanceof EdgeError) return error;
  const told = explain(readFacts(error), classifyAwsError(error));
  if (told === undefined) return error;
  return new EdgeError(told.code, `cannot ${doing}: ${told.reason}`, { hint: told.hint, cause: error });
}

function explain(facts: Facts, failure: CallFailure): { code: ErrorCode; reason: string; hint: string } | undefined {
  const { name, status, code } = facts;
  const message = facts.message.trim().replace(/\s+/g, ' ').slice(0, 300);
  const said = message === '' || message === 'UnknownError' ? name : `${message} (${name})`;
  if (credentials.test(name) || (denied.test(name) && /token.*(expired|invalid)/i.test(message)))
    return { code: 'CREDENTIALS', reason: said, hint: credentialsHint(name, message) };
  if (failure === 'conflict')
    return {
      code: 'CONFLICT',
      reason: `another operator or tool wrote at the same time: ${said}`,
      hint: 'check what it wrote, then run it again',
    };
  if (failure === 'throttled') return { code: 'THROTTLED', reason: said, hint: 'wait a minute, then run it again' };
  if (certificate.test(code))
    return {
      code: 'ENDPOINT_UNREACHABLE',
      reason: `${message} (${code})`,
      hint: 'something between here and AWS ends TLS: NODE_EXTRA_CA_CERTS names its authority',
    };
  if (failure === 'unsent' || broken.test(code) || name === 'TimeoutError')
    return {
      code: 'ENDPOINT_UNREACHABLE',
      reason: [message, code && !message.includes(code) ? `(${code})` : ''].filter((part) => part !== '').join(' ') || code,
      hint: 'check the network, a proxy, and AWS_ENDPOINT_URL* in the environment',
    };
  if (denied.test(name) || status === 403)
    return {
      code: 'ACCESS_DENIED',
      reason: said,
      hint: 'docs/iam has the policy of each role; `aws sts get-caller-identity` shows which one this is',
    };
  // A deleted store answers so and not as missing.
  if (missing.test(name) || status === 404 || /not in expected state/i.test(message))
    return { code: 'NOT_FOUND', reason: said, hint: 'check the account and the names in edge.config.ts' };
  if (quota.test(name) || status === 402) return { code: 'QUOTA', reason: said, hint: quotaHint(name) };
  if (failure === 'bug') return undefined;
  if (status >= 200 && status < 300)
    return { code: 'AWS', reason: 'the answer cannot be read', hint: 'something between here and AWS may have cut it off: try again' };
  return {
    code: 'AWS',
    reason: status === 0 ? said : `${said}, status ${status}`,
    hint: status >= 500 ? 'an outage on the side of AWS: try again' : 'the message is what AWS says',
  };
}

/** A store's and a function's limits are fixed and part of this project; the others are the account's, and most can be raised. */
function quotaHint(name: string): string {
  if (name === 'FunctionSizeLimitExceeded') return 'the function may have 10,240 bytes, which AWS does not raise: make it smaller';
  if (/^(ServiceQuotaExceededException|EntitySizeLimitExceeded)$/.test(name) || name === '')
    return 'kvs/limits.ts lists the limits of a KeyValueStore';
  const what = name
    .replace(/^TooMany/, '')
    .replace(/([a-z])(?=[A-Z])/g, '$1 ')
    .toLowerCase();
  return `it is CloudFront's quota on ${name.startsWith('TooMany') ? what : 'key value stores'}; the Service Quotas console shows its value, and whether it can be raised`;
}

function credentialsHint(name: string, message: string): string {
  if (/sso/i.test(message)) return 'aws sso login';
  if (name === 'CredentialsProviderError')
    return 'set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or work on the local cloud with --local';
  if (/expired/i.test(name + message)) return 'sign in again; when the credentials are fresh, check this machine’s clock';
  // The data plane refuses session tokens of version 1, which the global STS endpoint hands out (cloudfront-function-restrictions.html).
  return 'check AWS_PROFILE and the keys; temporary credentials must come from a regional STS endpoint';
}

function readFacts(error: unknown): Facts {
  if (error === null || typeof error !== 'object') return { name: '', message: String(error), status: 0, code: '' };
  const { name, message, code, $metadata, errors } = error as {
    name?: unknown;
    message?: unknown;
    code?: unknown;
    $metadata?: { httpStatusCode?: unknown };
    errors?: unknown;
  };
  const status = $metadata?.httpStatusCode;
  // Several addresses were tried: an AggregateError, whose own message is empty.
  const first = Array.isArray(errors) ? (errors[0] as { message?: unknown } | undefined)?.message : undefined;
  return {
    name: typeof name === 'string' ? name : '',
    message: typeof message === 'string' && message !== '' ? message : typeof first === 'string' ? first : '',
    status: typeof status === 'number' ? status : 0,
    code: typeof code === 'string' ? code : '',
  };
}
