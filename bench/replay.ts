// npm run bench -- replay: how quickly an access log goes through two functions, and whether memory grows with it.
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv, env, exit, memoryUsage, stderr, stdout } from 'node:process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGzip } from 'node:zlib';
import { openSweepRuntime } from '../local/runtime/sweep-runtime.ts';
import { openProject } from '../src/config/open-project.ts';
import { buildFunction } from '../src/edge/build.ts';
import { judgeRun } from '../src/edge/judge/judge.ts';
import { findNjs, openNjsRuntime } from '../src/edge/njs/njs.ts';
import { openDecider } from '../src/explain/replay/decider.ts';
import { replayLog } from '../src/explain/replay/replay.ts';
import { listLogFiles } from '../src/log/read-log.ts';
import { type BenchRow, benchRow, formatBenchRows } from './bench-row.ts';

const locations = ['SIN2-P1', 'FRA60-P3', 'IAD89-C3', 'BOM78-P2', 'NRT57-C1', 'GRU3-C2', 'LHR61-P5', 'CDG50-P1'];
const fields =
  'date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end';
const rest =
  'Miss\tID==\twww.example.com\thttps\t500\t0.045\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tMiss\tHTTP/2.0\t-\t-\t443\t0.043\tMiss\tapplication/json\t2847\t-\t-';

/** Not a limit of CloudFront, but the pace at which a day's log is bearable: 20,000 lines a second. */
const msFor20000 = 1_000;

function* logLines(count: number): Generator<string> {
  yield `#Version: 1.0\n#Fields: ${fields}\n`;
  for (let n = 0; n < count; n++) {
    const ip = `${1 + (n % 223)}.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
    const method = n % 8 === 0 ? 'POST' : 'GET';
    const start = `2026-11-20\t12:00:01\t${locations[n % locations.length]}\t2847\t${ip}\t${method}`;
    yield `${start}\td111111abcdef8.cloudfront.net\t/api/orders/${n}\t200\thttps://example.com/\tMozilla/5.0%20(X11)\tid=${n}\t-\t${rest}\n`;
  }
}

async function replay(path: string, record: string): Promise<{ ms: number; lines: number }> {
  const { config } = await openProject({ env: process.env });
  const runtime = openNjsRuntime({ njs: findNjs(env['PATH']), judge: judgeRun });
  const [before, after] = await Promise.all([buildFunction({ ...config, routes: [] }), buildFunction(config)]);
  const startedAt = performance.now();
  const decider = openDecider({ runtime, before, after, record, now: 1_764_000_000_000, openSweeper: () => openSweepRuntime() });
  const report = await replayLog({ files: await listLogFiles(path), decider, guessCountry: true, progress: () => undefined });
  await decider.close();
  await runtime.close();
  return { ms: performance.now() - startedAt, lines: report.lines };
}

/**
 * Throughput on packed and on many lines, memory, and the hard case: every address needs runs of its own while a weight
 * is partial.
 */
async function benchReplay(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-replay-'));
  const write = async (name: string, count: number): Promise<string> => {
    const path = join(folder, name);
    await pipeline(Readable.from(logLines(count)), createGzip({ level: 1 }), createWriteStream(path));
    return path;
  };
  try {
    const rows: BenchRow[] = [];
    const add = ({ ms, lines }: { ms: number; lines: number }, name: string, budget?: number) =>
      rows.push(benchRow(name, (ms / lines) * 20_000, 'ms for 20,000 lines', budget));
    add(await replay(await write('some.gz', 200_000), 'ok'), '200,000 lines, packed', msFor20000);
    const before = memoryUsage.rss();
    add(await replay(await write('many.gz', 1_000_000), 'ok'), '1,000,000 lines, packed', msFor20000);
    rows.push(benchRow('memory more after five times the lines', (memoryUsage.rss() - before) / 2 ** 20, 'MB', 100));
    add(await replay(join(folder, 'some.gz'), 'singapore=25'), '200,000 lines, partial weight, every address new', msFor20000);
    const afterOne = memoryUsage.rss();
    add(await replay(join(folder, 'many.gz'), 'singapore=25'), '1,000,000 lines, partial weight, every address new', msFor20000);
    rows.push(benchRow('memory more after five times the lines', (memoryUsage.rss() - afterOne) / 2 ** 20, 'MB', 100));
    return rows;
  } finally {
    await rm(folder, { recursive: true });
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  if (findNjs(env['PATH']) === undefined) {
    stderr.write('error: njs is not on PATH\nhint: apt-get install njs\n');
    exit(1);
  }
  const rows = await benchReplay();
  stdout.write(`${formatBenchRows(rows).join('\n')}\n`);
  exit(rows.some(({ ok }) => ok === false) ? 1 : 0);
}
