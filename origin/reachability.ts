export interface ReachabilityOptions {
  /** Probes the upstream once: the problem, or undefined when there is none. Must end without help. */
  check: () => Promise<string | undefined>;
  /** Any clock in milliseconds that does not go back. */
  now: () => number;
  /** How long a good answer counts. Default 5 s. */
  freshMs?: number;
  /**
   * How long a bad answer counts. Default 0.5 s, below the flipper's fast interval: three bad probes must be three bad
   * answers of the upstream.
   */
  failureFreshMs?: number;
  /** An answer older than this is no longer given while a new one is under way. Default 30 s. */
  maxStaleMs?: number;
  /** Called when the answer changes, the first one included. */
  onChange?: (problem: string | undefined) => void;
}

export interface Reachability {
  /** True when the upstream's answer was good. A promise only when no answer is recent enough. Never rejects. */
  read(): boolean | Promise<boolean>;
}

/**
 * What the upstream's last answer was: asked on demand, one request at a time, the old answer given while a new one is
 * under way.
 */
export function openReachability(options: ReachabilityOptions): Reachability {
  const { check, now, freshMs = 5_000, failureFreshMs = 500, maxStaleMs = 30_000, onChange } = options;
  let last: { at: number; problem: string | undefined } | undefined;
  let underWay: Promise<boolean> | undefined;

  async function ask(): Promise<boolean> {
    const problem = await check().catch((error: unknown) => String(error));
    const isChange = last === undefined || (last.problem === undefined) !== (problem === undefined);
    last = { at: now(), problem };
    underWay = undefined;
    if (isChange) onChange?.(problem);
    return problem === undefined;
  }

  return {
    read() {
      const ageMs = last === undefined ? Number.POSITIVE_INFINITY : now() - last.at;
      if (ageMs > (last?.problem === undefined ? freshMs : failureFreshMs)) underWay ??= ask();
      if (last !== undefined && ageMs <= maxStaleMs) return last.problem === undefined;
      underWay ??= ask();
      return underWay;
    },
  };
}
