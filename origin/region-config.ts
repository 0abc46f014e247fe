import type { EdgeConfig } from '../src/config/edge-config.ts';
import { EdgeError } from '../src/errors.ts';
import { nearestName } from '../src/text/nearest-name.ts';
import { maskDatabaseUrl, poolDatabaseUrl } from './database-url.ts';

export const regionFormats = ['env', 'json', 'ecs'] as const;

export interface RegionConfig {
  /** What the origin's container reads, by name; the password in DATABASE_URL is `***` unless asked for. */
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

/** The environment of an origin's container by edge.config.ts. ORIGIN_UNKNOWN names the origins there are; CONFIG_INVALID when the database's URL is none. */
export function buildRegionConfig(config: Pick<EdgeConfig, 'origins'>, id: string, options: RegionConfigOptions): RegionConfig {
  const origin = Object.hasOwn(config.origins, id) ? config.origins[id] : undefined;
  if (origin === undefined) {
    const known = Object.keys(config.origins);
    const near = nearestName(id, known);
    throw new EdgeError('ORIGIN_UNKNOWN', `no origin of edge.config.ts is called ${JSON.stringify(id)}`, {
      hint: `${near === undefined ? '' : `did you mean ${near}? `}origins: ${known.join(', ')}`,
    });
  }
  const { region, upstream, database } = origin;
  const notes: string[] = [];
  const databaseUrl = buildDatabaseUrl();
  return {
    variables: {
      AWS_REGION: region,
      ...(upstream && {
        UPSTREAM_NAME: upstream.name,
        UPSTREAM_BASE_URL: upstream.baseUrl,
        UPSTREAM_HEALTH_PATH: upstream.healthPath,
        UPSTREAM_ALLOWED_REGIONS: upstream.allowedRegions.join(','),
      }),
      ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
      ...(database && { DATABASE_POOLER_HOST: database.poolerHost }),
      ...(database?.poolerPort !== undefined && { DATABASE_POOLER_PORT: String(database.poolerPort) }),
    },
    notes,
  };

  function buildDatabaseUrl(): string | undefined {
    if (options.databaseUrl === undefined || options.databaseUrl === '') {
      if (database !== undefined)
        notes.push('DATABASE_URL is not set here: the line is left out, and the origin needs it beside DATABASE_POOLER_HOST');
      return undefined;
    }
    const pooled = poolDatabaseUrl(options.databaseUrl, database && { host: database.poolerHost, port: database.poolerPort });
    if ('problem' in pooled)
      throw new EdgeError('CONFIG_INVALID', `DATABASE_URL of the environment ${pooled.problem}`, {
        hint: 'it has the shape postgres://user:password@host:port/database',
      });
    const masked = maskDatabaseUrl(pooled.url);
    if (options.showSecrets || masked === pooled.url) return pooled.url;
    notes.push('the password in DATABASE_URL is masked; --show-secrets prints it');
    return masked;
  }
}

/** Lines that `eval`, `source`, `node --env-file` and, where nothing is quoted, `docker --env-file` read alike. */
export function formatEnvLines(variables: Readonly<Record<string, string>>): string[] {
  return Object.entries(variables).map(([name, value]) => `${name}=${quote(value)}`);
}

/** For `environment` of a container definition. Without DATABASE_URL: whoever may describe a task definition reads it, so that it belongs into `secrets`. */
export function formatEcsEnvironment(variables: Readonly<Record<string, string>>): { name: string; value: string }[] {
  return Object.entries(variables).flatMap(([name, value]) => (name === 'DATABASE_URL' ? [] : [{ name, value }]));
}

function quote(value: string): string {
  // Only a URL can hold an apostrophe here, for which no quoting is common to all readers; percent-encoded it is the same URL.
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", '%27')}'`;
}
