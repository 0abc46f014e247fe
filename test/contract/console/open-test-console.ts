import { type Console, openConsole } from '../../../local/console/console.ts';
import type { ConsoleSource } from '../../../local/console/console-source.ts';
import { openReplica, type Replica } from '../../../local/edge/replica.ts';
import type { Published, PublishedChange } from '../../../local/published.ts';
import { describeValues } from '../../../src/failover/failover-status.ts';

const storeArn = 'arn:aws:cloudfront::111122223333:key-value-store/one';

export interface TestConsole extends Console {
  port: number;
  replica: Replica;
  /** Bodies that the action `POST /api/echo` was given. */
  bodies: string[];
  /** Writes values into the authoritative store. */
  put(values: Readonly<Record<string, string>>): void;
}

/** A console over a store in memory and the edge's real copy of it, with one action that answers what it was given. */
export async function openTestConsole(more: Partial<ConsoleSource> = {}, tickMs = 20): Promise<TestConsole> {
  let values = new Map([['health', 'ok']]);
  let tell: (change: PublishedChange) => void = () => undefined;
  const published: Published = {
    distribution: () => undefined,
    liveFunction: (arn) => ({ arn, name: 'f', runtime: 'cloudfront-js-2.0', code: '', sha256: 'one', keyValueStoreArn: storeArn }),
    store: () => values,
    subscribe: (listener) => {
      tell = listener;
      return () => undefined;
    },
  };
  const replica = openReplica(published, { propagation: { delayMs: 300 } });
  replica.watch(storeArn);
  const bodies: string[] = [];
  const ids = ['singapore', 'europe'];
  const source: ConsoleSource = {
    target: { name: 'local', isLocal: true, account: null, store: 'edge-health', mayWrite: true },
    probeEveryMs: null,
    edge: 'http://127.0.0.1:1',
    origins: ids.map((id) => ({ id, region: 'eu-central-1', port: 1, fault: () => 'none' })),
    locations: ['SIN50-L1'],
    replica,
    published,
    storeArn,
    healthKey: 'health',
    functionArn: () => 'arn:aws:cloudfront::111122223333:function/f',
    author: 'ann@laptop',
    hasFlipper: false,
    viewers: () => 0,
    status: (found, now) => describeValues(found, ids, now),
    survey: async ({ record = 'missing' }) => [
      { countries: [null, 'IN'], order: ids, get: record === 'ok' ? 'singapore' : 'europe', post: 'europe', shares: null },
    ],
    actions: {
      'POST /api/echo': (body) => {
        bodies.push(body);
        return body === 'odd' ? { problems: ['odd'] } : { got: body };
      },
    },
    ...more,
  };
  const opened = await openConsole({ port: 0, source, tickMs });
  return {
    ...opened,
    port: Number(new URL(opened.url).port),
    replica,
    bodies,
    put(next) {
      values = new Map(Object.entries(next));
      tell({ kind: 'store', arn: storeArn });
    },
  };
}
