import type { Simulation, World } from './simulation.ts';

export interface TrafficMonitorOptions {
  simulation: Simulation;
  world: World;
  /** How often it looks, and so its precision. */
  stepMs: number;
  /** An origin that has been up this long counts as proven. */
  provenAfterMs: number;
}

/**
 * Watches where each order's viewers go while time passes: `longestMs` is the longest stretch in which some order's
 * last resort was a dead origin although it had a proven one. Time while `excused` is true counts for nothing.
 */
export function openTrafficMonitor({ simulation, world, stepMs, provenAfterMs }: TrafficMonitorOptions) {
  const { policy, clock } = simulation;
  const upSince = new Map<string, number>(policy.origins.map((id) => [id, Number.NEGATIVE_INFINITY]));
  const onDead = policy.orders.map(() => 0);
  let longestMs = 0;

  function look(isExcused: boolean): void {
    const now = clock.monotonic();
    for (const id of policy.origins) {
      if (world(id, now).opinion === 'bad') upSince.set(id, Number.POSITIVE_INFINITY);
      else if (upSince.get(id) === Number.POSITIVE_INFINITY) upSince.set(id, now);
    }
    const isDead = (id: string) => upSince.get(id) === Number.POSITIVE_INFINITY;
    const isProven = (id: string) => now - (upSince.get(id) ?? 0) >= provenAfterMs;
    for (const [index, order] of policy.orders.entries()) {
      const landing = order.find((id) => simulation.weight(id) === 100) ?? order[0] ?? '';
      const isBad = isDead(landing) && order.some(isProven) && !isExcused;
      onDead[index] = isBad ? (onDead[index] ?? 0) + stepMs : 0;
      longestMs = Math.max(longestMs, onDead[index] ?? 0);
    }
  }

  return {
    /** Lets so much time pass under watch; `excused` says whether a moment counts, by elapsed milliseconds. */
    async run(ms: number, excused: (elapsed: number) => boolean = () => false): Promise<void> {
      const end = clock.monotonic() + ms;
      while (clock.monotonic() < end) {
        await clock.run(stepMs);
        look(excused(clock.monotonic()));
      }
    },
    longestMs: () => longestMs,
  };
}
