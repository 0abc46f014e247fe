import { countryPolicyId, sendsCountry } from '../../config/managed-policies.ts';
import { defineCheck, type Finding, fail, problemsOr, warn } from '../check.ts';
import { legacyHeaders, type RoutedBehavior, readRoutedBehaviors } from '../judged-config.ts';

interface Facts {
  where: string;
  behaviors: readonly RoutedBehavior[];
  /** Viewers of some countries go another way than the others. */
  hasRoutes: boolean;
}

const header = 'cloudfront-viewer-country';

/** CloudFront tells the function the viewer's country. */
export const countryCheck = defineCheck<Facts>({
  id: 'country',
  why: 'CloudFront makes the header only when a policy asks for it; without it every viewer is routed as if from nowhere.',
  gather: async (readers) => {
    const { where, behaviors } = await readRoutedBehaviors(readers);
    const { routes, defaultOrder } = readers.config;
    const hasRoutes = routes.some(({ order }) => order.join() !== defaultOrder.join());
    return { where, behaviors, hasRoutes };
  },
  judge: judgeCountry,
});

export function judgeCountry({ where, behaviors, hasRoutes }: Facts): readonly Finding[] {
  const mend = `set OriginRequestPolicyId to ${countryPolicyId} (AllViewerAndCloudFrontHeaders-2022-06), then npm run distribution:apply`;
  const problems = behaviors
    .filter(({ behavior, cachePolicy, originRequestPolicy }) => {
      const asked = [...(cachePolicy?.headers ?? []), ...legacyHeaders(behavior)];
      return !asked.includes(header) && !(originRequestPolicy !== undefined && sendsCountry(originRequestPolicy));
    })
    .map(({ name, cachePolicy, originRequestPolicy, behavior }): Finding => {
      const policies = [
        cachePolicy?.name ?? behavior.CachePolicyId,
        originRequestPolicy?.name ?? behavior.OriginRequestPolicyId ?? 'no origin request policy',
      ];
      const found = `${where}: ${name} sends no CloudFront-Viewer-Country, with ${policies.filter((policy) => policy !== undefined).join(' and ')}`;
      return hasRoutes ? fail(found, mend) : warn(`${found}; today every country takes the same order, so nobody is misrouted`, mend);
    });
  return problemsOr(problems, `CloudFront-Viewer-Country reaches the function in all ${behaviors.length} behaviors`);
}
