import { defineCommand } from '../src/cli/command.ts';
import { flag, text } from '../src/cli/option.ts';
import { acceptableHazards } from '../src/distribution/hazards.ts';
import { parseTraffic } from '../src/distribution/staging.ts';
import { EdgeError } from '../src/errors.ts';
import { typed } from '../src/text/typed.ts';
import { openTarget, openTargets, planOptions, splitList, targetOptions, writeOptions } from './distribution/open-target.ts';
import { applyToEach, applyToSome } from './distribution/write.ts';

export default defineCommand({
  usage: 'distribution:apply -- [options]',
  summary:
    'Makes the live distribution match distribution.json, or puts the edge function on the behaviors that edge.config.ts names, for all viewers or for a part of them first.',
  examples: [
    'distribution:apply',
    "distribution:apply -- --drop 'Aliases[old.example.com]'",
    'distribution:apply -- --staging --weight 0.05',
    'distribution:apply -- --staging --header aws-cf-cd-canary=1',
  ],
  options: {
    ...targetOptions,
    ...planOptions,
    staging: flag('apply to a staging distribution that serves a part of the viewers'),
    weight: text('--staging: the share of all viewers, 0 to 0.15; 0.05 by default', { placeholder: 'share' }),
    header: text('--staging: only requests with this header, aws-cf-cd-<name>[=<value>]', { placeholder: 'header' }),
    ...writeOptions,
    accept: text(`continue in spite of these hazards: ${acceptableHazards.join(', ')}`, { placeholder: 'hazards' }),
  },
  main: async ({ values }, io) => {
    const { staging, weight, header } = values;
    if (!staging && (weight ?? header) !== undefined)
      throw new EdgeError('USAGE', '--weight and --header need --staging', { hint: `${typed('distribution:apply --')} --staging …` });
    const traffic = parseTraffic(weight, header);
    const options = {
      isLocal: values.local,
      yes: values.yes,
      noWait: values['no-wait'],
      waitMs: values['wait-for'],
      accept: splitList(values.accept),
    };
    return staging
      ? applyToSome(await openTarget(values, io), traffic, options, io)
      : applyToEach(await openTargets(values, io), options, io);
  },
});
