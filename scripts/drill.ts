import edgeConfig from '../edge.config.ts';
import { originFaults, parseOriginFault } from '../local/origin/origin-fault.ts';
import { EdgeError } from '../src/cli/errors.ts';
import { integer, text } from '../src/cli/option.ts';
import { run } from '../src/cli/run.ts';
import { parseEdgeConfig } from '../src/config/edge-config.ts';
import { formatDrill } from '../src/operations/drill/format-drill.ts';
import { summarizeDrill } from '../src/operations/drill/summarize-drill.ts';
import { drillConfig } from './drill/drill-config.ts';

await run({
  usage: 'drill -- [options]',
  summary:
    'A whole outage on a local cloud of its own: traffic, fault, detection, flip, recovery and the way home. Ends with 1 when a promise is broken.',
  examples: ['drill', 'drill -- --fault 5xx', 'drill -- --fault hang --json'],
  options: {
    fault: text(`how the origin breaks: ${originFaults.slice(1).join(', ')}`, { fallback: 'refuse' }),
    origin: text('the origin that breaks; the first of defaultOrder by default', { placeholder: 'id' }),
    rate: integer('requests a second', { fallback: 50, min: 5, max: 500 }),
  },
  main: async ({ values }, io) => {
    const config = drillConfig(parseEdgeConfig(edgeConfig));
    const origins = Object.keys(config.origins);
    const broken = values.origin ?? config.defaultOrder[0] ?? '';
    if (!origins.includes(broken))
      throw new EdgeError('ORIGIN_UNKNOWN', `no origin is called "${broken}"`, { hint: `origins here: ${origins.join(', ')}` });
    const fault = parseOriginFault(values.fault);
    if (fault === undefined || fault.kind === 'none') {
      throw new EdgeError('USAGE', `"${values.fault}" is no fault`, {
        hint: `faults: ${originFaults.slice(1).join(', ')}, also slow:<ms> and 5xx:<status>`,
      });
    }
    // Loads miniflare, which a misused command need not wait for.
    const { runDrill } = await import('./drill/run-drill.ts');
    const startedAt = io.now();
    const tell = (line: string) => io.stderr(`${((io.now() - startedAt) / 1_000).toFixed(1).padStart(5)} s  ${line}`);
    const { signal, progress } = io;
    const summary = summarizeDrill(await runDrill({ config, broken, fault, requestsPerSecond: values.rate, signal, tell, progress }));
    const regions = Object.fromEntries(Object.entries(config.origins).map(([id, { region }]) => [id, region]));
    io.result(summary, formatDrill(summary, regions, io.colour));
    return summary.promises.some(({ result }) => result === 'broken') ? 1 : 0;
  },
});
