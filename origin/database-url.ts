/** A connection pooler in front of the database: PgBouncer, RDS Proxy and their like. */
export interface Pooler {
  host: string;
  /** Default: the port that the URL names, as RDS Proxy wants it; PgBouncer listens on 6432. */
  port?: number | undefined;
}

interface UrlParts {
  scheme: string;
  /** `user:password@` as it was written, or nothing. */
  userInfo: string;
  /** `host:port`, several with commas between, or nothing. */
  hosts: string;
  /** Database and parameters, with their `/` and `?`. */
  rest: string;
}

const shape = /^(postgres(?:ql)?:\/\/)((?:[^/?#]*@)?)([^/?#]*)(.*)$/is;
const oneHost = /^(?:\[[0-9a-f:.%]+\]|[^\s:[\]]*)(?::(\d{1,5}))?$/i;

/** Parameters by which PostgreSQL's clients connect elsewhere than the URL's authority says. */
const elsewhere = ['host', 'hostaddr', 'port'];

/**
 * The URL with the pooler's host and port in place of its own; user, password, database, parameters and their
 * percent-encoding stay as they were written, byte by byte. Without a pooler the URL is only checked. A problem never
 * shows the URL.
 */
export function poolDatabaseUrl(url: string, pooler: Pooler | undefined): { url: string } | { problem: string } {
  const parts = parseDatabaseUrl(url);
  if ('problem' in parts || pooler === undefined) return 'problem' in parts ? parts : { url };
  const port = pooler.port ?? portOf(parts.hosts);
  const host = pooler.host.includes(':') ? `[${pooler.host}]` : pooler.host;
  return { url: `${parts.scheme}${parts.userInfo}${host}${port === undefined ? '' : `:${port}`}${parts.rest}` };
}

/** The URL for people and logs: `***` in place of each password; `***` alone unless it is a PostgreSQL URL. */
export function maskDatabaseUrl(url: string): string {
  const parts = parseDatabaseUrl(url);
  if ('problem' in parts) return '***';
  const userInfo = parts.userInfo.replace(/:.*@$/s, ':***@');
  return `${parts.scheme}${userInfo}${parts.hosts}${parts.rest.replace(/([?&][^=&]*password=)[^&]*/gi, '$1***')}`;
}

function parseDatabaseUrl(url: string): UrlParts | { problem: string } {
  const [, scheme, userInfo = '', hosts = '', rest = ''] = shape.exec(url) ?? [];
  if (scheme === undefined) return { problem: 'must start with postgres:// or postgresql://' };
  if (/[\s\p{Cc}]/u.test(url)) return { problem: 'must not hold spaces or control characters: percent-encode them' };
  // An @ behind the host is most likely the end of a password with a / or ? in it.
  if (url.includes('#') || rest.includes('@') || hosts.split(',').some((host) => !isHost(host)))
    return { problem: 'has no valid host and port: percent-encode / ? # @ in user, password and parameters, and a port is 1 to 65535' };
  const names = [...new URLSearchParams(rest.split('?')[1] ?? '').keys()].filter((name) => elsewhere.includes(name.toLowerCase()));
  if (names.length > 0)
    return {
      problem: `names its host or port in a parameter (${names.join(', ')}), which would win over the pooler: write host:port before the database`,
    };
  return { scheme, userInfo, hosts, rest };
}

function isHost(text: string): boolean {
  const match = oneHost.exec(text);
  if (match === null) return false;
  return match[1] === undefined || (Number(match[1]) >= 1 && Number(match[1]) <= 65_535);
}

function portOf(hosts: string): number | undefined {
  const port = oneHost.exec(hosts.split(',')[0] ?? '')?.[1];
  return port === undefined ? undefined : Number(port);
}
