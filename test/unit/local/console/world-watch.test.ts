import { expect, it } from 'vitest';
import type { Survey } from '../../../../local/console/console-source.ts';
import { WorldWatch } from '../../../../local/console/world-watch.ts';
import { openReplica } from '../../../../local/edge/replica.ts';
import type { Published, PublishedChange } from '../../../../local/published.ts';

const storeArn = 'arn:aws:cloudfront::123456789012:key-value-store/one';
const second = 1_764_000_000;

/** A store and a function whose every question is written down; `answer` is what it says. */
function rig() {
  let time = second * 1_000;
  let values = new Map([['health', 'ok']]);
  let tell: (change: PublishedChange) => void = () => undefined;
  let sha256: string | undefined = 'one';
  const published: Published = {
    distribution: () => undefined,
    liveFunction: (arn) =>
      sha256 === undefined ? undefined : { arn, name: 'f', runtime: 'cloudfront-js-2.0', code: '', sha256, keyValueStoreArn: storeArn },
    store: () => values,
    subscribe: (listener) => {
      tell = listener;
      return () => undefined;
    },
  };
  const replica = openReplica(published, { propagation: { delayMs: 400 }, now: () => time });
  replica.watch(storeArn);
  const asked: Survey[] = [];
  const survey = async (question: Survey) => {
    asked.push(question);
    if (question.record === 'broken') throw new Error('workerd is gone');
    return [];
  };
  const origins = ['singapore', 'europe'].map((id) => ({ id, region: '', port: 0, fault: () => 'none' }));
  const watch = new WorldWatch({ published, replica, storeArn, healthKey: 'health', functionArn: () => 'arn', origins, survey });
  return {
    asked,
    replica,
    watch,
    look: () => watch.check(time),
    current: () => watch.currentAt(time),
    pass(ms: number) {
      time += ms;
    },
    put(record: string | undefined) {
      values = new Map(record === undefined ? [] : [['health', record]]);
      tell({ kind: 'store', arn: storeArn });
    },
    publish(next: string | undefined) {
      sha256 = next;
    },
    records: () => asked.map(({ record }) => record),
  };
}

it('asks once while nothing changes', async () => {
  const { look, records, watch } = rig();
  await look();
  await look();
  expect(records()).toEqual(['ok']);
  expect(watch.takeNew()).toMatchObject({ sha256: 'one', problem: null });
  expect(watch.takeNew()).toBeUndefined();
});

it('asks again when a write has arrived at the edge, and not before', async () => {
  const { look, records, put, pass } = rig();
  await look();
  put('singapore=0');
  pass(399);
  await look();
  expect(records()).toEqual(['ok']);
  pass(1);
  await look();
  expect(records()).toEqual(['ok', 'singapore=0']);
});

it('has no answer for now from the write’s arrival until it has asked again', async () => {
  const { look, current, put, pass } = rig();
  expect(current()).toBeUndefined();
  await look();
  put('singapore=0');
  expect(current()).toMatchObject({ problem: null });
  pass(400);
  expect(current()).toBeUndefined();
  const asking = look();
  expect(current()).toBeUndefined();
  await asking;
  expect(current()).toMatchObject({ problem: null });
});

it('asks again when an entry of the same record has expired', async () => {
  const { look, records, put, pass } = rig();
  const record = `singapore=0@${second + 60}`;
  put(record);
  pass(400);
  await look();
  pass(59_000);
  await look();
  expect(records()).toEqual([record]);
  pass(1_000);
  await look();
  expect(records()).toEqual([record, record]);
});

it('asks again for other code, for reads that fail, and for a key that is missing for a moment', async () => {
  const { look, records, put, pass, publish, replica, asked } = rig();
  await look();
  publish('two');
  await look();
  expect(asked.map(({ source }) => source.sha256)).toEqual(['one', 'two']);
  replica.faults.failReads = true;
  await look();
  expect(asked.at(-1)?.failReads).toBe(true);
  replica.faults.failReads = false;
  replica.faults.transientMiss = true;
  put('singapore=0');
  pass(350);
  await look();
  pass(50);
  await look();
  expect(records().slice(-2)).toEqual([undefined, 'singapore=0']);
});

it('says that nothing is LIVE, and why the function could not be asked', async () => {
  const { look, put, pass, publish, watch } = rig();
  put('broken');
  pass(400);
  await look();
  expect(watch.world).toEqual({ audiences: [], sha256: 'one', problem: 'workerd is gone' });
  publish(undefined);
  await look();
  expect(watch.world?.problem).toBe('no function is LIVE');
});
