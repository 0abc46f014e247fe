/**
 * Types for edge.config.ts, and its values with every default.
 *
 * @example
 * import { defineEdgeConfig } from 'cloudfront-edge-failover/config';
 *
 * export default defineEdgeConfig({
 *   origins: { singapore: { region: 'ap-southeast-1' }, europe: { region: 'eu-central-1' } },
 *   defaultOrder: ['singapore', 'europe'],
 *   routes: [{ countries: ['DE', 'FR'], order: ['europe', 'singapore'] }],
 * });
 */
import type { EdgeConfig, EdgeConfigInput, EnvironmentsInput } from '../src/config/edge-config.ts';
import { parseProject } from '../src/config/environments.ts';

export { defineEdgeConfig, type EdgeConfig, type EdgeConfigInput, type EnvironmentsInput } from '../src/config/edge-config.ts';
export { EdgeError, type ErrorCode } from '../src/errors.ts';

/** What edge.config.ts exports: one configuration, or several by environment. Every field is in docs/config.md. */
export type WrittenConfig = EdgeConfigInput | EnvironmentsInput;

/**
 * The configuration with every default filled in. `environment` chooses one of `environments`; it is required exactly
 * when there are some, and EDGE_ENV is not read. Throws EdgeError CONFIG_INVALID with every problem, a line for each,
 * and USAGE for the environment.
 */
export function resolveConfig(config: WrittenConfig, environment?: string): EdgeConfig {
  return parseProject(config, { EDGE_ENV: environment }).config;
}
