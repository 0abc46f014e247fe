import type { DefaultCacheBehavior, Origin } from '@aws-sdk/client-cloudfront';
import type { LiveDistribution } from '../../aws/distribution.ts';
import { regionHeaderOf } from '../../config/distribution-file.ts';
import type { EdgeConfig } from '../../config/edge-config.ts';
import { aliasOf } from '../../config/origin-names.ts';
import { coversPattern } from '../../config/path-pattern.ts';
import { listOrders } from '../../config/services.ts';
import { EdgeError } from '../../errors.ts';
import { typed } from '../../text/typed.ts';
import { type CheckFinding, defineCheck, fail, ok, problemsOr, warn } from '../check.ts';
import {
  type DistributionView,
  listBehaviors,
  listRouted,
  listRoutedOrigins,
  readBothConfigs,
  readDistributionView,
} from '../distribution-view.ts';

interface DistributionFacts {
  live: Pick<LiveDistribution, 'id' | 'isDeployed' | 'config'> | undefined;
  /**
   * The id that edge.config.ts has for a distribution of another tool; undefined when distribution.json describes it.
   */
  ownId: string | undefined;
  /** Paths in which it differs from what we describe. */
  changed: readonly string[];
  /** Names in edge.config.ts that it does not have. */
  problems: readonly string[];
}

const shown = 5;

/** The distribution exists, is enabled and deployed, and has what distribution.json or edge.config.ts describes. */
export const distributionCheck = defineCheck<DistributionFacts>({
  id: 'distribution',
  why: 'The other checks read it. A setting that is not live protects no viewer.',
  gather: async ({ config, liveDistribution, plan }) => {
    const live = await liveDistribution();
    const found = { live, ownId: config.distributions?.[0]?.id };
    try {
      return { ...found, changed: ((await plan())?.changes ?? []).map(({ path }) => path), problems: [] };
    } catch (error) {
      if (found.ownId === undefined || !(error instanceof EdgeError) || error.code !== 'CONFIG_INVALID') throw error;
      return { ...found, changed: [], problems: error.message.split('\n') };
    }
  },
  judge: judgeDistribution,
});

function judgeDistribution({ live, ownId, changed, problems: names }: DistributionFacts): readonly CheckFinding[] {
  const owner = 'the tool that owns it';
  if (live === undefined)
    return ownId === undefined
      ? [fail('the distribution does not exist; the other checks read distribution.json instead', typed('distribution:apply'))]
      : [fail(`${ownId} does not exist in this account`, 'correct its id in edge.config.ts, or use the credentials of its account')];
  const problems = names.map((problem) => fail(problem, `correct edge.config.ts, or add it with ${owner}`));
  if (live.config.Enabled !== true) {
    const fix = ownId === undefined ? `set Enabled to true, then ${typed('distribution:apply')}` : `enable it with ${owner}`;
    problems.push(fail(`${live.id} is disabled and serves no viewers`, fix));
  }
  if (!live.isDeployed)
    problems.push(warn(`${live.id} is being deployed: some edge locations have its previous config`, 'wait, then run it again'));
  const source = ownId === undefined ? 'distribution.json' : 'edge.config.ts';
  if (changed.length > 0) {
    const more = changed.length > shown ? ` and ${changed.length - shown} more` : '';
    const found = `${live.id} differs from ${source}: ${changed.slice(0, shown).join(', ')}${more}`;
    const again = `${typed('distribution:apply')}; where ${owner} took it away, let that tool have it too, or ignore the field`;
    problems.push(warn(found, ownId === undefined ? `${typed('distribution:plan')} shows the differences` : again));
  }
  const policy = live.config.ContinuousDeploymentPolicyId;
  if (ownId !== undefined && policy)
    problems.push(
      warn(
        `${live.id} has the continuous deployment policy ${policy}: viewers of its staging distribution have what that one has, and promoting it replaces all behaviors`,
        `give the staging distribution the function with ${owner}, or end its rollout`,
      ),
    );
  return problemsOr(problems, `${live.id} is deployed and matches ${source}`);
}

interface OriginsFacts extends DistributionView {
  origins: EdgeConfig['origins'];
  isLocal: boolean;
}

/** The distribution has every origin that the router may choose, with its region. */
export const originsCheck = defineCheck<OriginsFacts>({
  id: 'origins',
  why: 'If the router chooses an origin that the distribution does not have, each viewer sent there gets 502.',
  gather: async (readers) => ({ ...(await readDistributionView(readers)), origins: readers.config.origins, isLocal: readers.isLocal }),
  judge: judgeOrigins,
});

function judgeOrigins({ where, config, origins, isLocal }: OriginsFacts): readonly CheckFinding[] {
  const there = new Map((config.Origins?.Items ?? []).map((origin) => [origin.Id, origin]));
  const fix = `make the distribution and edge.config.ts agree, then ${typed('distribution:apply')}`;
  const hasRegions = Object.values(origins).some(({ originId }) => regionHeaderOf(there.get(originId)) !== undefined);
  const problems = Object.entries(origins).flatMap(([alias, { originId: id, region, domainName }]): CheckFinding[] => {
    const origin = there.get(id);
    if (origin === undefined) return [fail(`${where} has no origin ${id}`, fix)];
    const found = regionHeaderOf(origin);
    const problem = found === undefined ? `origin ${id} gets no x-region header` : `origin ${id} gets x-region ${found}`;
    return [
      ...(hasRegions && found !== region ? [fail(`${where}: ${problem}, edge.config.ts has ${region}`, fix)] : []),
      ...(isLocal || domainName === undefined || domainName.toLowerCase() === origin.DomainName?.toLowerCase()
        ? []
        : [
            fail(
              `${where}: origin ${id} is ${origin.DomainName}, edge.config.ts has ${domainName}: probes go to another host than viewers`,
              `correct domainName of ${alias} in edge.config.ts`,
            ),
          ]),
    ];
  });
  return problemsOr(problems, `${Object.keys(origins).join(', ')}${hasRegions ? ', each with its region' : ''}`);
}

interface EveryBehaviorFacts extends DistributionView {
  functionName: string;
  /** edge.config.ts names the behaviors; the others belong to another tool. */
  isNamed?: boolean;
  behaviors: readonly { name: string; behavior: DefaultCacheBehavior; isRouted: boolean }[];
}

/** Every behavior to a routed origin runs the router, and no other behavior takes its requests. */
export const everyBehaviorCheck = defineCheck<EveryBehaviorFacts>({
  id: 'every-behavior',
  why: 'Requests of a behavior without the function, or taken by an earlier behavior, stay with one origin and fail while it is down.',
  gather: async (readers) => {
    const judged = await readDistributionView(readers);
    const { functionName, distributions } = readers.config;
    return { ...judged, functionName, isNamed: distributions !== undefined, behaviors: listRouted(judged.config, readers.config) };
  },
  judge: judgeEveryBehavior,
});

export function judgeEveryBehavior({ where, functionName, behaviors, isNamed = false }: EveryBehaviorFacts): readonly CheckFinding[] {
  const problems = behaviors.flatMap(({ name, behavior, isRouted }): CheckFinding[] => {
    const arn = viewerRequestArn(behavior);
    const isRunning = runsRouter(behavior, functionName);
    if (isRunning && !isRouted)
      return [
        warn(
          isNamed
            ? `${where}: ${name} runs ${functionName}, and edge.config.ts does not name it`
            : `${where}: ${name} targets ${behavior.TargetOriginId} and runs ${functionName}, which sends it to another origin`,
          isNamed
            ? `add ${name} to behaviors in edge.config.ts, or remove the function`
            : `remove the function from ${name}, unless that is intended`,
        ),
      ];
    if (!isRouted) return [];
    if (isRunning) return findShadow({ where, functionName, behaviors }, name);
    return [
      fail(
        `${where}: ${name} runs ${arn === undefined ? 'no function' : arn} on viewer-request`,
        isNamed
          ? `${typed('distribution:apply')} adds it; where another tool took it away, let that tool have it too, or ignore the field`
          : `add ${functionName} to its FunctionAssociations, then ${typed('distribution:apply')}`,
      ),
    ];
  });
  const routed = behaviors.filter(({ isRouted }) => isRouted);
  if (!isNamed)
    return problemsOr(
      problems,
      `${routed.length} of ${behaviors.length} behaviors target the router's origins, and all of them run ${functionName}`,
    );
  const names = (of: typeof behaviors) => of.map(({ name }) => name).join(', ') || 'none';
  const others = behaviors.filter(({ isRouted }) => !isRouted);
  return problemsOr(problems, `with ${functionName}: ${names(routed)}; not ours: ${names(others)}`);
}

function viewerRequestArn({ FunctionAssociations }: DefaultCacheBehavior): string | undefined {
  return FunctionAssociations?.Items?.find(({ EventType }) => EventType === 'viewer-request')?.FunctionARN;
}

function runsRouter(behavior: DefaultCacheBehavior, functionName: string): boolean {
  return viewerRequestArn(behavior)?.endsWith(`:function/${functionName}`) === true;
}

/** An earlier behavior whose pattern matches every request of this one: CloudFront uses the first match. */
function findShadow(
  { where, functionName, behaviors }: Pick<EveryBehaviorFacts, 'where' | 'functionName' | 'behaviors'>,
  name: string,
): CheckFinding[] {
  const [first, ...patterns] = behaviors;
  const isDefault = first?.name === name;
  const earlier = isDefault
    ? patterns
    : patterns.slice(
        0,
        patterns.findIndex((each) => each.name === name),
      );
  const shadow = earlier.find((each) => coversPattern(each.name, isDefault ? '/*' : name));
  if (shadow === undefined) return [];
  const found = `${where}: no request reaches ${name}: the earlier ${shadow.name} matches them all`;
  if (shadow.isRouted && runsRouter(shadow.behavior, functionName)) return [warn(found, `remove ${name}, or put it before ${shadow.name}`)];
  return [
    fail(`${found} and sends them to ${shadow.behavior.TargetOriginId}, without ${functionName}`, `put ${name} before ${shadow.name}`),
  ];
}

/** No behavior that allows POST targets an origin group. */
export const originGroupsCheck = defineCheck<readonly DistributionView[]>({
  id: 'origin-groups',
  why: 'CloudFront refuses an origin group on a behavior that allows POST, PUT, PATCH or DELETE, and never fails these over.',
  gather: readBothConfigs,
  judge: judgeOriginGroups,
});

function judgeOriginGroups(configs: readonly DistributionView[]): readonly CheckFinding[] {
  const problems = configs.flatMap(({ where, config }) => {
    const groups = new Set((config.OriginGroups?.Items ?? []).map(({ Id }) => Id));
    return listBehaviors(config)
      .filter(({ behavior }) => groups.has(behavior.TargetOriginId) && behavior.AllowedMethods?.Items?.includes('POST') === true)
      .map(
        ({ name, behavior }): CheckFinding =>
          fail(
            `${where}: ${name} allows POST and targets origin group ${behavior.TargetOriginId}`,
            'target one origin: the router creates a group for GET, HEAD and OPTIONS at run time',
          ),
      );
  });
  return problemsOr(problems, 'no behavior that allows POST targets an origin group');
}

interface TimeoutsFacts {
  where: string;
  origins: readonly Origin[];
  config: Pick<EdgeConfig, 'origins' | 'defaultOrder' | 'routes' | 'services' | 'perRequestFailover'>;
}

/** Our own limits: how long people wait, and when browsers and load balancers commonly give up. */
const warnSeconds = 30;
const failSeconds = 60;

/** A viewer gets an answer in acceptable time when the first origin is silent. */
export const timeoutsCheck = defineCheck<TimeoutsFacts>({
  id: 'timeouts',
  why: "With CloudFront's defaults (3 attempts, each 10 s to connect and 30 s to read) a viewer may wait four minutes before the flip.",
  gather: async (readers) => {
    const { where, config } = await readDistributionView(readers);
    return { where, origins: listRoutedOrigins(config, readers.config), config: readers.config };
  },
  judge: judgeTimeouts,
});

export function judgeTimeouts({ where, origins, config }: TimeoutsFacts): readonly CheckFinding[] {
  const seconds = new Map(origins.map((origin) => [aliasOf(config.origins, origin.Id ?? ''), worstSeconds(origin)]));
  const waits = listOrders(config).map((order) => {
    const tried = order.slice(0, config.perRequestFailover ? 2 : 1);
    return { tried, total: tried.reduce((sum, id) => sum + (seconds.get(id) ?? 0), 0) };
  });
  const worst = waits.reduce((longest, wait) => (wait.total > longest.total ? wait : longest));
  const parts = worst.tried.map((id) => `${id} ${seconds.get(id) ?? 0} s`).join(', then ');
  const found = `${where}: a GET may take ${worst.total} s (${parts})`;
  const fix =
    "lower ConnectionAttempts, ConnectionTimeout and OriginReadTimeout of the origins to 1, 2 s and 10 s, as the sample has them; where another tool owns the distribution, manage: ['timeouts'] does it";
  if (worst.total > failSeconds) return [fail(found, fix)];
  return worst.total > warnSeconds ? [warn(found, fix)] : [ok(found)];
}

/**
 * Each attempt connects at the last moment and gets no answer; CloudFront repeats a GET as often as it connects (DG
 * DownloadDistValuesOrigin.html).
 */
function worstSeconds({ ConnectionAttempts = 3, ConnectionTimeout = 10, CustomOriginConfig, VpcOriginConfig }: Origin): number {
  return ConnectionAttempts * (ConnectionTimeout + (CustomOriginConfig?.OriginReadTimeout ?? VpcOriginConfig?.OriginReadTimeout ?? 30));
}
