/**
 * Which origin serves a viewer, and why: the built function runs, and none of its logic is repeated.
 *
 * @example
 * import { explainViewer } from 'cloudfront-edge-failover/explain';
 * import config from './edge.config.ts';
 *
 * const { decision, rule } = await explainViewer(config, { country: 'US', method: 'POST' }, { record: 'singapore=0' });
 * console.log(decision.origins, rule);
 */
import { isIP } from 'node:net';
import { env, cwd as workingDirectory } from 'node:process';
import { okRecord, parseHealthRecord } from '../kvs/health-record.ts';
import type { EdgeConfig } from '../src/config/edge-config.ts';
import { locateTeamCode } from '../src/config/open-project.ts';
import { listAddresses, listCountries } from '../src/config/services.ts';
import { type AnyRuntime, type Asked, someIp } from '../src/edge/ask/ask.ts';
import { judgeRun } from '../src/edge/judge/judge.ts';
import { findNjs, openNjsRuntime } from '../src/edge/njs/njs.ts';
import { EdgeError } from '../src/errors.ts';
import {
  type CountryGroup,
  type Explanation,
  explainCountries as explainAll,
  explainViewer as explainOne,
} from '../src/explain/explain.ts';
import { type BuildOptions, buildFunction } from './build.ts';
import { resolveConfig, type WrittenConfig } from './config.ts';

export type { RouteDecision } from '../src/edge/ask/ask.ts';
export type { ConsideredOrigin, CountryGroup, Explanation } from '../src/explain/explain.ts';

/** A viewer and its request. */
export interface ExplainedViewer {
  /** ISO 3166-1, `US`, or with the subdivision `US-CA`. Default: a viewer of no known country. */
  country?: string | undefined;
  /** Default GET. */
  method?: string | undefined;
  /** Matters while a weight is partial, and where an order has shares. Default 203.0.113.7. */
  ip?: string | undefined;
  /** Without the query. Default `/`. */
  path?: string | undefined;
  /** Further headers, by name in any case. */
  headers?: Readonly<Record<string, string>> | undefined;
}

export interface ExplainOptions extends BuildOptions {
  /** The health record, such as `singapore=0` or `europe=25`. Default `ok`: every origin is healthy. */
  record?: string | undefined;
  /** Epoch milliseconds: decides whether an entry of the record has ended. Default: now. */
  now?: number | undefined;
}

/**
 * Where one viewer goes, and why. Runs in njs where that is installed, else in workerd, which must be installed then:
 * TOOL_MISSING. Throws EdgeError as `buildFunction` does, ORIGIN_UNKNOWN for a record with an origin that the
 * configuration lacks, and USAGE for a viewer that cannot be.
 */
export async function explainViewer(
  config: WrittenConfig,
  viewer: ExplainedViewer = {},
  options: ExplainOptions = {},
): Promise<Explanation> {
  const { country, method = 'GET', ip = someIp, path = '/', headers = {} } = viewer;
  if (isIP(ip) === 0) throw new EdgeError('USAGE', `ip must be an IPv4 or IPv6 address, got ${JSON.stringify(ip)}`);
  if (!path.startsWith('/')) throw new EdgeError('USAGE', `path must start with "/", got ${JSON.stringify(path)}`);
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const { record = okRecord } = options;
  return withFunction(config, options, (asked, resolved) =>
    explainOne(asked, {
      viewer: { country, method, ip, uri: path.split('?', 1)[0] ?? path, headers: lower },
      record,
      config: resolved,
    }),
  );
}

/**
 * All countries under a record, those that the function treats alike in one group, the largest first. `path` chooses
 * the service, `/` by default. Throws as `explainViewer`.
 */
export async function explainCountries(
  config: WrittenConfig,
  { path, ...options }: ExplainOptions & { path?: string | undefined } = {},
): Promise<CountryGroup[]> {
  return withFunction(config, options, (asked, resolved) =>
    explainAll(asked, options.record ?? okRecord, Object.keys(resolved.origins).length, {
      path,
      countries: listCountries(resolved),
      addresses: listAddresses(resolved, someIp),
    }),
  );
}

async function withFunction<T>(
  config: WrittenConfig,
  options: ExplainOptions,
  ask: (asked: Asked, resolved: EdgeConfig) => Promise<T>,
): Promise<T> {
  const { cwd = workingDirectory(), now = Date.now() } = options;
  const resolved = locateTeamCode(resolveConfig(config, options.environment), cwd);
  checkRecord(options.record, resolved);
  const { code, sha256 } = await buildFunction(config, options);
  const runtime = await openRuntime(options, now);
  try {
    const { origins, keys, keyPrefix } = resolved;
    return await ask({ runtime, source: { code, sha256 }, now, origins, keys, keyPrefix }, resolved);
  } finally {
    await runtime.close();
  }
}

function checkRecord(record: string | undefined, { origins }: EdgeConfig): void {
  const unknown = parseHealthRecord(record ?? okRecord)?.find(({ origin }) => !Object.hasOwn(origins, origin));
  if (unknown === undefined) return;
  throw new EdgeError('ORIGIN_UNKNOWN', `the record names the origin "${unknown.origin}", which the configuration does not have`, {
    hint: `origins: ${Object.keys(origins).join(', ')}`,
  });
}

async function openRuntime({ njs, signal }: ExplainOptions, now: number): Promise<AnyRuntime> {
  const path = njs === false ? undefined : (njs ?? findNjs(env['PATH']));
  if (path !== undefined) return openNjsRuntime({ njs: path, judge: judgeRun, now: () => now, signal });
  const { openFunctionRuntime } = await import('../local/runtime/function-runtime.ts');
  return openFunctionRuntime({ now: () => now });
}
