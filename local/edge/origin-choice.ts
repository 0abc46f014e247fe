import type { OriginCall, OriginOverrides } from '../../src/edge/execution.ts';
import { isRecord } from '../../src/text/is-record.ts';
import type { BehaviorTarget, EdgePlan, PlannedOrigin } from './edge-plan.ts';

/** One origin to try, with what the function overrode. */
export interface OriginRoute {
  origin: PlannedOrigin;
  /**
   * Set when the function named one; else the viewer's Host or the origin's domain, as the origin request policy has
   * it.
   */
  hostHeader: string | undefined;
  sni: string | undefined;
  /** The function named the Host itself. */
  isHostOverridden: boolean;
}

/** The origins to try in turn, and the statuses on which the second one is tried. */
export interface OriginChoice {
  kind: 'choice';
  primary: OriginRoute;
  secondary: OriginRoute | undefined;
  failoverCodes: readonly number[];
}

/** CloudFront answers this with FunctionValidationError. */
interface Refused {
  kind: 'refused';
  message: string;
}

/** Where the request goes, unless CloudFront would refuse it. */
export function chooseOrigins(plan: EdgePlan, target: BehaviorTarget, call: OriginCall | undefined): OriginChoice | Refused {
  const chosen = chooseRoutes(plan, target, call);
  if (chosen.kind === 'refused') return chosen;
  const spoilt = [chosen.primary, chosen.secondary].find((each) => each?.isHostOverridden === true && each.origin.hasAccessControl);
  if (spoilt === undefined) return chosen;
  // CloudFront's own words, as far as they are known.
  const fix = 'originAccessControlConfig: { enabled: false } in the same updateRequestOrigin turns it off';
  return {
    kind: 'refused',
    message: `invalid value for origin rewrite: hostHeader for ${spoilt.origin.domainName}, which has origin access control; ${fix}`,
  };
}

/** The behavior's target, changed by the function's helper call (AWS: helper-functions-origin-modification.html). */
function chooseRoutes(plan: EdgePlan, target: BehaviorTarget, call: OriginCall | undefined): OriginChoice | Refused {
  if (call === undefined) return choice(route(target.primary), target.secondary && route(target.secondary), target.failoverCodes);
  switch (call.helper) {
    case 'selectRequestOriginById': {
      const origin = plan.origins.get(call.originId);
      if (origin === undefined) return unknownOrigin(call.originId);
      return choice(route(origin, call.overrides), undefined, []);
    }
    case 'createRequestOriginGroup': {
      const [first, second] = call.originIds;
      if (first === undefined || second === undefined || call.originIds.length !== 2)
        return { kind: 'refused', message: 'createRequestOriginGroup needs exactly two origins' };
      const primary = plan.origins.get(first.originId);
      const secondary = plan.origins.get(second.originId);
      if (primary === undefined) return unknownOrigin(first.originId);
      if (secondary === undefined) return unknownOrigin(second.originId);
      return choice(route(primary, first.originOverrides), route(secondary, second.originOverrides), call.statusCodes);
    }
    case 'updateRequestOrigin': {
      const updated = updateOrigin(target.primary, call.settings);
      return choice(updated, target.secondary && route(target.secondary), target.failoverCodes);
    }
  }
}

/** Every setting not given is inherited from the assigned origin, custom headers and their secrets included. */
function updateOrigin(assigned: PlannedOrigin, settings: Record<string, unknown>): OriginRoute {
  const timeouts = record(settings['timeouts']);
  const custom = record(settings['customOriginConfig']);
  const domainName = text(settings['domainName']);
  const protocol = text(custom['protocol']);
  const port = number(custom['port']);
  const customHeaders = settings['customHeaders'];
  const origin: PlannedOrigin = {
    ...assigned,
    domainName: domainName ?? assigned.domainName,
    path: text(settings['originPath']) ?? assigned.path,
    customHeaders:
      customHeaders === undefined
        ? assigned.customHeaders
        : new Map(Object.entries(record(customHeaders)).map(([name, value]) => [name.toLowerCase(), String(value)])),
    connectionAttempts: number(settings['connectionAttempts']) ?? assigned.connectionAttempts,
    connectionTimeoutMs: milliseconds(timeouts['connectionTimeout']) ?? assigned.connectionTimeoutMs,
    readTimeoutMs: milliseconds(timeouts['readTimeout']) ?? assigned.readTimeoutMs,
    keepAliveTimeoutMs: milliseconds(timeouts['keepAliveTimeout']) ?? assigned.keepAliveTimeoutMs,
    protocolPolicy: protocol === 'http' ? 'http-only' : protocol === 'https' ? 'https-only' : assigned.protocolPolicy,
    httpPort: protocol === 'https' ? assigned.httpPort : (port ?? assigned.httpPort),
    httpsPort: protocol === 'http' ? assigned.httpsPort : (port ?? assigned.httpsPort),
    hasAccessControl: boolean(record(settings['originAccessControlConfig'])['enabled']) ?? assigned.hasAccessControl,
  };
  const override = text(settings['hostHeader']);
  const hostHeader = override ?? domainName;
  return { origin, hostHeader, sni: text(settings['sni']) ?? hostHeader, isHostOverridden: override !== undefined };
}

function route(origin: PlannedOrigin, overrides: OriginOverrides = {}): OriginRoute {
  const { hostHeader } = overrides;
  return { origin, hostHeader, sni: overrides.sni ?? hostHeader, isHostOverridden: hostHeader !== undefined };
}

function choice(primary: OriginRoute, secondary: OriginRoute | undefined, failoverCodes: readonly number[]): OriginChoice {
  return { kind: 'choice', primary, secondary, failoverCodes };
}

/** AWS does not document an unknown id; a validation error is the strict reading. */
function unknownOrigin(id: string): Refused {
  return { kind: 'refused', message: `this distribution has no origin ${JSON.stringify(id)}` };
}

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function boolean(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

function milliseconds(seconds: unknown): number | undefined {
  return typeof seconds === 'number' ? seconds * 1_000 : undefined;
}
