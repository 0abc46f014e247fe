import { formatOriginFault, type OriginFault } from '../../local/origin/origin-fault.ts';
import { type OutputFolder, openOutputFolder } from '../../src/cli/files.ts';
import type { Io } from '../../src/cli/io.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import { openProject } from '../../src/config/open-project.ts';
import { refuseUnknownOrigin } from '../../src/config/origin-names.ts';
import { runDrill } from '../../src/drill/drill.ts';
import type { Drill } from '../../src/drill/drill-record.ts';
import { formatDrill, formatDrillClock, formatProgress } from '../../src/drill/format-drill.ts';
import { formatMatrix } from '../../src/drill/matrix/format-matrix.ts';
import { formatMatrixPage } from '../../src/drill/matrix/matrix-page.ts';
import { buildDrillReport, type RunContext } from '../../src/drill/report.ts';
import { formatDrillPage } from '../../src/drill/report-page.ts';
import { summarizeDrill } from '../../src/drill/summarize-drill.ts';
import { EdgeError } from '../../src/errors.ts';
import { formatOnAws } from '../../src/predict/format-predict.ts';
import { typed } from '../../src/text/typed.ts';
import { describePropagation, type PropagationProfile } from '../start/propagation-option.ts';
import { describeRun, predictOnAws } from './describe-run.ts';
import { drillConfig } from './drill-config.ts';
import { openRehearsal } from './open-rehearsal.ts';
import { runMatrix } from './run-matrix.ts';

/** The options of a drill as parsed. */
export interface GivenDrill {
  /** `--fault` as typed. */
  given: string | undefined;
  fault: OriginFault;
  origin: string | undefined;
  rate: number;
  isRateDefault: boolean;
  propagation: PropagationProfile;
  report: string | undefined;
  matrix: boolean;
  outage?: number | undefined;
}

/** Plays one outage and prints what became of it; returns the exit code. */
export async function playDrill(given: GivenDrill, io: Io): Promise<number> {
  const { fault, rate, propagation } = given;
  const { config, configured, broken, folder, context } = await openGiven(given, io);
  const waitingSince = io.now();
  const onStep = (step: string) => io.progress(`${((io.now() - waitingSince) / 1_000).toFixed(1)} s  ${step}`);
  let faultAt: number | undefined;
  const note = (line: string) => io.stderr(`${formatDrillClock(faultAt, io.now())}  ${line}`);
  const rehearsal = await openRehearsal({
    config,
    flipper: true,
    requestsPerSecond: rate,
    propagation: propagation.propagation,
    signal: io.signal,
    note,
    onStep,
  });
  const drawing = setInterval(() => io.progress(formatProgress(rehearsal, faultAt, Date.now())), 250);
  const onFault = (at: number) => {
    faultAt = at;
  };
  let drill: Drill;
  try {
    drill = await runDrill(rehearsal, { config, broken, fault: formatOriginFault(fault), missMs: propagation.missMs, onFault, note });
  } finally {
    clearInterval(drawing);
    await rehearsal.close();
  }
  const summary = summarizeDrill(drill);
  const regions = Object.fromEntries(Object.entries(config.origins).map(([id, { region }]) => [id, region]));
  io.progress('predicting the same outage on AWS');
  const onAws = await predictOnAws({ config: configured, broken, fault, rate }, io);
  const sentences = formatOnAws(onAws);
  const { perRequestFailover } = config;
  io.result({ ...summary, onAws }, [...formatDrill(summary, { regions, perRequestFailover, colour: io.colour }), '', ...sentences]);
  if (folder !== undefined) {
    const report = buildDrillReport(drill, { ...context, onAws: sentences });
    await writeReport({ name: 'report', page: formatDrillPage(report), value: report }, folder, io);
  }
  return summary.promises.some(({ result }) => result === 'broken') ? 1 : 0;
}

/** Plays the matrix and prints it, as far as it came; returns the exit code. */
export async function playMatrix(given: GivenDrill & { outageSeconds: number; faults: readonly string[] }, io: Io): Promise<number> {
  const { rate, propagation, outageSeconds, faults } = given;
  const { config, broken, folder, context } = await openGiven(given, io);
  const startedAt = io.now();
  const { matrix, failure } = await runMatrix(
    { config, broken, faults, requestsPerSecond: rate, propagation: propagation.propagation, outageMs: outageSeconds * 1_000 },
    io,
  );
  if (matrix.cells.length === 0 && failure !== undefined) throw failure;
  // With --json a failure prints its own document.
  if (!io.json || failure === undefined || io.signal.aborted) io.result(matrix, formatMatrix(matrix, io.colour));
  const at = new Date(startedAt).toISOString();
  if (folder !== undefined)
    await writeReport(
      { name: 'matrix', page: formatMatrixPage(matrix, context, at), value: { startedAt: at, ...matrix, context } },
      folder,
      io,
    );
  if (io.signal.aborted) return io.stopCode;
  if (failure !== undefined) throw failure;
  return matrix.promises.some(({ result }) => result === 'broken') ? 1 : 0;
}

interface OpenDrill {
  /** With the drill's own times. */
  config: EdgeConfig;
  configured: EdgeConfig;
  broken: string;
  folder: OutputFolder | undefined;
  context: RunContext;
}

async function openGiven(given: GivenDrill, io: Io): Promise<OpenDrill> {
  const { config: configured } = await openProject(io);
  const config = drillConfig(configured);
  const origins = Object.keys(config.origins);
  const broken = given.origin ?? config.defaultOrder[0] ?? '';
  refuseUnknownOrigin(broken, origins);
  if (origins.length === 1)
    throw new EdgeError('CONFIG_INVALID', `a drill moves viewers to another origin, and edge.config.ts has only ${broken}`, {
      hint: `add a second origin to origins and to defaultOrder, or run the drill on the sample: ${typed('init -- --local')}`,
    });
  const name = given.matrix ? 'matrix' : 'report';
  const folder = given.report === undefined ? undefined : await openOutputFolder(given.report, [`${name}.html`, `${name}.json`]);
  const context = await describeRun(describeCommand(given), {
    config,
    configured,
    requestsPerSecond: given.rate,
    propagation: given.propagation,
  });
  io.stderr(`propagation  ${describePropagation(given.propagation)}`);
  return { config, configured, broken, folder, context };
}

/** Writes the page and its figures, and reports the paths. */
async function writeReport(report: { name: string; page: string; value: unknown }, folder: OutputFolder, io: Io): Promise<void> {
  const page = await folder.write(`${report.name}.html`, report.page);
  const figures = await folder.write(`${report.name}.json`, `${JSON.stringify(report.value)}\n`);
  io.stderr(`written: ${page}, ${figures}`);
}

/** The command as typed. */
function describeCommand({ given, origin, rate, isRateDefault, propagation, report, matrix, outage }: GivenDrill): string {
  const quote = (text: string) => (/^[\w./:=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  const written = {
    fault: given,
    origin,
    rate: isRateDefault ? undefined : rate,
    propagation: describeProfile(propagation),
    report,
    matrix,
    outage,
  };
  const words = Object.entries<unknown>(written).flatMap(([option, value]) => {
    if (value === undefined || value === false) return [];
    return value === true ? [`--${option}`] : [`--${option}`, quote(String(value))];
  });
  return [typed('drill'), ...(words.length === 0 ? [] : ['--', ...words])].join(' ');
}

/** The option's text again; undefined for the default. */
function describeProfile({ name, typicalMs }: PropagationProfile): string | undefined {
  if (name === 'fast') return undefined;
  return name === 'aws' ? name : `${typicalMs}ms`;
}
