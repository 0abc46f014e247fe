import type { DefaultCacheBehavior } from '@aws-sdk/client-cloudfront';
import { coversPattern } from '../../distribution/hazards.ts';
import { defineCheck, type Finding, fail, problemsOr, warn } from '../check.ts';
import { isRouted, type JudgedConfig, listBehaviors, readJudgedConfig } from '../judged-config.ts';

interface Facts extends JudgedConfig {
  functionName: string;
  behaviors: readonly { name: string; behavior: DefaultCacheBehavior; isRouted: boolean }[];
}

/** Every behavior carries the router, and its viewers reach it. */
export const everyBehaviorCheck = defineCheck<Facts>({
  id: 'every-behavior',
  why: 'Requests of a behavior without the function, or taken by another behavior in front, stay with that origin: down as long as it is.',
  gather: async (readers) => {
    const judged = await readJudgedConfig(readers);
    const behaviors = listBehaviors(judged.config).map((each) => ({
      ...each,
      isRouted: isRouted(each.behavior, judged.config, readers.config),
    }));
    return { ...judged, functionName: readers.config.functionName, behaviors };
  },
  judge: judgeEveryBehavior,
});

export function judgeEveryBehavior({ where, functionName, behaviors }: Facts): readonly Finding[] {
  const problems = behaviors.flatMap(({ name, behavior, isRouted }): Finding[] => {
    const arn = viewerRequestArn(behavior);
    const carries = carriesRouter(behavior, functionName);
    if (carries && !isRouted)
      return [
        warn(
          `${where}: ${name} goes to ${behavior.TargetOriginId} and carries ${functionName}, which sends it to another origin`,
          `take the function off ${name}, unless that is meant`,
        ),
      ];
    if (!isRouted) return [];
    if (carries) return findShadow({ where, functionName, behaviors }, name);
    return [
      fail(
        `${where}: ${name} carries ${arn === undefined ? 'no function' : arn} on viewer-request`,
        `give it ${functionName} in FunctionAssociations, then npm run distribution:apply`,
      ),
    ];
  });
  const routed = behaviors.filter(({ isRouted }) => isRouted).length;
  return problemsOr(
    problems,
    `${routed} of ${behaviors.length} behaviors go to the router's origins, and all of those carry ${functionName}`,
  );
}

function viewerRequestArn({ FunctionAssociations }: DefaultCacheBehavior): string | undefined {
  return FunctionAssociations?.Items?.find(({ EventType }) => EventType === 'viewer-request')?.FunctionARN;
}

function carriesRouter(behavior: DefaultCacheBehavior, functionName: string): boolean {
  return viewerRequestArn(behavior)?.endsWith(`:function/${functionName}`) === true;
}

/** A behavior in front, whose pattern takes every request of this one: CloudFront goes by the first that matches. */
function findShadow({ where, functionName, behaviors }: Pick<Facts, 'where' | 'functionName' | 'behaviors'>, name: string): Finding[] {
  const [first, ...patterns] = behaviors;
  const isDefault = first?.name === name;
  const inFront = isDefault
    ? patterns
    : patterns.slice(
        0,
        patterns.findIndex((each) => each.name === name),
      );
  const shadow = inFront.find((each) => coversPattern(each.name, isDefault ? '/*' : name));
  if (shadow === undefined) return [];
  const found = `${where}: no request reaches ${name}, since ${shadow.name} in front of it takes them all`;
  if (shadow.isRouted && carriesRouter(shadow.behavior, functionName)) return [warn(found, `remove ${name}, or put it in front`)];
  return [fail(`${found} to ${shadow.behavior.TargetOriginId}, without ${functionName}`, `put ${name} in front of ${shadow.name}`)];
}
