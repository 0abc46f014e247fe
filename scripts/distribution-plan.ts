import edgeConfig from '../edge.config.ts';
import { flag, text } from '../src/cli/option.ts';
import { run } from '../src/cli/run.ts';
import { parseEdgeConfig } from '../src/config/edge-config.ts';
import { showPlan } from '../src/distribution/distribution-commands.ts';
import { openDistribution, parseDrops } from '../src/distribution/open-distribution.ts';

await run({
  usage: 'distribution:plan -- [options]',
  summary: 'Says what distribution:apply would change on the live distribution, and writes nothing. Exits 0 with and without changes.',
  examples: [
    'distribution:plan',
    'distribution:plan -- --id E2QWRUHEXAMPLE',
    "distribution:plan -- --drop 'WebACLId,Aliases[old.example.com]'",
  ],
  options: {
    id: text('which distribution; else EDGE_DISTRIBUTION_ID, else the one with an alias of the file', { placeholder: 'id' }),
    drop: text('what may go although the file does not mention it, separated by commas', { placeholder: 'paths' }),
    only: text('the top-level fields that may change, such as PriceClass,Aliases; the others stay as they are', { placeholder: 'fields' }),
    local: flag('the running local cloud in place of AWS'),
  },
  main: async ({ values }, io) => {
    const config = parseEdgeConfig(edgeConfig);
    const drop = parseDrops(values.drop);
    const opened = await openDistribution({ env: io.env, isLocal: values.local, id: values.id, config });
    return showPlan({ ...opened, drop, only: parseDrops(values.only) }, io);
  },
});
