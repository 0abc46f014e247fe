import { healthKey } from '../kvs/keys.ts';
import { openFlagStore } from '../src/aws/open-flag-store.ts';
import { defineCommand } from '../src/cli/command.ts';
import type { Io } from '../src/cli/io.ts';
import { text } from '../src/cli/option.ts';
import type { EdgeConfig } from '../src/config/edge-config.ts';
import { openProject } from '../src/config/open-project.ts';
import { parseLiveRecord } from '../src/core/live-record.ts';
import { openRemovals } from '../src/distribution/distribution.ts';
import { acceptableHazards } from '../src/distribution/hazards.ts';
import { splitList, targetOptions, writeOptions } from './distribution/open-target.ts';
import { applyToEach, removalWords } from './distribution/write.ts';

export default defineCommand({
  usage: 'un-adopt -- [options]',
  summary:
    'Takes the edge function off every behavior, puts back the functions that `replaces` in edge.config.ts names, and keeps everything else.',
  examples: ['un-adopt', 'un-adopt -- --id E2QWRUHEXAMPLE', 'un-adopt -- --yes --json'],
  options: {
    ...targetOptions,
    ...writeOptions,
    accept: text(`continue in spite of these hazards: ${acceptableHazards.join(', ')}`, { placeholder: 'hazards' }),
  },
  main: async ({ values }, io) => {
    const { config } = await openProject(io);
    const opening = { env: io.env, isLocal: values.local, id: values.id, config };
    const targets = await openRemovals(opening, () => readDrained(config, values.local, io));
    const options = {
      isLocal: values.local,
      yes: values.yes,
      noWait: values['no-wait'],
      waitMs: values['wait-for'],
      accept: splitList(values.accept),
      words: removalWords(config.functionName),
    };
    const code = await applyToEach(targets, options, io);
    const source = config.distributions === undefined ? 'distribution.json' : 'edge.config.ts';
    if (code === 0)
      io.stderr(
        `function ${config.functionName} and key-value store ${config.keyValueStoreName} are still there; distribution:apply puts the function back as long as ${source} names it`,
      );
    return code;
  },
});

/** The origins that keep less than all their viewers. */
async function readDrained(config: EdgeConfig, isLocal: boolean, io: Io): Promise<string[]> {
  const { store } = await openFlagStore({ env: io.env, isLocal, config, signal: io.signal });
  const origins = Object.keys(config.origins);
  const { overrides, automatic } = parseLiveRecord((await store.read([healthKey])).values, io.now(), origins);
  return origins.filter((origin) => (overrides.find((entry) => entry.origin === origin)?.weight ?? automatic[origin] ?? 100) < 100);
}
