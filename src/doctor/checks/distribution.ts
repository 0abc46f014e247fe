import type { DefaultCacheBehavior, DistributionConfig, Origin } from '@aws-sdk/client-cloudfront';
import type { LiveDistribution } from '../../aws/distribution.ts';
import type { EdgeConfig } from '../../config/edge-config.ts';
import { coversPattern } from '../../config/path-pattern.ts';
import { listOrders } from '../../config/services.ts';
import { planDistribution } from '../../distribution/plan.ts';
import { type CheckFinding, defineCheck, fail, ok, problemsOr, warn } from '../check.ts';
import {
  type DistributionView,
  isRouted,
  listBehaviors,
  listRoutedOrigins,
  readBothConfigs,
  readDistributionView,
} from '../distribution-view.ts';

interface DistributionFacts {
  live: Pick<LiveDistribution, 'id' | 'isDeployed' | 'config'> | undefined;
  /** Paths in which distribution.json differs from it. */
  changed: readonly string[];
}

const shown = 5;

/** The distribution exists, is enabled and deployed, and matches distribution.json. */
export const distributionCheck = defineCheck<DistributionFacts>({
  id: 'distribution',
  why: 'The other checks read it. A setting in distribution.json that is not live protects no viewer.',
  gather: async ({ liveDistribution, file }) => {
    const live = await liveDistribution();
    if (live === undefined) return { live, changed: [] };
    return { live, changed: planDistribution(live, await file()).changes.map(({ path }) => path) };
  },
  judge: judgeDistribution,
});

function judgeDistribution({ live, changed }: DistributionFacts): readonly CheckFinding[] {
  if (live === undefined)
    return [fail('the distribution does not exist; the other checks read distribution.json instead', 'npm run distribution:apply')];
  const problems: CheckFinding[] = [];
  if (live.config.Enabled !== true)
    problems.push(fail(`${live.id} is disabled and serves no viewers`, 'set Enabled to true, then npm run distribution:apply'));
  if (!live.isDeployed)
    problems.push(warn(`${live.id} is being deployed: some edge locations have its previous config`, 'wait, then run it again'));
  if (changed.length > 0) {
    const more = changed.length > shown ? ` and ${changed.length - shown} more` : '';
    const paths = changed.slice(0, shown).join(', ');
    problems.push(warn(`${live.id} differs from distribution.json: ${paths}${more}`, 'npm run distribution:plan shows the differences'));
  }
  return problemsOr(problems, `${live.id} is deployed and matches distribution.json`);
}

interface OriginsFacts extends DistributionView {
  origins: EdgeConfig['origins'];
}

/** The distribution has every origin that the router may choose, with its region. */
export const originsCheck = defineCheck<OriginsFacts>({
  id: 'origins',
  why: 'If the router chooses an origin that the distribution does not have, each viewer sent there gets 502.',
  gather: async (readers) => ({ ...(await readDistributionView(readers)), origins: readers.config.origins }),
  judge: judgeOrigins,
});

function judgeOrigins({ where, config, origins }: OriginsFacts): readonly CheckFinding[] {
  const there = new Map((config.Origins?.Items ?? []).map((origin) => [origin.Id, origin]));
  const fix = 'make distribution.json and edge.config.ts agree, then npm run distribution:apply';
  const problems = Object.values(origins).flatMap(({ originId: id, region }): CheckFinding[] => {
    const origin = there.get(id);
    if (origin === undefined) return [fail(`${where} has no origin ${id}`, fix)];
    const found = readRegion(origin);
    if (found === region) return [];
    const problem = found === undefined ? `origin ${id} gets no x-region header` : `origin ${id} gets x-region ${found}`;
    return [fail(`${where}: ${problem}, edge.config.ts has ${region}`, fix)];
  });
  return problemsOr(problems, `${Object.keys(origins).join(', ')}, each with its region`);
}

function readRegion({ CustomHeaders }: NonNullable<NonNullable<DistributionConfig['Origins']>['Items']>[number]): string | undefined {
  return CustomHeaders?.Items?.find(({ HeaderName }) => HeaderName?.toLowerCase() === 'x-region')?.HeaderValue;
}

interface EveryBehaviorFacts extends DistributionView {
  functionName: string;
  behaviors: readonly { name: string; behavior: DefaultCacheBehavior; isRouted: boolean }[];
}

/** Every behavior to a routed origin runs the router, and no other behavior takes its requests. */
export const everyBehaviorCheck = defineCheck<EveryBehaviorFacts>({
  id: 'every-behavior',
  why: 'Requests of a behavior without the function, or taken by an earlier behavior, stay with one origin and fail while it is down.',
  gather: async (readers) => {
    const judged = await readDistributionView(readers);
    const behaviors = listBehaviors(judged.config).map((each) => ({
      ...each,
      isRouted: isRouted(each.behavior, judged.config, readers.config),
    }));
    return { ...judged, functionName: readers.config.functionName, behaviors };
  },
  judge: judgeEveryBehavior,
});

export function judgeEveryBehavior({ where, functionName, behaviors }: EveryBehaviorFacts): readonly CheckFinding[] {
  const problems = behaviors.flatMap(({ name, behavior, isRouted }): CheckFinding[] => {
    const arn = viewerRequestArn(behavior);
    const isRunning = runsRouter(behavior, functionName);
    if (isRunning && !isRouted)
      return [
        warn(
          `${where}: ${name} targets ${behavior.TargetOriginId} and runs ${functionName}, which sends it to another origin`,
          `remove the function from ${name}, unless that is intended`,
        ),
      ];
    if (!isRouted) return [];
    if (isRunning) return findShadow({ where, functionName, behaviors }, name);
    return [
      fail(
        `${where}: ${name} runs ${arn === undefined ? 'no function' : arn} on viewer-request`,
        `add ${functionName} to its FunctionAssociations, then npm run distribution:apply`,
      ),
    ];
  });
  const routed = behaviors.filter(({ isRouted }) => isRouted).length;
  return problemsOr(
    problems,
    `${routed} of ${behaviors.length} behaviors target the router's origins, and all of them run ${functionName}`,
  );
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
  config: Pick<EdgeConfig, 'defaultOrder' | 'routes' | 'services' | 'perRequestFailover'>;
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
  const seconds = new Map(origins.map((origin) => [origin.Id ?? '', worstSeconds(origin)]));
  const waits = listOrders(config).map((order) => {
    const tried = order.slice(0, config.perRequestFailover ? 2 : 1);
    return { tried, total: tried.reduce((sum, id) => sum + (seconds.get(id) ?? 0), 0) };
  });
  const worst = waits.reduce((longest, wait) => (wait.total > longest.total ? wait : longest));
  const parts = worst.tried.map((id) => `${id} ${seconds.get(id) ?? 0} s`).join(', then ');
  const found = `${where}: a GET may take ${worst.total} s (${parts})`;
  const fix =
    'lower ConnectionAttempts, ConnectionTimeout and OriginReadTimeout of the origins; the sample distribution.json has 1, 2 s and 10 s';
  if (worst.total > failSeconds) return [fail(found, fix)];
  return worst.total > warnSeconds ? [warn(found, fix)] : [ok(found)];
}

/** Each attempt connects at the last moment and gets no answer; CloudFront repeats a GET as often as it connects (DG DownloadDistValuesOrigin.html). */
function worstSeconds({ ConnectionAttempts = 3, ConnectionTimeout = 10, CustomOriginConfig }: Origin): number {
  return ConnectionAttempts * (ConnectionTimeout + (CustomOriginConfig?.OriginReadTimeout ?? 30));
}
