import { isIP } from 'node:net';
import { isRegion } from './choose-region.ts';
import { maskDatabaseUrl, poolDatabaseUrl } from './database-url.ts';
import { verifySecretPattern } from './origin-app.ts';
import { checkUpstreamRegion } from './upstream-client.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Settings {
  /** HOST, the address to listen on. Default 127.0.0.1; the image sets 0.0.0.0. */
  host: string;
  /** PORT. Default 8080. */
  port: number;
  /** AWS_REGION. */
  region: string;
  /** ORIGIN_VERIFY_SECRET. */
  verifySecret: string | undefined;
  /**
   * HEALTH_PUBLIC, true or false: whether viewers who ask through CloudFront see the whole health answer. Default
   * false.
   */
  publicHealth: boolean;
  /** Absent without UPSTREAM_BASE_URL. */
  upstream: UpstreamSettings | undefined;
  /** DATABASE_URL, led through DATABASE_POOLER_HOST and DATABASE_POOLER_PORT when the first of these is set. */
  databaseUrl: string | undefined;
  /** DRAIN_SECONDS in milliseconds. Default 15 s. */
  drainMs: number;
}

export interface UpstreamSettings {
  /** UPSTREAM_NAME, the beginning of the health answer's field. Default `binance`: `binance_accessible`. */
  name: string;
  /** UPSTREAM_BASE_URL. */
  baseUrl: string;
  /** UPSTREAM_HEALTH_PATH. Default `/api/v3/ping`. */
  healthPath: string;
  /** UPSTREAM_ALLOWED_REGIONS, separated by commas. */
  allowedRegions: readonly string[];
  /** UPSTREAM_TIMEOUT_MS. Default 1.5 s: the flipper waits 3 s for `/health`, which may wait for the upstream. */
  timeoutMs: number;
}

const hostName = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;

/**
 * The settings in an environment, or every problem with it. An empty variable counts as absent. No problem shows a
 * secret.
 */
export function parseSettings(env: Environment): { settings: Settings } | { problems: string[] } {
  const problems: string[] = [];
  const text = (name: string) => (env[name] === undefined || env[name] === '' ? undefined : env[name]);
  const check = (name: string, isGood: boolean, rule: string) => {
    if (!isGood) problems.push(`${name}: ${rule}, found ${JSON.stringify(env[name])}`);
  };
  const integer = (name: string, fallback: number, min: number, max: number) => {
    const found = text(name);
    const value = found === undefined ? fallback : /^\d{1,9}$/.test(found) ? Number(found) : Number.NaN;
    check(name, value >= min && value <= max, `must be a whole number from ${min} to ${max}`);
    return value;
  };

  const region = text('AWS_REGION') ?? '';
  if (region === '') problems.push('AWS_REGION: is needed, such as ap-southeast-1');
  else check('AWS_REGION', isRegion(region), 'must be an AWS region such as ap-southeast-1');

  const settings: Settings = {
    host: text('HOST') ?? '127.0.0.1',
    port: integer('PORT', 8_080, 0, 65_535),
    region,
    verifySecret: readVerifySecret(),
    publicHealth: flag('HEALTH_PUBLIC'),
    upstream: readUpstream(),
    databaseUrl: readDatabaseUrl(),
    // Fargate kills 120 s after SIGTERM at the latest, and requests may still take some seconds after the drain.
    drainMs: integer('DRAIN_SECONDS', 15, 0, 100) * 1_000,
  };
  return problems.length > 0 ? { problems } : { settings };

  function flag(name: string): boolean {
    const found = text(name) ?? 'false';
    check(name, found === 'true' || found === 'false', 'must be true or false');
    return found === 'true';
  }

  function readVerifySecret(): string | undefined {
    const secret = text('ORIGIN_VERIFY_SECRET');
    // Not shown.
    if (secret !== undefined && !verifySecretPattern.test(secret))
      problems.push('ORIGIN_VERIFY_SECRET: must be 32 to 128 of A-Z, a-z and 0-9, such as `openssl rand -hex 32` makes');
    return secret;
  }

  function readUpstream(): UpstreamSettings | undefined {
    const name = text('UPSTREAM_NAME') ?? 'binance';
    check('UPSTREAM_NAME', /^[a-z][a-z0-9_]{0,31}$/.test(name), 'must be 1 to 32 of a-z, 0-9 and "_", starting with a letter');
    const healthPath = text('UPSTREAM_HEALTH_PATH') ?? '/api/v3/ping';
    check('UPSTREAM_HEALTH_PATH', /^\/[\x21-\x7e]*$/.test(healthPath), 'must be a path that starts with /');
    const timeoutMs = integer('UPSTREAM_TIMEOUT_MS', 1_500, 100, 10_000);
    const allowedRegions = (text('UPSTREAM_ALLOWED_REGIONS') ?? '').split(',').flatMap((item) => (item.trim() === '' ? [] : [item.trim()]));
    const wrong = allowedRegions.filter((item) => !isRegion(item));
    check('UPSTREAM_ALLOWED_REGIONS', wrong.length === 0, 'must be AWS regions separated by commas');
    const baseUrl = text('UPSTREAM_BASE_URL');
    if (baseUrl === undefined) {
      if (allowedRegions.length > 0) problems.push('UPSTREAM_BASE_URL: is needed when UPSTREAM_ALLOWED_REGIONS is set');
      return undefined;
    }
    // Not shown: people put keys into URLs.
    if (!isBaseUrl(baseUrl)) problems.push('UPSTREAM_BASE_URL: must be an http or https URL without user, password, query and fragment');
    if (allowedRegions.length === 0)
      problems.push('UPSTREAM_ALLOWED_REGIONS: is needed when UPSTREAM_BASE_URL is set, such as ap-southeast-1,eu-central-1');
    else if (wrong.length === 0 && isRegion(region)) {
      const refusal = checkUpstreamRegion(region, allowedRegions);
      if (refusal !== undefined) problems.push(`AWS_REGION: ${refusal}`);
    }
    return { name, baseUrl, healthPath, allowedRegions, timeoutMs };
  }

  function readDatabaseUrl(): string | undefined {
    const url = text('DATABASE_URL');
    const host = text('DATABASE_POOLER_HOST');
    const port = text('DATABASE_POOLER_PORT') === undefined ? undefined : integer('DATABASE_POOLER_PORT', 0, 1, 65_535);
    if (host === undefined && port !== undefined) problems.push('DATABASE_POOLER_HOST: is needed when DATABASE_POOLER_PORT is set');
    if (host !== undefined)
      check('DATABASE_POOLER_HOST', hostName.test(host) || isIP(host) !== 0, 'must be a host name or an address alone');
    if (host !== undefined && url === undefined) problems.push('DATABASE_URL: is needed when DATABASE_POOLER_HOST is set');
    if (url === undefined) return undefined;
    const pooled = poolDatabaseUrl(url, host === undefined ? undefined : { host, port });
    if ('url' in pooled) return pooled.url;
    problems.push(`DATABASE_URL: ${pooled.problem}`);
    return undefined;
  }
}

/** The settings for the log, without their secrets. */
export function describeSettings({ verifySecret, databaseUrl, ...settings }: Settings): Record<string, unknown> {
  return {
    ...settings,
    verifies: verifySecret !== undefined,
    ...(databaseUrl !== undefined && { database: maskDatabaseUrl(databaseUrl) }),
  };
}

function isBaseUrl(text: string): boolean {
  // The parser drops line breaks and tabs that other parsers may take differently.
  if (!/^https?:\/\/[\x21-\x7e]+$/.test(text) || !URL.canParse(text)) return false;
  const { username, password, search, hash } = new URL(text);
  return [username, password, search, hash].every((part) => part === '');
}
