export interface UpstreamOptions {
  /** Where the upstream is, such as `https://api.binance.com`. */
  baseUrl: string;
  /** AWS regions from which it may be called: a third party that refuses a country may ban a caller from there. */
  allowedRegions: readonly string[];
  /** AWS region of this process. */
  region: string;
  /** For the whole of a request, body included. */
  timeoutMs: number;
}

export interface UpstreamClient {
  /**
   * GET of a path below the base URL. Redirects are not followed; rejects when there is no answer in time, and for a
   * path that leads elsewhere.
   */
  get(path: string): Promise<Response>;
}

/** The client of the third party. Throws in a region outside the allowed list, before anything was sent. */
export function openUpstreamClient({ baseUrl, allowedRegions, region, timeoutMs }: UpstreamOptions): UpstreamClient {
  const problem = checkUpstreamRegion(region, allowedRegions);
  if (problem !== undefined) throw new Error(problem);
  const base = new URL(`${baseUrl.replace(/\/+$/, '')}/`);
  return {
    get: async (path) => fetch(below(base, path), { redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) }),
  };
}

/**
 * A path that a viewer sent in part may hold `..`, a backslash or another host: what is asked must still be below the
 * base.
 */
function below(base: URL, path: string): URL {
  const target = new URL(path.replace(/^\//, './'), base);
  const isBelow = path.startsWith('/') && target.origin === base.origin && target.pathname.startsWith(base.pathname);
  if (!isBelow || hidesStep(target.pathname) || target.username !== '' || target.password !== '')
    throw new TypeError(`the path leads out of the upstream: ${path.slice(0, 100)}`);
  return target;
}

/**
 * Whether a segment becomes `..` for a server that decodes the path, twice over or not, takes `\\` for `/`, or drops
 * what follows a `;`.
 */
function hidesStep(path: string): boolean {
  let plain = path;
  for (let before = ''; before !== plain; ) {
    before = plain;
    plain = plain.replace(/%25/g, '%').replace(/%2e/gi, '.').replace(/%2f/gi, '/').replace(/%5c/gi, '\\').replace(/%3b/gi, ';');
  }
  return plain.split(/[/\\]/).some((segment) => /^\.\.(;|$)/.test(segment));
}

/** Why the upstream must not be called from a region; undefined when it may. */
export function checkUpstreamRegion(region: string, allowedRegions: readonly string[]): string | undefined {
  if (allowedRegions.includes(region)) return undefined;
  return `the upstream must not be called from ${region}: its allowed regions are ${allowedRegions.join(', ')}`;
}

/**
 * What is wrong with the upstream's answer at this path, undefined for any 2xx: a refusal by region (451, 403) or rate
 * (429) is a bad answer.
 */
export async function checkUpstream(client: UpstreamClient, path: string): Promise<string | undefined> {
  try {
    const response = await client.get(path);
    await response.arrayBuffer();
    return response.ok ? undefined : `status ${response.status}`;
  } catch (error) {
    return describe(error);
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  const { code } = (error.cause ?? {}) as { code?: string };
  return code ?? error.message;
}
