import { type Aws, liveReader } from '../aws/clients.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import type { Environment } from '../config/environments.ts';
import { loadDistribution } from '../config/load-distribution.ts';
import type { LocalCloud } from '../config/local-cloud.ts';
import { buildFlipPolicy } from '../config/services.ts';
import type { FlagStore } from '../core/flag-store.ts';
import type { SignalSource } from '../core/signal.ts';
import { type FlipperOptions, type FlipperSummary, runFlipper } from './flipper.ts';
import { openNotifier } from './notify/notifier.ts';
import { openChannels } from './notify/open-channels.ts';
import { openSignals } from './open-signals.ts';
import { localReportCheckMs, openReportBook } from './report-book.ts';

type SignalsByOrigin = Readonly<Record<string, readonly SignalSource[]>>;

export interface ConfiguredFlipperOptions extends Pick<FlipperOptions, 'mode' | 'shadow' | 'by' | 'log' | 'signal'> {
  config: EdgeConfig;
  /** Addresses of notifications and the values of distribution.json's placeholders. */
  env: Environment;
  aws: Aws;
  store: FlagStore;
  local: LocalCloud | undefined;
  /** Takes the configured signals and adds the caller's. Default: adds none. */
  addSignals?: (configured: SignalsByOrigin) => SignalsByOrigin;
  /** Takes each problem of the notifications' settings, in a line. Default: nothing is reported. */
  report?: (problem: string) => void;
}

/** For notifications that are on their way at the end. */
const drainMs = 5_000;

/** The flipper with what a configuration names: its policy, signals, reports and notifications. */
export async function runConfiguredFlipper(options: ConfiguredFlipperOptions): Promise<FlipperSummary> {
  const { config, env, aws, store, local, shadow, by, log, addSignals = (configured) => configured, report } = options;
  const distribution = await loadDistribution({ config, env, local, readLive: liveReader(aws.cloudFront) });
  const reports = openReportBook({ openStore: async () => store, ...(local && { checkMs: localReportCheckMs }) });
  const signals = addSignals(openSignals(config, distribution, local?.origins, local === undefined ? aws : undefined, reports));
  const { channels, problems } = openChannels(config.notifications, env, aws);
  for (const problem of problems) report?.(problem);
  const notifier = openNotifier({ channels: shadow ? [] : channels, by, log });
  return runFlipper({
    mode: options.mode,
    shadow,
    by,
    policy: buildFlipPolicy(config),
    signals,
    store: reports.watched(store),
    log: (event, at) => {
      log(event, at);
      notifier.take(event, at);
    },
    signal: options.signal,
  }).finally(() => notifier.close(drainMs));
}
