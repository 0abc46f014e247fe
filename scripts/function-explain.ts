import { defineCommand } from '../src/cli/command.ts';
import { choice, country, flag, text } from '../src/cli/option.ts';

export default defineCommand({
  usage: 'function:explain -- [options]',
  summary:
    'Shows which origin serves a viewer and why, by running the built function: one viewer with --country, all countries with --all, what publishing would change with --diff.',
  examples: [
    'function:explain -- --country IN --local',
    'function:explain -- --country US-CA',
    'function:explain -- --country DE --method POST --record "europe=25"',
    'function:explain -- --country IN --header "x-retry-attempt: 1"',
    'function:explain -- --all',
    'function:explain -- --diff',
  ],
  options: {
    country: country('such as US, or US-CA with its subdivision; without it, a viewer of no known country'),
    method: choice('the request’s method, GET by default', ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'], {
      placeholder: 'method',
    }),
    ip: text('the viewer’s address, which matters while a weight is partial; 203.0.113.7 by default', { placeholder: 'address' }),
    path: text('the request’s path, which chooses the service; / by default, and with --all one path of each service', {
      placeholder: 'path',
    }),
    header: text('one more header of the request, for a function of your own that reads it', { placeholder: 'name: value' }),
    all: flag('all countries, grouped by route'),
    diff: flag('compare LIVE with the working tree: which countries move, and where to'),
    live: flag('run the LIVE function instead of the working tree’s'),
    record: text('a health record instead of the live one, such as "singapore=0"; needs no AWS', { placeholder: 'record' }),
    local: flag('use the running local cloud instead of AWS'),
  },
  main: async ({ values }, io) => {
    // The SDK is a third of what this command loads: load it beside the rest.
    if (values.record === undefined && !values.diff)
      void Promise.all([import('../src/aws/key-value-store.ts'), import('../src/aws/signer.ts')]).catch(() => undefined);
    const { explain } = await import('./function/explain.ts');
    await explain(values, io);
  },
});
