import { setTimeout as sleep } from 'node:timers/promises';
import { parseEdgeConfig } from '../../src/config/edge-config.ts';
import { buildFlipPolicy } from '../../src/config/services.ts';
import { runFlipper } from '../../src/flipper/flipper.ts';
import { openSignals } from '../../src/flipper/open-signals.ts';
import { openTestStore } from '../../test/contract/aws/open-test-store.ts';
import { openTestOrigin, type TestOrigin } from '../../test/contract/flipper/open-test-origin.ts';
import { type BenchRow, benchRow } from '../bench-row.ts';

const outages = 8;
/** The drill's settings. */
const health = { intervalMs: 1_000, fastIntervalMs: 250, unhealthyThreshold: 3 };

const config = parseEdgeConfig({
  origins: { singapore: { region: 'ap-southeast-1' }, europe: { region: 'eu-central-1' } },
  defaultOrder: ['singapore', 'europe'],
  health,
});

/**
 * Outages of an origin that refuses connections: real probes, the real SDK, the control plane's wire format. The
 * slowest of them counts.
 */
export async function benchDetection(): Promise<BenchRow[]> {
  const [test, singapore, europe] = await Promise.all([openTestStore(), openTestOrigin('ap-southeast-1'), openTestOrigin('eu-central-1')]);
  try {
    let [slowest, slowestWrite] = [0, 0];
    for (let outage = 0; outage < outages; outage++) {
      await test.store.update([], () => ({
        puts: [{ key: 'health', value: 'ok' }],
        deletes: [...test.values().keys()].filter((key) => key !== 'health'),
      }));
      const { detectedMs, writtenMs } = await oneOutage(test.store, singapore, europe);
      slowest = Math.max(slowest, writtenMs);
      slowestWrite = Math.max(slowestWrite, writtenMs - detectedMs);
      await singapore.setFault(undefined);
    }
    const { unhealthyThreshold, fastIntervalMs } = health;
    return [
      benchRow('first failing probe to flip written, refuse', slowest, 'ms', unhealthyThreshold * fastIntervalMs + 200),
      benchRow('of which the write', slowestWrite, 'ms'),
    ];
  } finally {
    await Promise.all([test.close(), singapore.close(), europe.close()]);
  }
}

async function oneOutage(store: Awaited<ReturnType<typeof openTestStore>>['store'], singapore: TestOrigin, europe: TestOrigin) {
  const stop = new AbortController();
  let healthy = 0;
  let firstBadAt: number | undefined;
  let unhealthyAt = 0;
  let flippedAt: number | undefined;
  const ended = runFlipper({
    mode: 'watch',
    shadow: false,
    by: 'bench',
    policy: buildFlipPolicy(config),
    signals: openSignals(config, distribution, { singapore: at(singapore), europe: at(europe) }),
    store,
    log: (event) => {
      const now = performance.now();
      if (event.event === 'probe' && event.opinion === 'bad') firstBadAt ??= now;
      else if (event.event === 'verdict' && event.to === 'healthy') healthy += 1;
      else if (event.event === 'verdict' && event.to === 'unhealthy') unhealthyAt = now;
      else if (event.event === 'flip') flippedAt ??= now;
    },
    signal: stop.signal,
  });
  while (healthy < 2) await sleep(10);
  // The outage begins anywhere between two probes.
  await sleep(Math.random() * health.intervalMs);
  await singapore.setFault('refuse');
  while (flippedAt === undefined) await sleep(2);
  stop.abort();
  await ended;
  const from = firstBadAt ?? Number.NaN;
  return { detectedMs: unhealthyAt - from, writtenMs: flippedAt - from };
}

const at = ({ port }: TestOrigin) => ({ domainName: 'origin.example.test', host: '127.0.0.1', port, protocol: 'http' as const });

const distribution = {
  CallerReference: 'bench',
  Comment: '',
  Enabled: true,
  Origins: { Quantity: 2, Items: ['singapore', 'europe'].map((Id) => ({ Id, DomainName: 'origin.example.test' })) },
  DefaultCacheBehavior: undefined,
};
