import edgeConfig from '../edge.config.ts';
import { describePropagation, type PropagationProfile, propagationOption } from '../local/edge/propagation-profile.ts';
import { originFaults, parseOriginFault } from '../local/origin/origin-fault.ts';
import type { Io } from '../src/cli/io.ts';
import { flag, integer, text } from '../src/cli/option.ts';
import { type OutputFolder, openOutputFolder } from '../src/cli/output-folder.ts';
import { run } from '../src/cli/run.ts';
import { parseEdgeConfig } from '../src/config/edge-config.ts';
import { formatDrill } from '../src/drill/format-drill.ts';
import { formatMatrix } from '../src/drill/matrix/format-matrix.ts';
import { formatMatrixPage } from '../src/drill/matrix/matrix-page.ts';
import { formatDrillPage } from '../src/drill/report/drill-page.ts';
import { buildDrillReport } from '../src/drill/report/drill-report.ts';
import { summarizeDrill } from '../src/drill/summarize-drill.ts';
import { EdgeError } from '../src/errors.ts';
import { describeRun } from './drill/describe-run.ts';
import { drillConfig } from './drill/drill-config.ts';

const faults = originFaults.slice(1);
/** The matrix shows what an outage costs; an origin that fails only in part costs the part. */
const matrixFaults = faults.filter((kind) => kind !== 'flaky' && kind !== 'half');
/** With AWS's propagation an outage is watched until its slowest edge location has the flip. */
const defaults = { rate: 50, outageSeconds: 12, slowOutageSeconds: 100 };

await run({
  usage: 'drill -- [options]',
  summary:
    'A whole outage on a local cloud of its own: traffic, fault, detection, flip, recovery and the way home. Ends with 1 when a promise is broken. With --matrix every fault with and without flag and origin group instead, in seven minutes.',
  examples: ['drill', 'drill -- --fault 5xx', 'drill -- --fault flaky', 'drill -- --propagation aws', 'drill -- --matrix --report out/'],
  endsWithParent: true,
  options: {
    fault: text(`how the origin breaks: ${faults.join(', ')}; refuse by default, all but flaky and half with --matrix`),
    origin: text('the origin that breaks; the first of defaultOrder by default', { placeholder: 'id' }),
    rate: integer(`requests a second, ${defaults.rate} by default`, { fallback: defaults.rate, min: 5, max: 500 }),
    propagation: propagationOption,
    report: text('also write report.html and report.json there, with --matrix matrix.html and matrix.json', { placeholder: 'folder' }),
    matrix: flag('every fault with neither flag nor origin group, with one of them and with both'),
    outage: integer(
      `seconds for which --matrix watches each outage; ${defaults.outageSeconds} by default, ${defaults.slowOutageSeconds} with --propagation aws`,
      {
        min: 6,
        max: 300,
        placeholder: 's',
      },
    ),
  },
  main: async ({ values }, io) => {
    const { rate } = values;
    const { signal } = io;
    const configured = parseEdgeConfig(edgeConfig);
    const config = drillConfig(configured);
    const origins = Object.keys(config.origins);
    const broken = values.origin ?? config.defaultOrder[0] ?? '';
    if (!origins.includes(broken))
      throw new EdgeError('ORIGIN_UNKNOWN', `unknown origin "${broken}"`, { hint: `origins: ${origins.join(', ')}` });
    const fault = parseOriginFault(values.fault ?? 'refuse');
    if (fault === undefined || fault.kind === 'none') {
      throw new EdgeError('USAGE', `unknown fault "${values.fault}"`, {
        hint: `faults: ${faults.join(', ')}, also slow:<ms> and 5xx:<status>`,
      });
    }
    if (values.outage !== undefined && !values.matrix)
      throw new EdgeError('USAGE', '--outage is for --matrix only', { hint: 'a drill alone ends when everybody is home' });
    const name = values.matrix ? 'matrix' : 'report';
    const folder = values.report === undefined ? undefined : await openOutputFolder(values.report, [`${name}.html`, `${name}.json`]);
    const context = await describeRun(describeCommand(values), {
      config,
      configured,
      requestsPerSecond: rate,
      propagation: values.propagation,
    });
    const { propagation, missMs, name: profile } = values.propagation;
    io.stderr(`propagation ${describePropagation(values.propagation)}`);
    const startedAt = io.now();

    // Both load esbuild and the AWS SDK, which a misused command need not wait for.
    if (values.matrix) {
      const { runMatrix } = await import('./drill/run-matrix.ts');
      const outageSeconds = values.outage ?? (profile === 'aws' ? defaults.slowOutageSeconds : defaults.outageSeconds);
      const wanted = values.fault === undefined ? matrixFaults : [values.fault];
      const { matrix, failure } = await runMatrix(
        { config, broken, faults: wanted, requestsPerSecond: rate, propagation, outageMs: outageSeconds * 1_000 },
        io,
      );
      if (matrix.cells.length === 0 && failure !== undefined) throw failure;
      // Under --json a bug's own document is the only one.
      if (!io.json || failure === undefined || signal.aborted) io.result(matrix, formatMatrix(matrix, io.colour));
      const at = new Date(startedAt).toISOString();
      if (folder !== undefined)
        await writeReport({ name, page: formatMatrixPage(matrix, context, at), value: { startedAt: at, ...matrix, context } }, folder, io);
      if (signal.aborted) return io.stopCode;
      if (failure !== undefined) throw failure;
      return matrix.promises.some(({ result }) => result === 'broken') ? 1 : 0;
    }
    const { runDrill } = await import('./drill/run-drill.ts');
    const tell = (line: string) => io.stderr(`${((io.now() - startedAt) / 1_000).toFixed(1).padStart(5)} s  ${line}`);
    const drill = await runDrill({
      config,
      broken,
      fault,
      requestsPerSecond: rate,
      propagation,
      missMs,
      signal,
      tell,
      progress: io.progress,
    });
    const summary = summarizeDrill(drill);
    const regions = Object.fromEntries(Object.entries(config.origins).map(([id, { region }]) => [id, region]));
    io.result(summary, formatDrill(summary, regions, io.colour));
    if (folder !== undefined) {
      const report = buildDrillReport(drill, context);
      await writeReport({ name, page: formatDrillPage(report), value: report }, folder, io);
    }
    return summary.promises.some(({ result }) => result === 'broken') ? 1 : 0;
  },
});

/** Writes the page and its figures, and says where. */
async function writeReport(report: { name: string; page: string; value: unknown }, folder: OutputFolder, io: Io): Promise<void> {
  const page = await folder.write(`${report.name}.html`, report.page);
  const figures = await folder.write(`${report.name}.json`, `${JSON.stringify(report.value)}\n`);
  io.stderr(`written: ${page}, ${figures}`);
}

/** The command as it would be typed again. */
function describeCommand(values: Readonly<Record<string, unknown>>): string {
  const quote = (text: string) => (/^[\w./:=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  const written = {
    ...values,
    propagation: describeProfile(values['propagation'] as PropagationProfile),
    json: undefined,
    help: undefined,
  };
  const words = Object.entries<unknown>(written).flatMap(([option, value]) => {
    if (value === undefined || value === false || (option === 'rate' && value === defaults.rate)) return [];
    return value === true ? [`--${option}`] : [`--${option}`, quote(String(value))];
  });
  return ['npm run drill', ...(words.length === 0 ? [] : ['--', ...words])].join(' ');
}

/** The option's text again; undefined for the default. */
function describeProfile({ name, typicalMs }: PropagationProfile): string | undefined {
  if (name === 'fast') return undefined;
  return name === 'aws' ? name : `${typicalMs}ms`;
}
