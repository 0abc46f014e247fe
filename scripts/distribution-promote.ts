import edgeConfig from '../edge.config.ts';
import { duration, flag, text } from '../src/cli/option.ts';
import { run } from '../src/cli/run.ts';
import { parseEdgeConfig } from '../src/config/edge-config.ts';
import { deployTimeoutMs } from '../src/distribution/apply-distribution.ts';
import { openDistribution } from '../src/distribution/open-distribution.ts';
import { promoteDistribution } from '../src/distribution/promote-distribution.ts';

await run({
  usage: 'distribution:promote -- [options]',
  summary: 'Gives everybody what the staging distribution has, and ends the staged rollout.',
  examples: ['distribution:promote', 'distribution:promote -- --yes --no-wait'],
  options: {
    id: text('which distribution; else EDGE_DISTRIBUTION_ID, else the one with an alias of the file', { placeholder: 'id' }),
    yes: flag('write without asking'),
    'no-wait': flag('do not wait until every edge has it'),
    'wait-for': duration('wait for the edges so long', { fallback: deployTimeoutMs }),
    local: flag('the running local cloud in place of AWS'),
  },
  main: async ({ values }, io) => {
    const config = parseEdgeConfig(edgeConfig);
    const opened = await openDistribution({ env: io.env, isLocal: values.local, id: values.id, config });
    const options = { yes: values.yes, noWait: values['no-wait'], waitMs: values['wait-for'] };
    return promoteDistribution({ ...opened, drop: [] }, options, io);
  },
});
