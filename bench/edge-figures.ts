// The local edge's limits: node --import tsx bench/edge-figures.ts [--seconds 2] [--rounds 5] [--connections 16]
// [--bytes 1000000000] With the built router and an origin, each in its own process, on this machine. For comparison:
// miniflare with an empty worker.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Miniflare } from 'miniflare';
import { type LoadFigures, loadRaw } from './raw-load.ts';

interface Memory {
  rss: number;
  heapUsed: number;
  external: number;
  peakRss: number;
  sockets: number;
  cpuMs: number;
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '16' },
    bytes: { type: 'string', default: '1000000000' },
  },
});
const seconds = Number(values.seconds);
const connections = Number(values.connections);
const rounds = Number(values.rounds);
const head =
  'GET /api/things HTTP/1.1\r\nHost: www.example.test\r\nUser-Agent: bench\r\nAccept: */*\r\nX-Local-Viewer-Country: IN\r\nX-Local-Viewer-Ip: 203.0.113.7\r\n\r\n';
const inMb = (bytes: number) => `${(bytes / 1_048_576).toFixed(0)} MB`;
const children: ChildProcess[] = [];

async function start<Ready>(file: string, args: string[] = []): Promise<{ child: ChildProcess; ready: Ready }> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    execArgv: [...process.execArgv, '--expose-gc', '--no-warnings'],
  });
  children.push(child);
  const [ready] = (await once(child, 'message')) as [Ready];
  return { child, ready };
}

async function memory(child: ChildProcess): Promise<Memory> {
  child.send('memory');
  const [answer] = (await once(child, 'message')) as [Memory];
  return answer;
}

/** The round that others on this machine disturbed least, which is what can be compared between runs. */
function best(rounds: readonly LoadFigures[]): LoadFigures {
  return rounds.reduce((one, other) => (other.requestsPerSecond > one.requestsPerSecond ? other : one));
}

function median(rounds: readonly LoadFigures[]): number {
  return rounds.map(({ requestsPerSecond }) => requestsPerSecond).sort((a, b) => a - b)[Math.floor(rounds.length / 2)] ?? 0;
}

function describe(name: string, rounds: readonly LoadFigures[]): string {
  const { requestsPerSecond, p50Ms, p99Ms, maxMs } = best(rounds);
  const failed = rounds.reduce((sum, round) => sum + round.failed, 0);
  return `${name.padEnd(30)} ${requestsPerSecond.toFixed(0).padStart(6)} req/s (median ${median(rounds).toFixed(0)})   p50 ${p50Ms.toFixed(2)} ms   p99 ${p99Ms.toFixed(2)} ms   max ${maxMs.toFixed(1)} ms   failed ${failed}`;
}

function stream(port: number, bytes: number): Promise<{ seconds: number; received: number }> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    http
      .get(
        { host: '127.0.0.1', port, path: `/stream?bytes=${bytes}`, headers: { 'x-local-viewer-country': 'DE' }, agent: false },
        (response) => {
          let received = 0;
          response.on('data', (chunk: Buffer) => {
            received += chunk.length;
          });
          response.on('end', () => resolve({ seconds: (performance.now() - startedAt) / 1_000, received }));
          response.on('error', reject);
        },
      )
      .on('error', reject);
  });
}

const miniflare = new Miniflare({
  modules: true,
  script: 'export default { fetch: () => new Response("12345678") }',
  compatibilityDate: '2026-04-01',
});
try {
  const emptyPort = Number((await miniflare.ready).port);
  const origin = await start<{ port: number; barePort: number }>('./origin-under-load.ts');
  const { child: edge, ready } = await start<{ port: number; readyMs: number }>('./edge-under-load.ts', [
    String(origin.ready.barePort),
    String(origin.ready.port),
  ]);
  console.log(`edge ready in ${ready.readyMs.toFixed(0)} ms; ${connections} connections, best of ${rounds} rounds of ${seconds} s`);
  const targets = [
    { name: 'empty worker of miniflare', port: emptyPort, figures: [] as LoadFigures[] },
    { name: 'edge, router and origin', port: ready.port, figures: [] as LoadFigures[] },
    { name: 'origin alone', port: origin.ready.barePort, figures: [] as LoadFigures[] },
  ] as const;
  for (const { port } of targets) await loadRaw({ port, connections, seconds: 2, head });
  const cpuBefore = (await memory(edge)).cpuMs;
  // In turn, so that what else runs on this machine meets all of them alike.
  for (let round = 0; round < rounds; round++)
    for (const { port, figures } of targets) figures.push(await loadRaw({ port, connections, seconds, head }));
  const cpuAfter = (await memory(edge)).cpuMs;
  for (const { name, figures } of targets) console.log(describe(name, figures));
  const [empty, through] = targets;
  const share = best(through.figures).requestsPerSecond / best(empty.figures).requestsPerSecond;
  const requests = through.figures.reduce((sum, round) => sum + round.requests, 0);
  console.log(`share of the empty worker's    ${(100 * share).toFixed(0)} %`);
  console.log(`CPU of the edge's own process  ${(((cpuAfter - cpuBefore) * 1_000) / requests).toFixed(0)} µs a request`);

  const before = await memory(edge);
  await loadRaw({ port: ready.port, connections, requests: 10_000, head });
  const after = await memory(edge);
  console.log(
    `10,000 keep-alive requests     heap ${inMb(before.heapUsed)} -> ${inMb(after.heapUsed)}, rss ${inMb(before.rss)} -> ${inMb(after.rss)}, connections to the origin ${after.sockets}`,
  );
  const bytes = Number(values.bytes);
  const streamed = await stream(ready.port, bytes);
  const peak = await memory(edge);
  console.log(
    `${inMb(streamed.received)} streamed               ${(streamed.received / 1_048_576 / streamed.seconds).toFixed(0)} MB/s, rss ${inMb(after.rss)} -> peak ${inMb(peak.peakRss)}`,
  );
} finally {
  await miniflare.dispose();
  for (const child of children) child.send('close');
}
