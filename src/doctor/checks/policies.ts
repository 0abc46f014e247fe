import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { splitCountry } from '../../config/countries.ts';
import {
  cachingDisabledId,
  countryHeader,
  countryPolicyId,
  sendsCountry,
  subdivisionHeader,
  wrongPolicyIds,
} from '../../config/managed-policies.ts';
import { listRoutings, usesCountry } from '../../config/services.ts';
import { formatDuration } from '../../text/time.ts';
import { typed } from '../../text/typed.ts';
import { type CheckFinding, defineCheck, fail, problemsOr, warn } from '../check.ts';
import { legacyHeaders, listBehaviors, type RoutedBehavior, readBothConfigs, readRoutedBehaviors } from '../distribution-view.ts';
import type { DoctorReaders } from '../readers.ts';

interface PolicyUse {
  /** Such as `distribution.json: /api/*`. */
  at: string;
  kind: 'cache policy' | 'origin request policy';
  id: string;
  exists: boolean;
}

/** Every policy that a behavior names exists. */
export const policiesCheck = defineCheck<readonly PolicyUse[]>({
  id: 'policies',
  why: 'CloudFront refuses the whole config when one policy id does not exist.',
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

function judgePolicies(uses: readonly PolicyUse[]): readonly CheckFinding[] {
  const problems = uses
    .filter(({ exists }) => !exists)
    .map(({ at, kind, id }): CheckFinding => {
      const wrong = wrongPolicyIds[id];
      if (wrong === undefined)
        return fail(
          `${at} names ${kind} ${id}, which exists neither in AWS nor in this account`,
          'aws cloudfront list-origin-request-policies and list-cache-policies list the ids',
        );
      return fail(
        `${at} names ${id}, which does not exist: ${wrong}`,
        `use ${countryPolicyId} (AllViewerAndCloudFrontHeaders-2022-06), which the router needs`,
      );
    });
  return problemsOr(problems, `${new Set(uses.map(({ id }) => id)).size} policies are named, and all exist`);
}

interface CountryFacts {
  where: string;
  behaviors: readonly RoutedBehavior[];
  /** Some countries have their own order of origins. */
  hasRoutes: boolean;
  /** So have some subdivisions of countries. */
  hasSubdivisions: boolean;
}

/** The function receives the viewer's country. */
export const countryCheck = defineCheck<CountryFacts>({
  id: 'country',
  why: 'CloudFront adds the header only when a policy names it; without it every viewer gets the default order.',
  gather: async (readers) => {
    const { where, behaviors } = await readRoutedBehaviors(readers);
    const hasRoutes = usesCountry(readers.config);
    const hasSubdivisions = listRoutings(readers.config).some(({ routes }) =>
      routes.some(({ countries }) => countries.some((country) => splitCountry(country).region !== undefined)),
    );
    return { where, behaviors, hasRoutes, hasSubdivisions };
  },
  judge: judgeCountry,
});

export function judgeCountry({ where, behaviors, hasRoutes, hasSubdivisions }: CountryFacts): readonly CheckFinding[] {
  const needed = [countryHeader, ...(hasSubdivisions ? [subdivisionHeader] : [])];
  const names = needed.map((header) => shownHeaders[header]).join(' and ');
  const fix = `set OriginRequestPolicyId to ${countryPolicyId} (AllViewerAndCloudFrontHeaders-2022-06), then ${typed('distribution:apply')}; where another tool owns the distribution, manage: ['origin-request-policy'] does it`;
  const problems = behaviors.flatMap(({ name, cachePolicy, originRequestPolicy, behavior }): CheckFinding[] => {
    const asked = [...(cachePolicy?.headers ?? []), ...legacyHeaders(behavior)];
    const missing = needed.filter(
      (header) => !asked.includes(header) && !(originRequestPolicy !== undefined && sendsCountry(originRequestPolicy, header)),
    );
    if (missing.length === 0) return [];
    const policies = [
      cachePolicy?.name ?? behavior.CachePolicyId,
      originRequestPolicy?.name ?? behavior.OriginRequestPolicyId ?? 'no origin request policy',
    ];
    const found = `${where}: ${name} does not send ${missing.map((header) => shownHeaders[header]).join(' and ')}, with ${policies.filter((policy) => policy !== undefined).join(' and ')}`;
    return [hasRoutes ? fail(found, fix) : warn(`${found}; every country has the same order today, so no viewer is misrouted`, fix)];
  });
  return problemsOr(problems, `${names} ${needed.length === 1 ? 'reaches' : 'reach'} the function in all ${behaviors.length} behaviors`);
}

/** As AWS's pages write the names. */
const shownHeaders: Readonly<Record<string, string>> = {
  [countryHeader]: 'CloudFront-Viewer-Country',
  [subdivisionHeader]: 'CloudFront-Viewer-Country-Region',
};

interface CachedContentFacts {
  where: string;
  behaviors: readonly RoutedBehavior[];
}

/** The router sets it to the origins that it chose. */
const routeHeader = 'x-origin-route';

/** One region's answers are not served from the cache to viewers of another region. */
export const cachedContentCheck = defineCheck<CachedContentFacts>({
  id: 'cached-content',
  why: 'The chosen origin is not part of the cache key: the first request fills the cache for the viewers of every region.',
  gather: readRoutedBehaviors,
  judge: judgeCachedContent,
});

export function judgeCachedContent({ where, behaviors }: CachedContentFacts): readonly CheckFinding[] {
  const fix = `use CachingDisabled (${cachingDisabledId}), add ${routeHeader} to the cache key, or --accept cached-content when all regions serve the same bytes`;
  const problems = behaviors.flatMap((routed): CheckFinding[] => {
    const { name } = routed;
    const { defaultTtlSeconds, maxTtlSeconds, headers } = readCaching(routed);
    if (maxTtlSeconds === 0 || headers.includes(routeHeader)) return [];
    if (defaultTtlSeconds === 0)
      return [warn(`${where}: ${name} caches what an origin's Cache-Control allows, with one key for all regions`, fix)];
    const ttl = formatDuration(defaultTtlSeconds * 1_000);
    return [fail(`${where}: ${name} caches for ${ttl} unless the origin's Cache-Control differs, with one key for all regions`, fix)];
  });
  return problemsOr(problems, `${behaviors.length} behaviors cache nothing, or each region separately`);
}

function readCaching({ behavior, cachePolicy }: RoutedBehavior): {
  defaultTtlSeconds: number;
  maxTtlSeconds: number;
  headers: readonly string[];
} {
  if (cachePolicy !== undefined) return cachePolicy;
  const { DefaultTTL = 86_400, MaxTTL = 31_536_000 } = behavior;
  const headers = legacyHeaders(behavior);
  // Legacy settings turn caching off by putting all headers in the key.
  return { defaultTtlSeconds: DefaultTTL, maxTtlSeconds: headers.includes('*') ? 0 : MaxTTL, headers };
}
