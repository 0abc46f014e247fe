import type { DefaultCacheBehavior } from '@aws-sdk/client-cloudfront';
import { defineCheck, type Finding, fail, problemsOr, warn } from '../check.ts';
import { isRouted, type JudgedConfig, listBehaviors, readJudgedConfig } from '../judged-config.ts';

interface Facts extends JudgedConfig {
  functionName: string;
  behaviors: readonly { name: string; behavior: DefaultCacheBehavior; isRouted: boolean }[];
}

/** Every behavior carries the router. */
export const everyBehaviorCheck = defineCheck<Facts>({
  id: 'every-behavior',
  why: 'A behavior without the function stays with its own origin: its paths are down as long as that origin is.',
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
    const arn = behavior.FunctionAssociations?.Items?.find(({ EventType }) => EventType === 'viewer-request')?.FunctionARN;
    const carries = arn?.endsWith(`:function/${functionName}`) === true;
    if (carries && !isRouted)
      return [
        warn(
          `${where}: ${name} goes to ${behavior.TargetOriginId} and carries ${functionName}, which sends it to another origin`,
          `take the function off ${name}, unless that is meant`,
        ),
      ];
    if (carries || !isRouted) return [];
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
