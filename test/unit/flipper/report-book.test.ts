import { describe, expect, it } from 'vitest';
import { reportsKey } from '../../../kvs/keys.ts';
import type { FlagStore } from '../../../src/core/flag-store.ts';
import { combineVerdicts } from '../../../src/core/origin-track.ts';
import { formatReports, type Report } from '../../../src/core/reports.ts';
import { EdgeError } from '../../../src/errors.ts';
import { openReportBook } from '../../../src/flipper/report-book.ts';

const start = Date.parse('2026-11-30T12:00:00Z');

function openWorld() {
  const values = new Map<string, string>();
  const time = { elapsed: 0 };
  const world = { calls: 0, isDown: false, version: 1 };
  const store: FlagStore = {
    read: async (keys) => {
      world.calls += 1 + keys.length;
      if (world.isDown) throw new EdgeError('ENDPOINT_UNREACHABLE', 'no answer');
      return {
        etag: String(world.version),
        values: new Map(keys.flatMap((key) => (values.has(key) ? [[key, values.get(key) ?? '']] : []))),
      };
    },
    list: async () => ({ values, complete: true }),
    update: async (_, change) => {
      const written = change({ etag: String(world.version), values });
      for (const { key, value } of written?.puts ?? []) values.set(key, value);
      world.version += 1;
      return { written, attempts: 1 };
    },
  };
  const clock = { now: () => start + time.elapsed, monotonic: () => time.elapsed, sleep: async () => undefined };
  const book = openReportBook({ openStore: async () => store, clock });
  const signal = book.signalOf('singapore', { type: 'reported', source: 'prometheus', required: false });
  return {
    world,
    book,
    store,
    signal,
    pass: (ms: number) => {
      time.elapsed += ms;
    },
    report: (given: Partial<Report> = {}) => {
      const at = start + time.elapsed;
      const report = {
        origin: 'singapore',
        source: 'prometheus',
        opinion: 'unhealthy' as const,
        at,
        until: at + 600_000,
        reason: '5xx',
        ...given,
      };
      values.set(reportsKey, formatReports([report]));
      world.version += 1;
    },
    ask: async () => (await signal.probe(new AbortController().signal)).opinion,
  };
}

describe('a signal of type reported', () => {
  it('has no opinion before a report, relays one, and has none again when it expires', async () => {
    const { ask, report, pass } = openWorld();
    expect(await ask()).toBe('none');
    report();
    pass(60_000);
    expect(await ask()).toBe('bad');
    pass(540_000 - 1);
    expect(await ask()).toBe('bad');
    pass(1);
    expect(await ask()).toBe('none');
  });

  it('names its source, and what it found', async () => {
    const { signal, report } = openWorld();
    report();
    expect(signal.name).toBe('reported:prometheus');
    expect(await signal.probe(new AbortController().signal)).toMatchObject({ opinion: 'bad', detail: 'reported unhealthy: 5xx' });
  });

  it('takes no report of another source or origin', async () => {
    const { ask, report, pass } = openWorld();
    report({ source: 'datadog' });
    expect(await ask()).toBe('none');
    report({ origin: 'europe' });
    pass(60_000);
    expect(await ask()).toBe('none');
  });

  it('asks for the ETag once a minute, and for the value only when that has changed', async () => {
    const { ask, report, pass, world } = openWorld();
    const calls = async () => {
      world.calls = 0;
      for (let probes = 0; probes < 6; probes++) {
        await ask();
        pass(10_000);
      }
      return world.calls;
    };
    expect(await calls()).toBe(2);
    expect(await calls()).toBe(1);
    report();
    expect(await calls()).toBe(3);
    expect(await calls()).toBe(1);
  });

  it('asks nothing while another reader of the store sees the same ETag, and at once when that sees another', async () => {
    const { ask, book, report, pass, store, world } = openWorld();
    const watched = book.watched(store);
    await ask();
    world.calls = 0;
    for (let minutes = 0; minutes < 5; minutes++) {
      pass(59_000);
      await watched.read([]);
      await ask();
    }
    expect(world.calls).toBe(5);
    report();
    await watched.read([]);
    expect(await ask()).toBe('bad');
  });

  it('reads again after a write of its own process', async () => {
    const { ask, book, store, report } = openWorld();
    await ask();
    report();
    expect(await ask()).toBe('none');
    await book.watched(store).update([], () => ({ puts: [{ key: 'a', value: 'b' }], deletes: [] }));
    expect(await ask()).toBe('bad');
  });

  it('keeps what it read when the store fails, until that expires, and asks every ten seconds', async () => {
    const { ask, report, pass, world } = openWorld();
    report();
    expect(await ask()).toBe('bad');
    world.isDown = true;
    world.calls = 0;
    pass(60_000);
    for (let probes = 0; probes < 20; probes++) {
      expect(await ask()).toBe('bad');
      pass(1_000);
    }
    expect(world.calls).toBe(2);
    pass(600_000);
    expect(await ask()).toBe('none');
  });

  it('has no opinion when the store was never in reach', async () => {
    const { signal, world } = openWorld();
    world.isDown = true;
    expect(await signal.probe(new AbortController().signal)).toMatchObject({
      opinion: 'none',
      detail: expect.stringContaining('no answer'),
    });
  });

  it('asks once for several signals at the same time', async () => {
    const { book, world } = openWorld();
    const signals = ['a', 'b', 'c'].map((source) => book.signalOf('europe', { type: 'reported', source, required: false }));
    await Promise.all(signals.map((signal) => signal.probe(new AbortController().signal)));
    expect(world.calls).toBe(2);
  });
});

describe('the power of a reporter', () => {
  const vote = (verdict: 'healthy' | 'unhealthy' | 'unknown', required = false) => ({ verdict, required });

  it.each([
    { when: 'it contradicts a required probe', votes: [vote('healthy', true), vote('unhealthy')], verdict: 'unknown' },
    { when: 'it is silent beside a required probe', votes: [vote('healthy', true), vote('unknown')], verdict: 'healthy' },
    { when: 'it is silent beside one that is not', votes: [vote('unhealthy'), vote('unknown')], verdict: 'unknown' },
    { when: 'two of three signals disagree with it', votes: [vote('healthy'), vote('healthy'), vote('unhealthy')], verdict: 'healthy' },
    { when: 'it is alone of three', votes: [vote('unknown'), vote('unknown'), vote('unhealthy')], verdict: 'unknown' },
    { when: 'it is required', votes: [vote('healthy'), vote('healthy'), vote('unhealthy', true)], verdict: 'unhealthy' },
  ])('gives $verdict when $when', ({ votes, verdict }) => expect(combineVerdicts(votes)).toBe(verdict));
});
