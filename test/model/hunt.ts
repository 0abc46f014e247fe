import { type Counterexample, explore } from './explore.ts';
import { type Mutant, openMutant } from './mutants.ts';
import { benchPlans, type Plan, plans } from './plans.ts';

export interface Hunt {
  /** The history that shows the mutant's fault; undefined when it survives. */
  found: Counterexample | undefined;
  /** The exploration that found it. */
  plan: string | undefined;
  seconds: number;
}

/** Explores a mutant by one plan after the other until a law breaks. */
export async function huntMutant(mutant: Mutant, by: readonly Plan[] = [...plans, ...benchPlans]): Promise<Hunt> {
  const startedAt = performance.now();
  const core = await openMutant(mutant);
  for (const { name, setup, bounds } of by) {
    const { found } = await explore(core, setup, bounds);
    if (found !== undefined) return { found, plan: name, seconds: (performance.now() - startedAt) / 1_000 };
  }
  return { found: undefined, plan: undefined, seconds: (performance.now() - startedAt) / 1_000 };
}
