/**
 * A CloudFront on this machine, for tests of your own: real HTTP, the built function, origins that break on command.
 *
 * @example
 * import { createTestHarness } from 'cloudfront-edge-failover/local';
 * import { expect, it } from 'vitest';
 * import config from './edge.config.ts';
 *
 * it('moves viewers of the USA to Europe when Singapore fails', async () => {
 *   await using harness = await createTestHarness({ config });
 *   await harness.assertAnsweredBy('singapore', '/api/orders', { country: 'US', method: 'POST' });
 *   await harness.breakOrigin('singapore', 'hang');
 *   await harness.untilWeight('singapore', 0);
 *   const answer = await harness.fetch('/api/orders', { country: 'US', method: 'POST' });
 *   expect(answer.answeredBy).toBe('europe');
 * });
 */
import { AssertionError } from 'node:assert';
import { resolve } from 'node:path';
import { cwd as workingDirectory } from 'node:process';
import type { LocalCloud as LocalCloudDescription } from '../src/config/local-cloud.ts';
import { locateTeamCode } from '../src/config/open-project.ts';
import { refuseUnknownOrigin } from '../src/config/origin-names.ts';
import { EdgeError } from '../src/errors.ts';
import type { FlipperEvent } from '../src/flipper/flipper-event.ts';
import { resolveConfig, type WrittenConfig } from './config.ts';
import { openRemoteHost, type RemoteHost } from './harness/call-worker.ts';

export type { FlipperEvent } from '../src/flipper/flipper-event.ts';

/**
 * How an origin fails. `refuse`: connections refused. `hang`: accepted, never answered. `slow`: late answers, after
 * 3,000 ms or `slow:<ms>`. `5xx`: 503 or `5xx:<status>`. `bad-body`: broken bodies. `flaky`: every second request gets
 * 503. `half`: half of them at random. `none` ends a fault.
 */
export type Fault =
  | 'none'
  | 'refuse'
  | 'hang'
  | 'slow'
  | '5xx'
  | 'bad-body'
  | 'flaky'
  | 'half'
  | `${'slow' | '5xx' | 'flaky' | 'half'}:${number}`;

/** A request and its viewer. */
export interface ViewerRequest {
  /** Where the viewer is: ISO 3166-1, `US`, or with the subdivision `US-CA`. Default: no known country. */
  country?: string | undefined;
  /** Default 127.0.0.1. */
  ip?: string | undefined;
  /** Default GET. */
  method?: string | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  body?: string | Uint8Array | undefined;
  /**
   * Until the whole answer is there. Default 30,000 ms; the edge itself answers 504 after 10 s of an origin's silence.
   */
  timeoutMs?: number | undefined;
}

/** A whole answer, body included. */
export interface ViewerResponse extends Response {
  /**
   * Alias of the origin that answered; undefined when the edge or its function answered, as with a 502 for an origin
   * that refuses connections.
   */
  readonly answeredBy: string | undefined;
  /** Aliases of the origins that were tried, in order: two when an origin group went on to the second. */
  readonly tried: readonly string[];
  /** Why the edge answered, or why it went on to the second origin; undefined otherwise. */
  readonly reason: string | undefined;
}

export interface LocalCloudOptions {
  /** What edge.config.ts exports. */
  config: WrittenConfig;
  /** One of the configuration's `environments`; required exactly when it has some. */
  environment?: string | undefined;
  /** Folder from which `before`, `after` and `distribution` are named. Default: the working directory. */
  cwd?: string | undefined;
  /** Folder with a distribution.json to serve. Default: the behaviors of the configuration alone. */
  distribution?: string | undefined;
  /**
   * First of the ports on 127.0.0.1: control plane, edge, origins; a harness has no control plane. Default 0: any free
   * ports.
   */
  port?: number | undefined;
  /** Until a write reaches the edge; about 30,000 on AWS. Default 2,000, for a harness 200. */
  propagationMs?: number | undefined;
  /** Whether the health flipper runs, too. Default false, for a harness true. */
  flipper?: boolean | undefined;
  /** Takes lines of the function runtime, such as a stopped run. Default: none. */
  log?: ((line: string) => void) | undefined;
}

/** A running local cloud. All its addresses are on loopback. */
export interface LocalCloud {
  /**
   * Where viewers go: `http://127.0.0.1:…`. A request from elsewhere names its country in the header
   * `x-local-viewer-country`.
   */
  readonly url: string;
  /** Ids, addresses and ports, as `runFlipper` takes them. */
  readonly description: LocalCloudDescription;
  /**
   * For commands with `--local`, as a child process gets them: EDGE_LOCAL_PORT. Empty for a harness, which has no
   * control plane.
   */
  readonly env: Readonly<Record<string, string>>;
  /**
   * Sends one request as a viewer, without following redirects. Rejects with ENDPOINT_UNREACHABLE when no answer comes,
   * as when the viewer's `timeoutMs` is over.
   */
  fetch(path: string, viewer?: ViewerRequest): Promise<ViewerResponse>;
  /**
   * Resolves when the fault is active. ORIGIN_UNKNOWN for another alias than those of the configuration, USAGE for an
   * unknown fault.
   */
  breakOrigin(origin: string, fault: Fault): Promise<void>;
  /** Ends the origin's fault. */
  restoreOrigin(origin: string): Promise<void>;
  /**
   * Stops all processes, frees all ports, removes all temporary files. Calls after it reject with LOCAL_CLOUD_ABSENT;
   * another `close` does nothing.
   */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Opens a local CloudFront with its AWS APIs, set up by the same calls as an account. It runs in a thread of its own,
 * which ends with the process and keeps it alive only while a call waits. Throws EdgeError: CONFIG_INVALID,
 * GATE_REFUSED, PORT_BUSY for a taken port, TOOL_MISSING where workerd is not installed.
 */
export async function openLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const { propagationMs = 2_000, flipper = false } = options;
  return describeCloud(await openHost('cloud', resolveIn(options), { ...options, propagationMs, flipper }));
}

export interface TestHarnessOptions extends LocalCloudOptions {
  /**
   * `quick` probes each 250 ms and fails back after a second, so that a test takes seconds; `configured` keeps the
   * times of the configuration. Default `quick`.
   */
  times?: 'quick' | 'configured' | undefined;
}

/** An operator's weights, which the flipper does not touch until they end. */
export interface OverrideOptions {
  /** Until the override ends. Default 3,600,000 ms, at most 72 h. */
  forMs?: number | undefined;
  /** For the audit. Default `test`. */
  reason?: string | undefined;
  /** Required to leave every origin at weight 0: why. */
  breakGlass?: string | undefined;
}

/** A local cloud for tests, with the verbs of a failover. A record is text such as `ok` or `singapore=0`. */
export interface TestHarness extends LocalCloud {
  /**
   * Writes weights as the flipper does: 0 to 100 by origin, 100 for one that is not named. Resolves to the record,
   * before the edge has it. With a flipper they are its own to change.
   */
  setWeights(weights: Readonly<Record<string, number>>): Promise<string>;
  /**
   * Writes weights as an operator does. Resolves to the record, before the edge has it. USAGE for weights that no
   * override may have.
   */
  override(weights: Readonly<Record<string, number>>, options?: OverrideOptions): Promise<string>;
  /** Ends the override. */
  clearOverride(): Promise<string>;
  /** The health record in the store, and the one that the edge reads. */
  record(): Promise<{ written: string; atEdge: string }>;
  /**
   * Waits until the edge reads this weight for an origin: 0 after a flip away from it, 100 when it has all its viewers
   * again. Resolves to the milliseconds it took. NOT_READY after `timeoutMs`, 10,000 by default, with the record and
   * the verdicts.
   */
  untilWeight(origin: string, weight: number, timeoutMs?: number): Promise<number>;
  /**
   * Sends one request and resolves to its answer. AssertionError when another origin than this one answered, or none.
   */
  assertAnsweredBy(origin: string, path: string, viewer?: ViewerRequest): Promise<ViewerResponse>;
  /** What the flipper reported, without single probes; the newest 10,000. `at` is epoch milliseconds. */
  events(): Promise<readonly { event: FlipperEvent; at: number }[]>;
}

/**
 * Opens a local cloud for a test. Starts within two seconds; several can run at once. With the flipper, it resolves
 * when every origin was found healthy. Throws as `openLocalCloud`, and leaves nothing open then.
 */
export async function createTestHarness(options: TestHarnessOptions): Promise<TestHarness> {
  const { propagationMs = 200, flipper = true, times = 'quick' } = options;
  const config = resolveIn(options);
  const used =
    times === 'quick'
      ? { ...config, health: { ...config.health, ...quickHealth }, failover: { ...config.failover, ...quickFailover } }
      : config;
  const host = await openHost('harness', used, { ...options, propagationMs, flipper });
  const cloud = describeCloud(host);
  return {
    ...cloud,
    setWeights: (weights) => host.call('write', { kind: 'automatic', weights, memory: {} }, 'test'),
    override: (weights, { forMs = 3_600_000, reason = 'test', breakGlass } = {}) =>
      host.call('write', { kind: 'override', weights, until: Date.now() + forMs, ...(breakGlass !== undefined && { breakGlass }) }, reason),
    clearOverride: () => host.call('write', { kind: 'clear' }, 'test'),
    record: () => host.call('record'),
    untilWeight: (origin, weight, timeoutMs = 10_000) => host.call('untilWeight', origin, weight, timeoutMs),
    async assertAnsweredBy(origin, path, viewer = {}) {
      refuseUnknownOrigin(origin, Object.keys(config.origins));
      const answer = await cloud.fetch(path, viewer);
      if (answer.answeredBy === origin) return answer;
      const { atEdge } = await host.call('record');
      const { method = 'GET', country = 'no known country' } = viewer;
      const who = answer.answeredBy ?? `no origin (${answer.status}${answer.reason === undefined ? '' : `, ${answer.reason}`})`;
      throw new AssertionError({
        message: `${method} ${path} of a viewer from ${country} was answered by ${who}, expected ${origin}; the edge reads ${atEdge}`,
        actual: answer.answeredBy,
        expected: origin,
        operator: 'assertAnsweredBy',
      });
    },
    events: () => host.call('events'),
  };
}

const quickHealth = {
  intervalMs: 250,
  fastIntervalMs: 100,
  connectTimeoutMs: 500,
  timeoutMs: 1_000,
  unhealthyThreshold: 3,
  healthyThreshold: 2,
  failureRate: { share: 0.5, windowMs: 5_000, minimum: 4 },
};

const quickFailover = { holdDownMs: 1_000, maxHoldDownMs: 1_000, rampStepMs: 300, minFlipIntervalMs: 100 };

function resolveIn({ config, environment, cwd = workingDirectory() }: LocalCloudOptions) {
  return locateTeamCode(resolveConfig(config, environment), cwd);
}

function openHost(
  kind: 'cloud' | 'harness',
  config: ReturnType<typeof resolveIn>,
  options: LocalCloudOptions & { propagationMs: number; flipper: boolean },
): Promise<RemoteHost> {
  const { environment, cwd = workingDirectory(), distribution, port = 0, propagationMs, flipper, log = () => undefined } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_000)
    throw new EdgeError('USAGE', `port must be a whole number from 0 to 65000, got ${port}`, { hint: '0 takes any free ports' });
  const distributionFolder = distribution === undefined ? undefined : resolve(cwd, distribution);
  return openRemoteHost({ kind, config, environment, port, distributionFolder, propagationMs, flipper }, log);
}

function describeCloud(host: RemoteHost): LocalCloud {
  const { description } = host;
  const breakOrigin = (origin: string, fault: Fault) => host.call('setFault', origin, fault);
  return {
    url: description.edge,
    description,
    env: description.controlPlane === '' ? {} : { EDGE_LOCAL_PORT: new URL(description.controlPlane).port },
    fetch: (path, viewer = {}) => fetchAs(host, path, viewer),
    breakOrigin,
    restoreOrigin: (origin) => breakOrigin(origin, 'none'),
    close: host.close,
    [Symbol.asyncDispose]: host.close,
  };
}

async function fetchAs(host: RemoteHost, path: string, viewer: ViewerRequest): Promise<ViewerResponse> {
  const { country, ip, method = 'GET', headers = {}, body, timeoutMs = 30_000 } = viewer;
  if (!path.startsWith('/')) throw new EdgeError('USAGE', `a path must start with "/", got ${JSON.stringify(path)}`, { hint: `/${path}` });
  const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  if (country !== undefined) sent['x-local-viewer-country'] = country;
  if (ip !== undefined) sent['x-local-viewer-ip'] = ip;
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const { tried, reason, ...answer } = await host.call('send', { path, method, headers: sent, body: bytes, timeoutMs });
  const mayHaveBody = ![204, 205, 304].includes(answer.status);
  const response = new Response(mayHaveBody ? answer.body : null, answer);
  const answeredBy = response.headers.has('x-region') ? tried.at(-1) : undefined;
  const extra = { answeredBy, tried, reason };
  for (const [name, value] of Object.entries(extra)) Object.defineProperty(response, name, { value, enumerable: true });
  return response as ViewerResponse;
}
