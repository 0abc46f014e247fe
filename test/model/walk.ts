import { seededRandom } from '../../src/text/seeded-random.ts';
import type { Core } from './core.ts';
import { type Counterexample, startOf } from './explore.ts';
import type { Breach } from './laws.ts';
import { adversities, type Family, faultyTicks, type Step, takeStep } from './step.ts';
import { replayStory } from './story.ts';
import type { Setup } from './world.ts';

export interface Walk {
  steps: number;
  found: Counterexample | undefined;
}

/** One thing goes wrong in this many ticks. */
const calmTicks = 6;

/** A history of this many steps at random, far beyond what can be explored; the same seed walks the same way. */
export async function walk(
  core: Core,
  setup: Setup,
  { seed, steps, families }: { seed: number; steps: number; families: ReadonlySet<Family> },
): Promise<Walk> {
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  let world = await startOf(core, setup);
  const taken: Step[] = [];
  while (taken.length < steps) {
    const isAdverse = random() < 1 / calmTicks;
    let step: Step | undefined = 'tick';
    if (isAdverse) {
      const store = families.has('store') ? faultyTicks({ operations: world.flippers.map(() => ({ reads: 1, writes: 1 })) }, true) : [];
      step = pick([pick(adversities(setup, world, families)), pick(store)].filter((each) => each !== undefined));
    }
    if (step === undefined) continue;
    const next = await takeStep(core, setup, world, step);
    if (next === undefined) continue;
    taken.push(step);
    if (next.breaches.length > 0) return { steps: taken.length, found: await shrink(core, setup, taken, next.breaches) };
    world = next.world;
  }
  return { steps: taken.length, found: undefined };
}

/** The same broken law by fewer steps: pieces are left out, large ones first, as long as it still breaks. */
async function shrink(core: Core, setup: Setup, taken: readonly Step[], breaches: readonly Breach[]): Promise<Counterexample> {
  let best: Counterexample = { setup, steps: taken, breaches };
  const law = breaches[0]?.law;
  for (let size = Math.ceil(taken.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < best.steps.length; ) {
      const steps = best.steps.toSpliced(from, size);
      const broken = await replayStory(core, setup, steps);
      if (broken.some((each) => each.law === law)) best = { setup, steps, breaches: broken };
      else from += size;
    }
  }
  return best;
}
