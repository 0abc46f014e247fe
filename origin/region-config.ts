import { maskDatabaseUrl, poolDatabaseUrl } from './database-url.ts';
import { parseSettings } from './settings.ts';

export const regionFormats = ['env', 'json', 'ecs'] as const;

/** The settings of the service by origin id. */
export type ServiceConfig = Readonly<Record<string, ServiceSettings>>;

export interface ServiceSettings {
  /** The third party that the service calls. */
  upstream?: {
    /** The health answer's field is `<name>_accessible`. */
    name: string;
    baseUrl: string;
    /** The path of its own health check. */
    healthPath: string;
    /** AWS regions from which it may be called; in any other the origin refuses to start. */
    allowedRegions: readonly string[];
  };
  database?: {
    /** Takes the place of the host in DATABASE_URL. */
    poolerHost: string;
    /** Default: the port in DATABASE_URL, as RDS Proxy needs it; PgBouncer listens on 6432. */
    poolerPort?: number;
  };
}

export interface RegionConfig {
  /** What the origin's container reads, by name. The password in DATABASE_URL is `***` without `showSecrets`. */
  variables: Readonly<Record<string, string>>;
  /** What a reader must know before using them. */
  notes: readonly string[];
}

export interface RegionConfigOptions {
  /** The database's own URL, without the pooler. */
  databaseUrl: string | undefined;
  /** DATABASE_URL with its password. Default false. */
  showSecrets?: boolean;
}

/**
 * The environment of one region's container, or every problem that would keep the origin from starting with it. No
 * problem shows a secret.
 */
export function buildRegionConfig(
  region: string,
  { upstream, database }: ServiceSettings,
  { databaseUrl, showSecrets = false }: RegionConfigOptions,
): RegionConfig | { problems: string[] } {
  const hasDatabase = databaseUrl !== undefined && databaseUrl !== '';
  const variables: Record<string, string> = {
    AWS_REGION: region,
    ...(upstream && {
      UPSTREAM_NAME: upstream.name,
      UPSTREAM_BASE_URL: upstream.baseUrl,
      UPSTREAM_HEALTH_PATH: upstream.healthPath,
      UPSTREAM_ALLOWED_REGIONS: upstream.allowedRegions.join(','),
    }),
    ...(hasDatabase && { DATABASE_URL: databaseUrl }),
    ...(database && { DATABASE_POOLER_HOST: database.poolerHost }),
    ...(database?.poolerPort !== undefined && { DATABASE_POOLER_PORT: String(database.poolerPort) }),
  };
  // The pooler is checked without a database, too.
  const parsed = parseSettings({ DATABASE_URL: 'postgres://database/name', ...variables });
  if ('problems' in parsed) return parsed;
  if (!hasDatabase) {
    const note = 'DATABASE_URL is not set here, so the line is left out; the origin needs it beside DATABASE_POOLER_HOST';
    return { variables, notes: database === undefined ? [] : [note] };
  }
  const pooled = poolDatabaseUrl(databaseUrl, database && { host: database.poolerHost, port: database.poolerPort });
  if ('problem' in pooled) return { problems: [`DATABASE_URL: ${pooled.problem}`] };
  const masked = maskDatabaseUrl(pooled.url);
  const isMasked = !showSecrets && masked !== pooled.url;
  return {
    variables: { ...variables, DATABASE_URL: isMasked ? masked : pooled.url },
    notes: isMasked ? ['the password in DATABASE_URL is masked; --show-secrets prints it'] : [],
  };
}

/** Lines that `eval`, `source`, `node --env-file` and, where nothing is quoted, `docker --env-file` read alike. */
export function formatEnvLines(variables: Readonly<Record<string, string>>): string[] {
  return Object.entries(variables).map(([name, value]) => `${name}=${quote(value)}`);
}

/**
 * For `environment` of a container definition. Without DATABASE_URL, which belongs in `secrets`: a task definition is
 * readable by all who may describe it.
 */
export function formatEcsEnvironment(variables: Readonly<Record<string, string>>): { name: string; value: string }[] {
  return Object.entries(variables).flatMap(([name, value]) => (name === 'DATABASE_URL' ? [] : [{ name, value }]));
}

function quote(value: string): string {
  // No quoting of an apostrophe is common to all readers. Only a URL can hold one here, and percent-encoded it is the
  // same URL.
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", '%27')}'`;
}
