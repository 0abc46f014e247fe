import type { LiveDistribution } from '../../aws/distribution.ts';
import { planDistribution } from '../../distribution/plan.ts';
import { defineCheck, type Finding, fail, problemsOr, warn } from '../check.ts';

interface Facts {
  live: Pick<LiveDistribution, 'id' | 'isDeployed' | 'config'> | undefined;
  /** Paths in which distribution.json differs from it. */
  changed: readonly string[];
}

const shown = 5;

/** There is a distribution, it is on, everywhere, and what distribution.json says. */
export const distributionCheck = defineCheck<Facts>({
  id: 'distribution',
  why: 'Everything below is read from it; what distribution.json says and the live one does not is no protection.',
  gather: async ({ liveDistribution, file }) => {
    const live = await liveDistribution();
    if (live === undefined) return { live, changed: [] };
    return { live, changed: planDistribution(live, await file()).changes.map(({ path }) => path) };
  },
  judge: judgeDistribution,
});

function judgeDistribution({ live, changed }: Facts): readonly Finding[] {
  if (live === undefined)
    return [fail('there is no such distribution; distribution.json is judged in its place', 'npm run distribution:apply')];
  const problems: Finding[] = [];
  if (live.config.Enabled !== true)
    problems.push(fail(`${live.id} is disabled: nobody is served`, 'set Enabled to true, then npm run distribution:apply'));
  if (!live.isDeployed) problems.push(warn(`${live.id} is being deployed: some edges have its former config`, 'wait, then run it again'));
  if (changed.length > 0) {
    const more = changed.length > shown ? ` and ${changed.length - shown} more` : '';
    const paths = changed.slice(0, shown).join(', ');
    problems.push(warn(`${live.id} is not what distribution.json says: ${paths}${more}`, 'npm run distribution:plan shows how'));
  }
  return problemsOr(problems, `${live.id} is deployed and what distribution.json says`);
}
