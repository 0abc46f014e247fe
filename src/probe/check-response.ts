import { cutText } from '../../kvs/cut-text.ts';
import type { HttpSignal } from '../config/edge-config.ts';
import type { FailureClass } from '../core/signal.ts';

export interface ProbeFailure {
  class: FailureClass;
  /** One line for people. */
  detail: string;
}

export type ResponseChecks = Pick<HttpSignal, 'statuses' | 'json' | 'accessible' | 'maxLatencyMs'>;

/**
 * What is wrong with a health endpoint's answer; undefined when it is as it should be. `region` replaces `{region}`.
 */
export function checkResponse(
  response: { status: number; body: string; latencyMs: number },
  checks: ResponseChecks,
  region: string,
): ProbeFailure | undefined {
  const { status, body, latencyMs } = response;
  if (!checks.statuses.includes(status)) return { class: 'status', detail: `status ${status}, expected ${checks.statuses.join(' or ')}` };
  const wrong = checkBody(body, checks, region);
  if (wrong !== undefined) return { class: 'body', detail: wrong };
  if (checks.maxLatencyMs !== undefined && latencyMs > checks.maxLatencyMs)
    return { class: 'timeout', detail: `answered in ${Math.round(latencyMs)} ms, limit ${checks.maxLatencyMs} ms` };
  return undefined;
}

function checkBody(body: string, { json, accessible }: ResponseChecks, region: string): string | undefined {
  const expected = Object.entries(json);
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return expected.length === 0 ? undefined : `the body is not JSON: ${show(body)}`;
  }
  for (const [path, want] of expected) {
    const wanted = typeof want === 'string' ? want.replaceAll('{region}', region) : want;
    const found = readPath(value, path);
    if (found !== wanted) return found === undefined ? `${path} is missing` : `${path} is ${show(found)}, expected ${show(wanted)}`;
  }
  if (!accessible || value === null || typeof value !== 'object') return undefined;
  const blocked = Object.entries(value).find(([name, flag]) => name.endsWith('_accessible') && flag === false);
  return blocked === undefined ? undefined : `${blocked[0]} is false`;
}

function readPath(value: unknown, path: string): unknown {
  let found = value;
  for (const part of path.split('.')) {
    if (found === null || typeof found !== 'object' || !Object.hasOwn(found, part)) return undefined;
    found = (found as Record<string, unknown>)[part];
  }
  return found;
}

/** A value from outside, short and on one line. */
function show(value: unknown): string {
  return cutText(JSON.stringify(value) ?? String(value), 80);
}
