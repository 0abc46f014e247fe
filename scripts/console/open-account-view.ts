import { createHash } from 'node:crypto';
import { healthKey } from '../../kvs/keys.ts';
import type { ConsoleSource, FlipperNews } from '../../local/console/console-source.ts';
import type { Second, TargetState } from '../../local/console/wire.ts';
import { metricsRegion } from '../../src/aws/alarms.ts';
import type { Aws } from '../../src/aws/clients.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import { samplePaths } from '../../src/config/services.ts';
import { auditHistory } from '../../src/core/audit.ts';
import type { FlagStore } from '../../src/core/flag-store.ts';
import type { AnyRuntime } from '../../src/edge/ask/ask.ts';
import { buildFunction } from '../../src/edge/build.ts';
import type { FunctionSource } from '../../src/edge/execution.ts';
import { EdgeError } from '../../src/errors.ts';
import { explainCountries } from '../../src/explain/explain.ts';
import { describeValues } from '../../src/failover/failover-status.ts';
import { listLogFiles } from '../../src/log/read-log.ts';
import type { OriginProbe } from '../../src/probe/probe-origin.ts';
import { messageOf } from '../../src/text/message-of.ts';
import { formatTimeline } from '../../src/timeline/format-timeline.ts';
import { readTimeline } from '../../src/timeline/timeline.ts';
import { answerForm, type FormTools } from '../failover/answer-form.ts';
import type { CallMeter } from './call-meter.ts';
import { describeNoFigures, minuteMs, readDistributionTraffic } from './read-cloudwatch.ts';

export interface AccountOptions {
  config: EdgeConfig;
  target: TargetState;
  store: FlagStore;
  arn: string;
  aws: Aws;
  meter: CallMeter;
  runtime: AnyRuntime;
  /** For CloudWatch; undefined when nothing names it. */
  distributionId: string | undefined;
  /** False: the local cloud, which has no CloudWatch. */
  hasCloudWatch: boolean;
  /** The edge's URL, when it is known. */
  edge: string | null;
  /** Access logs: a file or a folder. */
  logs: string | undefined;
  everyMs: number;
  tools: FormTools;
  probeOrigin(origin: string): Promise<OriginProbe>;
  token: string;
  now(): number;
  signal: AbortSignal;
}

export interface AccountView {
  source: ConsoleSource;
  /** Reads the store; rejects when it cannot. */
  readStore(): Promise<void>;
  /** Reads what is due, as long as a page is open. Never rejects. `onNews` gets the probes. */
  poll(onNews: (news: FlipperNews, at: number) => void): Promise<void>;
}

/** Pages of keys: the whole store of a flipper is one. */
const maxPages = 4;
const figuresMs = 120 * minuteMs;
const codeEveryMs = 300_000;

/** An account as the console sees it: nothing is asked while no page is open. */
export function openAccountView(options: AccountOptions): AccountView {
  const { config, target, store, aws, meter, everyMs, now, tools } = options;
  const origins = Object.keys(config.origins);
  const hints = new Map<string, string>();
  let values: ReadonlyMap<string, string> = new Map();
  let live: FunctionSource | undefined;
  let seconds: readonly Second[] = [];
  let logLines: readonly string[] = [];
  let logsRead = '';
  let isCheckout = false;
  const due = new Map<string, number>();
  const running = new Set<string>();
  let readAt: number | null = null;

  /**
   * Runs a step when its time has come and its last run is over; a failure is a hint, and the step is tried again at
   * its next time.
   */
  async function every(
    name: string,
    ms: number,
    step: () => Promise<void>,
    describe = (error: unknown) => `${name}: ${describeProblem(error)}`,
  ): Promise<void> {
    if (running.has(name) || now() < (due.get(name) ?? 0)) return;
    running.add(name);
    due.set(name, now() + ms);
    try {
      await step();
      hints.delete(name);
    } catch (error) {
      if (!options.signal.aborted) hints.set(name, describe(error));
    }
    // A step that takes longer than its time must not follow itself at once; one that was made due meanwhile stays due.
    if (due.has(name)) due.set(name, now() + ms);
    running.delete(name);
  }

  async function readStore(): Promise<void> {
    values = (await store.list(maxPages)).values;
    readAt = now();
  }

  async function readLive(): Promise<void> {
    const { readFunctionCode } = await import('../../src/aws/function.ts');
    const code = await readFunctionCode(await aws.cloudFront(), config.functionName, 'LIVE');
    if (code === undefined) throw new Error(`${config.functionName} was never published: nothing is LIVE`);
    live = { code: Buffer.from(code).toString('utf8'), sha256: createHash('sha256').update(code).digest('hex') };
    isCheckout = false;
    hints.delete('checkout');
  }

  async function readFigures(): Promise<void> {
    if (!options.hasCloudWatch) throw new Error('the local cloud has no CloudWatch; its own console shows every request');
    if (options.distributionId === undefined) throw new Error('no id of the distribution; set EDGE_DISTRIBUTION_ID');
    const to = Math.ceil(now() / minuteMs) * minuteMs;
    seconds = await readDistributionTraffic(await aws.cloudWatch(metricsRegion), options.distributionId, { from: to - figuresMs, to });
  }

  async function readLogs(): Promise<void> {
    if (options.logs === undefined) return;
    const files = await listLogFiles(options.logs);
    const flips = auditHistory(values);
    const found = JSON.stringify([files, flips.map(({ sequence }) => sequence)]);
    if (found === logsRead) return;
    logLines = formatTimeline(await readTimeline({ files, flips, signal: options.signal }));
    logsRead = found;
  }

  const source: ConsoleSource = {
    target,
    edge: options.edge,
    origins: origins.map((id) => ({ id, region: config.origins[id]?.region ?? '', port: null, fault: () => null })),
    locations: [],
    replica: { read: () => ({ values, failReads: false }), settlesAt: () => undefined, faults: null },
    published: {
      store: () => values,
      liveFunction: (arn) =>
        live && { ...live, arn, name: config.functionName, runtime: 'cloudfront-js-2.0', keyValueStoreArn: options.arn },
    },
    storeArn: options.arn,
    healthKey,
    functionArn: () => config.functionName,
    author: tools.by,
    hasFlipper: false,
    probeEveryMs: everyMs,
    viewers: () => null,
    more: {
      stepMs: minuteMs,
      seconds: () => seconds,
      calls: meter.read,
      hints: () => [...hints.values()],
      logs: () => logLines,
      readAt: () => readAt,
    },
    status: (found, at) => ({ ...describeValues(found, origins, at), lastFlips: auditHistory(found) }),
    survey: async ({ source: code, record, now: at }) => {
      const asked = { runtime: options.runtime, source: code, now: at, keyPrefix: config.keyPrefix };
      const groups = await explainCountries(asked, record, origins.length, { path: samplePaths(config)[0]?.path ?? '/' });
      return groups.map(({ countries, shares, ...rest }) => ({
        ...rest,
        countries: countries.map((code) => code ?? null),
        shares: shares ?? null,
      }));
    },
    actions: {
      'POST /api/failover': async (body) => {
        const answer = await answerForm(body, tools);
        due.delete('store');
        return answer;
      },
    },
    token: options.token,
    ...(!target.mayWrite && { refuseWrites: 'this console is read-only; start it with --write to move viewers from here' }),
  };

  return {
    source,
    readStore,
    async poll(onNews) {
      await Promise.all([
        every('store', everyMs, readStore),
        every('LIVE', codeEveryMs, readLive, (error) => {
          const shown = live === undefined || isCheckout ? 'what this checkout would do' : 'the function that was LIVE before';
          return `The map shows ${shown}: ${messageOf(error)}`;
        }),
        every('probes', everyMs, async () => {
          await Promise.all(origins.map(async (origin) => onNews(await probe(origin), now())));
        }),
        every('figures', minuteMs, readFigures, describeNoFigures),
      ]);
      // Gigabytes of logs must not delay the next read of the store.
      void every('logs', minuteMs, readLogs);
      if (live !== undefined) return;
      await every('checkout', codeEveryMs, async () => {
        const { code, sha256 } = await buildFunction(config);
        live = { code, sha256 };
        isCheckout = true;
      });
    },
  };

  async function probe(origin: string): Promise<FlipperNews> {
    const startedAt = performance.now();
    const found = await options.probeOrigin(origin);
    const ms = Math.round(performance.now() - startedAt);
    const opinion = found.kind === 'unreached' ? 'none' : found.kind;
    const [cause = ''] = found.kind === 'good' ? [] : found.problem.split(':', 1);
    return { kind: 'probe', origin, opinion, text: [found.kind, cause, `${ms} ms`].filter(Boolean).join(', ') };
  }
}

function describeProblem(error: unknown): string {
  const hint = error instanceof EdgeError ? error.hint : undefined;
  return hint === undefined ? messageOf(error) : `${messageOf(error)} (${hint})`;
}
