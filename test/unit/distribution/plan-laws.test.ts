import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillDistributionConfig } from '../../../local/aws/rules/fill-distribution-config.ts';
import { configTree, diffConfigs, fromTree } from '../../../src/distribution/config-tree.ts';
import { planDistribution } from '../../../src/distribution/plan.ts';
import { arbitraryConfig, shuffleLists } from './arbitrary-config.ts';

/** As the service hands it back, with every default written out. */
const filled = (config: DistributionConfig) => fillDistributionConfig(config as never) as DistributionConfig;
const live = (config: DistributionConfig) => ({
  id: 'E1',
  arn: 'arn:aws:cloudfront::111122223333:distribution/E1',
  domainName: 'd1.cloudfront.net',
  isDeployed: true,
  etag: 'E',
  config,
});
const diff = (a: DistributionConfig, b: DistributionConfig) => diffConfigs(configTree(a), configTree(b));
const random = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })).map((stream) => () => stream.next().value);

const holds = (law: (a: DistributionConfig, b: DistributionConfig) => void) =>
  fc.assert(
    fc.property(arbitraryConfig, arbitraryConfig, (a, b) => {
      law(a, b);
    }),
    { numRuns: 150 },
  );

describe('the diff of two configs', () => {
  it('is empty for the same one', () => holds((config) => expect(diff(config, config)).toEqual([])));

  it('is empty for another order of every list whose order means nothing', () =>
    fc.assert(
      fc.property(arbitraryConfig, random, (config, draw) => {
        expect(diff(config, shuffleLists(config, draw))).toEqual([]);
      }),
      { numRuns: 150 },
    ));

  it('is empty against what the service answers, which has every default', () =>
    holds((config) => expect(diff(config, filled(config))).toEqual([])));

  it('turns round with its sides', () =>
    holds((a, b) => {
      const turned = { add: 'remove', remove: 'add', change: 'change' } as const;
      const forth = diff(a, b).map(({ kind, path, before, after }) => JSON.stringify([kind, path, before, after]));
      const back = diff(b, a).map(({ kind, path, before, after }) => JSON.stringify([turned[kind], path, after, before]));
      expect(forth.sort()).toEqual(back.sort());
    }));

  it('is made of configs that come back from their trees as they were', () =>
    holds((config) => expect(fromTree(configTree(config))).toEqual(config)));
});

describe('a plan', () => {
  it('that was applied leaves nothing to do', () =>
    holds((before, file) => {
      const { next, kept } = planDistribution(live(filled(before)), file);
      const again = planDistribution(live(filled(next)), file);
      expect(again.changes).toEqual([]);
      expect(again.kept).toEqual(kept);
    }));

  it('removes no item, and nothing that it lists as kept', () =>
    holds((before, file) => {
      const { changes, kept } = planDistribution(live(filled(before)), file);
      expect(changes.filter(({ kind }) => kind === 'remove')).toEqual([]);
      for (const { path } of kept) expect(changes.some((change) => change.path === path)).toBe(false);
    }));

  it('with everything dropped that it kept makes the live config mean what the file says', () =>
    holds((before, file) => {
      const first = planDistribution(live(filled(before)), file);
      const plan = planDistribution(
        live(filled(before)),
        file,
        first.kept.map(({ path }) => path),
      );
      expect(plan.unusedDrops).toEqual([]);
      expect(plan.kept).toEqual([]);
      expect(diff(plan.next, file)).toEqual([]);
    }));

  it('does not depend on the order of lists', () =>
    fc.assert(
      fc.property(arbitraryConfig, arbitraryConfig, random, (before, file, draw) => {
        const plan = planDistribution(live(filled(before)), file);
        const shuffled = planDistribution(live(shuffleLists(filled(before), draw)), shuffleLists(file, draw));
        expect(diff(plan.next, shuffled.next)).toEqual([]);
        expect(shuffled.changes.map(({ path }) => path).sort()).toEqual(plan.changes.map(({ path }) => path).sort());
      }),
      { numRuns: 150 },
    ));

  it('of a live config that says what the file says is empty', () =>
    holds((config) => expect(planDistribution(live(filled(config)), config)).toMatchObject({ changes: [], kept: [] })));
});
