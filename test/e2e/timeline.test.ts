import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runScript, startScript } from './start-script.ts';

const env = { EDGE_CONFIG: 'test/fixtures/sample/edge.config.ts' };
const at = Date.UTC(2026, 10, 20, 12);
const flip = {
  sequence: 417,
  at: new Date(at).toISOString(),
  kind: 'automatic',
  to: '#=0@000417;singapore=0',
  reason: '<b>r</b>',
  by: 'b',
};
const line = (ms: number, decision: string, status = 200) =>
  `${at + ms}\t0.010\tSIN52-P1\tGET\t/x\t${status}\t${encodeURIComponent(decision)}\n`;
const log =
  '#Fields: timestamp(ms) time-taken x-edge-location cs-method cs-uri-stem sc-status viewer-request-log-data\n' +
  line(2_010, 'singapore;ok', 503) +
  line(30_010, 'europe;#=0@000417;singapore=0;0');

let folder: string;
let audit: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'timeline-e2e-'));
  audit = join(folder, 'history.json');
  await writeFile(audit, JSON.stringify({ flips: [flip] }));
});
afterAll(() => rm(folder, { recursive: true }));

function start(args: readonly string[], history = audit) {
  const { child, ended } = startScript('timeline', ['-', '--audit', history, '--json', ...args], env);
  child.stdin.on('error', () => undefined).end(log);
  return ended;
}

it('reads standard input and writes a page with each text of the log and the audit escaped', { timeout: 40_000 }, async () => {
  const html = join(folder, 'pages', 'timeline.html');
  const { code, stdout, stderr } = await start(['--html', html]);
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ requests: 2, decided: 2, propagation: { p50Ms: 30_000 } });
  const page = await readFile(html, 'utf8');
  expect(page).toContain('&lt;b&gt;r&lt;/b&gt;');
  expect(page).not.toMatch(/<b>|<script/);
});

it.each([
  { when: 'the page cannot be written, before it reads', args: () => ['--html', folder], says: /is a folder/ },
  {
    when: 'no time is between --from and --to',
    args: () => ['--from', '2026-11-20', '--to', '2026-11-20'],
    says: /--from must be before --to/,
  },
])('refuses when $when', { timeout: 40_000 }, async ({ args, says }) => {
  const { code, stdout } = await runScript('timeline', ['-', '--audit', audit, '--json', ...args()], env);
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'USAGE', message: expect.stringMatching(says) } });
});

it('refuses an audit whose texts are none', { timeout: 40_000 }, async () => {
  const broken = join(folder, 'broken.json');
  await writeFile(broken, JSON.stringify({ flips: [{ ...flip, by: { name: 'b' } }] }));
  const { code, stdout } = await start([], broken);
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'CONFIG_INVALID' } });
});

it('fails, and writes no page, when every file is damaged', async () => {
  const logs = join(folder, 'damaged');
  await mkdir(logs);
  const packed = gzipSync(`${log}${line(40_010, 'europe;ok')}`);
  await writeFile(join(logs, 'one.gz'), packed.subarray(0, 30));
  const html = join(folder, 'none.html');
  const { code, stdout } = await runScript('timeline', [logs, '--audit', audit, '--json', '--html', html], env);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'NOT_FOUND', message: expect.stringContaining('one.gz') } });
  expect(existsSync(html)).toBe(false);
});
