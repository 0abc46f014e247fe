/** How much one run may do: nothing here can be asked for beyond it. */
export interface LoadLimits {
  connections: number;
  durationMs: number;
  /** Requests per second over all connections; undefined for as many as the connections carry. */
  requestsPerSecond: number | undefined;
}

/** On this machine: it hurts nobody else. */
export const loopbackLimits: LoadLimits = { connections: 200, durationMs: 300_000, requestsPerSecond: undefined };

/** Anywhere else, for whoever owns it: enough to see latency and routing, too little to be an attack. */
export const ownedLimits: LoadLimits = { connections: 20, durationMs: 60_000, requestsPerSecond: 200 };

/** Bytes of an answer's body; a connection that gets more is given up, since a load test keeps each body until it ends. */
export const maxAnswerBytes = 4 * 1_024 * 1_024;

/** So many errors beyond those that were expected end the run: a target that is not there is not asked a thousand times. */
export const bailoutErrors = 100;
