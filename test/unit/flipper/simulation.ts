import { FlipperSimulation, type FlipperSimulationOptions, type ProbedWorld } from '../../../src/predict/simulation.ts';
import { dayOne, defaults, two } from '../core/policy.ts';

export type World = ProbedWorld;

/** With the default policy for two origins, unless another is given. */
export class Simulation extends FlipperSimulation {
  constructor(options: Partial<FlipperSimulationOptions> & Pick<FlipperSimulationOptions, 'world'>) {
    super({ policy: { ...two, health: defaults.health }, startAt: dayOne, ...options });
  }
}

/**
 * Origins that are down in these spans of elapsed seconds and healthy otherwise; a refused connection is noticed at
 * once.
 */
export function downIn(spans: Readonly<Record<string, readonly (readonly [number, number])[]>>): World {
  return (origin, elapsed) => {
    const isDown = spans[origin]?.some(([from, to]) => elapsed >= from * 1_000 && elapsed < to * 1_000) ?? false;
    return { opinion: isDown ? 'bad' : 'good' };
  };
}
