import { defineCommand } from '../src/cli/command.ts';
import { openTarget, targetOptions, writeOptions } from './distribution/open-target.ts';
import { endStaging } from './distribution/write.ts';

const { yes, 'wait-for': waitFor } = writeOptions;

export default defineCommand({
  usage: 'distribution:unstage -- [options]',
  summary:
    'Ends a staged rollout, promoted or not: detaches and deletes its continuous deployment policy, and deletes the staging distribution. Waits between the steps.',
  examples: ['distribution:unstage', 'distribution:unstage -- --id E2QWRUHEXAMPLE --yes'],
  options: { ...targetOptions, yes, 'wait-for': waitFor },
  main: async ({ values }, io) => {
    const options = { isLocal: values.local, yes: values.yes, noWait: false, waitMs: values['wait-for'] };
    return endStaging(await openTarget(values, io), options, io);
  },
});
