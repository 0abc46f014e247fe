import { watchFile } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EdgeRequestRecord } from '../local/edge/edge-request-record.ts';
import { EdgeError } from '../src/cli/errors.ts';
import { choice, duration, flag, integer, text } from '../src/cli/option.ts';
import { readTextFile } from '../src/cli/read-text-file.ts';
import { run } from '../src/cli/run.ts';
import { distributionPath, readDistribution } from '../src/config/distribution-file.ts';
import { parseStoreData } from '../src/edge/parse-store-data.ts';

await run({
  usage: 'edge -- --function <file> [options]',
  summary:
    'A local CloudFront edge that runs any runtime 2.0 function, its source unaltered, until Ctrl-C. A changed file is taken up at once.',
  examples: [
    'edge -- --function rewrite.js',
    'edge -- --function dist/functions/origin-router.js --kvs keys.json',
    'edge -- --function headers.js --event-type viewer-response',
  ],
  endsWithParent: true,
  options: {
    function: text('the function’s JavaScript', { placeholder: 'file' }),
    kvs: text('the keys of its KeyValueStore as JSON; none is associated without it', { placeholder: 'file' }),
    distribution: text('behaviors and origins', { placeholder: 'file', fallback: distributionPath(process.env) }),
    'event-type': choice('when it runs', ['viewer-request', 'viewer-response'], { fallback: 'viewer-request' as const }),
    port: integer('the edge’s port, 0 for any free one', { fallback: 4_610, min: 0, max: 65_535 }),
    propagation: duration('until a change of the keys is at the edge', { fallback: 2_000 }),
    locations: integer('edge locations, each with its own copy of the keys', { fallback: 1, min: 1, max: 50 }),
    quiet: flag('do not print requests'),
  },
  main: async ({ values }, io) => {
    const { function: file, kvs } = values;
    if (file === undefined) throw new EdgeError('USAGE', '--function is missing', { hint: 'a JavaScript file with a top-level handler' });
    const [code, keys] = await Promise.all([readTextFile(file), kvs === undefined ? undefined : readTextFile(kvs)]);
    const parsed = kvs === undefined || keys === undefined ? undefined : parseStoreData(keys, kvs);
    const distribution = await readDistribution(values.distribution, localNames(io.env));
    // Loads esbuild and the AWS SDK, which a misused command need not wait for.
    const { openFileEdge } = await import('../local/open-file-edge.ts');
    const cloud = await openFileEdge({
      code,
      eventType: values['event-type'],
      keys: parsed,
      distribution,
      port: values.port,
      propagation: { delayMs: values.propagation, locations: values.locations },
      onRequest: (record) => {
        if (io.json) io.stdout(JSON.stringify({ event: 'request', ...record }));
        else if (!values.quiet) io.stdout(formatRequest(record));
      },
      log: io.stderr,
    });
    try {
      const origins = Object.fromEntries(Object.entries(cloud.origins).map(([id, { url }]) => [id, url]));
      const lines = Object.entries(origins).map(([id, url]) => `${id.padEnd(15)} ${url}`);
      io.result({ event: 'ready', edge: cloud.edge.url, origins }, [`edge            ${cloud.edge.url}`, ...lines, '']);
      follow(file, cloud.setCode, io.stderr);
      if (kvs !== undefined) follow(kvs, (content) => cloud.setKeys(parseStoreData(content, kvs)), io.stderr);
      await sleep(2 ** 31 - 1, undefined, { signal: io.signal }).catch(() => undefined);
      return 0;
    } finally {
      await cloud.close();
    }
  },
});

/** Local values for a distribution's placeholders: what the environment names, else `singapore.localhost` for SINGAPORE_DOMAIN and so on. */
function localNames(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return new Proxy({ ...env } as Record<string, string | undefined>, {
    get: (known, name: string) =>
      known[name] ??
      (name === 'AWS_ACCOUNT_ID'
        ? '111122223333'
        : `${name
            .replace(/_DOMAIN$/, '')
            .toLowerCase()
            .replaceAll('_', '-')}.localhost`),
  });
}

/** Polls, since a file that an editor replaces is lost to other ways of watching. What cannot be read or parsed is told, and the last good one stays. */
function follow(file: string, use: (content: string) => void, tell: (line: string) => void): void {
  watchFile(file, { interval: 200, persistent: false }, () => {
    readTextFile(file)
      .then(use)
      .then(() => tell(`${file} taken up`))
      .catch((error: Error) => tell(`${file}: ${error.message}`));
  });
}

function formatRequest({ at, method, path, status, xCache, origins, decision, ms, reason }: EdgeRequestRecord): string {
  const way = origins.length === 0 ? 'no origin' : origins.join(' then ');
  const more = [decision, reason].filter((part) => part !== undefined).join(', ');
  return `${new Date(at).toISOString().slice(11, 19)} ${method} ${path} ${status} ${xCache}, ${way}, ${Math.round(ms)} ms${more === '' ? '' : ` (${more})`}`;
}
