import { z } from 'zod';

const faultKinds = [
  'throttle',
  'unavailable',
  'internal-error',
  'conflict',
  'drop-request',
  'drop-response',
  'lose-write',
  'latency',
] as const;

const fault = z.strictObject({
  kind: z.enum(faultKinds),
  operation: z.string().optional(),
  times: z.number().int().positive().optional(),
  forMs: z.number().positive().optional(),
  latencyMs: z.number().min(0).max(60_000).optional(),
});

const faultPlan = z.strictObject({
  rules: z.array(fault).max(100).default([]),
  staleWrite: z.enum(['ValidationException', 'ConflictException']).default('ValidationException'),
});

/**
 * One thing that goes wrong. `throttle`: ThrottlingException, 400 (sst#5668). `unavailable`: ServiceUnavailable, 503.
 * `internal-error`: 500. `conflict`: a write answers as if another writer had been first. `drop-request`: the
 * connection ends before the operation; `drop-response`: after it. `lose-write`: UpdateKeys is acknowledged and changes
 * nothing, as the first one after a store was created was seen to do (sst#6894). `latency`: `latencyMs` more. Without
 * `operation` it applies to every operation; without `times` and `forMs` it stays.
 */
export interface Fault {
  kind: (typeof faultKinds)[number];
  operation?: string | undefined;
  /** Requests that it still meets. */
  times?: number | undefined;
  /** Epoch milliseconds after which it is over. */
  until?: number | undefined;
  latencyMs?: number | undefined;
}

/** What the control plane does wrong, changed at will while it runs. */
export interface ControlPlaneFaults {
  rules: Fault[];
  /**
   * The answer to a KVS write with a stale ETag. Live runs got ValidationException; the model says ConflictException.
   */
  staleWrite: 'ValidationException' | 'ConflictException';
}

export function noFaults(): ControlPlaneFaults {
  return { rules: [], staleWrite: 'ValidationException' };
}

/** The faults that meet this request, each counted as used. `write` is whether the operation takes If-Match. */
export function takeFaults(faults: ControlPlaneFaults, request: { operation: string; write: boolean; now: number }): Fault[] {
  faults.rules = faults.rules.filter((rule) => (rule.times ?? 1) > 0 && (rule.until ?? Number.POSITIVE_INFINITY) > request.now);
  const met = faults.rules.filter(
    (rule) => (rule.operation ?? request.operation) === request.operation && (rule.kind !== 'conflict' || request.write),
  );
  for (const rule of met) if (rule.times !== undefined) rule.times -= 1;
  return met;
}

/**
 * The JSON form of the test API: `{ rules: [{ kind, operation?, times?, forMs?, latencyMs? }], staleWrite? }`, which
 * replaces the previous one.
 */
export function parseFaults(json: string, now: number): { faults: ControlPlaneFaults } | { problems: string[] } {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { problems: ['the body is not JSON'] };
  }
  const parsed = faultPlan.safeParse(value);
  if (!parsed.success) return { problems: parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the body'}: ${issue.message}`) };
  const rules = parsed.data.rules.map(({ forMs, ...rule }) => ({ ...rule, ...(forMs !== undefined && { until: now + forMs }) }));
  return { faults: { rules, staleWrite: parsed.data.staleWrite } };
}
