import { defineCheck, type Finding, fail, problemsOr } from '../check.ts';
import { type JudgedConfig, listBehaviors, readBothConfigs } from '../judged-config.ts';

/** No behavior that allows POST goes to an origin group. */
export const originGroupsCheck = defineCheck<readonly JudgedConfig[]>({
  id: 'origin-groups',
  why: 'CloudFront refuses an origin group where POST, PUT, PATCH or DELETE are allowed, and would never fail them over.',
  gather: readBothConfigs,
  judge: judgeOriginGroups,
});

function judgeOriginGroups(configs: readonly JudgedConfig[]): readonly Finding[] {
  const problems = configs.flatMap(({ where, config }) => {
    const groups = new Set((config.OriginGroups?.Items ?? []).map(({ Id }) => Id));
    return listBehaviors(config)
      .filter(({ behavior }) => groups.has(behavior.TargetOriginId) && behavior.AllowedMethods?.Items?.includes('POST') === true)
      .map(
        ({ name, behavior }): Finding =>
          fail(
            `${where}: ${name} allows POST and goes to origin group ${behavior.TargetOriginId}`,
            'target one origin: the router makes a group for GET, HEAD and OPTIONS by itself',
          ),
      );
  });
  return problemsOr(problems, 'no behavior that allows POST goes to an origin group');
}
