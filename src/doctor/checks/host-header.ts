import type { EdgeConfig } from '../../config/edge-config.ts';
import { kindOfOrigin, type OriginKind } from '../../distribution/init/survey.ts';
import { type CheckFinding, defineCheck, fail, problemsOr, warn } from '../check.ts';
import { behaviorForwardsHost, listRoutedOrigins, readRoutedBehaviors } from '../distribution-view.ts';

interface HostFacts {
  where: string;
  behaviors: readonly { name: string; forwardsHost: boolean }[];
  origins: readonly HostedOrigin[];
}

interface HostedOrigin {
  alias: string;
  kind: OriginKind;
  /** As edge.config.ts says; undefined when it says nothing. */
  host: 'viewer' | 'origin' | undefined;
  /** It has an http signal. */
  isProbed: boolean;
}

/** What answers no name but its own: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html */
const ownNameOnly: readonly OriginKind[] = ['API Gateway', 'Lambda function URL', 'S3 bucket', 'S3 website'];

/** Each origin gets the Host header that it needs, and can be probed. */
export const hostHeaderCheck = defineCheck<HostFacts>({
  id: 'host-header',
  why: 'One policy decides the Host header for all origins of a behavior, and an origin that does not know the name answers 403 or 404.',
  gather: async (readers) => {
    const { where, config, behaviors } = await readRoutedBehaviors(readers);
    const routed = listRoutedOrigins(config, readers.config);
    const origins = Object.entries(readers.config.origins).flatMap(([alias, own]) => {
      const origin = routed.find(({ Id }) => Id === own.originId);
      return origin === undefined ? [] : [describeOrigin(alias, own, kindOfOrigin(origin))];
    });
    return { where, behaviors: behaviors.map((each) => ({ name: each.name, forwardsHost: behaviorForwardsHost(each) })), origins };
  },
  judge: judgeHostHeader,
});

function describeOrigin(alias: string, { host, signals }: EdgeConfig['origins'][string], kind: OriginKind): HostedOrigin {
  return { alias, kind, host, isProbed: signals.some(({ type }) => type === 'http') };
}

export function judgeHostHeader({ where, behaviors, origins }: HostFacts): readonly CheckFinding[] {
  const problems = [
    ...behaviors.flatMap((behavior) => origins.flatMap((origin) => judgeHost(where, behavior, origin))),
    ...origins.flatMap(judgeProbe),
  ];
  const sent = [...new Set(behaviors.map(({ forwardsHost }) => (forwardsHost ? 'the viewer’s' : 'the origin’s own')))];
  return problemsOr(problems, `${behaviors.length} behaviors send ${sent.join(' or ')} Host`);
}

function judgeHost(
  where: string,
  { name, forwardsHost }: HostFacts['behaviors'][number],
  { alias, kind, host }: HostedOrigin,
): CheckFinding[] {
  if (forwardsHost && host === 'origin')
    return [fail(`${where}: ${name} sends the viewer’s Host, and ${alias} has host: 'origin'`, withoutHost)];
  if (forwardsHost && host === undefined && ownNameOnly.includes(kind))
    return [
      fail(
        `${where}: ${name} sends the viewer’s Host to ${alias}, and ${kind} knows only its own name`,
        `set host: 'origin' for ${alias}, and ${withoutHost}`,
      ),
    ];
  if (!forwardsHost && host === 'viewer')
    return [
      fail(
        `${where}: ${name} sends the origin’s own name as Host, and ${alias} has host: 'viewer'`,
        `use a policy that forwards Host, such as AllViewerAndCloudFrontHeaders-2022-06, or set host: 'origin'`,
      ),
    ];
  return [];
}

const withoutHost =
  'use a policy that does not forward Host, such as AllViewerExceptHostHeader; it does not send the country either, which a cache policy must then name';

function judgeProbe({ alias, kind, isProbed }: HostedOrigin): CheckFinding[] {
  if (kind !== 'VPC origin' || !isProbed) return [];
  return [
    warn(
      `${alias} is a VPC origin: a probe from outside its VPC fails, and the flipper then drains it`,
      'run the flipper inside the VPC, or give the origin a signal of type alarm in place of http',
    ),
  ];
}
