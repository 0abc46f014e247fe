import { defineCommand } from '../src/cli/command.ts';
import { openTarget, targetOptions, writeOptions } from './distribution/open-target.ts';
import { promoteToAll } from './distribution/write.ts';

export default defineCommand({
  usage: 'distribution:promote -- [options]',
  summary: 'Applies what the staging distribution has to all viewers, and ends the staged rollout.',
  examples: ['distribution:promote', 'distribution:promote -- --yes --no-wait'],
  options: { ...targetOptions, ...writeOptions },
  main: async ({ values }, io) => {
    const options = { isLocal: values.local, yes: values.yes, noWait: values['no-wait'], waitMs: values['wait-for'] };
    return promoteToAll(await openTarget(values, io), options, io);
  },
});
