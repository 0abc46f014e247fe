import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { type CheckFinding, defineCheck, fail, ok, problemsOr, warn } from '../check.ts';
import {
  type DistributionView,
  legacyHeaders,
  listBehaviors,
  listRoutedOrigins,
  type RoutedBehavior,
  readBothConfigs,
  readDistributionView,
  readRoutedBehaviors,
} from '../distribution-view.ts';
import type { DoctorReaders } from '../readers.ts';

interface GroupsFacts {
  configs: readonly DistributionView[];
  /** Ids of the router's origins, in any of the configs. */
  routed: readonly string[];
}

/**
 * CloudFront counts a failed connection as 503 and a response timeout as 504 (DG
 * high_availability_origin_failover.html).
 */
const outageCodes = [503, 504];

/** The distribution's own origin groups turn to their second origin when the first is down. */
export const originGroupCodesCheck = defineCheck<GroupsFacts>({
  id: 'origin-group-codes',
  why: 'An origin group without the codes 503 and 504 answers the error of an origin that refuses connections or stays silent.',
  gather: async (readers) => {
    const configs = await readBothConfigs(readers);
    const routed = configs.flatMap(({ config }) => listRoutedOrigins(config, readers.config).map(({ Id = '' }) => Id));
    return { configs, routed };
  },
  judge: judgeOriginGroupCodes,
});

function judgeOriginGroupCodes({ configs, routed }: GroupsFacts): readonly CheckFinding[] {
  const problems = configs.flatMap(({ where, config }) =>
    (config.OriginGroups?.Items ?? [])
      .filter(({ Members }) => Members?.Items?.some(({ OriginId = '' }) => routed.includes(OriginId)))
      .flatMap(({ Id, FailoverCriteria }): CheckFinding[] => {
        const missing = outageCodes.filter((code) => !FailoverCriteria?.StatusCodes?.Items?.includes(code));
        if (missing.length === 0) return [];
        return [fail(`${where}: origin group ${Id} does not fail over on ${missing.join(' and ')}`, 'add 503 and 504 to its StatusCodes')];
      }),
  );
  return problemsOr(problems, 'each origin group with a routed origin has 503 and 504, or there is none');
}

interface OptionsFacts {
  where: DistributionView['where'];
  behaviors: readonly Pick<RoutedBehavior, 'name' | 'behavior'>[];
  perRequestFailover: boolean;
}

/** A preflight request is failed over as its GET is. */
export const optionsCheck = defineCheck<OptionsFacts>({
  id: 'options',
  why: "An origin group fails OPTIONS over only where CachedMethods has it: without it a browser's preflight fails while its GET would succeed.",
  gather: async (readers) => ({ ...(await readRoutedBehaviors(readers)), perRequestFailover: readers.config.perRequestFailover }),
  judge: judgeOptions,
});

function judgeOptions({ where, behaviors, perRequestFailover }: OptionsFacts): readonly CheckFinding[] {
  if (!perRequestFailover) return [ok('perRequestFailover is off: no request is failed over before a flip')];
  const problems = behaviors.flatMap(({ name, behavior: { AllowedMethods } }): CheckFinding[] => {
    const allows = AllowedMethods?.Items?.includes('OPTIONS') === true;
    if (!allows || AllowedMethods.CachedMethods?.Items?.includes('OPTIONS')) return [];
    return [
      warn(
        `${where}: ${name} allows OPTIONS, and its CachedMethods do not have it: OPTIONS is not failed over before a flip`,
        'set CachedMethods to GET, HEAD and OPTIONS; with CachingDisabled that caches nothing',
      ),
    ];
  });
  return problemsOr(problems, 'OPTIONS is in CachedMethods wherever it is allowed');
}

interface WebSocketFacts {
  where: DistributionView['where'];
  behaviors: readonly RoutedBehavior[];
}

/** Without these two an origin refuses the handshake (facts: DG distribution-working-with.websockets.html). */
const handshake = ['sec-websocket-key', 'sec-websocket-version'];
const handshakeNames = 'Sec-WebSocket-Key and Sec-WebSocket-Version';

/** A behavior lets WebSocket through whole or not at all. */
export const webSocketCheck = defineCheck<WebSocketFacts>({
  id: 'web-socket',
  why: `A WebSocket handshake needs ${handshakeNames} at the origin, and CloudFront sends only what the policies of the behavior name.`,
  gather: readRoutedBehaviors,
  judge: judgeWebSocket,
});

function judgeWebSocket({ where, behaviors }: WebSocketFacts): readonly CheckFinding[] {
  const sent = behaviors.map((routed) => ({ name: routed.name, missing: handshake.filter((header) => !sends(routed, header)) }));
  const problems = sent
    .filter(({ missing }) => missing.length === 1)
    .map(({ name, missing }) =>
      fail(`${where}: ${name} sends no ${missing.join('')}, so every WebSocket handshake fails`, `send ${handshakeNames}, or neither`),
    );
  const without = sent.filter(({ missing }) => missing.length === handshake.length).map(({ name }) => name);
  const found =
    without.length === 0
      ? 'WebSocket passes in all behaviors'
      : `no WebSocket passes in ${without.join(', ')}; other requests are not affected`;
  return problemsOr(problems, found);
}

function sends({ behavior, cachePolicy, originRequestPolicy }: RoutedBehavior, header: string): boolean {
  const named = [...legacyHeaders(behavior), ...(cachePolicy?.headers ?? [])];
  if (named.includes(header) || named.includes('*')) return true;
  const { headers = 'none', exceptHeaders = [] } = originRequestPolicy ?? {};
  return headers === 'all' ? !exceptHeaders.includes(header) : headers !== 'none' && headers.includes(header);
}

interface PricingPlanFacts extends DistributionView {
  isStaging: boolean;
}

/**
 * Whether a flat-rate pricing plan could take the distribution. Informs only: the plan itself is in no API that this
 * package reads.
 */
export const pricingPlanCheck = defineCheck<PricingPlanFacts>({
  id: 'pricing-plan',
  why: 'A distribution with real-time logs, a staged rollout or tenants cannot join a flat-rate plan, and one in a plan cannot get them.',
  gather: readPlanFacts,
  judge: judgePricingPlan,
});

async function readPlanFacts(readers: DoctorReaders): Promise<PricingPlanFacts> {
  const view = await readDistributionView(readers);
  return { ...view, isStaging: view.config.Staging === true || (view.config.ContinuousDeploymentPolicyId ?? '') !== '' };
}

function judgePricingPlan({ where, config, isStaging }: PricingPlanFacts): readonly CheckFinding[] {
  const logged = listBehaviors(config)
    .filter(({ behavior }) => behavior.RealtimeLogConfigArn)
    .map(({ name }) => name);
  const reasons = [
    ...(logged.length > 0 ? [`real-time logs of ${logged.join(', ')}`] : []),
    ...(isStaging ? ['a staged rollout'] : []),
    ...(isTenantOnly(config) ? ['tenants'] : []),
  ];
  const takes = reasons.length === 0 ? 'it could join a flat-rate plan' : `it cannot join a flat-rate plan: ${reasons.join(', ')}`;
  return [ok(`${where}: ${takes}`)];
}

function isTenantOnly({ ConnectionMode }: DistributionConfig): boolean {
  return ConnectionMode === 'tenant-only';
}
