import { startTraffic, type Traffic } from '../drill/traffic.ts';

/** Viewers that the console plays, so that there is something to see. */
export interface Viewers {
  /** Requests a second; 0 while there are none. */
  rate(): number;
  /** From the JSON body `{"requestsPerSecond": n}` to the rate, or problems. */
  set(body: string): object;
  stop(): Promise<void>;
}

const maxViewersRate = 2_000;

/** Opens them at rest. */
export function openViewers(edge: string): Viewers {
  let rate = 0;
  let traffic: Traffic | undefined;
  return {
    rate: () => rate,
    set(body) {
      const wanted = parseRate(body);
      if (wanted === undefined) return { problems: [`requestsPerSecond takes a whole number from 0 to ${maxViewersRate}`] };
      if (wanted !== rate) {
        // Those who have asked already still get their answer.
        void traffic?.stop();
        rate = wanted;
        traffic =
          rate === 0
            ? undefined
            : startTraffic({ edge, requestsPerSecond: rate, random: Math.random, now: Date.now, onOutcome: () => undefined });
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
