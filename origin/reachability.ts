export interface ReachabilityOptions {
  /** Asks the upstream once and resolves to what is wrong with it, undefined when nothing is. Must end by itself. */
  check: () => Promise<string | undefined>;
  /** Any clock in milliseconds that does not go back. */
  now: () => number;
  /** A good answer is as good as new for so long. Default 5 s. */
  freshMs?: number;
  /** A bad one. Default 0.5 s, less than the flipper's fast interval: its three bad probes must be three bad answers of the upstream, not one seen three times. */
  failureFreshMs?: number;
  /** An answer older than this is no longer given while a new one is under way. Default 30 s. */
  maxStaleMs?: number;
  /** Told when the answer changes, the first one included. */
  onChange?: (problem: string | undefined) => void;
}

export interface Reachability {
  /** True when the upstream answered well. A promise only when no answer is recent enough. Never rejects. */
  read(): boolean | Promise<boolean>;
}

/** What the upstream's last answer was: asked on demand, one request at a time, the old answer given while a new one is under way. */
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
