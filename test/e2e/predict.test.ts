import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runScript, startScript } from './start-script.ts';

const predict = (...args: string[]) => runScript('predict', args);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'predict-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const fileOf = async (name: string, text: string) => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};

/** A standard log: a request a second, all of which fail in the middle. */
const log = () => {
  const fields = 'date time x-edge-location c-ip cs-method cs-uri-stem sc-status x-edge-result-type time-taken';
  const lines = Array.from({ length: 900 }, (_, second) => {
    const time = new Date(Date.UTC(2026, 10, 20, 12, 0, second)).toISOString().slice(11, 19);
    return `2026-11-20\t${time}\tFRA56-P1\t198.51.100.7\tGET\t/\t${second > 300 && second < 600 ? 503 : 200}\tMiss\t0.1`;
  });
  return ['#Version: 1.0', `#Fields: ${fields}`, ...lines, ''].join('\n');
};

describe('npm run predict', () => {
  it('predicts the same to people and machines', async () => {
    const few = ['--fault', 'refuse', '--outages', '20'];
    const [people, machines] = await Promise.all([startScript('predict', few).ended, predict(...few, '--json')]);
    const { kinds } = JSON.parse(machines.stdout) as { kinds: { kind: string; ways: { failed: { POST: number } }[] }[] };
    expect(kinds.map(({ kind }) => kind)).toEqual(['refuse']);
    expect(people.stdout).toContain((kinds[0]?.ways[0]?.failed.POST ?? 0).toLocaleString('en'));
    expect([people.code, people.stderr, machines.code]).toEqual([0, '', 0]);
  });

  it('backtests a log', async () => {
    const { code, stdout } = await predict('--logs', await fileOf('access.log', log()), '--json');
    const { outages, rows } = JSON.parse(stdout) as { outages: number; rows: { isToday: boolean; found: number }[] };
    expect([code, outages, rows[0]]).toMatchObject([0, 1, { isToday: true, found: 1 }]);
  });

  it.each([
    { args: ['--fault', 'fire'], says: 'unknown fault "fire"' },
    { args: ['--origin', 'mars'], says: 'no origin "mars"' },
    { args: ['--rate', 'NaN'], says: '--rate takes' },
    { args: ['--rate', '1000B'], says: '--rate is at most' },
    { args: ['--outages', '1e9'], says: '--outages takes' },
    { args: ['--logs'], says: '--logs needs a file' },
    { args: ['access.log'], says: 'unexpected argument' },
  ])('refuses $args', async ({ args, says }) => {
    const { code, stderr } = await predict(...args);
    expect(stderr).toContain(says);
    expect(stderr).toMatch(/^error: .*\n(hint: .*\n)?$/);
    expect(code).toBe(2);
  });

  it.each([
    { args: ['--logs', '/nowhere/at/all'], says: 'cannot read' },
    { args: ['--propagation', '/nowhere.json'], says: 'cannot read' },
  ])('reports $args', async ({ args, says }) => {
    const { code, stderr } = await predict(...args);
    expect(stderr).toContain(says);
    expect(code).toBe(1);
  });

  it('reports an empty log, and one in which the edge answered everything', async () => {
    const head = '#Fields: date time c-ip cs-method cs-uri-stem sc-status x-edge-result-type\n';
    const empty = await fileOf('empty.log', '');
    const hits = await fileOf('hits.log', `${head}2026-11-20\t12:00:00\t198.51.100.7\tGET\t/\t200\tHit\n`);
    for (const path of [empty, hits]) {
      const { code, stderr } = await predict('--logs', path);
      expect(stderr).toContain('error: no request that reached an origin');
      expect(code).toBe(1);
    }
  });
});
