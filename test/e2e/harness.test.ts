import { mkdir, readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createTestHarness, type Fault, type TestHarness } from '../../api/local.ts';
import config from '../fixtures/sample/edge.config.ts';

// The thread keeps its files here.
const temporary = join(tmpdir(), `edge-harness-${process.pid}`);
const before = process.env['TMPDIR'];
beforeAll(async () => {
  await mkdir(temporary, { recursive: true });
  process.env['TMPDIR'] = temporary;
});
afterAll(async () => {
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  expect(await listFolders()).toEqual([]);
});
const listFolders = async () => (await readdir(temporary)).filter((name) => name.startsWith('workerd-'));

const viewer = { country: 'US', method: 'POST', body: '{}' };

describe('a failover', () => {
  it('is asserted for a POST, and its end', async () => {
    await using harness = await createTestHarness({ config });
    await harness.assertAnsweredBy('singapore', '/api/orders', viewer);
    await harness.breakOrigin('singapore', 'refuse');
    await harness.untilWeight('singapore', 0);
    const answer = await harness.fetch('/api/orders', viewer);
    expect(answer).toMatchObject({ status: 200, answeredBy: 'europe', tried: ['europe'], reason: undefined });
    expect(await answer.json()).toMatchObject({ region: 'eu-central-1', method: 'POST' });
    await harness.restoreOrigin('singapore');
    await harness.untilWeight('singapore', 100);
    await harness.assertAnsweredBy('singapore', '/', { country: 'US' });
    const events = await harness.events();
    expect(events.map(({ event }) => event.event)).toEqual(expect.arrayContaining(['start', 'verdict', 'flip']));
  });

  it('is asserted under fake timers', async () => {
    vi.useFakeTimers();
    try {
      await using harness = await createTestHarness({ config });
      await harness.breakOrigin('singapore', '5xx');
      await harness.untilWeight('singapore', 0);
      await harness.assertAnsweredBy('europe', '/', viewer);
    } finally {
      vi.useRealTimers();
    }
  });

  it('that was expected and did not come is an AssertionError with the origin that answered instead', async () => {
    await using harness = await createTestHarness({ config, flipper: false });
    const failed = harness.assertAnsweredBy('europe', '/api', viewer);
    await expect(failed).rejects.toMatchObject({ code: 'ERR_ASSERTION', actual: 'singapore', expected: 'europe' });
    const late = harness.untilWeight('singapore', 0, 50);
    await expect(late).rejects.toMatchObject({ code: 'NOT_READY' });
  });
});

describe('whatever is broken, the viewer is answered by the model', () => {
  let harness: TestHarness;
  beforeAll(async () => {
    harness = await createTestHarness({ config, flipper: false, propagationMs: 0 });
  }, 60_000);
  afterEach(async () => {
    for (const id of ['singapore', 'europe']) await harness.restoreOrigin(id);
    await harness.setWeights({});
  });
  afterAll(() => harness.close());

  const fault = fc.constantFrom<Fault>('none', 'refuse', '5xx', '5xx:500');
  const weight = fc.constantFrom(0, 100);
  it('for every method, country, weight and fault', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ singapore: fault, europe: fault }),
        fc.record({ singapore: weight, europe: weight }).filter(({ singapore, europe }) => singapore + europe > 0),
        fc.constantFrom('US', 'DE'),
        fc.constantFrom('GET', 'POST'),
        async (faults, weights, country, method) => {
          for (const [id, each] of Object.entries(faults)) await harness.breakOrigin(id, each);
          await harness.setWeights(weights);
          const answer = await harness.fetch('/x', { country, method });
          expect(answer).toMatchObject(expected(faults, weights, country, method));
        },
      ),
      { numRuns: 20 },
    );
  }, 120_000);
});

type Each<T> = Record<'singapore' | 'europe', T>;

function expected(faults: Each<Fault>, weights: Each<number>, country: string, method: string) {
  const order: (keyof Each<unknown>)[] = country === 'DE' ? ['europe', 'singapore'] : ['singapore', 'europe'];
  const kept = order.filter((id) => weights[id] > 0);
  const tried = kept.slice(0, method === 'GET' ? 2 : 1);
  const good = tried.find((id) => faults[id] === 'none');
  if (good !== undefined) return { answeredBy: good, status: 200 };
  const last = tried.at(-1);
  if (last === undefined || faults[last] === 'refuse') return { answeredBy: undefined, status: 502 };
  return { answeredBy: last, status: faults[last] === '5xx' ? 503 : 500 };
}

describe('a harness', () => {
  it('runs beside others', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => createTestHarness({ config, flipper: false, propagationMs: 0 })));
    try {
      await all[0]?.setWeights({ singapore: 0 });
      const answers = await Promise.all(all.map((harness) => harness.fetch('/', viewer)));
      expect(answers.map(({ answeredBy }) => answeredBy)).toEqual(['europe', 'singapore', 'singapore', 'singapore']);
    } finally {
      await Promise.all(all.map((harness) => harness.close()));
    }
  });

  it('is closed once, and then refuses everything', async () => {
    const harness = await createTestHarness({ config, flipper: false });
    const waiting = harness.untilWeight('singapore', 0, 60_000).catch((error: unknown) => error);
    const startedAt = performance.now();
    await Promise.all([harness.close(), harness.close()]);
    await harness.close();
    // Not after the 60 s of what waits.
    expect(performance.now() - startedAt).toBeLessThan(30_000);
    expect(await waiting).toMatchObject({ code: 'LOCAL_CLOUD_ABSENT' });
    await expect(harness.fetch('/')).rejects.toMatchObject({ code: 'LOCAL_CLOUD_ABSENT' });
    await expect(fetch(harness.url)).rejects.toThrow();
    expect(await listFolders()).toEqual([]);
  });

  it('refuses what cannot be', async () => {
    await using harness = await createTestHarness({ config, flipper: false });
    await expect(harness.breakOrigin('singapor', 'hang')).rejects.toMatchObject({
      code: 'ORIGIN_UNKNOWN',
      hint: 'did you mean singapore?',
    });
    await expect(harness.breakOrigin('singapore', 'melt' as Fault)).rejects.toMatchObject({ code: 'USAGE' });
    await expect(harness.untilWeight('tokyo', 0)).rejects.toMatchObject({ code: 'ORIGIN_UNKNOWN' });
    await expect(harness.assertAnsweredBy('tokyo', '/')).rejects.toMatchObject({ code: 'ORIGIN_UNKNOWN' });
    await expect(harness.setWeights({ singapore: 101 })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(harness.override({ singapore: 0, europe: 0 })).rejects.toMatchObject({ code: expect.any(String) });
    await expect(harness.override({ singapore: 0 }, { forMs: -1 })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(harness.fetch('orders')).rejects.toMatchObject({ code: 'USAGE' });
    await expect(harness.fetch('/', { method: 'BREW' })).resolves.toMatchObject({ answeredBy: undefined });
  });

  it('whose start fails leaves nothing open', async () => {
    await expect(createTestHarness({ config: { ...config, defaultOrder: ['tokyo'] } })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(createTestHarness({ config: { ...config, before: './absent.ts' } })).rejects.toMatchObject({ code: expect.any(String) });
    await expect(createTestHarness({ config, distribution: 'absent' })).rejects.toMatchObject({ code: 'CONFIG_MISSING' });
    await expect(createTestHarness({ config, port: 70_000 })).rejects.toMatchObject({ code: 'USAGE' });
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    // The edge has the first port and is opened last. Another process may hold one of the ports after it: then that one
    // is named.
    await expect(createTestHarness({ config, port })).rejects.toMatchObject({ code: 'PORT_BUSY' });
    server.close();
    expect(await listFolders()).toEqual([]);
  });
});
