export interface UpstreamOptions {
  /** Where the upstream is, such as `https://api.binance.com`. */
  baseUrl: string;
  /** AWS regions from which it may be called: a third party that refuses a country may ban whoever calls from there. */
  allowedRegions: readonly string[];
  /** AWS region of this process. */
  region: string;
  /** For the whole of a request, body included. */
  timeoutMs: number;
}

export interface UpstreamClient {
  /** GET of a path below the base URL. Redirects are not followed; rejects when there is no answer in time. */
  get(path: string): Promise<Response>;
}

/** The client of the third party. Throws in a region outside the allowed list, before anything was sent. */
export function openUpstreamClient({ baseUrl, allowedRegions, region, timeoutMs }: UpstreamOptions): UpstreamClient {
  const problem = checkUpstreamRegion(region, allowedRegions);
  if (problem !== undefined) throw new Error(problem);
  const base = baseUrl.replace(/\/+$/, '');
  return {
    get: (path) => fetch(base + path, { redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) }),
  };
}

/** Why the upstream must not be called from a region; undefined when it may. */
export function checkUpstreamRegion(region: string, allowedRegions: readonly string[]): string | undefined {
  if (allowedRegions.includes(region)) return undefined;
  return `the upstream must not be called from ${region}: its allowed regions are ${allowedRegions.join(', ')}`;
}

/** What is wrong with the upstream's answer at this path, undefined for any 2xx: a refusal by region (451, 403) or rate (429) is no good answer. */
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
