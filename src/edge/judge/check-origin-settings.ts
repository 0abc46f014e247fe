import { isIP } from 'node:net';
import { isRecord } from '../../text/is-record.ts';
import { describe } from './check-headers.ts';
import { isForbiddenHeader } from './header-rules.ts';

// Settings of updateRequestOrigin and their ranges (helper-functions-origin-modification.html). A setting that the page does not name is refused, except
// originAccessControlConfig.region, which AWS's own sample passes.

type Check = (value: unknown, path: string) => string[];

const maxNameLength = 253;
const maxPathLength = 255;
const maxCertificateNames = 20;
const maxCertificateNameLength = 64;

/** Headers that CloudFront adds to no origin request (add-origin-custom-headers.html, the denylist), beside those starting with `x-amz-`. */
const deniedCustomHeaders = [
  'cache-control',
  'content-length',
  'cookie',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'max-forwards',
  'pragma',
  'range',
  'request-range',
  'te',
  'transfer-encoding',
  'via',
];

const overrides: Record<string, Check> = {
  hostHeader: hostName,
  sni: hostName,
  allowedCertificateNames: (value, path) => {
    if (!Array.isArray(value) || value.length > maxCertificateNames)
      return [`${path} must be an array of up to ${maxCertificateNames} names`];
    return value.every((name) => typeof name === 'string' && name !== '' && name.length <= maxCertificateNameLength)
      ? []
      : [`${path} must hold names of up to ${maxCertificateNameLength} characters`];
  },
};

const settings: Record<string, Check> = {
  ...overrides,
  domainName: hostName,
  originPath: (value, path) =>
    typeof value === 'string' && /^(?:\/[\x21-\x7e]*[\x21-\x2e\x30-\x7e])?$/.test(value) && value.length <= maxPathLength
      ? []
      : [`${path} must begin with /, must not end with /, and be URL-encoded, up to ${maxPathLength} characters`],
  customHeaders,
  connectionAttempts: between(1, 3),
  mTLSConfig: oneOf('inherit', 'off'),
  originShield: (value, path) =>
    members(
      value,
      path,
      { enabled: boolean, region: text },
      isRecord(value) && value['enabled'] === true ? ['enabled', 'region'] : ['enabled'],
    ),
  originAccessControlConfig: (value, path) =>
    members(
      value,
      path,
      {
        enabled: boolean,
        signingBehavior: oneOf('always', 'never', 'no-override'),
        signingProtocol: oneOf('sigv4'),
        originType: oneOf('s3', 'mediapackagev2', 'mediastore', 'lambda'),
        region: text,
      },
      isRecord(value) && value['enabled'] === true ? ['enabled', 'signingBehavior', 'signingProtocol', 'originType'] : ['enabled'],
    ),
  timeouts,
  customOriginConfig: (value, path) =>
    members(
      value,
      path,
      {
        port: between(1, 65_535),
        protocol: oneOf('http', 'https'),
        sslProtocols: (list, at) =>
          Array.isArray(list) && list.length > 0
            ? list.flatMap((item, index) => oneOf('SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2')(item, `${at}[${index}]`))
            : [`${at} must be a list`],
        ipAddressType: oneOf('ipv4', 'ipv6', 'dualstack'),
      },
      ['port', 'protocol', 'sslProtocols'],
    ),
};

/** Problems of the settings given to updateRequestOrigin. */
export function checkOriginSettings(given: Record<string, unknown>): string[] {
  const problems = members(given, 'updateRequestOrigin', settings, []);
  const config = given['customOriginConfig'];
  if (isRecord(config) && config['ipAddressType'] !== undefined && given['domainName'] === undefined) {
    problems.push('updateRequestOrigin.customOriginConfig.ipAddressType needs domainName beside it');
  }
  return problems;
}

/** Problems of the overrides that selectRequestOriginById and the members of a group take. */
export function checkOverrides(given: unknown, path: string): string[] {
  return members(given, path, overrides, []);
}

function timeouts(value: unknown, path: string): string[] {
  const known = {
    readTimeout: between(1, 120),
    responseCompletionTimeout: between(1, Infinity),
    keepAliveTimeout: between(1, 120),
    connectionTimeout: between(1, 10),
  };
  const problems = members(value, path, known, []);
  if (problems.length > 0 || !isRecord(value)) return problems;
  const { readTimeout, responseCompletionTimeout } = value as { readTimeout?: number; responseCompletionTimeout?: number };
  if (readTimeout !== undefined && responseCompletionTimeout !== undefined && responseCompletionTimeout < readTimeout) {
    return [`${path}.responseCompletionTimeout must not be below readTimeout`];
  }
  return [];
}

function customHeaders(value: unknown, path: string): string[] {
  if (!isRecord(value)) return [`${path} must be an object of strings`];
  return Object.entries(value).flatMap(([name, content]) => {
    if (name !== name.toLowerCase()) return [`${path}.${name} must be in lower case`];
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) return [`${path} has an invalid header name: ${JSON.stringify(name)}`];
    if (isForbiddenHeader(name) || deniedCustomHeaders.includes(name) || name.startsWith('x-amz-'))
      return [`${path}.${name} is not allowed`];
    if (typeof content !== 'string') return [`${path}.${name} must be a string, not ${describe(content)}`];
    return /^[\x20-\x7e\x80-\xff]*$/.test(content) ? [] : [`${path}.${name} has a control character`];
  });
}

function members(value: unknown, path: string, known: Record<string, Check>, required: string[]): string[] {
  if (!isRecord(value)) return [`${path} must be an object, not ${describe(value)}`];
  const problems = required.filter((key) => value[key] === undefined).map((key) => `${path}.${key} is required`);
  for (const [key, content] of Object.entries(value)) {
    const check = Object.hasOwn(known, key) ? known[key] : undefined;
    problems.push(...(check === undefined ? [`${path} does not know ${key}`] : check(content, `${path}.${key}`)));
  }
  return problems;
}

function hostName(value: unknown, path: string): string[] {
  if (typeof value !== 'string' || value === '' || value.length > maxNameLength)
    return [`${path} must be a DNS name of up to ${maxNameLength} characters`];
  if (value.includes(':')) return [`${path} must not have a port or a colon`];
  if (isIP(value) !== 0) return [`${path} must be a DNS name, not an address`];
  return /^[A-Za-z0-9._-]+$/.test(value) ? [] : [`${path} is not a DNS name`];
}

function between(min: number, max: number): Check {
  return (value, path) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
      ? []
      : [`${path} must be a whole number ${max === Infinity ? `from ${min}` : `from ${min} to ${max}`}`];
}

function oneOf(...allowed: string[]): Check {
  return (value, path) => (typeof value === 'string' && allowed.includes(value) ? [] : [`${path} must be one of ${allowed.join(', ')}`]);
}

function boolean(value: unknown, path: string): string[] {
  return typeof value === 'boolean' ? [] : [`${path} must be true or false`];
}

function text(value: unknown, path: string): string[] {
  return typeof value === 'string' && value !== '' ? [] : [`${path} must be a string`];
}
