import { isIP } from 'node:net';
import edgeConfig from '../edge.config.ts';
import { EdgeError } from '../src/cli/errors.ts';
import { choice, flag, text } from '../src/cli/option.ts';
import { run } from '../src/cli/run.ts';
import { parseEdgeConfig } from '../src/config/edge-config.ts';
import { compareSurveys } from '../src/operations/explain/compare-surveys.ts';
import { explainEverybody } from '../src/operations/explain/explain-everybody.ts';
import { explainViewer } from '../src/operations/explain/explain-viewer.ts';
import { formatComparison } from '../src/operations/explain/format-comparison.ts';
import { formatEverybody } from '../src/operations/explain/format-everybody.ts';
import { formatExplanation } from '../src/operations/explain/format-explanation.ts';
import { listSituations, surveyFunction } from '../src/operations/explain/survey-function.ts';
import { someIp } from '../src/operations/explain/viewer-event.ts';
import { loadLiveCode, loadTreeCode } from './function/load-code.ts';
import { loadRecord } from './function/load-record.ts';
import { openRuntime } from './function/open-runtime.ts';

await run({
  usage: 'function:explain -- [options]',
  summary:
    'Who goes where and why, by running the built function: one viewer with --country, everybody with --all, what publishing would change with --diff.',
  examples: [
    'function:explain -- --country IN --local',
    'function:explain -- --country DE --method POST --ip 198.51.100.9 --record "europe=25"',
    'function:explain -- --all',
    'function:explain -- --diff',
  ],
  options: {
    country: text('two letters as CloudFront names it; without it a viewer of no known country', { placeholder: 'code' }),
    method: choice('the request’s method, GET by default', ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'], {
      placeholder: 'method',
    }),
    ip: text('the viewer’s address, which counts while a weight is partial', { fallback: someIp, placeholder: 'address' }),
    all: flag('every country, in groups that go the same way'),
    diff: flag('LIVE against the working tree: which countries move and where to'),
    live: flag('the LIVE function in place of the working tree’s'),
    record: text('a health record in place of the live one, such as "singapore=0"; needs no AWS', { placeholder: 'record' }),
    local: flag('the running local cloud in place of AWS'),
  },
  main: async ({ values }, io) => {
    const { all, diff, live, local, ip } = values;
    if (values.country !== undefined && (all || diff))
      throw new EdgeError('USAGE', '--country excludes --all and --diff', { hint: 'one viewer, or everybody' });
    const country = values.country?.toUpperCase();
    if (country !== undefined && !/^[A-Z]{2}$/.test(country))
      throw new EdgeError('USAGE', `--country takes two letters, found ${JSON.stringify(values.country)}`, {
        hint: 'ISO 3166-1 alpha-2: IN, DE, US',
      });
    if (isIP(ip) === 0)
      throw new EdgeError('USAGE', `--ip takes an IPv4 or IPv6 address, found ${JSON.stringify(ip)}`, {
        hint: 'such as 198.51.100.9 or 2001:db8::7',
      });
    const config = parseEdgeConfig(edgeConfig);
    const { colour, columns } = io;
    const now = io.now();
    const runtime = await openRuntime(io);
    try {
      if (diff) {
        const [before, after] = await Promise.all([loadLiveCode(config, { local, io }), loadTreeCode(config)]);
        const situations = listSituations(Object.keys(config.origins));
        const [old, fresh] = await Promise.all([before, after].map((source) => surveyFunction({ runtime, source, now }, situations)));
        const comparisons = before.sha256 === after.sha256 ? [] : compareSurveys(old ?? [], fresh ?? []);
        const lines =
          before.sha256 === after.sha256 ? ['the same code: nothing changes'] : formatComparison(comparisons, { columns, colour });
        io.result({ live: before.sha256, tree: after.sha256, comparisons }, [`from  ${before.label}`, `to    ${after.label}`, ...lines]);
        return;
      }
      const [source, { record, from }] = await Promise.all([
        live ? loadLiveCode(config, { local, io }) : loadTreeCode(config),
        loadRecord(values.record, config, { local, io }),
      ]);
      const asked = { runtime, source, now };
      if (all) {
        const audiences = await explainEverybody(asked, record, Object.keys(config.origins).length);
        const head = [`code    ${source.label}`, `record  ${record ?? 'the key is missing: taken for ok'}  (${from})`];
        io.result({ record: record ?? null, sha256: source.sha256, audiences }, [
          ...head,
          ...formatEverybody(audiences, { columns, colour }),
        ]);
        return;
      }
      const viewer = { country, method: values.method ?? 'GET', ip };
      const explanation = await explainViewer(asked, { viewer, record, config: live ? undefined : config });
      io.result(
        { sha256: source.sha256, ...explanation },
        formatExplanation(explanation, { code: source.label, source: from, now, colour }),
      );
    } finally {
      await runtime.close();
    }
  },
});
