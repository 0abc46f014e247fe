import { lookup as systemLookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { EdgeError } from '../errors.ts';
import { localCountryHeader } from '../probe/edge-view.ts';

export interface LoadRequest {
  /** No HEAD: autocannon waits for the body that a HEAD's answer announces. */
  method: 'GET' | 'OPTIONS' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  headers: Readonly<Record<string, string>>;
  body: string | undefined;
}

/** What the command line requests. */
export interface LoadWishes {
  method: LoadRequest['method'];
  body: string | undefined;
  country: string | undefined;
  connections: number;
  durationMs: number;
  requestsPerSecond: number | undefined;
  /** The operator owns a target that is not this machine. */
  isOwned: boolean;
}

export interface LoadPlan {
  request: LoadRequest;
  connections: number;
  durationMs: number;
  requestsPerSecond: number | undefined;
  /** One line: what will be sent, and where. */
  summary: string;
}

/** Default requests a second to another machine. */
const defaultOwnedRate = 50;

/** The plan within the target's limits; USAGE beyond them, or for a target that is not allowed. */
export function planLoad(target: LoadTarget, wishes: LoadWishes): LoadPlan {
  const { method, body, country, connections, durationMs, isOwned } = wishes;
  if (!target.isLoopback && !isOwned) throw refuseTarget(target);
  if (country !== undefined && !target.isLoopback)
    throw new EdgeError('USAGE', '--country works with the local edge only: a real edge locates viewers by their address', {
      hint: 'remove --country',
    });
  if (durationMs % 1_000 !== 0)
    throw new EdgeError('USAGE', `--duration must be whole seconds, got ${durationMs} ms`, { hint: '--duration 5s' });
  if (body !== undefined && method === 'GET') throw new EdgeError('USAGE', 'a GET has no body', { hint: '--method POST' });
  const requestsPerSecond = wishes.requestsPerSecond ?? (target.isLoopback ? undefined : defaultOwnedRate);
  checkLimits({ connections, durationMs, requestsPerSecond }, target.isLoopback);
  const pace = requestsPerSecond === undefined ? 'as fast as it answers' : `at most ${requestsPerSecond} requests a second`;
  const headers = {
    ...(body === undefined ? {} : { 'content-type': isJson(body) ? 'application/json' : 'text/plain' }),
    ...(country === undefined ? {} : { [localCountryHeader]: country }),
  };
  return {
    request: { method, headers, body },
    connections,
    durationMs,
    requestsPerSecond,
    summary: `${method} ${target.url.href} (${target.addresses[0]}), ${connections} connections for ${durationMs / 1_000} s, ${pace}`,
  };
}

function checkLimits(asked: Pick<LoadPlan, 'connections' | 'durationMs' | 'requestsPerSecond'>, isLoopback: boolean): void {
  const limits = isLoopback ? loopbackLimits : ownedLimits;
  const most = [
    { found: asked.connections, limit: limits.connections, unit: 'connections' },
    { found: asked.durationMs / 1_000, limit: limits.durationMs / 1_000, unit: 'seconds' },
    { found: asked.requestsPerSecond ?? 0, limit: limits.requestsPerSecond ?? Number.POSITIVE_INFINITY, unit: 'requests a second' },
  ].find(({ found, limit }) => found > limit);
  if (most === undefined) return;
  const where = isLoopback ? 'on this machine' : 'to another machine';
  throw new EdgeError('USAGE', `${where} at most ${most.limit} ${most.unit} are allowed, got ${most.found}`, {
    hint: 'for a bigger load test, agree on it with the owner',
  });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Upper limits of one run. */
export interface LoadLimits {
  connections: number;
  durationMs: number;
  /** Requests per second over all connections; undefined for as many as the connections carry. */
  requestsPerSecond: number | undefined;
}

/** For this machine. */
export const loopbackLimits: LoadLimits = { connections: 200, durationMs: 300_000, requestsPerSecond: undefined };

/** For another machine that the operator owns: enough to see latency and routing, too little for an attack. */
const ownedLimits: LoadLimits = { connections: 20, durationMs: 60_000, requestsPerSecond: 200 };

/** Bytes of an answer's body; a connection that gets more is closed, since autocannon keeps each body in memory. */
export const maxAnswerBytes = 4 * 1_024 * 1_024;

/** Errors beyond the expected ones that end the run, so that an absent target gets no thousands of requests. */
export const bailoutErrors = 100;

export interface LoadTarget {
  url: URL;
  /** All addresses of the name, or the address in the URL. */
  addresses: readonly string[];
  /** All of them belong to this machine. */
  isLoopback: boolean;
}

/** All addresses of a name. */
export type LookupAll = (hostname: string) => Promise<readonly { address: string }[]>;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * Resolves the name once: the run connects to one of these addresses and does not resolve again, since the name could
 * get another address. URL normalizes every form of an IPv4 address.
 */
export async function resolveTarget(
  url: URL,
  lookup: LookupAll = (name) => systemLookup(name, { all: true, verbatim: true }),
): Promise<LoadTarget> {
  if (url.username !== '' || url.password !== '')
    throw new EdgeError('USAGE', 'the URL must not contain a user or password', { hint: 'remove them' });
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(host) === 0 ? await lookupName(host, lookup) : [host];
  return { url, addresses, isLoopback: addresses.every(isLoopbackAddress) };
}

async function lookupName(host: string, lookup: LookupAll): Promise<string[]> {
  let found: readonly { address: string }[];
  try {
    found = await lookup(host);
  } catch (cause) {
    throw new EdgeError('ENDPOINT_UNREACHABLE', `${host} has no address: ${(cause as Error).message}`, {
      cause,
      hint: 'check the name',
    });
  }
  const addresses = [...new Set(found.map(({ address }) => address))];
  if (addresses.length === 0) throw new EdgeError('ENDPOINT_UNREACHABLE', `${host} has no address`, { hint: 'check the name' });
  return addresses;
}

function isLoopbackAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && loopback.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** The refusal of a target that is not this machine. */
export function refuseTarget({ url, addresses }: LoadTarget): EdgeError {
  const where = addresses.length === 1 && addresses[0] === url.hostname.replace(/^\[|\]$/g, '') ? '' : ` (${addresses.join(', ')})`;
  return new EdgeError('USAGE', `${url.host}${where} is not this machine: nothing was sent`, {
    hint: 'load only what you own: --i-own-this confirms that, with lower limits',
  });
}
