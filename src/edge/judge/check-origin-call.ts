import { isIP } from 'node:net';
import { isRecord } from '../../text/is-record.ts';
import type { OriginCall, OriginOverrides, RawRun } from '../execution.ts';
import { describeType } from './check-output.ts';
import { isForbiddenHeader } from './header-rules.ts';

/**
 * Status codes that an origin group may fail over on (high_availability_origin_failover.html). AWS does not document
 * whether a group made at run time has the same list.
 */
const failoverCodes = [400, 403, 404, 416, 429, 500, 502, 503, 504];
const criteria = ['default', 'media-quality-score'];
const groupMembers = ['originIds', 'failoverCriteria', 'selectionCriteria'];

export type CheckedCall = { call: OriginCall | undefined; problems: string[] };

/**
 * Turns the helper calls of one run into the one origin call that CloudFront acts on, or into what it would refuse (a
 * FunctionValidationError). Rules: helper-functions-origin-modification.html. AWS documents no order for two calls in
 * one run, so we refuse them.
 */
export function checkOriginCalls(calls: RawRun['calls'], eventType: 'viewer-request' | 'viewer-response'): CheckedCall {
  const [first] = calls;
  if (first === undefined) return { call: undefined, problems: [] };
  const [helper, args] = first;
  if (eventType === 'viewer-response') return refused([`${helper} works in viewer-request functions only`]);
  if (calls.length > 1) {
    return refused([
      `${calls.length} origin helpers were called in one run (${calls.map(([name]) => name).join(', ')}): exactly one is safe`,
    ]);
  }
  if (helper === 'selectRequestOriginById') return checkSelect(args);
  return helper === 'createRequestOriginGroup' ? checkGroup(args) : checkUpdate(args);
}

function checkSelect([originId, overrides]: unknown[]): CheckedCall {
  if (typeof originId !== 'string' || originId === '')
    return refused([`selectRequestOriginById takes an origin id, not ${describeType(originId)}`]);
  const problems = overrides === undefined || overrides === null ? [] : checkOverrides(overrides, 'selectRequestOriginById overrides');
  if (problems.length > 0) return refused(problems);
  const call: OriginCall = { helper: 'selectRequestOriginById', originId };
  if (isRecord(overrides)) call.overrides = overrides as OriginOverrides;
  return { call, problems };
}

function checkGroup([group]: unknown[]): CheckedCall {
  if (!isRecord(group)) return refused([`createRequestOriginGroup takes an object, not ${describeType(group)}`]);
  const { originIds, failoverCriteria, selectionCriteria } = group;
  const problems = Object.keys(group)
    .filter((key) => !groupMembers.includes(key))
    .map((key) => `createRequestOriginGroup does not know ${key}`);
  problems.push(...checkMembers(originIds), ...checkCriteria(failoverCriteria));
  if (selectionCriteria !== undefined && !criteria.includes(String(selectionCriteria))) {
    problems.push(`selectionCriteria must be one of ${criteria.join(', ')}`);
  }
  if (problems.length > 0) return refused(problems);
  const call: OriginCall = {
    helper: 'createRequestOriginGroup',
    originIds: (originIds as (string | GroupMember)[]).map((member) => (typeof member === 'string' ? { originId: member } : member)),
    statusCodes: (failoverCriteria as { statusCodes: number[] }).statusCodes,
  };
  if (typeof selectionCriteria === 'string') call.selectionCriteria = selectionCriteria;
  return { call, problems };
}

type GroupMember = { originId: string; originOverrides?: OriginOverrides };

/** AWS's text calls the members strings and its example passes objects; both have been seen to work. */
function checkMembers(originIds: unknown): string[] {
  if (!Array.isArray(originIds) || originIds.length !== 2) return ['originIds must be an array of exactly two origins, the primary first'];
  const problems = originIds.flatMap((member: unknown, index) => {
    const path = `originIds[${index}]`;
    if (typeof member === 'string') return member === '' ? [`${path} must be an origin id`] : [];
    if (!isRecord(member)) return [`${path} must be an origin id or an object { originId, originOverrides? }, not ${describeType(member)}`];
    if (typeof member['originId'] !== 'string' || member['originId'] === '') return [`${path}.originId must be an origin id`];
    const unknown = Object.keys(member).filter((key) => key !== 'originId' && key !== 'originOverrides');
    if (unknown.length > 0) return [`${path} does not know ${unknown.join(', ')}`];
    return member['originOverrides'] === undefined ? [] : checkOverrides(member['originOverrides'], `${path}.originOverrides`);
  });
  const [first, second] = originIds.map((member: unknown) => (isRecord(member) ? member['originId'] : member));
  return problems.length === 0 && first === second ? ['originIds must name two different origins'] : problems;
}

function checkCriteria(failoverCriteria: unknown): string[] {
  const codes = isRecord(failoverCriteria) ? failoverCriteria['statusCodes'] : undefined;
  if (!Array.isArray(codes) || codes.length === 0) return ['failoverCriteria.statusCodes must be an array of status codes'];
  return codes
    .filter((code: unknown) => !failoverCodes.includes(code as number))
    .map(
      (code: unknown) => `failoverCriteria.statusCodes has ${JSON.stringify(code)}: CloudFront fails over on ${failoverCodes.join(', ')}`,
    );
}

function checkUpdate([settings]: unknown[]): CheckedCall {
  if (!isRecord(settings)) return refused([`updateRequestOrigin takes an object, not ${describeType(settings)}`]);
  const problems = checkOriginSettings(settings);
  return problems.length > 0 ? refused(problems) : { call: { helper: 'updateRequestOrigin', settings }, problems };
}

/** Custom headers whose name the request has too. */
export function checkCustomHeaders(call: OriginCall | undefined, output: unknown): string[] {
  if (call?.helper !== 'updateRequestOrigin' || !isRecord(output) || !isRecord(output['headers'])) return [];
  const { headers } = output as { headers: Record<string, unknown> };
  return Object.keys(call.settings['customHeaders'] ?? {})
    .filter((name) => headers[name] !== undefined)
    .map((name) => `customHeaders.${name} is in request.headers too`);
}

function refused(problems: string[]): CheckedCall {
  return { call: undefined, problems };
}

// Settings of updateRequestOrigin and their ranges (helper-functions-origin-modification.html). We refuse a setting
// that the page does not name, except originAccessControlConfig.region, which AWS's own sample passes.

type Check = (value: unknown, path: string) => string[];

const maxNameLength = 253;
const maxPathLength = 255;
const maxCertificateNames = 20;
const maxCertificateNameLength = 64;

/**
 * Headers that CloudFront adds to no origin request (add-origin-custom-headers.html, the denylist), beside those
 * starting with `x-amz-`.
 */
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
function checkOriginSettings(given: Record<string, unknown>): string[] {
  const problems = members(given, 'updateRequestOrigin', settings, []);
  const config = given['customOriginConfig'];
  if (isRecord(config) && config['ipAddressType'] !== undefined && given['domainName'] === undefined) {
    problems.push('updateRequestOrigin.customOriginConfig.ipAddressType needs domainName beside it');
  }
  return problems;
}

/** Problems of the overrides that selectRequestOriginById and the members of a group take. */
function checkOverrides(given: unknown, path: string): string[] {
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
    if (typeof content !== 'string') return [`${path}.${name} must be a string, not ${describeType(content)}`];
    return /^[\x20-\x7e\x80-\xff]*$/.test(content) ? [] : [`${path}.${name} has a control character`];
  });
}

function members(value: unknown, path: string, known: Record<string, Check>, required: string[]): string[] {
  if (!isRecord(value)) return [`${path} must be an object, not ${describeType(value)}`];
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
