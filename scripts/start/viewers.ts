import { startTraffic, type Traffic } from '../drill/traffic.ts';

/** The console's simulated viewers. */
export interface Viewers {
  /** Requests per second. */
  rate(): number;
  /** Sets the rate from a JSON body `{"requestsPerSecond": n}`. Returns the rate, or problems. */
  set(body: string): object;
  stop(): Promise<void>;
}

const maxViewersRate = 2_000;

/** Opens viewers that send nothing yet; `paths` are those of startTraffic. */
export function openViewers(edge: string, paths?: readonly string[]): Viewers {
  let rate = 0;
  let traffic: Traffic | undefined;
  return {
    rate: () => rate,
    set(body) {
      const wanted = parseRate(body);
      if (wanted === undefined) return { problems: [`requestsPerSecond must be a whole number from 0 to ${maxViewersRate}`] };
      if (wanted !== rate) {
        // Open requests still get their answers.
        void traffic?.stop();
        rate = wanted;
        traffic =
          rate === 0
            ? undefined
            : startTraffic({ edge, paths, requestsPerSecond: rate, random: Math.random, now: Date.now, onOutcome: () => undefined });
      }
      return { requestsPerSecond: rate };
    },
    async stop() {
      rate = 0;
      await traffic?.abort();
    },
  };
}

function parseRate(body: string): number | undefined {
  try {
    const { requestsPerSecond } = JSON.parse(body) as { requestsPerSecond?: unknown };
    const isRate = Number.isInteger(requestsPerSecond) && Number(requestsPerSecond) >= 0 && Number(requestsPerSecond) <= maxViewersRate;
    return isRate ? Number(requestsPerSecond) : undefined;
  } catch {
    return undefined;
  }
}
