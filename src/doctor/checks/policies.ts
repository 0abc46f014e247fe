import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { countryPolicyId, wrongPolicyIds } from '../../config/managed-policies.ts';
import { defineCheck, type Finding, fail, problemsOr } from '../check.ts';
import type { DoctorReaders } from '../doctor-readers.ts';
import { listBehaviors, readBothConfigs } from '../judged-config.ts';

interface PolicyUse {
  /** Such as `distribution.json: /api/*`. */
  at: string;
  kind: 'cache policy' | 'origin request policy';
  id: string;
  exists: boolean;
}

/** The policies that behaviors name exist. */
export const policiesCheck = defineCheck<readonly PolicyUse[]>({
  id: 'policies',
  why: 'An id of no policy makes CloudFront refuse the whole config, when it is too late to look for the right one.',
  gather: async (readers) => {
    const configs = await readBothConfigs(readers);
    const uses = await Promise.all(configs.map(({ where, config }) => readUses(where, config, readers)));
    return uses.flat();
  },
  judge: judgePolicies,
});

async function readUses(where: string, config: DistributionConfig, readers: DoctorReaders): Promise<PolicyUse[]> {
  const uses = listBehaviors(config).map(async ({ name, behavior }): Promise<PolicyUse[]> => {
    const { CachePolicyId: cache, OriginRequestPolicyId: request } = behavior;
    const at = `${where}: ${name}`;
    const [cachePolicy, requestPolicy] = await Promise.all([
      cache === undefined ? undefined : readers.cachePolicy(cache),
      request === undefined ? undefined : readers.originRequestPolicy(request),
    ]);
    return [
      ...(cache === undefined ? [] : [{ at, kind: 'cache policy' as const, id: cache, exists: cachePolicy !== undefined }]),
      ...(request === undefined ? [] : [{ at, kind: 'origin request policy' as const, id: request, exists: requestPolicy !== undefined }]),
    ];
  });
  return (await Promise.all(uses)).flat();
}

function judgePolicies(uses: readonly PolicyUse[]): readonly Finding[] {
  const problems = uses
    .filter(({ exists }) => !exists)
    .map(({ at, kind, id }): Finding => {
      const wrong = wrongPolicyIds[id];
      if (wrong === undefined)
        return fail(
          `${at} names ${kind} ${id}, which neither AWS nor this account has`,
          'aws cloudfront list-origin-request-policies, or list-cache-policies',
        );
      return fail(
        `${at} names ${id}, which is no policy: ${wrong}`,
        `what the router needs is ${countryPolicyId} (AllViewerAndCloudFrontHeaders-2022-06)`,
      );
    });
  return problemsOr(problems, `${new Set(uses.map(({ id }) => id)).size} policies are named, and all of them exist`);
}
