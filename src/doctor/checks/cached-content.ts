import { cachingDisabledId } from '../../config/managed-policies.ts';
import { formatDuration } from '../../text/duration.ts';
import { defineCheck, type Finding, fail, problemsOr, warn } from '../check.ts';
import { legacyHeaders, type RoutedBehavior, readRoutedBehaviors } from '../judged-config.ts';

interface Facts {
  where: string;
  behaviors: readonly RoutedBehavior[];
}

/** Says which way the router chose, and is set by nobody else. */
const routeHeader = 'x-origin-route';

/** What one region answered is not served to viewers of another, unless that is meant. */
export const cachedContentCheck = defineCheck<Facts>({
  id: 'cached-content',
  why: 'The chosen origin is not part of the cache key: whoever asks first fills the cache for the viewers of every region.',
  gather: readRoutedBehaviors,
  judge: judgeCachedContent,
});

export function judgeCachedContent({ where, behaviors }: Facts): readonly Finding[] {
  const mend = `use CachingDisabled (${cachingDisabledId}), put ${routeHeader} into the cache key, or --accept cached-content when all regions serve the same bytes`;
  const problems = behaviors.flatMap((routed): Finding[] => {
    const { name } = routed;
    const { defaultTtlSeconds, maxTtlSeconds, headers } = readCaching(routed);
    if (maxTtlSeconds === 0 || headers.includes(routeHeader)) return [];
    if (defaultTtlSeconds === 0)
      return [warn(`${where}: ${name} caches what an origin's Cache-Control allows, with one key for all regions`, mend)];
    const ttl = formatDuration(defaultTtlSeconds * 1_000);
    return [fail(`${where}: ${name} caches for ${ttl} unless the origin says otherwise, with one key for all regions`, mend)];
  });
  return problemsOr(problems, `${behaviors.length} behaviors cache nothing, or each region apart`);
}

function readCaching({ behavior, cachePolicy }: RoutedBehavior): {
  defaultTtlSeconds: number;
  maxTtlSeconds: number;
  headers: readonly string[];
} {
  if (cachePolicy !== undefined) return cachePolicy;
  const { DefaultTTL = 86_400, MaxTTL = 31_536_000 } = behavior;
  const headers = legacyHeaders(behavior);
  // All headers in the key is the old way to turn caching off.
  return { defaultTtlSeconds: DefaultTTL, maxTtlSeconds: headers.includes('*') ? 0 : MaxTTL, headers };
}
