/**
 * How long a verdict takes, which a decision must know: how old proof may be, and how long a new origin may stay
 * unproven.
 */
interface ProvingTimes {
  intervalMs: number;
  fastIntervalMs: number;
  timeoutMs: number;
  healthyThreshold: number;
}

/** How an origin that was taken out comes back. */
export interface FailbackPolicy {
  /** How long it stays out after the first outage; doubled for each further one, up to `maxHoldDownMs`. */
  holdDownMs: number;
  maxHoldDownMs: number;
  /** Each such time without an outage forgives one. */
  holdDownHalfLifeMs: number;
  /** Weights on the way from 0 to 100, in ascending order. */
  ramp: readonly number[];
  rampStepMs: number;
  /** Between two automatic flips in opposite directions. */
  minFlipIntervalMs: number;
}

/** What a decision goes by. `orders` are all orders that any viewer has, the default one included. */
export interface FlipPolicy {
  origins: readonly string[];
  orders: readonly (readonly string[])[];
  health: ProvingTimes;
  failover: FailbackPolicy;
  /** Each record has the number of its flip, for the access log. Default false. */
  namesFlips?: boolean | undefined;
}
