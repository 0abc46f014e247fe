import { setTimeout as sleepFor } from 'node:timers/promises';
import { liveReader, openAws } from '../src/aws/clients.ts';
import { readCallerIdentity } from '../src/aws/credentials.ts';
import { openFlagStore } from '../src/aws/open-flag-store.ts';
import { nameOperator, showTarget } from '../src/cli/ask-to-write.ts';
import { defineCommand } from '../src/cli/command.ts';
import { duration, flag, percent, text, url } from '../src/cli/option.ts';
import { loadDistribution } from '../src/config/load-distribution.ts';
import { openProject } from '../src/config/open-project.ts';
import { listReportedPlaces } from '../src/config/origin-names.ts';
import { routingOf } from '../src/config/services.ts';
import { maxOverrideMs } from '../src/core/flip.ts';
import { listAudiences } from '../src/core/viewer-shares.ts';
import { prices } from '../src/cost/prices.ts';
import { failoverCommands, parseIntent } from '../src/failover/failover-intent.ts';
import { openChannels } from '../src/flipper/notify/open-channels.ts';
import { healthPath, openEdgeView, whyNotAsked } from '../src/probe/edge-view.ts';
import { probeOrigin, proveOrigin } from '../src/probe/probe-origin.ts';
import { drillConfig } from './drill/drill-config.ts';
import { openLiveExpectations } from './failover/open-live-expectations.ts';
import { runFailover } from './failover/run-failover.ts';

export default defineCommand({
  usage: 'failover -- <status|to|drain|auto|report|history> [origin] [opinion] [options]',
  summary: 'Moves viewers between origins by hand, until the time that you give, and shows where they go.',
  examples: [
    'failover -- status --local',
    'failover -- to europe --for 2h --reason "ALB 5xx"',
    'failover -- drain singapore --weight 25 --for 30m --reason "slow"',
    'failover -- auto --reason "Singapore has recovered"',
    'failover -- report singapore unhealthy --source prom --ttl 10m',
  ],
  positionals: [
    { name: 'command', choices: failoverCommands },
    { name: 'origin', optional: true },
    { name: 'opinion', optional: true },
  ],
  options: {
    for: duration('to, drain: how long the override lasts, 72h at most', { maxMs: maxOverrideMs }),
    reason: text('to, drain, auto, report: the reason, which the audit keeps'),
    weight: percent('drain: the share of its own viewers that the origin keeps, 0 by default'),
    source: text('report: name of the monitor, as in a signal of type reported in edge.config.ts', { placeholder: 'name' }),
    ttl: duration('report: how long the opinion holds, 1m to 1h'),
    by: text('author in the audit, $USER@host by default', { placeholder: 'name' }),
    'break-glass': text('to, drain: move viewers although it is unsafe, for this reason', { placeholder: 'why' }),
    yes: flag('write without asking'),
    'no-verify': flag('do not check whether the edge follows'),
    'verify-for': duration('how long to wait for the edge', { fallback: 120_000 }),
    edge: url('the edge to ask; with --local it is the local edge'),
    watch: flag('status: redraw until Ctrl-C'),
    local: flag('use the running local cloud instead of AWS'),
  },
  main: async ({ values, positionals }, io) => {
    const { config } = await openProject(io);
    const origins = Object.keys(config.origins);
    const intent = parseIntent(positionals, values, origins, io.now());
    const { signal } = io;
    const opening = { env: io.env, isLocal: values.local, config, log: io.progress, signal };
    const isStatus = intent.command === 'status';
    // Loaded before any clock runs: what a probe has 500 ms for must not be spent on that.
    const [{ store, arn, local }] = await Promise.all([
      openFlagStore(opening),
      ...(isStatus ? [import('../src/probe/probe.ts'), import('@aws-sdk/client-cloudfront')] : []),
    ]);
    const edgeUrl = values.edge ?? local?.edge;
    // A status must come within 1 s here and 2 s on AWS, even in an outage, when the edge itself waits for an origin.
    const statusMs = values.local ? 500 : 1_500;
    const timeoutMs = isStatus ? statusMs : 5_000;
    const routing = routingOf(config, healthPath(config).split('?', 1)[0] ?? '');
    const edgeNotAsked = whyNotAsked(config);
    const audiences = listAudiences(config);
    const watchMs = values.local ? 2_000 : 10_000;
    const aws = openAws({ env: io.env, local });
    const probing = {
      config,
      distribution: loadDistribution({ config, env: io.env, local, readLive: liveReader(aws.cloudFront, isStatus ? statusMs : 10_000) }),
      local: local?.origins,
      signal,
    };
    // Status and history never await it.
    probing.distribution.catch(() => undefined);
    const live =
      edgeUrl === undefined || edgeNotAsked !== undefined || !(isStatus || ['to', 'drain', 'auto'].includes(intent.command))
        ? undefined
        : openLiveExpectations(config, local, isStatus ? statusMs : 10_000, io);
    const isWrite = !isStatus && intent.command !== 'history';
    const isMove = isWrite && intent.command !== 'report';
    // Who writes, as AWS knows it, beside the name that people give themselves. With a short timeout: an outage may
    // include STS.
    const identity = isMove && local === undefined ? await readCallerIdentity(aws.sts, 1_500) : undefined;
    const { channels, problems } = openChannels(isMove ? config.notifications : [], io.env, aws);
    for (const problem of problems) io.stderr(`note: ${problem}`);
    const name = values.by ?? nameOperator(io.env);
    const command = {
      store,
      channels,
      expectByLive: live?.expectByLive,
      probeOrigin: (origin: string) => probeOrigin(origin, probing, { timeoutMs: statusMs }),
      edge:
        edgeUrl === undefined || edgeNotAsked !== undefined
          ? undefined
          : openEdgeView({ url: edgeUrl, isLocal: values.local, config, timeoutMs, signal }),
      edgeNotAsked,
      origins,
      places: listReportedPlaces(config),
      namesFlips: config.accessLog !== undefined,
      audiences,
      edgeAudiences: audiences.filter(({ service }) => service === routing?.service),
      by: identity === undefined ? name : `${name} (${identity})`,
      target: showTarget(
        io,
        { isLocal: values.local, resource: `store ${config.keyValueStoreName}`, arn },
        // A status has it in its first line, a write above its question.
        intent.command === 'history' && Boolean(io.env['EDGE_ENV']),
      ),
      yes: values.yes,
      verify: !values['no-verify'],
      verifyTimeoutMs: values['verify-for'],
      watchMs,
      usdPerHour: values.local ? undefined : (3_600_000 / watchMs) * (prices.keyValueStoreCall.usd / prices.keyValueStoreCall.per),
      failback: local?.quick ? drillConfig(config).failover : config.failover,
      sleep: (ms: number) => sleepFor(ms, undefined, { signal }),
      proveOrigin: (origin: string) => proveOrigin(origin, probing),
    };
    return await runFailover(intent, command, io).finally(() => live?.close());
  },
});
