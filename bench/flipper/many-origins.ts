import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEdgeConfig } from '../../src/config/edge-config.ts';
import { buildFlipPolicy } from '../../src/config/services.ts';
import type { FlagStore } from '../../src/core/flag-store.ts';
import { runFlipper } from '../../src/flipper/flipper.ts';
import { openSignals } from '../../src/flipper/open-signals.ts';
import { percentile } from '../../src/text/percentile.ts';
import { type BenchRow, benchRow } from '../bench-row.ts';

/** Empty; under `shadow` nothing is written. */
const store: FlagStore = {
  read: async () => ({ etag: '1', values: new Map() }),
  list: async () => ({ values: new Map(), complete: true }),
  update: () => Promise.reject(new Error('nothing is written')),
};

const count = 100;
const intervalMs = 1_000;
const runMs = 10_000;

/**
 * A hundred origins probed over real connections, every tenth of which never answers, the others after 50 ms: how late
 * a probe of an origin comes after the one before it. The budget is the tenth of an interval by which probes come early
 * on purpose.
 */
export async function benchManyOrigins(): Promise<BenchRow[]> {
  const arrivals = new Map<string, number[]>();
  const server = createServer((request, response) => {
    const id = String(request.headers['x-origin']);
    arrivals.set(id, [...(arrivals.get(id) ?? []), performance.now()]);
    if (!id.endsWith('0')) setTimeout(() => response.end(JSON.stringify({ status: 'ok', region: 'eu-central-1' })), 50);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const ids = Array.from({ length: count }, (_, index) => `o${index}`);
  const config = parseEdgeConfig({
    origins: Object.fromEntries(ids.map((id) => [id, { region: 'eu-central-1' }])),
    defaultOrder: ids,
    // One pace for all, or the re-probes of those that hang would be taken for lateness.
    health: { intervalMs, fastIntervalMs: intervalMs, timeoutMs: 800, connectTimeoutMs: 500 },
  });
  const Items = ids.map((Id) => ({
    Id,
    DomainName: 'origin.example.test',
    CustomHeaders: { Quantity: 1, Items: [{ HeaderName: 'x-origin', HeaderValue: Id }] },
  }));
  const distribution = {
    CallerReference: 'bench',
    Comment: '',
    Enabled: true,
    Origins: { Quantity: count, Items },
    DefaultCacheBehavior: undefined,
  };
  const local = Object.fromEntries(
    ids.map((id) => [id, { domainName: 'origin.example.test', host: '127.0.0.1', port, protocol: 'http' as const }]),
  );
  const stop = new AbortController();
  const ended = runFlipper({
    mode: 'watch',
    shadow: true,
    by: 'bench',
    policy: buildFlipPolicy(config),
    signals: openSignals(config, distribution, local),
    store,
    log: () => undefined,
    signal: stop.signal,
    random: () => 0,
  });
  await sleep(2 * intervalMs);
  const cpuBefore = process.cpuUsage();
  await sleep(runMs);
  const { user, system } = process.cpuUsage(cpuBefore);
  stop.abort();
  await ended;
  server.closeAllConnections();
  server.close();
  // The first round starts cold: a hundred connections and the code's first run.
  const lateness = [...arrivals.values()].flatMap((times) => times.slice(2).map((at, index) => at - (times[index + 1] ?? at) - intervalMs));
  lateness.sort((a, b) => a - b);
  const late = (part: number) => Math.max(0, percentile(lateness, part) ?? Number.NaN);
  return [
    benchRow(`${count} origins, 10 of them silent: median lateness of a probe`, late(0.5), 'ms', intervalMs / 10),
    // Whatever else the machine does is in it: no budget.
    benchRow(`${count} origins, 10 of them silent: p99 of it`, late(0.99), 'ms'),
    benchRow('CPU of one probe, its origin included', (user + system) / 1_000 / count / (runMs / intervalMs), 'ms'),
  ];
}
