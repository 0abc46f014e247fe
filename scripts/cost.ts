import { defineCommand } from '../src/cli/command.ts';
import { bytes, choice, count, flag, integer, percent, text } from '../src/cli/option.ts';
import { openProject } from '../src/config/open-project.ts';
import { compareWays, estimateStack, freeTierCredits, stackAssumptions } from '../src/cost/cost.ts';
import type { Schedule } from '../src/cost/flipper-cost.ts';
import { formatStack } from '../src/cost/format-cost.ts';
import { type EdgeRegion, sumUsd } from '../src/cost/prices.ts';
import { EdgeError } from '../src/errors.ts';
import { nearestName } from '../src/text/nearest-name.ts';

const schedules: Readonly<Record<'lambda' | 'watch' | 'once', Schedule>> = {
  lambda: { kind: 'lambda' },
  watch: { kind: 'watch' },
  once: { kind: 'once', everyMs: 300_000 },
};
const edgeRegions = Object.keys(stackAssumptions.viewers) as EdgeRegion[];

export default defineCommand({
  usage: 'cost -- --requests <count> [options]',
  summary:
    'Estimates the monthly bill: edge, flipper and a stack in each region. Makes no calls: src/cost/prices.ts has each price with its source and date.',
  examples: [
    'cost -- --requests 100M',
    'cost -- --requests 2.5B --bytes-per-response 8kB --tasks 6',
    'cost -- --requests 10M --viewers europe=70,india=30 --all',
  ],
  options: {
    requests: count('requests of viewers a month'),
    'bytes-per-response': bytes('average size, 20kB by default', { fallback: 20_000 }),
    tasks: integer('tasks in each region, the standby included', { fallback: 2, min: 1, max: 10_000 }),
    'home-share': percent('requests that the home region serves, 70% by default', { fallback: 70 }),
    viewers: text(`percent by price region: ${edgeRegions.join(', ')}`, { placeholder: 'shares' }),
    flipper: choice('how the flipper runs: lambda by default, watch without its machine', ['lambda', 'watch', 'once'], {
      fallback: 'lambda' as const,
    }),
    'free-tier': flag('deduct AWS’s monthly free tier'),
    all: flag('every item with the source of its price'),
  },
  main: async ({ values }, io) => {
    if (values.requests === undefined) throw new EdgeError('USAGE', '--requests is missing', { hint: '--requests 100M' });
    const { config } = await openProject(io);
    const options = {
      requests: values.requests,
      bytesPerResponse: values['bytes-per-response'],
      tasksPerRegion: values.tasks,
      homePercent: values['home-share'],
      viewers: values.viewers === undefined ? stackAssumptions.viewers : parseViewers(values.viewers),
      schedule: schedules[values.flipper],
    };
    const { parts, usd, standIns } = estimateStack(config, options);
    const { usd: fixedUsd } = estimateStack(config, { ...options, requests: 0 });
    const credits = freeTierCredits(parts.flatMap(({ items }) => items));
    const ways = compareWays(values.requests, parts);
    const isFreeTierDeducted = values['free-tier'];
    const totalUsd = isFreeTierDeducted ? usd + sumUsd(credits) : usd;
    io.result(
      { options, totalUsd, fixedUsd, parts, credits, isFreeTierDeducted, ways, standIns, assumptions: stackAssumptions },
      formatStack({ parts, usd, fixedUsd, credits, isFreeTierDeducted, ways, standIns }, { all: values.all, colour: io.colour }),
    );
  },
});

/** `europe=70,india=30`: an absent price region has 0. */
function parseViewers(given: string): Record<EdgeRegion, number> {
  const shares = Object.fromEntries(edgeRegions.map((region) => [region, 0])) as Record<EdgeRegion, number>;
  for (const entry of given.split(',')) {
    const [, name = '', digits = ''] = /^\s*([a-z-]+)=(\d{1,3})%?\s*$/.exec(entry) ?? [];
    const region = edgeRegions.find((known) => known === name);
    if (region === undefined) {
      const near = nearestName(name, edgeRegions);
      throw new EdgeError('USAGE', `--viewers must be shares such as europe=70,india=30, got ${JSON.stringify(entry)}`, {
        hint: near === undefined ? `price regions: ${edgeRegions.join(', ')}` : `did you mean ${near}?`,
      });
    }
    shares[region] += Number(digits);
  }
  const total = Object.values(shares).reduce((sum, share) => sum + share, 0);
  if (total !== 100) throw new EdgeError('USAGE', `--viewers must add up to 100%, got ${total}%`, { hint: '--viewers europe=70,india=30' });
  return shares;
}
