import dns, { type LookupAddress } from 'node:dns';
import { readFileSync, statSync } from 'node:fs';
import { isIP, type LookupFunction } from 'node:net';
import { platform } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

export type Family = 0 | 4 | 6;

interface NameQuery {
  /** 0 for both. */
  family: Family;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/**
 * Every address of a name, never none. Rejects with a `code` as dns does, ETIMEOUT past the time, or with the signal's
 * reason.
 */
export type ResolveName = (name: string, query: NameQuery) => Promise<LookupAddress[]>;

export interface ResolverOptions {
  /** Name servers, `address` or `address:port`. Default: the system's, read again for each name. */
  servers?: readonly string[];
  /** Default: the system's. */
  hostsFile?: string;
  /** Where `search` is. Default: the system's. */
  configFile?: string;
  /**
   * Asked about names that no name server knows: mDNS, NIS, a VPN's own names. Default: getaddrinfo, unless `servers`
   * are given.
   */
  system?: ResolveName;
}

/**
 * A name server that has not answered for this long gets company: the next one, or the same again for a packet that was
 * lost.
 */
const patienceMs = 400;
/** Of two families, how long the later one is waited for. */
const familyGraceMs = 250;
const familyNames = { 0: 'address', 4: 'IPv4 address (A)', 6: 'IPv6 address (AAAA)' } as const;
/** Times each name server is asked, at most. */
const rounds = 2;

const systemHosts = platform() === 'win32' ? 'C:/Windows/System32/drivers/etc/hosts' : '/etc/hosts';

/**
 * Resolves as the system does (localhost, the hosts file, search domains), but by c-ares, not by getaddrinfo: that one
 * runs in libuv's pool, where two silent lookups stop all others for as long as the system waits, 10 s and more. Here
 * each name has queries of its own, which end with their time.
 */
export function openResolver({
  servers,
  hostsFile = systemHosts,
  configFile = '/etc/resolv.conf',
  system = servers === undefined ? askSystem() : undefined,
}: ResolverOptions = {}): ResolveName {
  const readHosts = openHosts(hostsFile);
  return async (name, { family, timeoutMs, signal }) => {
    const known = knownAddresses(name, family, readHosts);
    if (known.length > 0) return known;
    const stop = new AbortController();
    const end = () => stop.abort(signal?.reason);
    const timer = setTimeout(
      () => stop.abort(failure('ETIMEOUT', `no name server answered about ${name} within ${timeoutMs} ms`)),
      timeoutMs,
    );
    signal?.addEventListener('abort', end);
    if (signal?.aborted) end();
    const query = { family, timeoutMs, signal: stop.signal };
    try {
      return await searchName(name, searchList(name, configFile), servers, query);
    } catch (error) {
      // ECONNREFUSED: there is no name server at all.
      const isForeign = isUnknown(error) || codeOf(error) === 'ECONNREFUSED';
      if (system === undefined || stop.signal.aborted || !isForeign) throw error;
      return await orAborted(system(name, query), stop.signal);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      stop.abort();
    }
  };
}

/** The system's names and name servers. */
export const resolveName: ResolveName = openResolver();

/**
 * For a client that must get through while its name servers are silent or broken: waits `waitMs` for them, then uses
 * the addresses that they gave last. Without any it waits `timeoutMs`.
 */
export function keepLastGood(resolve: ResolveName = resolveName, { waitMs = 500, timeoutMs = 2_500 } = {}): LookupFunction {
  const good = new Map<string, LookupAddress[]>();
  const underWay = new Map<string, Promise<LookupAddress[]>>();
  const ask = (name: string, family: Family): Promise<LookupAddress[]> => {
    const key = `${family} ${name}`;
    const asked =
      underWay.get(key) ??
      resolve(name, { family, timeoutMs })
        .then((found) => {
          good.set(key, found);
          return found;
        })
        .finally(() => underWay.delete(key));
    underWay.set(key, asked);
    const last = good.get(key);
    if (last === undefined) return asked;
    return new Promise((use) => {
      const timer = setTimeout(() => use(last), waitMs);
      asked
        .catch(() => last)
        .then((found) => {
          clearTimeout(timer);
          use(found);
        });
    });
  };
  return toLookup(ask);
}

/** As `net.connect` and `http.Agent` take it. */
export function toLookup(ask: (name: string, family: Family) => Promise<LookupAddress[]>): LookupFunction {
  return (name, options, found) => {
    ask(name, familyOf(options.family)).then(
      (addresses) => {
        const [first] = addresses;
        if (options.all) found(null, addresses);
        else found(null, first?.address ?? '', first?.family);
      },
      (error: NodeJS.ErrnoException) => found(error, options.all ? [] : ''),
    );
  };
}

function familyOf(family: number | 'IPv4' | 'IPv6' | undefined): Family {
  if (family === 4 || family === 'IPv4') return 4;
  return family === 6 || family === 'IPv6' ? 6 : 0;
}

/** What needs no name server: an address, `localhost` and every name below it (RFC 6761), and the hosts file. */
function knownAddresses(name: string, family: Family, readHosts: () => ReadonlyMap<string, LookupAddress[]>): LookupAddress[] {
  const literal = isIP(name);
  if (literal !== 0) return [{ address: name, family: literal }];
  const bare = name.toLowerCase().replace(/\.$/, '');
  if (/(^|\.)localhost$/.test(bare)) return family === 6 ? [{ address: '::1', family }] : [{ address: '127.0.0.1', family: 4 }];
  return (readHosts().get(bare) ?? []).filter((found) => family === 0 || found.family === family);
}

/** Reads the file again only when it has changed. */
function openHosts(file: string): () => ReadonlyMap<string, LookupAddress[]> {
  let hosts: ReadonlyMap<string, LookupAddress[]> = new Map();
  let stamp = '';
  return () => {
    try {
      const { mtimeMs, size, ino } = statSync(file);
      const found = `${mtimeMs} ${size} ${ino}`;
      if (found !== stamp) hosts = parseHosts(readFileSync(file, 'utf8'));
      stamp = found;
    } catch {
      [hosts, stamp] = [new Map(), ''];
    }
    return hosts;
  };
}

function parseHosts(text: string): ReadonlyMap<string, LookupAddress[]> {
  const hosts = new Map<string, LookupAddress[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const family = isIP(address);
    if (family === 0) continue;
    for (const name of new Set(names.map((each) => each.toLowerCase()))) hosts.set(name, [...(hosts.get(name) ?? []), { address, family }]);
  }
  return hosts;
}

/** The full names to try, in order. CloudFront knows no search list, so a name with a dot is first taken as it is. */
function searchList(name: string, configFile: string): string[] {
  if (name.endsWith('.')) return [name];
  let config = '';
  try {
    config = readFileSync(configFile, 'utf8');
  } catch {
    // As on Windows: no search list.
  }
  const lines = [...config.matchAll(/^[ \t]*(?:search|domain)[ \t]+(.*)$/gm)];
  const domains = (lines.at(-1)?.[1] ?? '').split(/\s+/).filter((domain) => /^[^#;.]/.test(domain));
  const longer = domains.map((domain) => `${name}.${domain}`);
  return name.includes('.') ? [name, ...longer] : [...longer, name];
}

async function searchName(
  name: string,
  candidates: readonly string[],
  servers: readonly string[] | undefined,
  query: NameQuery,
): Promise<LookupAddress[]> {
  let firstError: unknown;
  for (const candidate of candidates) {
    try {
      return await askFamilies(candidate, servers, query);
    } catch (error) {
      firstError ??= error;
      if (!isUnknown(error)) throw error;
    }
  }
  throw codeOf(firstError) === 'ENODATA' ? failure('ENODATA', `${name} has no ${familyNames[query.family]}`) : firstError;
}

async function askFamilies(
  name: string,
  servers: readonly string[] | undefined,
  { family, timeoutMs, signal }: NameQuery,
): Promise<LookupAddress[]> {
  const ask = async (of: 4 | 6): Promise<LookupAddress[]> => {
    const addresses = await askServers(name, of, servers, timeoutMs, signal);
    return addresses.map((address) => ({ address, family: of }));
  };
  if (family !== 0) return ask(family);
  const found: LookupAddress[] = [];
  const each = ([4, 6] as const).map((of) => ask(of).then((addresses) => void found.push(...addresses)));
  try {
    await Promise.any(each);
  } catch (error) {
    // That the name has no address of one family says nothing about the other one.
    const [first, second] = (error as AggregateError).errors;
    throw isUnknown(first) ? second : first;
  }
  await Promise.race([Promise.allSettled(each), sleep(familyGraceMs, undefined, { signal })]).catch(() => undefined);
  return found.toSorted((a, b) => a.family - b.family);
}

/**
 * Asks one name server after the other without giving up on the earlier ones: a slow answer is as good as a second one.
 * The first answer counts.
 */
async function askServers(
  name: string,
  family: 4 | 6,
  given: readonly string[] | undefined,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const servers = given ?? new dns.promises.Resolver().getServers();
  const attempts = Array.from({ length: rounds }, () => (servers.length === 0 ? [undefined] : servers)).flat();
  return new Promise((resolve, reject) => {
    const running = new Set<dns.promises.Resolver>();
    let timer: NodeJS.Timeout | undefined;
    let error: unknown;
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      settle();
      for (const resolver of running) resolver.cancel();
      running.clear();
    };
    const abort = () => finish(() => reject(signal?.reason));
    const next = () => {
      clearTimeout(timer);
      if (attempts.length === 0) {
        if (running.size === 0) finish(() => reject(error));
        return;
      }
      const server = attempts.shift();
      const resolver = new dns.promises.Resolver({ timeout: timeoutMs, tries: 1 });
      running.add(resolver);
      timer = setTimeout(next, patienceMs);
      (async () => {
        try {
          if (server !== undefined) resolver.setServers([server]);
        } catch {
          // An address with a zone, which setServers does not take back: the system's servers, then.
        }
        return family === 4 ? resolver.resolve4(name) : resolver.resolve6(name);
      })().then(
        (addresses) => running.has(resolver) && finish(() => resolve(addresses)),
        (problem: unknown) => {
          if (!running.delete(resolver)) return;
          error ??= problem;
          if (isUnknown(problem)) finish(() => reject(problem));
          else next();
        },
      );
    };
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
    else next();
  });
}

/** A negative answer, and not the want of one. */
function isUnknown(error: unknown): boolean {
  return codeOf(error) === 'ENOTFOUND' || codeOf(error) === 'ENODATA';
}

/** getaddrinfo, once at a time for a name, so that names which it is slow about cannot fill libuv's pool. */
function askSystem(): ResolveName {
  const underWay = new Map<string, Promise<LookupAddress[]>>();
  return (name, { family }) => {
    const key = `${family} ${name}`;
    const asked = underWay.get(key) ?? dns.promises.lookup(name, { family, all: true }).finally(() => underWay.delete(key));
    underWay.set(key, asked);
    return asked;
  };
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
