import { EdgeError, type ErrorCode } from '../errors.ts';

/**
 * What a failed call means for the next one. `conflict`: another writer was first, read again. `throttled`, `unsent`:
 * nothing happened, send again later. `unknown`: it may have happened. `refused`: sending it again changes nothing.
 * `bug`: neither AWS nor the network failed.
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

/** A stale ETag has been seen under three names; all of them are a conflict. */
export function classifyAwsError(error: unknown): CallFailure {
  if (error instanceof EdgeError && error.cause !== undefined) return classifyAwsError(error.cause);
  const { name, message, status, code } = readFacts(error);
  if (name === 'ConflictException' || name === 'PreconditionFailed' || name === 'InvalidIfMatchVersion' || status === 412)
    return 'conflict';
  if (name === 'ValidationException' && /pre-?condition/i.test(message)) return 'conflict';
  if (throttled.test(name) || status === 429) return 'throttled';
  if (unsent.test(code) || certificate.test(code) || credentials.test(name)) return unsent.test(code) ? 'unsent' : 'refused';
  // The wording of the SDK's connect timeout: the request was not sent.
  if (name === 'TimeoutError') return /establish/i.test(message) ? 'unsent' : 'unknown';
  if (broken.test(code) || status >= 500) return 'unknown';
  // An incomplete answer hides whether the call succeeded.
  if (status >= 200 && status < 300) return 'unknown';
  return status >= 400 ? 'refused' : 'bug';
}

/** The operator's error, `cannot <doing>: …`. A bug is returned unchanged. */
export function wrapAwsError(error: unknown, doing: string): unknown {
  if (error instanceof EdgeError) return error;
  const explained = explain(readFacts(error), classifyAwsError(error));
  if (explained === undefined) return error;
  return new EdgeError(explained.code, `cannot ${doing}: ${explained.reason}`, { hint: explained.hint, cause: error });
}

function explain(facts: Facts, failure: CallFailure): { code: ErrorCode; reason: string; hint: string } | undefined {
  const { name, status, code } = facts;
  const message = facts.message.trim().replace(/\s+/g, ' ').slice(0, 300);
  const text = message === '' || message === 'UnknownError' ? name : `${message} (${name})`;
  if (credentials.test(name) || (denied.test(name) && /token.*(expired|invalid)/i.test(message)))
    return { code: 'CREDENTIALS', reason: text, hint: credentialsHint(name, message) };
  if (failure === 'conflict')
    return {
      code: 'CONFLICT',
      reason: `another operator or tool wrote at the same time: ${text}`,
      hint: 'check what they changed, then run it again',
    };
  if (failure === 'throttled') return { code: 'THROTTLED', reason: text, hint: 'wait a minute, then run it again' };
  if (certificate.test(code))
    return {
      code: 'ENDPOINT_UNREACHABLE',
      reason: `${message} (${code})`,
      hint: 'a proxy between here and AWS terminates TLS: set NODE_EXTRA_CA_CERTS to its certificate authority',
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
      reason: text,
      hint: 'docs/iam has the policy of each role; `aws sts get-caller-identity` shows the current role',
    };
  // A deleted store gives this answer.
  if (missing.test(name) || status === 404 || /not in expected state/i.test(message))
    return { code: 'NOT_FOUND', reason: text, hint: 'check the account and the names in edge.config.ts' };
  if (quota.test(name) || status === 402) return { code: 'QUOTA', reason: text, hint: quotaHint(name) };
  if (failure === 'bug') return undefined;
  if (status >= 200 && status < 300)
    return { code: 'AWS', reason: 'the answer cannot be read', hint: 'a proxy between here and AWS may have cut it off: run it again' };
  return {
    code: 'AWS',
    reason: status === 0 ? text : `${text}, status ${status}`,
    hint: status >= 500 ? 'an outage at AWS: run it again' : 'the message comes from AWS',
  };
}

/** The limits of a store and a function are fixed; the others belong to the account, and most can be raised. */
function quotaHint(name: string): string {
  if (name === 'FunctionSizeLimitExceeded') return 'a function may have 10,240 bytes, and AWS does not raise this limit: make it smaller';
  if (/^(ServiceQuotaExceededException|EntitySizeLimitExceeded)$/.test(name) || name === '')
    return 'kvs/limits.ts lists the limits of a KeyValueStore';
  const what = name
    .replace(/^TooMany/, '')
    .replace(/([a-z])(?=[A-Z])/g, '$1 ')
    .toLowerCase();
  return `this is CloudFront's quota on ${name.startsWith('TooMany') ? what : 'key value stores'}; the Service Quotas console shows its value, and whether it can be raised`;
}

function credentialsHint(name: string, message: string): string {
  if (/sso/i.test(message)) return 'aws sso login';
  if (name === 'CredentialsProviderError')
    return 'set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use the local cloud with --local';
  if (/expired/i.test(name + message)) return 'sign in again; if the credentials are new, check this machine’s clock';
  // The data plane refuses session tokens of version 1, which the global STS endpoint hands out
  // (cloudfront-function-restrictions.html).
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
  // After several addresses: an AggregateError without a message of its own.
  const first = Array.isArray(errors) ? (errors[0] as { message?: unknown } | undefined)?.message : undefined;
  return {
    name: typeof name === 'string' ? name : '',
    message: typeof message === 'string' && message !== '' ? message : typeof first === 'string' ? first : '',
    status: typeof status === 'number' ? status : 0,
    code: typeof code === 'string' ? code : '',
  };
}
