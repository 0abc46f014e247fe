import { setTimeout as sleep } from 'node:timers/promises';
import edgeConfig from '../edge.config.ts';
import type { EdgeRequestRecord } from '../local/edge/edge-request-record.ts';
import { openAws } from '../src/aws/clients.ts';
import { openKeyValueStore } from '../src/aws/key-value-store.ts';
import { localPort } from '../src/cli/local-cloud.ts';
import { duration, flag, integer } from '../src/cli/option.ts';
import { run } from '../src/cli/run.ts';
import { parseEdgeConfig } from '../src/config/edge-config.ts';
import { buildFlipPolicy } from '../src/health/flip-policy.ts';
import { runFlipper } from '../src/health/flipper.ts';
import { formatEventText } from '../src/operations/format-flipper-event.ts';
import { openSignals } from '../src/operations/open-signals.ts';

await run({
  usage: 'start -- [options]',
  summary: 'A CloudFront on this machine with two regional origins behind it, to play with until Ctrl-C. EDGE_LOCAL_PORT moves its ports.',
  examples: ['start', 'start -- --no-flipper', 'start -- --propagation 10s'],
  options: {
    'no-flipper': flag('without the health flipper: only people move traffic'),
    quiet: flag('do not print requests'),
    propagation: duration('until a write of the KeyValueStore is at the edge', { fallback: 2_000 }),
    jitter: duration('up to so much more for each write', { fallback: 0 }),
    seed: integer('the same seed draws the same jitter', { fallback: 1, min: 0 }),
    locations: integer('edge locations, each with its own copy of the store', { fallback: 1, min: 1, max: 50 }),
  },
  main: async ({ values }, io) => {
    const config = parseEdgeConfig(edgeConfig);
    const time = (at: number) => new Date(at).toISOString().slice(11, 19);
    // Loads miniflare, which a misused command need not wait for.
    const { openPublishedCloud } = await import('./open-published-cloud.ts');
    const cloud = await openPublishedCloud({
      config,
      port: localPort(io.env),
      signal: io.signal,
      propagation: { delayMs: values.propagation, jitterMs: values.jitter, seed: values.seed, locations: values.locations },
      onRequest: (record) => {
        if (values.quiet) return;
        if (io.json) io.stdout(JSON.stringify({ event: 'request', ...record }));
        else io.stdout(`${time(record.at)} ${formatRequest(record)}`);
      },
      log: io.stderr,
    });
    try {
      const { description, origins } = cloud;
      io.result({ event: 'ready', ...description }, [
        `edge            ${description.edge}`,
        `control plane   ${description.controlPlane}`,
        ...Object.entries(origins).map(([id, { url }]) => `${id.padEnd(15)} ${url}`),
        '',
        `curl -H 'x-local-viewer-country: IN' ${description.edge}/api/hello`,
        'npm run fault -- singapore refuse',
        'npm run failover -- status --local',
        '',
      ]);
      if (values['no-flipper']) await sleep(2 ** 31 - 1, undefined, { signal: io.signal }).catch(() => undefined);
      else {
        const client = await openAws({ env: {}, local: description }).keyValueStore();
        await runFlipper({
          mode: 'watch',
          shadow: false,
          by: 'flipper@local',
          policy: buildFlipPolicy(config),
          signals: openSignals(config, cloud.distribution, description.origins),
          store: openKeyValueStore(client, description.keyValueStoreArn),
          log: (event, at) => {
            if (event.event === 'look') return;
            io.stdout(io.json ? JSON.stringify({ at, ...event }) : formatEventText(event, at, io.colour));
          },
          signal: io.signal,
        });
      }
      return 0;
    } finally {
      await cloud.close();
    }
  },
});

function formatRequest({ method, path, country, status, origins, ms, reason }: EdgeRequestRecord): string {
  const way = origins.length === 0 ? 'no origin' : origins.join(' then ');
  return `${method} ${path} ${country ?? '--'} ${status} from ${way} ${Math.round(ms)} ms${reason === undefined ? '' : ` (${reason})`}`;
}
