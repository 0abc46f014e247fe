import { randomBytes } from 'node:crypto';
import { env, stderr, stdout } from 'node:process';
// In plain JavaScript: the package puts it in the place of the native one as well.
import '@aws-sdk/signature-v4a';
import distributionFile from '../distribution.json' with { type: 'json' };
import edgeConfig from '../edge.config.ts';
import { openAws } from '../src/aws/clients.ts';
import { openFlagStore } from '../src/aws/open-flag-store.ts';
import { checkOriginsAgree, parseDistribution } from '../src/config/distribution-file.ts';
import { parseEdgeConfig } from '../src/config/edge-config.ts';
import { buildFlipPolicy } from '../src/health/flip-policy.ts';
import type { FlagStore } from '../src/health/key-change.ts';
import { openFlipperLambda } from '../src/lambda/flipper-lambda.ts';
import { pickFlipperParts } from '../src/lambda/pick-flipper-parts.ts';
import { openChannels } from '../src/operations/notify/open-channels.ts';
import { openSignals } from '../src/operations/open-signals.ts';

// The flipper's Lambda: `npm run flipper:package` makes one file of this and all it imports, infra/flipper.yaml sets its environment.
// A configuration that makes no sense fails here, at the cold start, which the alarm on the function's silence tells of.

const config = parseEdgeConfig(edgeConfig);
const distribution = parseDistribution(JSON.stringify(pickFlipperParts(distributionFile)), env);
checkOriginsAgree(config, distribution);
const aws = openAws({ env });
const { channels, problems } = openChannels(config.notifications, env, aws);
for (const problem of problems) stderr.write(`${problem}\n`);

let opened: Promise<FlagStore> | undefined;

export const handler = openFlipperLambda({
  name: env['AWS_LAMBDA_FUNCTION_NAME'] ?? 'flipper',
  // One log stream per environment: its end is as good as a process id.
  by: `flipper@lambda:${env['AWS_LAMBDA_LOG_STREAM_NAME']?.slice(-8) ?? randomBytes(4).toString('hex')}`,
  shadow: env['FLIPPER_SHADOW'] === 'true',
  policy: buildFlipPolicy(config),
  signals: openSignals(config, distribution, undefined, aws),
  openStore: () => {
    opened ??= openFlagStore({ env, isLocal: false, name: config.keyValueStoreName }).then(({ store }) => store);
    opened.catch(() => {
      opened = undefined;
    });
    return opened;
  },
  channels,
  // Not console.log: Lambda puts a time and an id before its lines, and CloudWatch then sees no metrics in them.
  write: (line) => void stdout.write(`${line}\n`),
});
