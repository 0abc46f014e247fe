import { parseDistribution, pickFlipperParts, placeholdersOf } from './distribution-file.ts';
import type { EdgeConfig } from './edge-config.ts';

export interface FlipperVariables {
  /** Names for the environment: placeholders of host names and the like, and topics. */
  plain: string[];
  /** Keys of the secret: placeholders in header values, and what a webhook needs. */
  secret: string[];
}

type Configured = Pick<EdgeConfig, 'origins' | 'variables' | 'notifications'>;

/** Set by the package itself. */
const provided = new Set(['EDGE_FUNCTION_NAME']);

/**
 * The variables that a flipper of this configuration reads and edge.config.ts does not set. `distribution` is the text
 * of distribution.json; undefined without the file. CONFIG_INVALID when the text is not a distribution.
 */
export function listFlipperVariables(
  { origins, variables, notifications }: Configured,
  distribution: string | undefined,
): FlipperVariables {
  // Placeholders stay as they are.
  const open = new Proxy({}, { get: (_, name) => `\${${String(name)}}` });
  const parts = distribution === undefined ? {} : pickFlipperParts(parseDistribution(distribution, open));
  const headers = [...headerValuesOf(parts), ...Object.values(origins).flatMap((origin) => Object.values(origin.headers ?? {}))];
  const inHeaders = placeholdersOf(JSON.stringify(headers));
  const webhooks = notifications.flatMap((target) => (target.type === 'webhook' ? [target.urlFrom, target.secretFrom ?? ''] : []));
  const topics = notifications.flatMap((target) => (target.type === 'sns' ? [target.topicArnFrom] : []));
  const secret = unique([...inHeaders, ...webhooks]);
  const named = placeholdersOf(JSON.stringify(parts)).filter((name) => !secret.includes(name));
  // Without distribution.json only this variable has the name by which viewers come.
  const viewer = distribution === undefined ? ['VIEWER_DOMAIN'] : [];
  const isOpen = (name: string) => name !== '' && variables[name] === undefined && !provided.has(name);
  return { plain: unique([...named, ...viewer, ...topics]).filter(isOpen), secret: secret.filter(isOpen) };
}

function headerValuesOf(parts: object): string[] {
  const { Origins } = parts as { Origins?: { Items?: { CustomHeaders?: { Items?: { HeaderValue?: string }[] } }[] } };
  return (Origins?.Items ?? []).flatMap(({ CustomHeaders }) => (CustomHeaders?.Items ?? []).map(({ HeaderValue = '' }) => HeaderValue));
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}

/**
 * Aliases of the flipper's Lambda, each a right of its own: `lambda:InvokeFunction` on the alias's ARN. Without an
 * alias the function takes the schedule, alarms and manual runs, and nothing else.
 */
export const remoteAliases = { operator: 'operator', reporter: 'reporter' } as const;
