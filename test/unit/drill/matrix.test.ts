import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ViewerOutcome } from '../../../src/drill/drill-record.ts';
import { formatMatrix, formatShare } from '../../../src/drill/matrix/format-matrix.ts';
import {
  type CellResult,
  judgeMatrix,
  listCells,
  type Matrix,
  matrixMethods,
  measureCell,
  type RunCellsOptions,
  runCells,
  type SetupName,
  summarizeMatrix,
} from '../../../src/drill/matrix/matrix.ts';
import { formatMatrixPage } from '../../../src/drill/matrix/matrix-page.ts';
import { outcome } from './hand-made-drill.ts';
import { expectSoundPage } from './page-rules.ts';
import { context } from './run-context.ts';

const faults = ['refuse', 'hang', 'slow', '5xx', 'bad-body'];
const outage = { brokenAt: 10_000, endedAt: 22_000, movedAt: 13_000 };

/** Requests every 100 ms through the outage; those fail that were sent before this time. */
const traffic = (failsUntil: Record<'GET' | 'POST', number>): ViewerOutcome[] =>
  Array.from({ length: 140 }, (_, place) => 9_000 + place * 100).flatMap((startedAt) =>
    matrixMethods.map((method) => outcome(startedAt, { method, ok: startedAt < 10_000 || startedAt >= failsUntil[method] })),
  );

/** What the design promises of this setup. */
const expected = (fault: string, setup: SetupName): CellResult => {
  const isLost = fault !== 'slow';
  const [GET, POST] = {
    neither: [22_000, 22_000],
    group: [10_000, 22_000],
    flag: [13_000, 13_000],
    both: [10_000, 13_000],
    retry: [10_000, 10_000],
  }[setup] as [number, number];
  const figures = measureCell(traffic(isLost ? { GET, POST } : { GET: 0, POST: 0 }), outage);
  const writes = setup === 'retry' ? { keys: 120, reachedTwice: 30, carriedOutTwice: fault === 'bad-body' ? 2 : 0 } : null;
  return { fault, setup, lagMs: 2, writes, ...figures };
};
const all = listCells(faults).map(({ fault, setup }) => expected(fault, setup.name));
const matrix = (cells = all): Matrix =>
  summarizeMatrix({ broken: 'singapore', outageMs: 12_000, requestsPerSecond: 50, planned: 25, cells });
const results = (cells: CellResult[]) => judgeMatrix(cells).map(({ result }) => result);

describe('measureCell', () => {
  it('counts what was sent during the outage, and when the last of it failed', () => {
    const { methods, movedMs, seconds } = measureCell(traffic({ GET: 10_000, POST: 13_000 }), outage);
    expect(methods.GET).toMatchObject({ requests: 120, failed: 0, lastFailedMs: null, recovered: true });
    expect(methods.POST).toMatchObject({ requests: 120, failed: 30, lastFailedMs: 2_900, recovered: true });
    expect([movedMs, seconds.length]).toEqual([3_000, 12]);
  });

  it.each([
    { when: 'the last failure was 2 s before the end', until: 20_000, recovered: true },
    { when: 'one failed in the last 2 s', until: 20_101, recovered: false },
  ])('says whether viewers recovered when $when', ({ until, recovered }) => {
    expect(measureCell(traffic({ GET: until, POST: 0 }), outage).methods.GET.recovered).toBe(recovered);
  });

  it('takes late latencies from the last 3 s alone', () => {
    const slow = [outcome(18_999, { ms: 9_000 }), outcome(19_000, { ms: 7 }), outcome(21_999, { ms: 8 })];
    expect(measureCell(slow, outage).methods.GET).toMatchObject({ p99Ms: 9_000, lateP50Ms: 7, lateP99Ms: 8 });
    expect(measureCell(slow.slice(0, 1), outage).methods.GET).toMatchObject({ p99Ms: 9_000, lateP50Ms: null, lateP99Ms: null });
  });

  it('does not count a flip that had not reached the edge by the end', () => {
    expect(measureCell([], { ...outage, movedAt: 22_000 }).movedMs).toBeNull();
    expect(measureCell([], { ...outage, movedAt: undefined }).movedMs).toBeNull();
  });

  it('puts each request of the outage into one second', () => {
    const sent = fc.array(
      fc.record({ at: fc.integer({ min: 8_000, max: 24_000 }), ok: fc.boolean(), method: fc.constantFrom(...matrixMethods) }),
    );
    fc.assert(
      fc.property(sent, (requests) => {
        const outcomes = requests.map(({ at, ...more }) => outcome(at, more));
        const { seconds, methods } = measureCell(outcomes, outage);
        for (const method of matrixMethods) {
          expect(seconds.reduce((sum, counts) => sum + counts[method].ok + counts[method].failed, 0)).toBe(methods[method].requests);
          expect(seconds.reduce((sum, counts) => sum + counts[method].failed, 0)).toBe(methods[method].failed);
        }
      }),
    );
  });
});

describe('judgeMatrix', () => {
  const spoilt = (fault: string, setup: SetupName, spoil: Record<'GET' | 'POST', number>) =>
    all.map((cell) => (cell.fault === fault && cell.setup === setup ? { ...cell, ...measureCell(traffic(spoil), outage) } : cell));

  it('finds every claim true in a matrix as designed', () => {
    expect(results(all)).toEqual(['kept', 'kept', 'kept', 'kept', 'kept']);
  });

  it.each([
    { when: 'nothing fails without either', cells: spoilt('refuse', 'neither', { GET: 0, POST: 0 }), broken: 0 },
    { when: 'viewers recover without either', cells: spoilt('5xx', 'neither', { GET: 13_000, POST: 13_000 }), broken: 0 },
    { when: 'a GET fails with both', cells: spoilt('5xx', 'both', { GET: 10_001, POST: 0 }), broken: 1 },
    { when: 'a POST of clients that try again fails', cells: spoilt('5xx', 'retry', { GET: 0, POST: 10_001 }), broken: 2 },
    {
      when: 'a POST of clients that try again is carried out twice',
      cells: all.map((cell) =>
        cell.fault === 'refuse' && cell.writes !== null ? { ...cell, writes: { ...cell.writes, carriedOutTwice: 1 } } : cell,
      ),
      broken: 3,
    },
    { when: 'POST fails to the end with the flag', cells: spoilt('hang', 'flag', { GET: 0, POST: 22_000 }), broken: 4 },
    { when: 'GET fails to the end with both', cells: spoilt('bad-body', 'both', { GET: 22_000, POST: 0 }), broken: 4 },
  ])('finds one broken when $when', ({ cells, broken }) => {
    expect(results(cells).map((result) => result === 'broken')).toEqual([0, 1, 2, 3, 4].map((place) => place === broken));
  });

  it('skips outages that were not run, and takes no proof from outages without requests', () => {
    expect(results([])).toEqual(['skipped', 'skipped', 'skipped', 'skipped', 'skipped']);
    const silent = all.map((cell) => ({ ...cell, ...measureCell([], outage) }));
    expect(results(silent)).toEqual(['broken', 'broken', 'broken', 'broken', 'broken']);
  });
});

describe('formatMatrix', () => {
  it('fits 80 columns, and shows each outage by method', () => {
    const wide = all.map((cell) => ({
      ...cell,
      methods: {
        GET: { ...cell.methods.GET, p99Ms: 24_900, lateP99Ms: 24_900, p50Ms: 10_013 },
        POST: { ...cell.methods.POST, p99Ms: 24_900, lateP99Ms: 999 },
      },
    }));
    const lines = formatMatrix(matrix(wide), false);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(
      lines.filter((line) => /^(refuse|hang|slow|5xx|bad-body) +(neither|group|flag|both|retry) +(GET|POST) /.test(line)),
    ).toHaveLength(50);
    expect(lines.join('\n')).toMatch(/refuse {4}GET {3}100 % never +0 % +25 % 2\.9s +0 % +0 %\n +POST +100 % never +100 % never/);
  });

  it('says what is missing when it was interrupted', () => {
    const lines = formatMatrix(matrix(all.slice(0, 6)), false);
    expect(lines[0]).toBe('interrupted: 6 of 25 outages were run');
    expect(lines.join('\n')).toMatch(/hang +GET +100 % never +\. +\. +\. +\./);
  });

  it.each([
    [0, 100, '0 %'],
    [1, 1_000, '<1 %'],
    [999, 1_000, '>99 %'],
    [1_000, 1_000, '100 %'],
    [0, 0, 'none'],
  ])('rounds %i of %i to neither none nor all', (part, whole, text) => {
    expect(formatShare(part, whole)).toBe(text);
  });
});

describe('formatMatrixPage', () => {
  it.each([
    { when: 'complete', cells: all },
    { when: 'interrupted', cells: all.slice(0, 6) },
    { when: 'without a single request', cells: all.map((cell) => ({ ...cell, ...measureCell([], outage) })) },
  ])('is a sound page below 1 MB when $when', ({ cells }) => {
    const page = formatMatrixPage(matrix(cells), context, '2026-11-26T11:00:00.000Z');
    expectSoundPage(page);
    expect(Buffer.byteLength(page)).toBeLessThan(1_000_000);
  });
});

describe('summarizeMatrix', () => {
  it('adds up each setup', () => {
    const { totals } = matrix();
    expect(totals.find(({ setup, method }) => setup === 'both' && method === 'POST')).toMatchObject({ requests: 600, failed: 120 });
    expect(totals.reduce((sum, { requests }) => sum + requests, 0)).toBe(25 * 240);
  });
});

describe('runCells', () => {
  const cells = listCells(['refuse', 'hang']);
  const run = async (more: Partial<RunCellsOptions> = {}) => {
    let now = 0;
    const done: string[] = [];
    const left: number[] = [];
    const failure = await runCells({
      cells,
      runCell: async ({ fault, setup }) => {
        now += fault === 'hang' ? 20 : 10;
        return expected(fault, setup.name);
      },
      expectMs: ({ fault }) => (fault === 'hang' ? 20 : 10),
      onStart: (_cell, _place, leftMs) => left.push(leftMs),
      onResult: ({ fault, setup }) => done.push(`${fault} ${setup}`),
      signal: new AbortController().signal,
      now: () => now,
      ...more,
    }).catch((error: unknown) => error);
    return { done, left, failure };
  };

  it('runs each fault under each setup and foresees how long the rest takes', async () => {
    const { done, left, failure } = await run();
    expect(failure).toBeUndefined();
    expect(done).toEqual(cells.map(({ fault, setup }) => `${fault} ${setup.name}`));
    expect(left).toEqual([150, 140, 130, 120, 110, 100, 80, 60, 40, 20]);
  });

  it('starts no outage after Ctrl-C and keeps the results so far', async () => {
    const stop = new AbortController();
    const onStart: RunCellsOptions['onStart'] = (_cell, place) => place === 2 && stop.abort(new Error('interrupted'));
    const { done, failure } = await run({ signal: stop.signal, onStart });
    expect(done).toHaveLength(3);
    expect(failure).toEqual(new Error('interrupted'));
  });

  it('ends with the first that fails', async () => {
    let started = 0;
    const runCell = async () => {
      if (++started === 2) throw new Error('broken cloud');
      return expected('refuse', 'neither');
    };
    const { done, failure } = await run({ runCell });
    expect([done.length, started, failure]).toEqual([1, 2, new Error('broken cloud')]);
  });
});
