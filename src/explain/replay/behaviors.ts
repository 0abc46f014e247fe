import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { EdgeConfig } from '../../config/edge-config.ts';
import { aliasOf } from '../../config/origin-names.ts';
import { defaultBehavior, matchesPattern } from '../../config/path-pattern.ts';
import { routingOf } from '../../config/services.ts';

/** A behavior as far as a replay needs it. */
export interface ReplayedBehavior {
  /** Its path pattern or `default`, with the service of the path where there are services; `*` where neither is known. */
  name: string;
  /** The alias or id of its own origin: where a request goes for which the function calls no helper. */
  origin?: string | undefined;
  /** False: our function is not on it, so that neither version runs. */
  isRouted: boolean;
}

/** The behavior of a path. Without a distribution all paths are one behavior, whose own origin is not known. */
export function openBehaviors(
  config: Pick<EdgeConfig, 'functionName' | 'origins' | 'defaultOrder' | 'routes' | 'services'>,
  distribution: DistributionConfig | undefined,
): (path: string) => ReplayedBehavior {
  const listed = distribution?.CacheBehaviors?.Items ?? [];
  return (path) => {
    const found = listed.find(({ PathPattern = '' }) => matchesPattern(PathPattern, path));
    const behavior = found ?? distribution?.DefaultCacheBehavior;
    const pattern = behavior === undefined ? '*' : (found?.PathPattern ?? defaultBehavior);
    const name = config.services === undefined ? pattern : `${pattern}, ${describeService(routingOf(config, path)?.service)}`;
    if (behavior === undefined) return { name, isRouted: true };
    const functions = behavior.FunctionAssociations?.Items ?? [];
    return {
      name,
      origin: aliasOf(config.origins, behavior.TargetOriginId ?? ''),
      isRouted: functions.some(
        ({ EventType, FunctionARN }) =>
          EventType === 'viewer-request' && FunctionARN?.endsWith(`:function/${config.functionName}`) === true,
      ),
    };
  };
}

function describeService(service: string | undefined): string {
  return service === undefined ? 'passes through' : `service ${service}`;
}
