import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { isSameBehavior } from '../../config/path-pattern.ts';
import { configTree, diffConfigs } from '../../distribution/config-tree.ts';
import { findHazards, namedBehaviors } from '../../distribution/hazards.ts';
import { EdgeError } from '../../errors.ts';
import { type Check, type CheckFinding, fail, ok, warn } from '../check.ts';
import { everyBehaviorCheck, originGroupsCheck, originsCheck, timeoutsCheck } from '../checks/distribution.ts';
import { cachedContentCheck, countryCheck, policiesCheck } from '../checks/policies.ts';
import { optionsCheck, originGroupCodesCheck, pricingPlanCheck, webSocketCheck } from '../checks/protocol.ts';
import { hostHeaderCheck } from '../checks/reachability.ts';
import { listRouted } from '../distribution-view.ts';
import type { DoctorReaders } from '../readers.ts';
import { type PlannedDistribution, type PlannedPolicies, withReadable } from './planned-distribution.ts';

/** The doctor's own checks that need only the distribution, and what to do in Terraform about their problems. */
export const viewChecks: readonly { check: Check; readsPolicies?: true; fix: string }[] = [
  {
    check: originsCheck,
    fix: 'keep origin_id and the x-region header of its origin block, or change edge.config.ts and publish the function first',
  },
  {
    check: everyBehaviorCheck,
    fix: 'keep the behavior, its place and its function_association block with event_type "viewer-request"; or take the behavior out of edge.config.ts first',
  },
  { check: policiesCheck, readsPolicies: true, fix: 'correct the id, or refer to the policy resource or data source' },
  {
    check: countryCheck,
    readsPolicies: true,
    fix: 'keep an origin_request_policy_id that sends the country, such as that of AllViewerAndCloudFrontHeaders-2022-06',
  },
  {
    check: cachedContentCheck,
    readsPolicies: true,
    fix: 'keep the cache policy CachingDisabled, add x-origin-route to the cache key, or --accept cached-content when all regions serve the same bytes',
  },
  {
    check: originGroupsCheck,
    fix: 'let target_origin_id name one origin: the function creates a group for GET, HEAD and OPTIONS at run time',
  },
  { check: originGroupCodesCheck, fix: 'let status_codes of failover_criteria have 503 and 504' },
  { check: optionsCheck, fix: 'let cached_methods have GET, HEAD and OPTIONS; with CachingDisabled that caches nothing' },
  {
    check: webSocketCheck,
    readsPolicies: true,
    fix: 'send Sec-WebSocket-Key and Sec-WebSocket-Version by the policies of the behavior, or neither',
  },
  { check: timeoutsCheck, fix: 'lower connection_attempts, connection_timeout and origin_read_timeout of the routed origins' },
  {
    check: hostHeaderCheck,
    readsPolicies: true,
    fix: 'keep an origin request policy that sends the Host header that `host` in edge.config.ts names',
  },
  { check: pricingPlanCheck, fix: 'leave out what a flat-rate plan does not allow' },
];

/** What the checks of the doctor find in the plan and do not find in what is there today. */
export async function examineView(
  { check, readsPolicies, fix }: (typeof viewChecks)[number],
  planned: PlannedDistribution,
  policies: PlannedPolicies,
): Promise<CheckFinding[]> {
  const { before, after, where, unknown } = planned;
  if (after === undefined) return [];
  const open = unknown.filter((part) => part.check === check.id).map(({ what }) => notKnown(where, what));
  const next = readsPolicies ? withReadable(after, policies) : { config: after, unread: new Map<string, string>() };
  const was = readsPolicies && before !== undefined ? withReadable(before, policies).config : before;
  const findings = [...(await examineOne(check, planned, next.config, policies)), ...findMissing(check, planned, next.config)];
  const known = was === undefined ? [] : [...(await examineOne(check, planned, was, policies)), ...findMissing(check, planned, was)];
  const problems = findings.filter(({ outcome }) => outcome !== 'ok');
  const fresh = problems.filter(({ found }) => !known.some((each) => each.found === found)).map((each) => ({ ...each, fix }));
  const unread = check === countryCheck ? listUnread(planned, next.unread) : [];
  const rest = problems.length - fresh.length;
  if (fresh.length + open.length + unread.length > 0) return [...fresh, ...open, ...unread];
  if (rest > 0) return [ok(`${where} adds no problem; the ${rest === 1 ? 'one' : rest} of today: doctor without --plan`)];
  return findings.filter(({ outcome }) => outcome === 'ok');
}

export function notKnown(where: string, what: string): CheckFinding {
  return warn(`${where}: ${what} is known only after the apply, so it is not checked`, 'run doctor without --plan after the apply');
}

async function examineOne(
  check: Check,
  { config, where, id = '' }: PlannedDistribution,
  view: DistributionConfig,
  policies: PlannedPolicies,
): Promise<readonly CheckFinding[]> {
  const offline = () => Promise.reject(new EdgeError('NOT_FOUND', 'a plan has no account'));
  const live = { id, arn: '', domainName: '', isDeployed: true, etag: '', config: view };
  const readers: DoctorReaders = {
    config,
    where,
    isLocal: false,
    region: '',
    stsEndpoints: undefined,
    now: () => 0,
    liveDistribution: async () => live,
    cachePolicy: async (policy) => policies.cache(policy),
    originRequestPolicy: async (policy) => policies.originRequest(policy),
    build: offline,
    liveFunction: offline,
    versions: offline,
    store: offline,
    values: offline,
    file: offline,
    plan: offline,
    certificate: offline,
    ask: offline,
    signals: offline,
    credentials: offline,
    alarms: offline,
  };
  return check.examine(readers);
}

/** A behavior that edge.config.ts names and the plan removes. */
function findMissing(check: Check, { config, where }: PlannedDistribution, view: DistributionConfig): CheckFinding[] {
  if (check !== everyBehaviorCheck) return [];
  const keys = namedBehaviors(view).map(({ key }) => key);
  const missing = (config.distributions ?? []).flatMap(({ behaviors }) =>
    behaviors.filter((name) => !keys.some((key) => isSameBehavior(name, key))),
  );
  return missing.map((name) => fail(`${where} has no behavior ${name}, which edge.config.ts names: its requests get no failover`, ''));
}

/** A policy that the plan puts on a routed behavior and that only the account knows. */
function listUnread({ before, after, where, config }: PlannedDistribution, unread: ReadonlyMap<string, string>): CheckFinding[] {
  const routed = new Set(listRouted(after ?? ({} as DistributionConfig), config).flatMap(({ name, isRouted }) => (isRouted ? [name] : [])));
  const was = listRouted(before ?? ({} as DistributionConfig), config);
  return [...unread].flatMap(([name, id]) => {
    const same = was.find((each) => each.name === name)?.behavior;
    if (!routed.has(name) || same?.CachePolicyId === id || same?.OriginRequestPolicyId === id) return [];
    return [notKnown(where, id.startsWith('(') ? `a policy of ${name}` : `what policy ${id} of ${name} sends and caches`)];
  });
}

/** The distribution stays, and CloudFront accepts the change. */
export function judgePlannedDistribution(planned: PlannedDistribution): CheckFinding[] {
  const { change, where, before, after, config, id = 'the distribution' } = planned;
  const { action, address, previousAddress } = change;
  if (action === 'delete' || action === 'replace') {
    const how = action === 'delete' ? 'deletes' : 'deletes and creates again';
    return [
      fail(
        `${where} ${how} ${id} (${address}): all its viewers lose it`,
        'find out why with terraform plan; a change of its address alone needs a moved block',
      ),
    ];
  }
  if (action === 'forget')
    return [
      warn(
        `${where} makes Terraform forget ${id} (${address}): it stays on AWS, and no plan shows its changes`,
        'import it where it belongs now',
      ),
    ];
  if (before?.Enabled === true && after?.Enabled === false)
    return [fail(`${where} disables ${id}: it serves no viewers`, 'keep enabled = true')];
  const found = before === undefined || after === undefined ? [] : findOwnHazards({ before, after, config });
  if (found.length > 0) return found.map(({ kind, message, hint }) => (kind === 'refused' ? fail(message, hint) : warn(message, hint)));
  const moved = previousAddress === undefined ? '' : `, moved from ${previousAddress}`;
  const words = { none: 'leaves', create: 'creates', update: 'changes' } as const;
  return [ok(`${where} ${words[action]} ${id} (${address}${moved})`)];
}

/** Without what other checks say, and what the plan does to the team's own behaviors. */
function findOwnHazards({
  before,
  after,
  config,
}: {
  before: DistributionConfig;
  after: DistributionConfig;
  config: PlannedDistribution['config'];
}) {
  const live = { id: '', arn: '', domainName: '', isDeployed: true, etag: '', config: before };
  const changes = diffConfigs(configTree(before), configTree(after));
  const routed = listRouted(after, config).flatMap(({ isRouted, behavior }) => (isRouted ? [behavior] : []));
  const keys = namedBehaviors(after).flatMap(({ key, behavior }) => (routed.includes(behavior) ? [key] : []));
  return findHazards({ live, changes, next: after }, { source: 'the tool that owns the distribution' }).filter(
    ({ kind, behavior }) => (kind === 'refused' || kind === 'note') && (behavior === undefined || keys.includes(behavior)),
  );
}

/** A routed behavior goes on to take the methods that it takes today. */
export function judgeMethods({ where, before, after, config }: PlannedDistribution): CheckFinding[] {
  if (before === undefined || after === undefined) return [];
  const was = listRouted(before, config);
  const lost = listRouted(after, config).flatMap(({ name, behavior, isRouted }) => {
    const methods: readonly string[] = behavior.AllowedMethods?.Items ?? [];
    const old: readonly string[] = was.find((each) => each.name === name)?.behavior.AllowedMethods?.Items ?? [];
    const gone = old.filter((method) => !methods.includes(method));
    if (!isRouted || gone.length === 0) return [];
    return [
      warn(
        `${where}: ${name} no longer allows ${gone.join(', ')}: CloudFront answers 403 to such requests`,
        'keep allowed_methods, unless that is intended',
      ),
    ];
  });
  return lost.length > 0 ? lost : [ok('routed behaviors allow the methods that they allow today')];
}
