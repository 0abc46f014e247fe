/**
 * How an origin can fail. `refuse`: connections refused. `hang`: accepted, never answered. `slow`: late answers. `5xx`:
 * error statuses. `bad-body`: broken bodies. `flaky`: every second request gets 5xx, as with half of a load balancer's
 * targets dead. `half`: half of the requests at random.
 */
export const originFaults = ['none', 'refuse', 'hang', 'slow', '5xx', 'bad-body', 'flaky', 'half'] as const;

type OriginFaultKind = (typeof originFaults)[number];

export interface OriginFault {
  kind: OriginFaultKind;
  /** For `slow`: milliseconds before each answer. Default 3,000. */
  ms?: number;
  /** For `5xx`, `flaky` and `half`: the status. Default 503. */
  status?: number;
}

/** Parses `refuse`, `slow:1500` or `5xx:500`; undefined for an unknown fault. */
export function parseOriginFault(text: string): OriginFault | undefined {
  const match = /^([a-z0-9-]+)(?::([0-9]{1,6}))?$/.exec(text);
  const kind = originFaults.find((name) => name === match?.[1]);
  if (match === null || kind === undefined) return undefined;
  if (match[2] === undefined) return { kind };
  const value = Number(match[2]);
  if (kind === 'slow') return { kind, ms: value };
  if (answersError(kind) && value >= 500 && value <= 599) return { kind, status: value };
  return undefined;
}

function answersError(kind: OriginFaultKind): boolean {
  return kind === '5xx' || kind === 'flaky' || kind === 'half';
}

/** The text that `parseOriginFault` reads. */
export function formatOriginFault({ kind, ms, status }: OriginFault): string {
  const value = kind === 'slow' ? ms : answersError(kind) ? status : undefined;
  return value === undefined ? kind : `${kind}:${value}`;
}
