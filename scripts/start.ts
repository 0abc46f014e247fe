import { setTimeout as sleep } from 'node:timers/promises';
import { openAccessLog } from '../local/edge/access-log.ts';
import { type EdgeRequestRecord, edgeLocations } from '../local/edge/exchange.ts';
import { openAws } from '../src/aws/clients.ts';
import { openKeyValueStore } from '../src/aws/key-value-store.ts';
import { defineCommand } from '../src/cli/command.ts';
import { choice, duration, flag, integer, text } from '../src/cli/option.ts';
import { localPort } from '../src/config/local-cloud.ts';
import { openProject } from '../src/config/open-project.ts';
import { buildFlipPolicy } from '../src/config/services.ts';
import { findNjs } from '../src/edge/njs/njs.ts';
import { runFlipper } from '../src/flipper/flipper.ts';
import { formatEventText } from '../src/flipper/format-flipper-event.ts';
import { openSignals } from '../src/flipper/open-signals.ts';
import { localReportCheckMs, openReportBook } from '../src/flipper/report-book.ts';
import { typed } from '../src/text/typed.ts';
import { drillConfig } from './drill/drill-config.ts';
import { flipperNews } from './start/flipper-news.ts';
import { followCode } from './start/follow-code.ts';
import { describePropagation, propagationOption } from './start/propagation-option.ts';
import { isSimulated } from './start/viewers.ts';

export default defineCommand({
  usage: 'start -- [options]',
  summary:
    'Runs a CloudFront on this machine with two regional origins and a console in the browser, until Ctrl-C. EDGE_LOCAL_PORT sets its first port.',
  examples: ['start', 'start -- --quick', 'start -- --no-flipper', 'start -- --propagation aws'],
  endsWithParent: true,
  options: {
    'no-flipper': flag('without the health flipper: traffic moves only by hand'),
    'no-console': flag('without the console in the browser'),
    quick: flag('probe each second and fail back within seconds, as in the drill, instead of at the times of edge.config.ts'),
    engine: choice('njs is exact and slow, workerd is fast; auto uses njs where they may differ', ['auto', 'workerd', 'njs'], {
      fallback: 'auto' as const,
    }),
    quiet: flag('do not print requests'),
    propagation: propagationOption,
    jitter: duration('add a random time up to this to the propagation of each write; default 0s'),
    seed: integer('the same seed gives the same jitter', { fallback: 1, min: 0 }),
    'access-log': text('write the requests as CloudFront’s standard logs (v2) into this folder, or into a file that has an ending', {
      placeholder: 'path',
    }),
    'access-log-format': choice('w3c is tab-separated text, json has an object in each line', ['w3c', 'json'], {
      fallback: 'w3c' as const,
    }),
    locations: integer('edge locations, each with its own copy of the store', { fallback: 1, min: 1, max: 50 }),
  },
  main: async ({ values }, io) => {
    const { config: written, environment } = await openProject(io);
    const config = values.quick ? drillConfig(written) : written;
    const port = localPort(io.env);
    const time = (at: number) => `${new Date(at).toISOString().slice(11, 19)} UTC `;
    io.progress('loading');
    // Loaded late: they need esbuild and the AWS SDK, which takes time.
    const [{ openPublishedCloud }, { consolePort, serveConsole }] = await Promise.all([
      import('./open-published-cloud.ts'),
      import('./start/serve-console.ts'),
    ]);
    const atPort = values['no-console'] ? undefined : consolePort(port, config);
    let page: Awaited<ReturnType<typeof serveConsole>> | undefined;
    const accessLog =
      values['access-log'] === undefined
        ? undefined
        : openAccessLog({
            path: values['access-log'],
            format: values['access-log-format'],
            locations: edgeLocations(values.locations).map(({ pop }) => pop),
            onFailure: io.stderr,
          });
    const cloud = await openPublishedCloud({
      config,
      environment,
      quick: values.quick,
      port,
      onStep: io.progress,
      signal: io.signal,
      propagation: {
        ...values.propagation.propagation,
        ...(values.jitter !== undefined && { jitterMs: values.jitter }),
        seed: values.seed,
        locations: values.locations,
      },
      onRequest: (record, viewer) => {
        accessLog?.add(record, viewer, cloud.description.distributionId);
        page?.onRequest(record);
        // The console shows the requests of its simulated viewers; here they would hide everything else.
        if (values.quiet || (page !== undefined && isSimulated(record))) return;
        if (io.json) io.stdout(JSON.stringify({ event: 'request', ...record }));
        else io.stdout(`${time(record.at)} ${formatRequest(record)}`);
      },
      log: io.stderr,
      engine: values.engine,
      njs: findNjs(io.env['PATH']),
    });
    try {
      const { description, origins } = cloud;
      const client = await openAws({ env: {}, local: description }).keyValueStore();
      const store = openKeyValueStore(client, description.keyValueStoreArn, { keyPrefix: config.keyPrefix });
      const hasFlipper = !values['no-flipper'];
      if (atPort !== undefined)
        page = await serveConsole({ cloud, config, store, port: atPort, locations: values.locations, hasFlipper }, io);
      io.result({ event: 'ready', ...description, ...(page && { console: page.url }) }, [
        ...(page === undefined ? [] : [`console         ${page.url}`]),
        `edge            ${description.edge}`,
        `propagation     ${describePropagation(values.propagation)}`,
        `control plane   ${description.controlPlane}`,
        ...Object.entries(origins).map(([id, { url }]) => `${id.padEnd(15)} ${url}`),
        '',
        `curl -H 'x-local-viewer-country: IN' ${description.edge}/api/hello`,
        `${typed('fault --')} ${Object.keys(config.origins)[0]} refuse`,
        `${typed('failover --')} status --local`,
        '',
      ]);
      void followCode({ config, publish: cloud.publish, note: io.stderr, signal: io.signal });
      if (!hasFlipper) await sleep(2 ** 31 - 1, undefined, { signal: io.signal }).catch(() => undefined);
      else {
        const reports = openReportBook({ openStore: async () => store, checkMs: localReportCheckMs });
        await runFlipper({
          mode: 'watch',
          shadow: false,
          by: 'flipper@local',
          policy: buildFlipPolicy(config),
          signals: openSignals(config, cloud.distribution, description.origins, undefined, reports),
          store: reports.watched(store),
          log: (event, at) => {
            const news = flipperNews(event, at);
            if (news !== undefined) page?.onNews(news, at);
            if (event.event === 'probe') return;
            io.stdout(io.json ? JSON.stringify({ at, ...event }) : formatEventText(event, at, io));
          },
          signal: io.signal,
        });
      }
      return 0;
    } finally {
      await page?.close();
      await cloud.close();
      accessLog?.close();
    }
  },
});

function formatRequest({ method, path, country, status, origins, ms, reason }: EdgeRequestRecord): string {
  const way = origins.length === 0 ? 'no origin' : origins.join(' then ');
  return `${method} ${path} ${country ?? '--'} ${status} from ${way} ${Math.round(ms)} ms${reason === undefined ? '' : ` (${reason})`}`;
}
