import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { EdgeError } from '../errors.ts';
import { parseRecord } from '../text/is-record.ts';
import { messageOf } from '../text/message-of.ts';
import { typed } from '../text/typed.ts';

/** The local cloud as `GET /_local/cloud` on its control plane describes itself. */
export interface LocalCloud {
  /** Base URL of the AWS APIs, such as `http://127.0.0.1:4600`. */
  controlPlane: string;
  /** Base URL of the edge, where viewers go. */
  edge: string;
  accountId: string;
  /** The environment of edge.config.ts that it runs; absent when that has none. */
  environment?: string;
  /** Its flipper works with the drill's short times in place of those of edge.config.ts. */
  quick?: boolean;
  keyValueStoreArn: string;
  distributionId: string;
  /** By origin id. */
  origins: Readonly<Record<string, LocalOrigin>>;
  /** Values for the placeholders of distribution.json. */
  env: Readonly<Record<string, string>>;
}

export interface LocalOrigin {
  domainName: string;
  /** Where to connect in place of the domain name. */
  host: string;
  port: number;
  protocol: 'http' | 'https';
}

/** Port of the local control plane unless EDGE_LOCAL_PORT says otherwise. */
const defaultLocalPort = 4600;

/** Path on the control plane that answers with a LocalCloud as JSON. */
export const localCloudPath = '/_local/cloud';

const startHint = `start it with \`${typed('start')}\`, or set EDGE_LOCAL_PORT to its port`;
const timeoutMs = 3_000;

/**
 * Asks the running local cloud for itself. LOCAL_CLOUD_ABSENT when nothing answers at the port, or something else does.
 */
export async function readLocalCloud(env: Readonly<Record<string, string | undefined>>): Promise<LocalCloud> {
  const url = `http://127.0.0.1:${localPort(env)}${localCloudPath}`;
  let answer: { status: number; body: string };
  try {
    answer = await fetchText(url);
    // A walk-through that is pasted as a whole comes here before the edge is ready.
    for (let waitedMs = 0; isStarting(answer.body) && waitedMs < startingMs; waitedMs += 250) {
      await sleep(250);
      answer = await fetchText(url);
    }
    if (isStarting(answer.body))
      throw new EdgeError('NOT_READY', `the local cloud at ${url} is still starting`, { hint: 'try again in some seconds' });
  } catch (cause) {
    if (cause instanceof EdgeError) throw cause;
    throw new EdgeError('LOCAL_CLOUD_ABSENT', `no local cloud at ${url}: ${messageOf(cause)}`, { cause, hint: startHint });
  }
  const parsed = parseLocalCloud(answer.body);
  if (answer.status === 200 && 'cloud' in parsed) {
    checkEnvironment(parsed.cloud.environment, env['EDGE_ENV']);
    return parsed.cloud;
  }
  const found = 'problems' in parsed ? parsed.problems.join('; ') : `status ${answer.status}`;
  throw new EdgeError('LOCAL_CLOUD_ABSENT', `another program than the local cloud answers at ${url}: ${found}`, { hint: startHint });
}

/** How long a command waits for a local cloud that starts. */
const startingMs = 15_000;

/** What the control plane answers before the edge is ready. */
export const startingAnswer = { problems: ['the local cloud is still starting'] };

function isStarting(body: string): boolean {
  return body.trim() === JSON.stringify(startingAnswer);
}

/**
 * A command in one environment must not work on the records of another. One that reads no configuration needs no
 * environment.
 */
function checkEnvironment(running: string | undefined, chosen: string | undefined): void {
  if (!chosen || running === chosen) return;
  throw new EdgeError(
    'USAGE',
    `the local cloud runs ${running === undefined ? 'no environment' : `environment ${running}`}, and ${chosen} is chosen`,
    {
      hint: `start one for it: ${typed('start --')} --env ${chosen}, with another EDGE_LOCAL_PORT if both are to run`,
    },
  );
}

/** The port of the control plane by the environment. */
export function localPort(env: Readonly<Record<string, string | undefined>>): number {
  const text = env['EDGE_LOCAL_PORT'];
  if (text === undefined || text === '') return defaultLocalPort;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new EdgeError('USAGE', `EDGE_LOCAL_PORT must be a port from 1 to 65535, found ${JSON.stringify(text)}`, {
    hint: `unset it for the default, ${defaultLocalPort}`,
  });
}

const description = z.looseObject({
  controlPlane: z.string(),
  edge: z.string(),
  accountId: z.string(),
  environment: z.string().exactOptional(),
  quick: z.boolean().exactOptional(),
  keyValueStoreArn: z.string(),
  distributionId: z.string(),
  origins: z.record(z.string(), z.object({ domainName: z.string(), host: z.string(), port: z.int(), protocol: z.enum(['http', 'https']) })),
  env: z.record(z.string(), z.string()),
});

/** The description from its JSON text, or everything that is wrong with it. */
export function parseLocalCloud(text: string): { cloud: LocalCloud } | { problems: string[] } {
  const found = description.safeParse(parseRecord(text));
  if (found.success) return { cloud: found.data };
  const problems = found.error.issues.map(({ path, message }) => `${path.join('.') || 'the answer'}: ${message}`);
  return { problems };
}

/** node:http and not fetch: the SDK needs it anyhow, and loading fetch costs a process some 40 ms. */
function fetchText(url: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = get(url, { signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}
