import { isRecord } from '../../text/is-record.ts';
import type { OriginCall, OriginOverrides } from '../execution.ts';
import type { RawRun } from '../raw-run.ts';
import { describe } from './check-headers.ts';
import { checkOriginSettings, checkOverrides } from './check-origin-settings.ts';

/** Status codes that an origin group may fail over on (high_availability_origin_failover.html). Whether a group made at run time has the same list is not documented. */
const failoverCodes = [400, 403, 404, 416, 429, 500, 502, 503, 504];
const criteria = ['default', 'media-quality-score'];
const groupMembers = ['originIds', 'failoverCriteria', 'selectionCriteria'];

export type CheckedCall = { call: OriginCall | undefined; problems: string[] };

/**
 * Turns the helper calls of one run into the one origin call that CloudFront acts on, or into what it would refuse (a FunctionValidationError). Rules from
 * helper-functions-origin-modification.html. Two calls in one run are not documented: refused, so that nobody comes to rely on an order.
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
    return refused([`selectRequestOriginById takes an origin id, not ${describe(originId)}`]);
  const problems = overrides === undefined || overrides === null ? [] : checkOverrides(overrides, 'selectRequestOriginById overrides');
  if (problems.length > 0) return refused(problems);
  const call: OriginCall = { helper: 'selectRequestOriginById', originId };
  if (isRecord(overrides)) call.overrides = overrides as OriginOverrides;
  return { call, problems };
}

function checkGroup([group]: unknown[]): CheckedCall {
  if (!isRecord(group)) return refused([`createRequestOriginGroup takes an object, not ${describe(group)}`]);
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
    if (!isRecord(member)) return [`${path} must be an origin id or an object { originId, originOverrides? }, not ${describe(member)}`];
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
  if (!isRecord(settings)) return refused([`updateRequestOrigin takes an object, not ${describe(settings)}`]);
  const problems = checkOriginSettings(settings);
  return problems.length > 0 ? refused(problems) : { call: { helper: 'updateRequestOrigin', settings }, problems };
}

/** Problems of custom headers that can only be seen beside the request that goes on: a name must not stand in both. */
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
