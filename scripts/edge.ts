import { watchFile } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { type UnservedPart, unservedParts } from '../local/edge/edge-plan.ts';
import type { EdgeRequestRecord } from '../local/edge/exchange.ts';
import { type CustomPolicies, findPolicies } from '../local/edge/policies.ts';
import type { EventType } from '../local/open-file-edge.ts';
import type { OriginMap } from '../local/resolve-on-loopback.ts';
import { defineCommand } from '../src/cli/command.ts';
import { readTextFile } from '../src/cli/files.ts';
import type { Io } from '../src/cli/io.ts';
import { choice, flag, integer, text } from '../src/cli/option.ts';
import { distributionPath, hasDistribution, readDistribution } from '../src/config/distribution-file.ts';
import { buildLocalDistribution } from '../src/config/load-distribution.ts';
import { openProject } from '../src/config/open-project.ts';
import { findNjs } from '../src/edge/njs/njs.ts';
import { parseStoreData } from '../src/edge/parse-test-input.ts';
import { EdgeError } from '../src/errors.ts';
import { lineOf } from '../src/text/message-of.ts';
import { propagationOption } from './start/propagation-option.ts';

export default defineCommand({
  usage: 'edge -- --function <file> [options]',
  summary: 'Runs a local CloudFront edge with any runtime 2.0 function, unchanged, until Ctrl-C. It reloads a file when it changes.',
  examples: [
    'edge -- --function rewrite.js',
    'edge -- --function dist/functions/origin-router.js --kvs keys.json',
    'edge -- --function headers.js --event-type viewer-response',
    'edge -- --function auth.js --viewer-response headers.js',
    'edge -- --function dates.js --engine njs',
    'edge -- --function a.js --origin files.test=http://127.0.0.1:9000',
  ],
  endsWithParent: true,
  options: {
    function: text('the function’s JavaScript', { placeholder: 'file' }),
    'viewer-response': text('a second function’s JavaScript, for the responses to the first one’s requests', { placeholder: 'file' }),
    origin: text('the address of a domain that the distribution does not have; several separated by commas', { placeholder: 'name=url' }),
    kvs: text('the keys of its KeyValueStore as JSON; without it the function has none', { placeholder: 'file' }),
    distribution: text('behaviors and origins; distribution.json by default, else those of edge.config.ts', { placeholder: 'file' }),
    policies: text(
      'the account’s own policies, as `aws cloudfront get-cache-policy` and similar commands print them; several files separated by commas',
      {
        placeholder: 'file',
      },
    ),
    without: text(`serve without these parts, which are not emulated: ${unservedParts.join(', ')}`, { placeholder: 'parts' }),
    'event-type': choice('when the function runs', ['viewer-request', 'viewer-response'], { fallback: 'viewer-request' as const }),
    port: integer('the edge’s port, 0 for any free one', { fallback: 4_610, min: 0, max: 65_535 }),
    propagation: propagationOption,
    locations: integer('edge locations, each with its own copy of the keys', { fallback: 1, min: 1, max: 50 }),
    engine: choice('njs is exact and slow, workerd is fast; auto uses njs where they may differ', ['auto', 'workerd', 'njs'], {
      fallback: 'auto' as const,
    }),
    quiet: flag('do not print requests'),
  },
  main: async ({ values }, io) => {
    const { function: file, kvs } = values;
    if (file === undefined) throw new EdgeError('USAGE', '--function is missing', { hint: 'a JavaScript file with a top-level handler' });
    const second = values['viewer-response'];
    if (second !== undefined && values['event-type'] === 'viewer-response')
      throw new EdgeError('USAGE', '--viewer-response and --event-type viewer-response name two functions for the same event', {
        hint: '--function is the viewer-request function when --viewer-response names the other one',
      });
    const files = { [values['event-type']]: file, ...(second !== undefined && { 'viewer-response': second }) };
    const origins = parseOriginMap(values.origin ?? '');
    const without = parseParts(values.without ?? '');
    const policies = await readPolicies(values.policies ?? '');
    const functions: Partial<Record<EventType, string>> = {};
    for (const [eventType, path] of Object.entries(files)) functions[eventType as EventType] = await readTextFile(path);
    const keys = kvs === undefined ? undefined : await readTextFile(kvs);
    const parsed = kvs === undefined || keys === undefined ? undefined : parseStoreData(keys, kvs);
    const distribution = await chooseDistribution(values.distribution, io);
    // Loaded late: it needs esbuild and the AWS SDK, which takes time.
    const { openFileEdge } = await import('../local/open-file-edge.ts');
    const cloud = await openFileEdge({
      functions,
      origins,
      policies,
      without,
      keys: parsed,
      distribution,
      port: values.port,
      propagation: { ...values.propagation.propagation, locations: values.locations },
      onRequest: (record) => {
        if (io.json) io.stdout(JSON.stringify({ event: 'request', ...record }));
        else if (!values.quiet) io.stdout(formatRequest(record));
      },
      log: io.stderr,
      engine: values.engine,
      njs: findNjs(io.env['PATH']),
    });
    try {
      const urls = Object.fromEntries(Object.entries(cloud.origins).map(([id, { url }]) => [id, url]));
      const lines = Object.entries(urls).map(([id, url]) => `${id.padEnd(15)} ${url}`);
      io.result({ event: 'ready', edge: cloud.edge.url, origins: urls }, [`edge            ${cloud.edge.url}`, ...lines, '']);
      for (const [eventType, path] of Object.entries(files))
        follow(path, (content) => cloud.setCode(eventType as EventType, content), io.stderr);
      if (kvs !== undefined) follow(kvs, (content) => cloud.setKeys(parseStoreData(content, kvs)), io.stderr);
      await sleep(2 ** 31 - 1, undefined, { signal: io.signal }).catch(() => undefined);
      return 0;
    } finally {
      await cloud.close();
    }
  },
});

function parseParts(list: string): Set<UnservedPart> {
  const parts = list.split(',').filter((part) => part !== '');
  const unknown = parts.find((part) => !unservedParts.some((known) => known === part));
  if (unknown !== undefined)
    throw new EdgeError('USAGE', `--without: unknown part "${unknown}"`, { hint: `parts: ${unservedParts.join(', ')}` });
  return new Set(parts as UnservedPart[]);
}

async function chooseDistribution(file: string | undefined, { env }: Io): Promise<DistributionConfig> {
  const names = localNames(env);
  if (file !== undefined || hasDistribution(env)) return readDistribution(file ?? distributionPath(env), names);
  return buildLocalDistribution((await openProject({ env })).config, names);
}

async function readPolicies(list: string): Promise<CustomPolicies> {
  const found: unknown[] = [];
  for (const file of list.split(',').filter((name) => name !== '')) {
    const answer = parseJson(await readTextFile(file), file);
    const { cache, originRequest } = findPolicies(answer);
    if (cache.size + originRequest.size === 0)
      throw new EdgeError('CONFIG_INVALID', `${file} has no cache policy and no origin request policy`, {
        hint: 'aws cloudfront get-cache-policy --id …, get-origin-request-policy, or the list of either, saved as JSON',
      });
    found.push(answer);
  }
  return findPolicies(found);
}

function parseJson(content: string, file: string): unknown {
  try {
    return JSON.parse(content.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new EdgeError('CONFIG_INVALID', `${file} is not JSON: ${lineOf(cause)}`, { cause });
  }
}

/**
 * Values for a distribution's placeholders: from the environment, otherwise `singapore.localhost` for SINGAPORE_DOMAIN
 * and so on.
 */
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

/** Parses `assets.example.net=http://127.0.0.1:9000,img.example.net=https://img.example.net`. */
function parseOriginMap(text: string): OriginMap {
  const pairs = text === '' ? [] : text.split(',');
  return new Map(
    pairs.map((pair) => {
      const [, name = '', address = ''] = /^([A-Za-z0-9._-]+)=(.+)$/.exec(pair.trim()) ?? [];
      const url = URL.canParse(address) ? new URL(address) : undefined;
      const protocol = url?.protocol === 'http:' ? 'http' : url?.protocol === 'https:' ? 'https' : undefined;
      if (url === undefined || protocol === undefined || url.pathname !== '/' || url.search !== '')
        throw new EdgeError('USAGE', `--origin must be a domain and a URL without a path, got ${JSON.stringify(pair)}`, {
          hint: '--origin assets.example.net=http://127.0.0.1:9000',
        });
      const port = url.port === '' ? (protocol === 'http' ? 80 : 443) : Number(url.port);
      return [name.toLowerCase(), { host: url.hostname.replace(/^\[|\]$/g, ''), port, protocol }];
    }),
  );
}

/**
 * Polls, because other ways of watching lose a file that an editor replaces. Reports a file that cannot be read or
 * parsed, and keeps the last good one.
 */
function follow(file: string, use: (content: string) => void, note: (line: string) => void): void {
  watchFile(file, { interval: 200, persistent: false }, () => {
    readTextFile(file)
      .then(use)
      .then(() => note(`${file} reloaded`))
      .catch((error: Error) => note(`${file}: ${error.message}`));
  });
}

function formatRequest(record: EdgeRequestRecord): string {
  const { at, method, path, status, xCache, origins, decision, ms, reason, viewerRequestLogData, viewerResponseLogData } = record;
  const way = origins.length === 0 ? 'no origin' : origins.join(' then ');
  const data = [viewerRequestLogData && `log data ${viewerRequestLogData}`, viewerResponseLogData && `log data ${viewerResponseLogData}`];
  const more = [decision, ...data, reason].filter(Boolean).join(', ');
  return `${new Date(at).toISOString().slice(11, 19)} ${method} ${path} ${status} ${xCache}, ${way}, ${Math.round(ms)} ms${more === '' ? '' : ` (${more})`}`;
}
