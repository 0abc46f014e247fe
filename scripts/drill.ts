import { formatOriginFault, originFaults, parseOriginFault } from '../local/origin/origin-fault.ts';
import { defineCommand } from '../src/cli/command.ts';
import { type OutputFolder, openOutputFolder } from '../src/cli/files.ts';
import type { Io } from '../src/cli/io.ts';
import { flag, integer, text } from '../src/cli/option.ts';
import { openProject } from '../src/config/open-project.ts';
import { runDrill } from '../src/drill/drill.ts';
import type { Drill } from '../src/drill/drill-record.ts';
import { formatDrill, formatProgress } from '../src/drill/format-drill.ts';
import { formatMatrix } from '../src/drill/matrix/format-matrix.ts';
import { formatMatrixPage } from '../src/drill/matrix/matrix-page.ts';
import { buildDrillReport } from '../src/drill/report.ts';
import { formatDrillPage } from '../src/drill/report-page.ts';
import { summarizeDrill } from '../src/drill/summarize-drill.ts';
import { EdgeError } from '../src/errors.ts';
import { formatOnAws } from '../src/predict/format-predict.ts';
import { typed } from '../src/text/typed.ts';
import { wrapText } from '../src/text/wrap-text.ts';
import { describeRun, predictOnAws } from './drill/describe-run.ts';
import { drillConfig } from './drill/drill-config.ts';
import { describePropagation, type PropagationProfile, propagationOption } from './start/propagation-option.ts';

const faults = originFaults.slice(1);
/** Without the partial faults: the matrix shows the cost of a whole outage. */
const matrixFaults = faults.filter((kind) => kind !== 'flaky' && kind !== 'half');
/** With AWS's propagation the outage lasts until the slowest edge location has the flip. */
const defaults = { rate: 50, outageSeconds: 12, slowOutageSeconds: 100 };

export default defineCommand({
  usage: 'drill -- [options]',
  summary:
    'Runs a whole outage in its own local cloud: traffic, fault, detection, flip, recovery, failback. Exits with 1 when a promise is broken. --matrix runs every fault with and without flag, origin group and clients that try again instead, in about nine minutes.',
  examples: ['drill', 'drill -- --fault 5xx', 'drill -- --fault flaky', 'drill -- --propagation aws', 'drill -- --matrix --report out/'],
  endsWithParent: true,
  options: {
    fault: text(`how the origin breaks: ${faults.join(', ')}; default refuse, with --matrix all but flaky and half`),
    origin: text('the origin that breaks; default the first of defaultOrder', { placeholder: 'id' }),
    rate: integer(`requests per second, default ${defaults.rate}`, { fallback: defaults.rate, min: 5, max: 500 }),
    propagation: propagationOption,
    report: text('also write report.html and report.json to this folder, with --matrix matrix.html and matrix.json', {
      placeholder: 'folder',
    }),
    matrix: flag('run every fault with neither flag nor origin group, with each of them, with both, and with clients that try again'),
    outage: integer(
      `length of each outage of --matrix in seconds; default ${defaults.outageSeconds}, with --propagation aws ${defaults.slowOutageSeconds}`,
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
    const { config: configured } = await openProject(io);
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
      throw new EdgeError('USAGE', '--outage needs --matrix', { hint: 'a single drill ends after its failback' });
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

    // Loaded late: both need esbuild and the AWS SDK, which takes time.
    if (values.matrix) {
      const { runMatrix } = await import('./drill/run-matrix.ts');
      const outageSeconds = values.outage ?? (profile === 'aws' ? defaults.slowOutageSeconds : defaults.outageSeconds);
      const wanted = values.fault === undefined ? matrixFaults : [values.fault];
      const { matrix, failure } = await runMatrix(
        { config, broken, faults: wanted, requestsPerSecond: rate, propagation, outageMs: outageSeconds * 1_000 },
        io,
      );
      if (matrix.cells.length === 0 && failure !== undefined) throw failure;
      // With --json a failure prints its own document.
      if (!io.json || failure === undefined || signal.aborted) io.result(matrix, formatMatrix(matrix, io.colour));
      const at = new Date(startedAt).toISOString();
      if (folder !== undefined)
        await writeReport({ name, page: formatMatrixPage(matrix, context, at), value: { startedAt: at, ...matrix, context } }, folder, io);
      if (signal.aborted) return io.stopCode;
      if (failure !== undefined) throw failure;
      return matrix.promises.some(({ result }) => result === 'broken') ? 1 : 0;
    }
    const note = (line: string) => io.stderr(`${((io.now() - startedAt) / 1_000).toFixed(1).padStart(5)} s  ${line}`);
    const { openRehearsal } = await import('./drill/open-rehearsal.ts');
    const rehearsal = await openRehearsal({ config, flipper: true, requestsPerSecond: rate, propagation, signal, note });
    const drawing = setInterval(() => io.progress(formatProgress(rehearsal, Date.now())), 250);
    let drill: Drill;
    try {
      drill = await runDrill(rehearsal, { config, broken, fault: formatOriginFault(fault), missMs, note });
    } finally {
      clearInterval(drawing);
      await rehearsal.close();
    }
    const summary = summarizeDrill(drill);
    const regions = Object.fromEntries(Object.entries(config.origins).map(([id, { region }]) => [id, region]));
    const onAws = await predictOnAws({ config: configured, broken, fault, rate }, io);
    const sentences = formatOnAws(onAws);
    io.result({ ...summary, onAws }, [
      ...formatDrill(summary, regions, io.colour),
      '',
      ...sentences.flatMap((line) => wrapText(line, io.columns)),
    ]);
    if (folder !== undefined) {
      const report = buildDrillReport(drill, { ...context, onAws: sentences });
      await writeReport({ name, page: formatDrillPage(report), value: report }, folder, io);
    }
    return summary.promises.some(({ result }) => result === 'broken') ? 1 : 0;
  },
});

/** Writes the page and its figures, and reports the paths. */
async function writeReport(report: { name: string; page: string; value: unknown }, folder: OutputFolder, io: Io): Promise<void> {
  const page = await folder.write(`${report.name}.html`, report.page);
  const figures = await folder.write(`${report.name}.json`, `${JSON.stringify(report.value)}\n`);
  io.stderr(`written: ${page}, ${figures}`);
}

/** The command as typed. */
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
  return [typed('drill'), ...(words.length === 0 ? [] : ['--', ...words])].join(' ');
}

/** The option's text again; undefined for the default. */
function describeProfile({ name, typicalMs }: PropagationProfile): string | undefined {
  if (name === 'fast') return undefined;
  return name === 'aws' ? name : `${typicalMs}ms`;
}
