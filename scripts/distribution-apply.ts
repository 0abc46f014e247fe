import edgeConfig from '../edge.config.ts';
import { duration, flag, text } from '../src/cli/option.ts';
import { run } from '../src/cli/run.ts';
import { parseEdgeConfig } from '../src/config/edge-config.ts';
import { deployTimeoutMs } from '../src/distribution/apply-distribution.ts';
import { applyPlan } from '../src/distribution/distribution-commands.ts';
import { openDistribution, parseDrops } from '../src/distribution/open-distribution.ts';
import { acceptableHazards } from '../src/distribution/plan-hazards.ts';
import { stageDistribution } from '../src/distribution/stage-distribution.ts';
import { parseTraffic } from '../src/distribution/staged-traffic.ts';
import { EdgeError } from '../src/errors.ts';

await run({
  usage: 'distribution:apply -- [options]',
  summary:
    'Makes the live distribution what distribution.json says, for everybody or for a part of the viewers first, and creates it when there is none.',
  examples: [
    'distribution:apply',
    "distribution:apply -- --drop 'Aliases[old.example.com]'",
    'distribution:apply -- --staging --weight 0.05',
    'distribution:apply -- --staging --header aws-cf-cd-canary=1',
  ],
  options: {
    id: text('which distribution; else EDGE_DISTRIBUTION_ID, else the one with an alias of the file', { placeholder: 'id' }),
    drop: text('what may go although the file does not mention it, separated by commas', { placeholder: 'paths' }),
    staging: flag('to a staging distribution that serves a part of the viewers'),
    weight: text('--staging: the share of all viewers, 0 to 0.15; 0.05 by default', { placeholder: 'share' }),
    header: text('--staging: only requests with this header, aws-cf-cd-<name>[=<value>]', { placeholder: 'header' }),
    yes: flag('write without asking'),
    'no-wait': flag('do not wait until every edge has it'),
    'wait-for': duration('wait for the edges so long', { fallback: deployTimeoutMs }),
    only: text('the top-level fields that may change, such as PriceClass,Aliases; the others stay as they are', { placeholder: 'fields' }),
    accept: text(`go on although a plan has these: ${acceptableHazards.join(', ')}`, { placeholder: 'hazards' }),
    local: flag('the running local cloud in place of AWS'),
  },
  main: async ({ values }, io) => {
    const { staging, weight, header } = values;
    if (!staging && (weight ?? header) !== undefined)
      throw new EdgeError('USAGE', '--weight and --header belong to --staging', { hint: 'npm run distribution:apply -- --staging …' });
    const traffic = parseTraffic(weight, header);
    const config = parseEdgeConfig(edgeConfig);
    const opened = await openDistribution({ env: io.env, isLocal: values.local, id: values.id, config });
    const target = { ...opened, drop: parseDrops(values.drop), only: parseDrops(values.only), accept: parseDrops(values.accept) };
    const options = { yes: values.yes, noWait: values['no-wait'], waitMs: values['wait-for'] };
    return staging ? stageDistribution(target, traffic, options, io) : applyPlan(target, options, io);
  },
});
