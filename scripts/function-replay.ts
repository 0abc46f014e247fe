import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { okRecord } from '../kvs/health-record.ts';
import { defineCommand } from '../src/cli/command.ts';
import type { Io } from '../src/cli/io.ts';
import { flag, text } from '../src/cli/option.ts';
import { distributionPath, hasDistribution, readDistribution, readKnownDistribution } from '../src/config/distribution-file.ts';
import type { EdgeConfig } from '../src/config/edge-config.ts';
import { openProject } from '../src/config/open-project.ts';
import { aliasOf } from '../src/config/origin-names.ts';
import { EdgeError } from '../src/errors.ts';
import { openDecider } from '../src/explain/replay/decider.ts';
import { formatReplay } from '../src/explain/replay/format-replay.ts';
import { openBehaviors } from '../src/explain/replay/logged-event.ts';
import { replayLog } from '../src/explain/replay/replay.ts';
import { parseLogFields } from '../src/log/logged-request.ts';
import { listLogFiles } from '../src/log/read-log.ts';
import { isOnAws, loadNamedCode } from './function/load-code.ts';
import { openRuntime, openSweeper } from './function/open-runtime.ts';

/** Between two lines of progress. */
const progressMs = 200;

export default defineCommand({
  usage: 'function:replay -- <log> [options]',
  summary:
    'Sends the requests of a CloudFront access log through two functions, LIVE and the working tree’s by default. Counts those that are provably unchanged and lists the rest by behavior and country. Reads a file or a folder: standard, v2 and real-time logs as text, JSON or Parquet, .gz or plain. A standard log has no viewer country: it is guessed from the edge location, unless logging v2 has the field c-country.',
  examples: [
    'function:replay -- logs/',
    'function:replay -- E123.2026-11-20-12.gz --record "singapore=0"',
    'function:replay -- logs/ --before live --after config',
    'function:replay -- logs/ --before 11 --after 12 --no-guess',
  ],
  positionals: [{ name: 'log' }],
  options: {
    record: text('the health record for both functions, ok by default', { fallback: okRecord, placeholder: 'record' }),
    'no-guess': flag('do not guess a country that is missing in the log from the edge location'),
    fields: text('the fields of a log that does not name them, in their order', { placeholder: '"date time c-ip …"' }),
    before: text('the first function: live, config, a version of function:history, or a file, which needs no AWS; default live', {
      fallback: 'live',
      placeholder: 'function',
    }),
    after: text('the second function, in the same way; default config, the function that your working tree builds', {
      fallback: 'config',
      placeholder: 'function',
    }),
    local: flag('use LIVE of the running local cloud instead of AWS'),
  },
  main: async ({ values, positionals }, io) => {
    const [log = ''] = positionals;
    const { config } = await openProject(io);
    const { local, record } = values;
    const files = await listLogFiles(log);
    const [before, after] = await Promise.all([
      loadNamedCode(values.before, config, { local, io }),
      loadNamedCode(values.after, config, { local, io }),
    ]);
    const isAwsAsked = !local && [values.before, values.after].some(isOnAws);
    const behaviorOf = openBehaviors(config, await readBehaviors(config, isAwsAsked, io));
    const nameOf = (id: string) => aliasOf(config.origins, id);
    const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    const runtime = await openRuntime(io);
    const startedAt = io.now();
    let shownAt = 0;
    const decider = openDecider({
      runtime,
      before,
      after,
      record,
      nameOf,
      keyPrefix: config.keyPrefix,
      now: startedAt,
      openSweeper: () => openSweeper(io),
    });
    try {
      const report = await replayLog({
        files,
        decider,
        behaviorOf,
        guessCountry: !values['no-guess'],
        fields: values.fields === undefined ? undefined : parseLogFields(values.fields),
        signal: io.signal,
        progress: ({ bytes, lines }) => {
          const now = io.now();
          if (now - shownAt < progressMs) return;
          shownAt = now;
          const seconds = Math.max(0.001, (now - startedAt) / 1_000);
          io.progress(`${Math.floor((100 * bytes) / Math.max(1, total))} %, ${lines} lines, ${Math.round(lines / seconds)} a second`);
        },
      });
      const durationMs = io.now() - startedAt;
      if (report.requests === 0)
        throw new EdgeError(
          'NOT_FOUND',
          `no request of a CloudFront access log in ${log}: ${report.unreadableExamples[0] ?? report.damaged[0] ?? 'it has no lines'}`,
          {
            hint: 'a log names its fields in a line "#Fields: date time …"; for one that does not, give them with --fields "date time …"',
          },
        );
      const value = { ...report, record, before: before.sha256, after: after.sha256, runs: decider.runs(), durationMs };
      io.result(value, formatReplay(report, { before: before.label, after: after.label, record, durationMs, colour: io.colour }));
    } finally {
      await decider.close();
      await runtime.close();
    }
  },
});

/**
 * Whose behaviors the requests are: distribution.json as far as the environment fills it; without the file the live
 * one, where AWS is asked anyway. Undefined where neither is known.
 */
async function readBehaviors(config: EdgeConfig, isAwsAsked: boolean, { env }: Io): Promise<DistributionConfig | undefined> {
  if (hasDistribution(env))
    return (await readKnownDistribution((known) => readDistribution(distributionPath(env), known), env)).distribution;
  const id = env['EDGE_DISTRIBUTION_ID'] || config.distributions?.[0]?.id;
  if (!isAwsAsked || id === undefined) return undefined;
  const { liveReader, openAws } = await import('../src/aws/clients.ts');
  return (await liveReader(() => openAws({ env }).cloudFront())(id))?.config;
}
