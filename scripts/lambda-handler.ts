import { randomBytes } from 'node:crypto';
import { env as processEnv, stderr, stdout } from 'node:process';
// In plain JavaScript: the package puts it in the place of the native one as well.
import '@aws-sdk/signature-v4a';
import { openAws } from '../src/aws/clients.ts';
import { openFlagStore } from '../src/aws/open-flag-store.ts';
import { readSecretValues } from '../src/aws/secret-values.ts';
import { parseDistribution, pickFlipperParts } from '../src/config/distribution-file.ts';
import { parseProject } from '../src/config/environments.ts';
import { useDistribution } from '../src/config/load-distribution.ts';
import type { FlagStore } from '../src/core/flag-store.ts';
import { buildFlipPolicy } from '../src/flipper/flip-policy.ts';
import { type LambdaContext, openFlipperLambda, type RunReport } from '../src/flipper/lambda/flipper-lambda.ts';
import { openChannels } from '../src/flipper/notify/open-channels.ts';
import { openSignals } from '../src/flipper/open-signals.ts';
import { escapeForeign } from '../src/text/paint.ts';

// The flipper's Lambda: `npm run flipper:package` makes one file of this and all it imports, infra/flipper.yaml sets its environment.
// A configuration that cannot work fails at the cold start, and the alarm on the function's silence reports it.

/**
 * The handler for what edge.config.ts exports and for the content of distribution.json, null where there is none: then edge.config.ts has each origin's
 * domainName, which flipper:package checks. EDGE_ENV chooses the environment.
 */
export function openHandler(edgeConfig: unknown, distributionFile: Parameters<typeof pickFlipperParts>[0] | null) {
  const { config, env } = parseProject(edgeConfig, processEnv);
  const aws = openAws({ env });
  let opened: Promise<ReturnType<typeof openFlipperLambda>> | undefined;
  let store: Promise<FlagStore> | undefined;
  const openStore = (): Promise<FlagStore> => {
    store ??= openFlagStore({ env, isLocal: false, config }).then((found) => found.store);
    store.catch(() => {
      store = undefined;
    });
    return store;
  };
  const open = async (): Promise<ReturnType<typeof openFlipperLambda>> => {
    const secretArn = env['EDGE_SECRET_ARN'];
    const values = { ...env, ...(secretArn ? await readSecretValues(aws.secretsManager, secretArn) : {}) };
    const parts = distributionFile === null ? undefined : parseDistribution(JSON.stringify(pickFlipperParts(distributionFile)), values);
    const distribution = useDistribution(config, parts, values);
    const { channels, problems } = openChannels(config.notifications, values, aws);
    for (const problem of problems) stderr.write(`${problem}\n`);
    return openFlipperLambda({
      name: env['AWS_LAMBDA_FUNCTION_NAME'] ?? 'flipper',
      // One log stream per environment: its end is as good as a process id.
      by: `flipper@lambda:${env['AWS_LAMBDA_LOG_STREAM_NAME']?.slice(-8) ?? randomBytes(4).toString('hex')}`,
      shadow: env['FLIPPER_SHADOW'] === 'true',
      policy: buildFlipPolicy(config),
      signals: openSignals(config, distribution, undefined, aws),
      openStore,
      channels,
      // Not console.log: Lambda puts a time and an id before its lines, and CloudWatch then sees no metrics in them.
      write: (line) => void stdout.write(`${escapeForeign(line)}\n`),
    });
  };
  return async (event: unknown, context: LambdaContext): Promise<RunReport> => {
    // Secrets are read once, at the cold start. When that fails, the next invocation tries again.
    opened ??= open();
    opened.catch(() => {
      opened = undefined;
    });
    return (await opened)(event, context);
  };
}
