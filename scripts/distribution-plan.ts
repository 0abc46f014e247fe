import { defineCommand } from '../src/cli/command.ts';
import { openTargets, planOptions, targetOptions } from './distribution/open-target.ts';
import { showPlan } from './distribution/write.ts';

export default defineCommand({
  usage: 'distribution:plan -- [options]',
  summary: 'Shows what distribution:apply would change on the live distribution, and writes nothing. Exits 0 with and without changes.',
  examples: [
    'distribution:plan',
    'distribution:plan -- --id E2QWRUHEXAMPLE',
    "distribution:plan -- --drop 'WebACLId,Aliases[old.example.com]'",
  ],
  options: { ...targetOptions, ...planOptions },
  main: async ({ values }, io) => {
    for (const target of await openTargets(values, io)) await showPlan(target, values.local, io);
    return 0;
  },
});
