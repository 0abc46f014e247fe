/** How an origin can fail: connections refused, accepted but never answered, late, answered 5xx, answered with a body that is wrong. */
export const originFaults = ['none', 'refuse', 'hang', 'slow', '5xx', 'bad-body'] as const;

type OriginFaultKind = (typeof originFaults)[number];

export interface OriginFault {
  kind: OriginFaultKind;
  /** For `slow`: milliseconds before each answer. Default 3,000. */
  ms?: number;
  /** For `5xx`: the status. Default 503. */
  status?: number;
}

/** Reads `refuse`, `slow:1500` or `5xx:500`; undefined when it names no fault. */
export function parseOriginFault(text: string): OriginFault | undefined {
  const match = /^(none|refuse|hang|slow|5xx|bad-body)(?::([0-9]{1,6}))?$/.exec(text);
  if (match === null) return undefined;
  const kind = match[1] as OriginFaultKind;
  if (match[2] === undefined) return { kind };
  const value = Number(match[2]);
  if (kind === 'slow') return { kind, ms: value };
  if (kind === '5xx' && value >= 500 && value <= 599) return { kind, status: value };
  return undefined;
}

/** The text that `parseOriginFault` reads. */
export function formatOriginFault({ kind, ms, status }: OriginFault): string {
  const value = kind === 'slow' ? ms : kind === '5xx' ? status : undefined;
  return value === undefined ? kind : `${kind}:${value}`;
}
