import edgeConfig from '../edge.config.ts';
import { originFaults, parseOriginFault } from '../local/origin/origin-fault.ts';
import { EdgeError } from '../src/cli/errors.ts';
import type { Io } from '../src/cli/io.ts';
import { integer, text } from '../src/cli/option.ts';
import { type OutputFolder, openOutputFolder } from '../src/cli/output-folder.ts';
import { run } from '../src/cli/run.ts';
import { parseEdgeConfig } from '../src/config/edge-config.ts';
import { formatDrill } from '../src/operations/drill/format-drill.ts';
import { formatDrillPage } from '../src/operations/drill/report/drill-page.ts';
import { buildDrillReport } from '../src/operations/drill/report/drill-report.ts';
import { summarizeDrill } from '../src/operations/drill/summarize-drill.ts';
import { describeRun } from './drill/describe-run.ts';
import { drillConfig } from './drill/drill-config.ts';

const faults = originFaults.slice(1);
const defaults = { rate: 50 };

await run({
  usage: 'drill -- [options]',
  summary:
    'A whole outage on a local cloud of its own: traffic, fault, detection, flip, recovery and the way home. Ends with 1 when a promise is broken.',
  examples: ['drill', 'drill -- --fault 5xx', 'drill -- --report out/'],
  options: {
    fault: text(`how the origin breaks: ${faults.join(', ')}; refuse by default`),
    origin: text('the origin that breaks; the first of defaultOrder by default', { placeholder: 'id' }),
    rate: integer('requests a second', { fallback: defaults.rate, min: 5, max: 500 }),
    report: text('also write report.html and report.json there', { placeholder: 'folder' }),
  },
  main: async ({ values }, io) => {
    const { rate } = values;
    const { signal } = io;
    const configured = parseEdgeConfig(edgeConfig);
    const config = drillConfig(configured);
    const origins = Object.keys(config.origins);
    const broken = values.origin ?? config.defaultOrder[0] ?? '';
    if (!origins.includes(broken))
      throw new EdgeError('ORIGIN_UNKNOWN', `no origin is called "${broken}"`, { hint: `origins here: ${origins.join(', ')}` });
    const fault = parseOriginFault(values.fault ?? 'refuse');
    if (fault === undefined || fault.kind === 'none') {
      throw new EdgeError('USAGE', `"${values.fault}" is no fault`, {
        hint: `faults: ${faults.join(', ')}, also slow:<ms> and 5xx:<status>`,
      });
    }
    const name = 'report';
    const folder = values.report === undefined ? undefined : await openOutputFolder(values.report, [`${name}.html`, `${name}.json`]);
    const context = await describeRun(describeCommand(values), { config, configured, requestsPerSecond: rate });
    const startedAt = io.now();

    // Loads miniflare, which a misused command need not wait for.
    const { runDrill } = await import('./drill/run-drill.ts');
    const tell = (line: string) => io.stderr(`${((io.now() - startedAt) / 1_000).toFixed(1).padStart(5)} s  ${line}`);
    const drill = await runDrill({ config, broken, fault, requestsPerSecond: rate, signal, tell, progress: io.progress });
    const summary = summarizeDrill(drill);
    const regions = Object.fromEntries(Object.entries(config.origins).map(([id, { region }]) => [id, region]));
    io.result(summary, formatDrill(summary, regions, io.colour));
    const report = buildDrillReport(drill, context);
    await writeReport({ name, page: formatDrillPage(report), value: report }, folder, io);
    return summary.promises.some(({ result }) => result === 'broken') ? 1 : 0;
  },
});

/** Writes the page and its figures, where a folder was named. */
async function writeReport(
  report: { name: string; page: string; value: unknown },
  folder: OutputFolder | undefined,
  io: Io,
): Promise<void> {
  if (folder === undefined) return;
  const page = await folder.write(`${report.name}.html`, report.page);
  const figures = await folder.write(`${report.name}.json`, `${JSON.stringify(report.value)}\n`);
  io.stderr(`written: ${page}, ${figures}`);
}

/** The command as it would be typed again. */
function describeCommand(values: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const quote = (text: string) => (/^[\w./:=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  const words = Object.entries({ ...values, json: undefined, help: undefined }).flatMap(([option, value]) => {
    if (value === undefined || value === false || value === defaults[option as keyof typeof defaults]) return [];
    return value === true ? [`--${option}`] : [`--${option}`, quote(String(value))];
  });
  return ['npm run drill', ...(words.length === 0 ? [] : ['--', ...words])].join(' ');
}
