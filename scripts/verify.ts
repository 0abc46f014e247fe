import { showTarget } from '../src/cli/ask-to-write.ts';
import { defineCommand } from '../src/cli/command.ts';
import type { Io } from '../src/cli/io.ts';
import { choice, country, duration, flag, integer, text, url } from '../src/cli/option.ts';
import { readLocalCloud } from '../src/config/local-cloud.ts';
import { openProject } from '../src/config/open-project.ts';
import { worstOf } from '../src/doctor/check.ts';
import { EdgeError } from '../src/errors.ts';
import { healthPath } from '../src/probe/edge-view.ts';
import { wrapText } from '../src/text/terminal-text.ts';
import { listAskers } from '../src/verify/expected-origins.ts';
import { formatVerify } from '../src/verify/format-verify.ts';
import { verify } from '../src/verify/verify.ts';
import { loadExpected } from './verify/load-expected.ts';
import { loadOrigins } from './verify/load-origins.ts';

export default defineCommand({
  usage: 'verify -- [options]',
  summary:
    'Checks what viewers get, through the edge and from each origin directly: the origin that answers, the health check, TLS and latency. Exits 1 when something is wrong.',
  examples: ['verify -- --local', 'verify -- --edge https://www.example.com', 'verify -- --local --country IN --samples 20'],
  options: {
    edge: url('the edge; https://$VIEWER_DOMAIN by default, the local edge with --local'),
    country: country('only viewers of this country; on a real edge: the country of this machine'),
    only: choice('only one half', ['edge', 'direct']),
    path: text('the path of the health check instead of the configured one', { placeholder: 'path' }),
    samples: integer('requests for each row', { fallback: 5, min: 1, max: 1_000 }),
    timeout: duration('for one request; 5s by default, for an origin its setting in edge.config.ts', { maxMs: 60_000 }),
    'max-latency': duration('fail when the 95th percentile is higher', { maxMs: 60_000 }),
    local: flag('use the running local cloud instead of AWS'),
  },
  main: async ({ values }, io) => {
    const { config } = await openProject(io);
    const { country: from } = values;
    if (values.path?.startsWith('/') === false)
      throw new EdgeError('USAGE', `--path must start with "/", got ${JSON.stringify(values.path)}`, { hint: '--path /health' });
    const edge = values.only === 'direct' ? undefined : chooseEdge(values.edge, values.local, io);
    const local = values.local ? await readLocalCloud(io.env) : undefined;
    const url = edge ?? (values.only === 'direct' ? undefined : local?.edge);
    showTarget(io, { isLocal: values.local, resource: url === undefined ? 'the origins' : `edge ${url}` }, false);
    const { signal } = io;
    const common = { config, samples: values.samples, maxLatencyMs: values['max-latency'], now: io.now(), network: {}, signal };
    const isLocal = url !== undefined && url === local?.edge;
    const path = values.path ?? healthPath(config);
    const askers = url === undefined ? [] : listAskers(config, { isLocal, country: from, path });
    const { expected, by, facts, record } = await loadExpected(askers, config, values.local, io);
    const edgeCheck = url === undefined ? undefined : { ...common, url: new URL(url), isLocal, path, timeoutMs: values.timeout ?? 5_000 };
    const origins = values.only === 'edge' ? [] : Object.keys(config.origins);
    const { distribution, lacking, missing } = await loadOrigins(config, url, local, io);
    const originCheck = { ...common, distribution, lacking, local: local?.origins, path: values.path, timeoutMs: values.timeout };
    const { rows, total } = await verify({
      edge: edgeCheck && { askers, expected, check: edgeCheck },
      origins,
      direct: originCheck,
      signal,
      onProgress: (done, of) => io.progress(`${done} of ${of}`),
    });
    const outcome = worstOf(rows.map((row) => row.outcome));
    const complete = rows.length === total && !signal.aborted;
    const isElsewhere = url !== undefined && !isLocal;
    const head = [
      ...(url === undefined ? [] : [['edge', url] as const]),
      ...facts,
      ...(isElsewhere
        ? [['viewer', 'a real edge locates viewers by their address: this shows viewers of this machine only'] as const]
        : []),
      ...(missing.length === 0 || origins.length === 0 ? [] : [['not set', missing.join(', ')] as const]),
    ].flatMap(([name, value]) => wrapText(`${name.padEnd(10)}${value}`, io.columns, 10));
    const interrupted = complete ? [] : [`interrupted: ${rows.length} of ${total} rows`];
    io.result({ outcome, complete, edge: url ?? null, canChooseCountry: isLocal, record: record ?? null, expectedBy: by, rows }, [
      ...head,
      '',
      ...formatVerify(rows, { now: io.now(), columns: io.columns, colour: io.colour }),
      ...interrupted,
    ]);
    if (!complete) return 130;
    return outcome === 'fail' ? 1 : 0;
  },
});

function chooseEdge(given: string | undefined, isLocal: boolean, { env }: Io): string | undefined {
  if (given !== undefined || isLocal) return given;
  if (env['VIEWER_DOMAIN']) return `https://${env['VIEWER_DOMAIN']}`;
  throw new EdgeError('USAGE', '--edge <url> is missing', {
    hint: 'export VIEWER_DOMAIN, use the local cloud with --local, or check only the origins with --only direct',
  });
}
