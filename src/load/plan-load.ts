import { EdgeError } from '../errors.ts';
import { localCountryHeader } from '../probe/edge-view.ts';
import { loopbackLimits, ownedLimits } from './load-limits.ts';
import { type LoadTarget, refuseTarget } from './resolve-target.ts';
import type { LoadRequest } from './run-load.ts';

/** What the command line asks for. */
export interface LoadWishes {
  method: LoadRequest['method'];
  body: string | undefined;
  country: string | undefined;
  connections: number;
  durationMs: number;
  requestsPerSecond: number | undefined;
  /** Said of a target that is not this machine. */
  isOwned: boolean;
}

export interface LoadPlan {
  request: LoadRequest;
  connections: number;
  durationMs: number;
  requestsPerSecond: number | undefined;
  /** One line: what is about to be done, and to whom. */
  summary: string;
}

/** Requests a second to what is not this machine, when none are asked for. */
const defaultOwnedRate = 50;

/** The plan within the bounds that hold for the target; USAGE when it would go beyond them, or to where it may not go. */
export function planLoad(target: LoadTarget, wishes: LoadWishes): LoadPlan {
  const { method, body, country, connections, durationMs, isOwned } = wishes;
  if (!target.isLoopback && !isOwned) throw refuseTarget(target);
  if (country !== undefined && !target.isLoopback)
    throw new EdgeError('USAGE', '--country is for the local edge: a real one places viewers by their address', { hint: 'leave it out' });
  if (durationMs % 1_000 !== 0)
    throw new EdgeError('USAGE', `--duration takes whole seconds, found ${durationMs} ms`, { hint: '--duration 5s' });
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
  const where = isLoopback ? 'on this machine' : 'on what is not this machine';
  throw new EdgeError('USAGE', `${where} at most ${most.limit} ${most.unit}, found ${most.found}`, {
    hint: 'more than that belongs into a load test that was agreed upon',
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
