import { hostname } from 'node:os';
import { pid } from 'node:process';
import { openAws } from '../src/aws/clients.ts';
import { openFlagStore } from '../src/aws/open-flag-store.ts';
import { showTarget } from '../src/cli/ask-to-write.ts';
import { defineCommand } from '../src/cli/command.ts';
import type { Io } from '../src/cli/io.ts';
import { duration, flag, text } from '../src/cli/option.ts';
import { type EdgeConfig, parseEdgeConfig } from '../src/config/edge-config.ts';
import { openProject } from '../src/config/open-project.ts';
import { formatCost } from '../src/cost/format-cost.ts';
import { EdgeError } from '../src/errors.ts';
import { runConfiguredFlipper } from '../src/flipper/configured-flipper.ts';
import type { FlipperSummary } from '../src/flipper/flipper.ts';
import type { FlipperLog } from '../src/flipper/flipper-event.ts';
import { formatEventJson, formatEventText } from '../src/flipper/format-flipper-event.ts';

const options = {
  watch: flag('run until Ctrl-C or SIGTERM'),
  once: flag('probe until the verdicts are clear, decide, end; exit code 1 when an origin is unhealthy and its viewers cannot be moved'),
  shadow: flag('report what it would do, write nothing'),
  cost: flag('print calls and dollars per month for this configuration, and end'),
  by: text('the name in the audit; no two flippers may share one (default flipper@host:pid)', { placeholder: 'name' }),
  interval: duration('use this instead of health.intervalMs'),
  'fast-interval': duration('use this instead of health.fastIntervalMs'),
  'hold-down': duration('use this instead of failover.holdDownMs'),
  'ramp-step': duration('use this instead of failover.rampStepMs'),
  local: flag('use the running local cloud instead of AWS'),
};

export default defineCommand({
  usage: 'flipper -- <--watch|--once|--cost> [options]',
  summary: 'Probes every origin, and moves viewers away from one that fails. Moves them back in steps when it has recovered.',
  examples: ['flipper -- --watch --local', 'flipper -- --once', 'flipper -- --watch --shadow --json'],
  options,
  main: async ({ values }, io) => {
    const config = parseEdgeConfig(withTimes((await openProject(io)).config, values));
    if (values.cost) {
      const { value, lines } = formatCost(config);
      io.result(value, lines);
      return 0;
    }
    if (values.watch === values.once)
      throw new EdgeError('USAGE', values.watch ? '--watch and --once exclude each other' : 'either --watch or --once is required', {
        hint: '--watch for a process that keeps running, --once for cron',
      });
    // Viewers on a dead origin must not wait because a log is full or its reader has died.
    io.outlivesReaders = values.watch;
    // Not io.signal: a write that is on its way when SIGTERM arrives is finished, so that its end is known.
    const opening = { env: io.env, isLocal: values.local, config, log: io.progress };
    const { store, arn, local } = await openFlagStore(opening);
    if (values.once) showTarget(io, { isLocal: values.local, resource: `store ${config.keyValueStoreName}`, arn }, false);
    const aws = openAws({ env: io.env, local });
    const summary = await runConfiguredFlipper({
      mode: values.watch ? 'watch' : 'once',
      shadow: values.shadow,
      by: values.by ?? `flipper@${hostname()}:${pid}`,
      config,
      env: io.env,
      aws,
      store,
      local,
      log: openLog(io, values),
      report: io.stderr,
      signal: io.signal,
    });
    if (values.watch) return 0;
    io.signal.throwIfAborted();
    const { evidence, held, stranded } = summary;
    io.result({ evidence, held, stranded }, formatSummary(summary));
    return held === 'panic' || held === 'fallback-unproven' || stranded.length > 0 ? 1 : 0;
  },
});

type Times = Readonly<Record<'interval' | 'fast-interval' | 'hold-down' | 'ramp-step', number | undefined>>;

/** The configuration with the times of the command line; it is checked again as a whole. */
function withTimes(config: EdgeConfig, times: Times): EdgeConfig {
  const intervalMs = times.interval ?? config.health.intervalMs;
  const holdDownMs = times['hold-down'] ?? config.failover.holdDownMs;
  const rampStepMs = times['ramp-step'] ?? config.failover.rampStepMs;
  // Steps nearer than the minimum delay would only wait for it.
  const minFlipIntervalMs = Math.min(rampStepMs, config.failover.minFlipIntervalMs);
  return {
    ...config,
    health: { ...config.health, intervalMs, fastIntervalMs: times['fast-interval'] ?? Math.min(intervalMs, config.health.fastIntervalMs) },
    failover: { ...config.failover, holdDownMs, rampStepMs, minFlipIntervalMs },
  };
}

/** The events of `--watch` are its result, on stdout; those of `--once` lead to a result and go to stderr. */
function openLog(io: Io, { watch }: { watch: boolean }): FlipperLog {
  const write = watch ? io.stdout : io.stderr;
  return (event, at) => {
    if (event.event === 'probe' && !io.verbose) return;
    write(io.json ? formatEventJson(event, at) : formatEventText(event, at, io));
  };
}

function formatSummary({ evidence, held, stranded }: FlipperSummary): string[] {
  const verdicts = Object.entries(evidence).map(
    ([id, { verdict, why }]) => `${id} ${verdict}${verdict === 'unhealthy' ? ` (${why})` : ''}`,
  );
  const left = stranded.map((id) => `${id} still has viewers`);
  return [...verdicts, ...left, held === undefined || held === 'steady' ? 'nothing left to do' : `held: ${held}`];
}
