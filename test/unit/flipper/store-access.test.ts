import { describe, expect, it } from 'vitest';
import { openShadowStore } from '../../../src/flipper/store-access.ts';
import { MemoryStore, VirtualClock } from '../../../src/predict/simulation.ts';
import { dayOne } from '../core/policy.ts';

async function open() {
  const clock = new VirtualClock(dayOne);
  const real = new MemoryStore(clock);
  real.put('health', 'ok');
  const store = openShadowStore(real.client());
  const inTime = async <T>(work: Promise<T>): Promise<T> => {
    await clock.run(1_000);
    return work;
  };
  const write = (value: string) => inTime(store.update(['health'], () => ({ puts: [{ key: 'health', value }], deletes: [] })));
  const read = async () => (await inTime(store.read(['health', 'state']))).values.get('health');
  return { real, write, read, store, inTime };
}

describe('a store in the shadow of the real one', () => {
  it('reads back its own writes, which no other reader sees', async () => {
    const { real, write, read } = await open();
    expect(await write('singapore=0')).toMatchObject({ attempts: 1 });
    expect(await read()).toBe('singapore=0');
    expect(real.values.get('health')).toBe('ok');
  });

  it('forgets them when another tool writes the real store', async () => {
    const { real, write, read } = await open();
    await write('singapore=0');
    real.put('health', 'europe=0');
    expect(await read()).toBe('europe=0');
  });

  it('writes nothing when there is nothing to write', async () => {
    const { store, inTime } = await open();
    expect(await inTime(store.update(['health'], () => undefined))).toEqual({ written: undefined, attempts: 0 });
  });
});
