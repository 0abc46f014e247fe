// In plain JavaScript: the package puts it in the place of the native one as well.
import '@aws-sdk/signature-v4a';
import type { WrittenConfig } from '../api/config.ts';
import { createLambdaHandler } from '../api/flipper.ts';
import { pickFlipperParts } from '../src/config/distribution-file.ts';

// The flipper's Lambda: `npm run flipper:package` makes one file of this and all it imports, infra/flipper.yaml sets
// its environment. A configuration that cannot work fails at the cold start, and the alarm on the function's silence
// reports it.

/**
 * The handler for what edge.config.ts exports and for the content of distribution.json, null where there is none: then
 * edge.config.ts has each origin's domainName, which flipper:package checks. EDGE_ENV chooses the environment.
 */
export function openHandler(edgeConfig: WrittenConfig, distributionFile: Parameters<typeof pickFlipperParts>[0] | null) {
  return createLambdaHandler({
    config: edgeConfig,
    ...(distributionFile !== null && { distribution: pickFlipperParts(distributionFile) }),
  });
}
