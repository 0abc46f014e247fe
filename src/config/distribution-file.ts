import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DistributionConfig, Origin } from '@aws-sdk/client-cloudfront';
import { EdgeError } from '../errors.ts';
import { isRecord } from '../text/is-record.ts';
import { lineOf } from '../text/message-of.ts';
import type { EdgeConfig } from './edge-config.ts';
import type { Environment } from './environments.ts';
import { locateProject } from './open-project.ts';

const placeholder = /\$\{([A-Z][A-Z0-9_]*)\}/g;

/** Where distribution.json is: in the folder of the project. */
export function distributionPath(env: Environment): string {
  return join(locateProject(env).folder, 'distribution.json');
}

/**
 * Reads distribution.json and fills its `${NAME}` placeholders from the environment. PLACEHOLDER_MISSING lists every
 * name that is unset or empty.
 */
export async function readDistribution(path: string, env: Environment): Promise<DistributionConfig> {
  let text: string;
  try {
    text = decodeText(await readFile(path));
  } catch (cause) {
    throw new EdgeError('CONFIG_MISSING', `cannot read ${path}: ${(cause as Error).message}`, {
      cause,
      hint:
        path === distributionPath(env)
          ? 'put it beside edge.config.ts, or name `distributions` there'
          : 'a relative path begins at the folder in which the command runs',
    });
  }
  return parseDistribution(text, env, path);
}

/** Whether the project has a distribution.json. */
export function hasDistribution(env: Environment): boolean {
  return existsSync(distributionPath(env));
}

/** A text file as an editor or a shell saved it: PowerShell's `>` writes UTF-16, mostly with a byte order mark. */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  // Every file that is read here begins with an ASCII character.
  const isLittle = (first === 0xff && second === 0xfe) || (first !== 0 && second === 0);
  const isBig = (first === 0xfe && second === 0xff) || (first === 0 && second !== 0);
  return new TextDecoder(isLittle ? 'utf-16le' : isBig ? 'utf-16be' : 'utf-8').decode(bytes);
}

/**
 * The same from text; `file` names the source in messages. What the AWS CLI saves (get-distribution-config,
 * get-distribution, the input of create-distribution) is taken too: the config is the part of it that counts.
 */
export function parseDistribution(text: string, env: Environment, file = 'distribution.json'): DistributionConfig {
  let raw: unknown;
  try {
    // Editors and PowerShell put a byte order mark in front.
    raw = takeConfig(JSON.parse(text.replace(/^\uFEFF/, '')));
  } catch (cause) {
    throw new EdgeError('CONFIG_INVALID', `${file} is not JSON: ${lineOf(cause)}`, {
      cause,
      hint: 'it has the shape of `aws cloudfront create-distribution --distribution-config`',
    });
  }
  const filled = fillPlaceholders(raw, env, file);
  const problems = checkShape(filled);
  if (problems.length > 0) {
    throw new EdgeError(
      'CONFIG_INVALID',
      [`${file} has ${problems.length} problem${problems.length === 1 ? '' : 's'}:`, ...problems.map((problem) => `  ${problem}`)].join(
        '\n',
      ),
      {
        hint: 'the shape is that of DistributionConfig in the CloudFront API reference',
      },
    );
  }
  return filled as DistributionConfig;
}

/** Names of the `${NAME}` placeholders in a text, each once. */
export function placeholdersOf(text: string): string[] {
  return [...new Set([...text.matchAll(placeholder)].map(([, name = '']) => name))];
}

/**
 * Throws CONFIG_INVALID unless distribution.json has every origin of edge.config.ts, and names its region where its
 * origins get one; every difference is listed. Its other origins are not ours.
 */
export function checkOriginsAgree(config: EdgeConfig, distribution: DistributionConfig): void {
  const there = new Map((distribution.Origins?.Items ?? []).map((origin) => [origin.Id ?? '', origin]));
  const here = Object.values(config.origins).map(({ originId }) => originId);
  const hasRegions = here.some((id) => regionHeaderOf(there.get(id)) !== undefined);
  const problems: string[] = [];
  for (const { originId: id, region: expected } of Object.values(config.origins)) {
    const origin = there.get(id);
    const region = regionHeaderOf(origin);
    if (origin === undefined) problems.push(`edge.config.ts defines origin "${id}", which distribution.json does not`);
    else if (hasRegions && region !== expected)
      problems.push(
        `origin "${id}" is in ${expected} by edge.config.ts, but its x-region header in distribution.json is ${region === undefined ? 'missing' : `"${region}"`}`,
      );
  }
  if (problems.length === 0) return;
  throw new EdgeError('CONFIG_INVALID', problems.join('\n'), {
    hint: `edge.config.ts has ${here.join(', ')}; distribution.json has ${[...there.keys()].join(', ')}`,
  });
}

/** The region that CloudFront sends to an origin as `x-region`; undefined when it sends none. */
export function regionHeaderOf(origin: Origin | undefined): string | undefined {
  return origin?.CustomHeaders?.Items?.find(({ HeaderName }) => HeaderName?.toLowerCase() === 'x-region')?.HeaderValue;
}

/** What a saved answer or input of the AWS CLI wraps the config in. */
const wrappers = ['Distribution', 'DistributionConfigWithTags', 'DistributionConfig'];

function takeConfig(raw: unknown): unknown {
  if (!isRecord(raw) || 'Origins' in raw) return raw;
  const inner = wrappers.map((name) => raw[name]).find(isRecord);
  return inner === undefined ? raw : takeConfig(inner);
}

/**
 * The value with its `${NAME}` placeholders filled. PLACEHOLDER_MISSING lists every name that is unset or empty; `file`
 * has them.
 */
export function fillPlaceholders<T>(value: T, env: Environment, file: string): T {
  const missing = new Set<string>();
  const filled = fill(value, env, missing);
  if (missing.size === 0) return filled as T;
  const names = [...missing].sort();
  throw new EdgeError('PLACEHOLDER_MISSING', `${file} needs ${names.join(', ')} from the environment`, {
    hint: `export ${names[0]}=…, or work on the local cloud with --local`,
  });
}

function fill(value: unknown, env: Environment, missing: Set<string>): unknown {
  if (typeof value === 'string') {
    return value.replace(placeholder, (_, name: string) => {
      const found = env[name];
      if (found === undefined || found === '') missing.add(name);
      return found ?? '';
    });
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, env, missing));
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, env, missing)]));
  return value;
}

/**
 * What CloudFront would refuse with MalformedXML, InconsistentQuantities or NoSuchOrigin, found before anything is
 * sent.
 */
function checkShape(config: unknown): string[] {
  if (!isRecord(config)) return ['the file must hold one JSON object'];
  const problems: string[] = [];
  for (const field of ['CallerReference', 'Comment'])
    if (typeof config[field] !== 'string') problems.push(`${field}: a string is required`);
  if (typeof config['Enabled'] !== 'boolean') problems.push('Enabled: true or false is required');
  checkLists(config, '', problems);
  const origins = isRecord(config['Origins']) && Array.isArray(config['Origins']['Items']) ? config['Origins']['Items'] : [];
  if (origins.length === 0) problems.push('Origins.Items: at least one origin is required');
  const ids = new Set<unknown>();
  for (const [index, origin] of origins.entries()) {
    if (!isRecord(origin) || typeof origin['Id'] !== 'string' || typeof origin['DomainName'] !== 'string')
      problems.push(`Origins.Items[${index}]: Id and DomainName are required`);
    else if (ids.has(origin['Id'])) problems.push(`Origins.Items[${index}].Id: "${origin['Id']}" is defined twice`);
    else ids.add(origin['Id']);
    if (isRecord(origin)) checkCustomHeaders(origin, `Origins.Items[${index}]`, problems);
  }
  const groups = isRecord(config['OriginGroups']) && Array.isArray(config['OriginGroups']['Items']) ? config['OriginGroups']['Items'] : [];
  for (const group of groups) if (isRecord(group)) ids.add(group['Id']);
  const others =
    isRecord(config['CacheBehaviors']) && Array.isArray(config['CacheBehaviors']['Items']) ? config['CacheBehaviors']['Items'] : [];
  for (const [path, behavior] of [
    ['DefaultCacheBehavior', config['DefaultCacheBehavior']],
    ...others.map((item, index) => [`CacheBehaviors.Items[${index}]`, item] as const),
  ] as const) {
    if (!isRecord(behavior)) problems.push(`${path}: a behavior is required`);
    else if (!ids.has(behavior['TargetOriginId']))
      problems.push(
        `${path}.TargetOriginId: no origin is called ${JSON.stringify(behavior['TargetOriginId'])}; origins here: ${[...ids].join(', ')}`,
      );
  }
  return problems;
}

/** Every list of a DistributionConfig is `{ Quantity, Items }`. */
function checkLists(value: unknown, path: string, problems: string[]): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkLists(item, `${path}[${index}]`, problems);
  } else if (isRecord(value)) {
    const { Quantity: quantity, Items: items } = value;
    if (items !== undefined && !Array.isArray(items))
      problems.push(`${path}.Items: a list is required, found ${JSON.stringify(items).slice(0, 80)}`);
    else if ('Quantity' in value && quantity !== (items ?? []).length)
      problems.push(`${path}.Quantity: ${JSON.stringify(quantity)}, but there are ${(items ?? []).length} items`);
    for (const [key, item] of Object.entries(value)) checkLists(item, path === '' ? key : `${path}.${key}`, problems);
  }
}

function checkCustomHeaders(origin: Record<string, unknown>, path: string, problems: string[]): void {
  const headers = isRecord(origin['CustomHeaders']) ? origin['CustomHeaders']['Items'] : undefined;
  for (const [index, header] of Array.isArray(headers) ? headers.entries() : []) {
    if (!isRecord(header) || typeof header['HeaderName'] !== 'string' || typeof header['HeaderValue'] !== 'string')
      problems.push(`${path}.CustomHeaders.Items[${index}]: HeaderName and HeaderValue are required`);
  }
}

/**
 * The parts of distribution.json that a flipper needs: aliases and origins. Without the rest, the function's
 * environment need not fill placeholders that mean nothing to it, such as the certificate's.
 */
export function pickFlipperParts(distribution: {
  CallerReference?: string | undefined;
  Aliases?: unknown;
  Origins?: unknown;
  DefaultCacheBehavior?: { TargetOriginId?: string | undefined } | undefined;
}): object {
  const { CallerReference, Aliases, Origins, DefaultCacheBehavior } = distribution;
  const TargetOriginId = DefaultCacheBehavior?.TargetOriginId;
  return { CallerReference, Comment: '', Enabled: true, Aliases, Origins, DefaultCacheBehavior: { TargetOriginId } };
}

export interface KnownDistribution {
  distribution: DistributionConfig;
  /** Placeholders without a value. */
  missing: readonly string[];
  /** Ids of origins with a custom header whose value is not known here. */
  lacking: ReadonlySet<string>;
}

/** Fills a placeholder without a value; no real value contains it. */
const unset = '\u0000unset';

/**
 * The distribution as far as the environment fills it: a probe of origins needs fewer values than the creation of a
 * distribution. A header of unknown value is left out, and an unknown name is empty.
 */
export async function readKnownDistribution(
  read: (env: Environment) => Promise<DistributionConfig>,
  env: Environment,
): Promise<KnownDistribution> {
  const missing = new Set<string>();
  const filling = new Proxy(
    { ...env },
    {
      get: (known, name: string) => {
        if (known[name]) return known[name];
        missing.add(name);
        return unset;
      },
    },
  );
  const distribution = await read(filling);
  const isKnown = (text: string | undefined) => text?.includes(unset) !== true;
  const lacking = new Set<string>();
  for (const origin of distribution.Origins?.Items ?? []) {
    if (!isKnown(origin.DomainName)) origin.DomainName = '';
    const headers = origin.CustomHeaders?.Items?.filter(({ HeaderValue }) => isKnown(HeaderValue)) ?? [];
    if (headers.length < (origin.CustomHeaders?.Items?.length ?? 0)) lacking.add(origin.Id ?? '');
    origin.CustomHeaders = { Quantity: headers.length, Items: headers };
  }
  const aliases = distribution.Aliases?.Items?.filter(isKnown) ?? [];
  distribution.Aliases = { Quantity: aliases.length, Items: aliases };
  return { distribution, missing: [...missing], lacking };
}

/**
 * distribution.json as far as the environment fills it; undefined without the file. Its timeouts and behaviors need no
 * value.
 */
export async function readKnownFile(env: Environment): Promise<DistributionConfig | undefined> {
  if (!hasDistribution(env)) return undefined;
  return (await readKnownDistribution((known) => readDistribution(distributionPath(env), known), env)).distribution;
}
