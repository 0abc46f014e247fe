import type { CallsState } from '../../local/console/wire.ts';
import type { Aws } from '../../src/aws/clients.ts';
import { prices } from '../../src/cost/prices.ts';

/** Metrics of one GetMetricData, which is paid by the metric. */
const metricsPerCall = 2;

type Next = (args: unknown) => Promise<unknown>;

/** The part of every SDK client that counts need. */
interface Metered {
  middlewareStack: {
    add(middleware: (next: Next, context: { clientName?: string; commandName?: string }) => Next, options: object): void;
  };
}

export interface CallMeter {
  /** The same clients, counted. */
  watch(aws: Aws): Aws;
  read(): CallsState;
}

/** Counts each attempt of each AWS API call, with its price. */
export function openCallMeter(): CallMeter {
  const counts = new Map<string, number>();
  const metered = new WeakSet<object>();
  const meter = <C extends object>(client: C): C => {
    if (metered.has(client)) return client;
    metered.add(client);
    (client as unknown as Metered).middlewareStack.add(
      (next, { clientName = '', commandName = '' }) =>
        (args) => {
          const name = `${clientName.replace(/Client$/, '')}:${commandName.replace(/Command$/, '')}`;
          counts.set(name, (counts.get(name) ?? 0) + 1);
          return next(args);
        },
      // After the SDK's own retries, so that each attempt counts.
      { step: 'finalizeRequest', priority: 'low', name: 'edgeCallMeter' },
    );
    return client;
  };
  return {
    watch: (aws) => ({
      ...aws,
      cloudFront: async () => meter(await aws.cloudFront()),
      keyValueStore: async () => meter(await aws.keyValueStore()),
      cloudWatch: async (region) => meter(await aws.cloudWatch(region)),
      sts: async () => meter(await aws.sts()),
    }),
    read: () => {
      const all = [...counts];
      return {
        count: all.reduce((sum, [, count]) => sum + count, 0),
        usd: all.reduce((sum, [name, count]) => sum + count * priceOf(name), 0),
        detail: all.map(([name, count]) => `${name} ${count}`).join(', '),
      };
    },
  };
}

/** Of one call, in US dollars. CloudFront's control plane and STS are free. */
function priceOf(name: string): number {
  if (name.startsWith('CloudFrontKeyValueStore:')) return prices.keyValueStoreCall.usd / prices.keyValueStoreCall.per;
  return name.startsWith('CloudWatch:') ? (metricsPerCall * prices.alarmCall.usd) / prices.alarmCall.per : 0;
}
