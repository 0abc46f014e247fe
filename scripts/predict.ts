import { readFile } from 'node:fs/promises';
import { defineCommand } from '../src/cli/command.ts';
import type { Io } from '../src/cli/io.ts';
import { choice, count, duration, flag, integer, percent, text } from '../src/cli/option.ts';
import { readKnownFile } from '../src/config/distribution-file.ts';
import { openProject } from '../src/config/open-project.ts';
import { refuseUnknownOrigin } from '../src/config/origin-names.ts';
import { EdgeError } from '../src/errors.ts';
import type { LoggedRequest } from '../src/log/logged-request.ts';
import { type LogFile, listLogFiles } from '../src/log/read-log.ts';
import { readRequests } from '../src/log/read-requests.ts';
import { type BacktestOptions, backtest } from '../src/predict/backtest.ts';
import { formatBacktest, formatPrediction } from '../src/predict/format-predict.ts';
import { type OutageKind, outageKinds } from '../src/predict/outage-kind.ts';
import { predict } from '../src/predict/predict.ts';
import { assumedPropagation, type PropagationTimes, parsePropagation } from '../src/predict/propagation.ts';
import { openOriginFilter, openTrafficSeries, type TrafficSeries } from '../src/predict/traffic-series.ts';
import { typed } from '../src/text/typed.ts';

const hour = 3_600_000;
/** A second; more than CloudFront serves to all the world. */
const mostRequests = 1_000_000_000;

export default defineCommand({
  usage: 'predict -- [options] [log …]',
  summary:
    'Predicts what an outage costs on AWS with this configuration: detection, propagation, failback and lost requests. Compares them with other ways. Runs the real flipper in virtual time; each figure has its source. With --logs it runs other thresholds through the failures of an access log instead. Makes no calls.',
  examples: [
    'predict',
    'predict -- --fault hang --rate 2k --post-share 10',
    'predict -- --flipper lambda --outage 10m',
    'predict -- --origin europe --seed 7 --json',
    'predict -- --propagation timeline.json',
    'predict -- --logs logs/',
  ],
  positionals: [{ name: 'log', optional: true, repeats: true }],
  options: {
    fault: text(`only this kind of outage: ${outageKinds.join(', ')}; default all`),
    origin: text('the origin that fails; default the first of defaultOrder', { placeholder: 'id' }),
    outage: duration('how long it fails; default 30m', { fallback: hour / 2, maxMs: 24 * hour }),
    slow: duration('delay of each answer with the fault slow; default 8s', { fallback: 8_000, maxMs: hour }),
    rate: count('requests a second of the origin’s viewers; default 1,000', { fallback: 1_000 }),
    'post-share': percent('percent of them that are not GET, HEAD or OPTIONS; default 40%', { fallback: 40 }),
    flipper: choice('how the flipper runs: watch by default, lambda, or once every 5 minutes', ['watch', 'lambda', 'once'], {
      fallback: 'watch' as const,
    }),
    propagation: text('the result of timeline --json: your own propagation instead of field reports', { placeholder: 'file' }),
    outages: integer('outages of each kind; default 300', { fallback: 300, min: 10, max: 10_000 }),
    logs: flag('backtest thresholds on these access logs, files or folders: v2, standard and real-time, text, JSON or Parquet'),
    seed: integer('another seed draws other outages; default 1', { fallback: 1, min: 0, max: 2 ** 31 - 1 }),
  },
  main: async ({ values, positionals }, io) => {
    const { config } = await openProject(io);
    const origins = Object.keys(config.origins);
    const broken = values.origin ?? config.defaultOrder[0] ?? '';
    refuseUnknownOrigin(broken, origins);
    if (values.rate > mostRequests)
      throw new EdgeError('USAGE', `--rate is at most ${mostRequests}, found ${values.rate}`, { hint: 'requests a second, such as 20k' });
    const propagation = await readPropagation(values.propagation);
    if (values.logs) return runBacktest({ config, broken, paths: positionals, seed: values.seed, propagation }, io);
    if (positionals.length > 0) throw new EdgeError('USAGE', `unexpected argument "${positionals[0]}"`, { hint: 'logs need --logs' });
    const prediction = await predict({
      config,
      distribution: await readKnownFile(io.env),
      broken,
      kinds: values.fault === undefined ? outageKinds : [parseKind(values.fault)],
      flipper: values.flipper,
      propagation,
      outageMs: values.outage,
      slowMs: values.slow,
      rate: values.rate,
      postShare: values['post-share'] / 100,
      runs: values.outages,
      seed: values.seed,
      signal: io.signal,
    });
    io.result(prediction, formatPrediction(prediction, io));
  },
});

function parseKind(given: string): OutageKind {
  const kind = outageKinds.find((known) => known === given);
  if (kind === undefined) throw new EdgeError('USAGE', `unknown fault "${given}"`, { hint: `faults: ${outageKinds.join(', ')}` });
  return kind;
}

async function readPropagation(path: string | undefined): Promise<PropagationTimes> {
  if (path === undefined) return assumedPropagation;
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new EdgeError('NOT_FOUND', `cannot read ${path}: ${cause.message}`, { cause, hint: 'a file with the result of timeline --json' });
  });
  return parsePropagation(text, path);
}

interface BacktestRun extends Pick<BacktestOptions, 'config' | 'broken' | 'seed' | 'propagation'> {
  paths: readonly string[];
}

/** Reads the logs and prints what other thresholds would have done. */
async function runBacktest({ paths, ...options }: BacktestRun, io: Io): Promise<void> {
  if (paths.length === 0) throw new EdgeError('USAGE', '--logs needs a file or a folder', { hint: typed('predict -- --logs logs/') });
  const files = (await Promise.all(paths.map(listLogFiles))).flat();
  const { config, broken } = options;
  const distribution = await readKnownFile(io.env);
  const domains = Object.fromEntries(
    Object.entries(config.origins).map(([id, { originId, domainName }]) => [
      id,
      domainName ?? distribution?.Origins?.Items?.find(({ Id }) => Id === originId)?.DomainName,
    ]),
  );
  const series = await readSeries(files, openOriginFilter(broken, Object.keys(config.origins), domains), io);
  if (series.requests === 0)
    throw new EdgeError('NOT_FOUND', `no request that reached an origin in ${paths.join(', ')}`, {
      hint: `${series.unrouted} requests were answered by the edge itself, ${series.skipped} have no time or status`,
    });
  const result = await backtest({
    ...options,
    series,
    signal: io.signal,
    progress: (done, all) => io.progress(`setting ${done} of ${all}`),
  });
  io.result(result, formatBacktest(result, io));
}

async function readSeries(files: readonly LogFile[], isCounted: (request: LoggedRequest) => boolean, io: Io): Promise<TrafficSeries> {
  const collected = openTrafficSeries(isCounted);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let before = 0;
  for (const { path, bytes } of files) {
    for await (const piece of readRequests(path, { signal: io.signal })) {
      for (const request of piece.requests) collected.add(request);
      io.progress(`${Math.floor((100 * (before + piece.bytes)) / Math.max(1, total))} % of the logs`);
    }
    before += bytes;
  }
  return collected.series();
}
