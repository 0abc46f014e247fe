/**
 * The health flipper in a process or Lambda of your own.
 *
 * @example
 * import { runFlipper } from 'cloudfront-edge-failover/flipper';
 * import config from './edge.config.ts';
 *
 * const stop = new AbortController();
 * process.once('SIGTERM', () => stop.abort());
 * await runFlipper({
 *   config,
 *   signal: stop.signal,
 *   log: (event, at) => console.log(JSON.stringify({ at: new Date(at).toISOString(), ...event })),
 * });
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { pid, env as processEnv, stdout } from 'node:process';
import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { type Aws, openAws } from '../src/aws/clients.ts';
import { openFlagStore } from '../src/aws/open-flag-store.ts';
import { readSecretValues } from '../src/aws/secret-values.ts';
import { parseDistribution } from '../src/config/distribution-file.ts';
import type { EdgeConfig } from '../src/config/edge-config.ts';
import { type Environment, parseProject } from '../src/config/environments.ts';
import { useDistribution } from '../src/config/load-distribution.ts';
import type { LocalCloud } from '../src/config/local-cloud.ts';
import { listReportedPlaces } from '../src/config/origin-names.ts';
import { buildFlipPolicy } from '../src/config/services.ts';
import type { FlagStore } from '../src/core/flag-store.ts';
import type { SignalSource } from '../src/core/signal.ts';
import { listAudiences } from '../src/core/viewer-shares.ts';
import { EdgeError } from '../src/errors.ts';
import { runConfiguredFlipper } from '../src/flipper/configured-flipper.ts';
import type { FlipperSummary } from '../src/flipper/flipper.ts';
import type { FlipperEvent } from '../src/flipper/flipper-event.ts';
import { openFlipperLambda, type RunReport } from '../src/flipper/lambda/flipper-lambda.ts';
import { openChannels } from '../src/flipper/notify/open-channels.ts';
import { openSignals } from '../src/flipper/open-signals.ts';
import { openReportBook, type ReportBook } from '../src/flipper/report-book.ts';
import { proveOrigin } from '../src/probe/probe-origin.ts';
import { openRemote, type RemoteAnswer, type RemoteOptions } from '../src/remote/remote.ts';
import { escapeForeign } from '../src/text/terminal-text.ts';
import type { WrittenConfig } from './config.ts';

export type { FailureClass, ProbeResult, SignalSource } from '../src/core/signal.ts';
export type { FlipperEvent } from '../src/flipper/flipper-event.ts';
export type { RunReport } from '../src/flipper/lambda/flipper-lambda.ts';
export type { RemoteAnswer } from '../src/remote/remote.ts';

export interface FlipperSettings {
  config: WrittenConfig;
  /** One of the configuration's `environments`; required exactly when it has some. Default: EDGE_ENV of `env`. */
  environment?: string | undefined;
  /**
   * What the commands read from the environment: AWS_*, EDGE_KVS_ARN, secrets, addresses of notifications. Default:
   * `process.env`.
   */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Reports what it would do, writes nothing. Default false. */
  shadow?: boolean | undefined;
  /** Further evidence by origin, beside the signals of the configuration. */
  signals?: Readonly<Record<string, readonly SignalSource[]>> | undefined;
}

export interface RunFlipperOptions extends FlipperSettings {
  /**
   * `watch` goes on until `signal` is aborted; `once` probes until the verdicts are clear, decides and ends. Default
   * `watch`.
   */
  mode?: 'watch' | 'once' | undefined;
  /** The name in the audit; no two flippers may share one. Default `flipper@host:pid`. */
  by?: string | undefined;
  /** Ends between probes; a write on its way is finished. Required for `watch`. */
  signal?: AbortSignal | undefined;
  /** Takes every event; must neither throw nor block. `at` is epoch milliseconds. Default: none. */
  log?: ((event: FlipperEvent, at: number) => void) | undefined;
  /** A local cloud in place of AWS: `cloud.description` of `openLocalCloud`. */
  local?: LocalCloud | undefined;
}

/** What a flipper knew at its end. */
export interface FlipperResult {
  /** `healthy`, `unhealthy` or `unknown` by origin. */
  verdicts: Readonly<Record<string, 'healthy' | 'unhealthy' | 'unknown'>>;
  /** What prevented a move at the end, such as `override`; undefined before the first decision. */
  held: string | undefined;
  /** Unhealthy origins that still have viewers. */
  stranded: readonly string[];
}

/**
 * Probes every origin, moves viewers away from one that fails, and back when it has recovered. Resolves when it has
 * ended. Rejects with EdgeError before the first probe: CONFIG_INVALID, CONFIG_MISSING, ORIGIN_UNKNOWN, USAGE,
 * NOT_FOUND, CREDENTIALS and what else opening the store can bring; `watch` later reports every failure to `log` and
 * tries again.
 */
export async function runFlipper(options: RunFlipperOptions): Promise<FlipperResult> {
  const { mode = 'watch', shadow = false, by = `flipper@${hostname()}:${pid}`, log = () => undefined, local } = options;
  if (mode === 'watch' && options.signal === undefined)
    throw new EdgeError('USAGE', 'runFlipper needs `signal` to watch: without it nothing could end it', {
      hint: "pass an AbortSignal, or mode: 'once'",
    });
  const { signal = new AbortController().signal } = options;
  const { config, env } = openSettings(options);
  const aws = openAws({ env, local });
  const { store } = local === undefined ? await openFlagStore({ env, isLocal: false, config }) : await openLocalStore(aws, local, config);
  const addFurther = (configured: Readonly<Record<string, readonly SignalSource[]>>) => addSignals(configured, options.signals);
  const summary = await runConfiguredFlipper({ mode, shadow, by, config, env, aws, store, local, log, signal, addSignals: addFurther });
  return describe(summary);
}

export interface LambdaOptions extends FlipperSettings {
  /**
   * distribution.json as an object, with its `${NAME}` placeholders. Default: the configuration's `domainName` of each
   * origin.
   */
  distribution?: object | undefined;
}

/** Of what Lambda hands over, all that the handler reads. */
export interface FlipperContext {
  getRemainingTimeInMillis(): number;
  /** Ends in `:operator` or `:reporter` where an action came by that alias. */
  invokedFunctionArn?: string;
  awsRequestId?: string;
}

/**
 * The flipper as a Lambda handler: `export const handler = createLambdaHandler({ config })`. It knows the schedule,
 * alarms and manual invocations, and by the aliases `operator` and `reporter` the actions of docs/remote.md. It writes
 * one JSON line for each event, with metrics. Throws CONFIG_INVALID at once; the handler rejects when secrets or the
 * store cannot be read.
 */
export function createLambdaHandler(
  options: LambdaOptions,
): (event: unknown, context: FlipperContext) => Promise<RunReport | RemoteAnswer> {
  const { config, env } = openSettings(options);
  const aws = openAws({ env });
  const shadow = options.shadow ?? env['FLIPPER_SHADOW'] === 'true';
  const openStore = retried(async () => reports.watched((await openFlagStore({ env, isLocal: false, config })).store));
  const reports: ReportBook = openReportBook({ openStore });
  const open = retried(async () => {
    const secretArn = env['EDGE_SECRET_ARN'];
    const values = { ...env, ...(secretArn ? await readSecretValues(aws.secretsManager, secretArn) : {}) };
    const { channels, problems } = openChannels(config.notifications, values, aws);
    for (const problem of problems) writeLine(problem);
    const distribution = readDistribution(options, config, values);
    const flipper = openFlipperLambda({
      name: env['AWS_LAMBDA_FUNCTION_NAME'] ?? 'flipper',
      // One log stream per environment: its end is as good as a process id.
      by: `flipper@lambda:${env['AWS_LAMBDA_LOG_STREAM_NAME']?.slice(-8) ?? randomBytes(4).toString('hex')}`,
      shadow,
      policy: buildFlipPolicy(config),
      signals: addSignals(openSignals(config, distribution, undefined, aws, reports), options.signals),
      openStore,
      channels,
      write: writeLine,
    });
    const remote: RemoteOptions = {
      regions: Object.fromEntries(Object.entries(config.origins).map(([id, { region }]) => [id, region])),
      audiences: listAudiences(config),
      places: listReportedPlaces(config),
      openStore,
      proveOrigin: (origin, signal) =>
        proveOrigin(origin, { config, distribution: Promise.resolve(distribution), local: undefined, signal }),
      channels,
      shadow,
      runFlipper: (context) => flipper({ run: 'report' }, context),
      write: writeLine,
    };
    return openRemote(remote, flipper);
  });
  return async (event: unknown, context: FlipperContext) => (await open())(event, context);
}

function openSettings({ config, environment, env = processEnv }: FlipperSettings): { config: EdgeConfig; env: Environment } {
  return parseProject(config, environment === undefined ? env : { ...env, EDGE_ENV: environment });
}

/** ORIGIN_UNKNOWN for evidence about an origin that the configuration does not have: nothing would ever read it. */
function addSignals(
  configured: Readonly<Record<string, readonly SignalSource[]>>,
  further: FlipperSettings['signals'] = {},
): Record<string, readonly SignalSource[]> {
  const unknown = Object.keys(further).find((id) => !Object.hasOwn(configured, id));
  if (unknown !== undefined)
    throw new EdgeError('ORIGIN_UNKNOWN', `signals name the origin "${unknown}", which the configuration does not have`, {
      hint: `origins: ${Object.keys(configured).join(', ')}`,
    });
  return Object.fromEntries(Object.entries(configured).map(([id, sources]) => [id, [...sources, ...(further[id] ?? [])]]));
}

async function openLocalStore(aws: Aws, local: LocalCloud, { keyPrefix }: EdgeConfig): Promise<{ store: FlagStore }> {
  const [{ openKeyValueStore }, client] = await Promise.all([import('../src/aws/key-value-store.ts'), aws.keyValueStore()]);
  return { store: openKeyValueStore(client, local.keyValueStoreArn, { keyPrefix }) };
}

function readDistribution({ distribution }: LambdaOptions, config: EdgeConfig, values: Environment): DistributionConfig {
  return useDistribution(config, distribution && parseDistribution(JSON.stringify(distribution), values), values);
}

function describe({ evidence, held, stranded }: FlipperSummary): FlipperResult {
  return { verdicts: Object.fromEntries(Object.entries(evidence).map(([id, { verdict }]) => [id, verdict])), held, stranded };
}

/** What `open` resolved to the first time. After a failure the next call tries again. */
function retried<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined;
  return () => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
}

/** Not console.log: Lambda puts a time and an id before its lines, and CloudWatch then sees no metrics in them. */
function writeLine(line: string): void {
  stdout.write(`${escapeForeign(line)}\n`);
}
