import { startTraffic, type Traffic } from '../drill/traffic.ts';

/** The console's simulated viewers. */
export interface Viewers {
  /** Requests per second. */
  rate(): number;
  /** Sets the rate from a JSON body `{"requestsPerSecond": n}`. Returns the rate, or problems. */
  set(body: string): object;
  /** Begins with a few, unless a rate was set before. */
  startOnce(): void;
  stop(): Promise<void>;
}

const maxViewersRate = 2_000;
const firstRate = 20;

/** Whether a request is one of theirs: startTraffic's viewers have addresses of a network that is for examples. */
export function isSimulated({ ip }: { ip: string }): boolean {
  return ip.startsWith('198.51.');
}

/** Opens viewers that send nothing yet; `paths` are those of startTraffic. */
export function openViewers(edge: string, paths?: readonly string[]): Viewers {
  let rate = 0;
  let wasSet = false;
  let traffic: Traffic | undefined;
  const setRate = (wanted: number) => {
    wasSet = true;
    if (wanted === rate) return;
    // Open requests still get their answers.
    void traffic?.stop();
    rate = wanted;
    traffic =
      rate === 0
        ? undefined
        : startTraffic({ edge, paths, requestsPerSecond: rate, random: Math.random, now: Date.now, onOutcome: () => undefined });
  };
  return {
    rate: () => rate,
    set(body) {
      const wanted = parseRate(body);
      if (wanted === undefined) return { problems: [`requestsPerSecond must be a whole number from 0 to ${maxViewersRate}`] };
      setRate(wanted);
      return { requestsPerSecond: rate };
    },
    startOnce() {
      if (!wasSet) setRate(firstRate);
    },
    async stop() {
      rate = 0;
      wasSet = true;
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
