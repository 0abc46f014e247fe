import { randomBytes } from 'node:crypto';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { openConsole } from '../local/console/console.ts';
import type { FlipperNews } from '../local/console/console-source.ts';
import { liveReader, openAws } from '../src/aws/clients.ts';
import { checkAccount, readCallerIdentity } from '../src/aws/credentials.ts';
import { openKeyValueStore } from '../src/aws/key-value-store.ts';
import { findKeyValueStoreArn } from '../src/aws/open-flag-store.ts';
import { nameOperator, showTarget } from '../src/cli/ask-to-write.ts';
import { defineCommand } from '../src/cli/command.ts';
import { duration, flag, integer, text } from '../src/cli/option.ts';
import { loadDistribution } from '../src/config/load-distribution.ts';
import { readLocalCloud } from '../src/config/local-cloud.ts';
import { openProject } from '../src/config/open-project.ts';
import { listAudiences } from '../src/core/viewer-shares.ts';
import { EdgeError } from '../src/errors.ts';
import { openChannels } from '../src/flipper/notify/open-channels.ts';
import { listLogFiles } from '../src/log/read-log.ts';
import { probeOrigin, proveOrigin } from '../src/probe/probe-origin.ts';
import { openCallMeter } from './console/call-meter.ts';
import { openAccountView } from './console/open-account-view.ts';
import { openRuntime } from './function/open-runtime.ts';

const leastEveryMs = 5_000;

export default defineCommand({
  usage: 'console -- [options]',
  summary:
    "Shows an account in the browser, until Ctrl-C: record, audit, probes from this machine, CloudWatch's figures. Read-only without --write. Open the address that it prints: it contains a token for this run only.",
  examples: ['console -- --env prod', 'console -- --env prod --write', 'console -- --env prod --logs logs/', 'console -- --local'],
  endsWithParent: true,
  options: {
    write: flag('let the page move viewers, after it has shown the plan'),
    logs: text('access logs, for the timeline', { placeholder: 'folder' }),
    every: duration('time between two reads of the store and two probes of each origin', { fallback: 15_000 }),
    port: integer('the port on this machine; default any free one', { fallback: 0, min: 0, max: 65_535 }),
    by: text('author in the audit, $USER@host by default', { placeholder: 'name' }),
    local: flag('use the running local cloud instead of AWS'),
  },
  main: async ({ values }, io) => {
    if (values.every < leastEveryMs && !values.local)
      throw new EdgeError('USAGE', '--every must be at least 5s: each read of the store is paid', { hint: 'the default is 15s' });
    if (values.logs !== undefined) await listLogFiles(values.logs);
    const { config, environment } = await openProject(io);
    const { signal, now } = io;
    const local = values.local ? await readLocalCloud(io.env) : undefined;
    const meter = openCallMeter();
    const aws = meter.watch(openAws({ env: io.env, local }));
    const arn = local?.keyValueStoreArn ?? (await findKeyValueStoreArn(aws, config.keyValueStoreName, io.env['EDGE_KVS_ARN']));
    const account = arn.split(':')[4] ?? null;
    if (local === undefined) checkAccount(account ?? undefined, config.accountId);
    const store = openKeyValueStore(await aws.keyValueStore(), arn, { keyPrefix: config.keyPrefix, log: io.progress, signal });
    showTarget(io, { isLocal: values.local, resource: `store ${config.keyValueStoreName}`, arn });
    const distribution = loadDistribution({ config, env: io.env, local, readLive: liveReader(aws.cloudFront, 10_000) });
    distribution.catch(() => undefined);
    const probing = { config, distribution, local: local?.origins, signal };
    const origins = Object.keys(config.origins);
    const name = values.by ?? nameOperator(io.env);
    const identity = values.write && local === undefined ? await readCallerIdentity(aws.sts, 1_500) : undefined;
    const { channels, problems } = openChannels(values.write ? config.notifications : [], io.env, aws);
    for (const problem of problems) io.stderr(`note: ${problem}`);
    const token = randomBytes(24).toString('base64url');
    const runtime = await openRuntime(io);
    const opened = openAccountView({
      config,
      target: {
        name: environment ?? (values.local ? 'local cloud' : 'AWS'),
        isLocal: false,
        account,
        store: config.keyValueStoreName,
        mayWrite: values.write,
      },
      ...{ store, arn, aws, meter, runtime, token, now, signal },
      distributionId: local?.distributionId ?? (io.env['EDGE_DISTRIBUTION_ID'] || config.distributions?.[0]?.id),
      hasCloudWatch: local === undefined,
      edge: local?.edge ?? null,
      logs: values.logs,
      everyMs: values.every,
      probeOrigin: (origin) => probeOrigin(origin, probing, { timeoutMs: 5_000 }),
      tools: {
        store,
        origins,
        namesFlips: config.accessLog !== undefined,
        audiences: listAudiences(config),
        by: name,
        identity,
        channels,
        now,
        signal,
        sleep: (ms) => sleepFor(ms, undefined, { signal }),
        proveOrigin: (origin) => proveOrigin(origin, probing),
      },
    });
    // Ctrl-C does not wait for a call that hangs.
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    try {
      // A store that cannot be read is the command's failure; an empty one would look calm.
      await opened.readStore();
      const early: [FlipperNews, number][] = [];
      await Promise.race([opened.poll((...news) => early.push(news)), stopped]);
      signal.throwIfAborted();
      const page = await openConsole({
        port: values.port,
        source: opened.source,
        now,
        busyHint: 'stop the program that listens on it, or choose another --port',
      });
      for (const news of early) page.onNews(...news);
      const url = `${page.url}/?token=${token}`;
      io.result({ event: 'ready', console: url, mayWrite: values.write }, [
        `console  ${url}`,
        values.write ? 'writes   allowed: --write' : 'writes   refused: start it with --write to move viewers from the page',
      ]);
      try {
        while (!signal.aborted) {
          if (page.pages() > 0) await Promise.race([opened.poll(page.onNews), stopped]);
          await sleepFor(500, undefined, { signal }).catch(() => undefined);
        }
        return 0;
      } finally {
        await page.close();
      }
    } finally {
      await runtime.close();
    }
  },
});
