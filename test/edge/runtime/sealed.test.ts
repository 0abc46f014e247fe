import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, WebSocket } from 'undici';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openFunctionRuntime } from '../../../local/runtime/function-runtime.ts';
import { bundleWorker, openWorkerd, type Workerd } from '../../../local/runtime/open-workerd.ts';
import type { RawRun } from '../../../src/edge/execution.ts';
import { runOn, viewerRequest } from './events.ts';

const folder = mkdtempSync(join(tmpdir(), 'sealed-'));
let workerd: Workerd;
let server: Server;
let port: number;
let connections = 0;
beforeAll(async () => {
  vi.stubEnv('TMPDIR', folder);
  server = createServer((socket) => {
    connections += 1;
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as { port: number }).port;
  workerd = await openWorkerd(await bundleWorker(), () => {});
});
afterAll(async () => {
  await workerd.close();
  server.close();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const workerdFolder = () => join(folder, readdirSync(folder)[0] ?? '');

/** Hands code to workerd past the gate and everything else of ours, as an attacker would who found the way to it. */
async function runUnchecked(body: string): Promise<RawRun | undefined> {
  const source = { id: 1, body: `async function handler() { ${body} }`, imports: [] };
  const run = { source: 1, now: 0, event: viewerRequest() };
  const batch = { sources: [source], stores: [], forgetSources: [1], forgetStores: [], runs: [run] };
  const answer = JSON.parse(await workerd.exchange(JSON.stringify(batch), 10_000)) as { runs: RawRun[] };
  return answer.runs[0];
}

describe('workerd reaches no network, whatever code it is given', () => {
  it.each([
    {
      by: 'cloudflare:sockets',
      body: "const { connect } = await import('cloudflare:sockets'); const s = connect('127.0.0.1:PORT'); await s.opened;",
    },
    {
      by: 'node:net',
      body: `const net = await import('node:net');
        await new Promise((resolve, reject) => { net.connect(PORT, '127.0.0.1', resolve).on('error', reject); });`,
    },
    {
      by: 'node:http',
      body: `const http = await import('node:http');
        await new Promise((resolve, reject) => { http.get('http://127.0.0.1:PORT/', resolve).on('error', reject); });`,
    },
    { by: 'fetch', body: "await fetch('http://127.0.0.1:PORT/');" },
  ])('by $by', async ({ body }) => {
    const run = await runUnchecked(`${body.replace('PORT', String(port))} return { statusCode: 200, body: 'reached' };`);
    expect(run?.output).toBeNull();
    expect(run?.failure).toBeDefined();
    expect(connections).toBe(0);
  });
});

describe('workerd takes code from the process that started it and no one else', () => {
  const listening = (pid: string): string[] => {
    const sockets = readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return '';
      }
    });
    const rows = ['tcp', 'tcp6'].flatMap((file) => readFileSync(`/proc/${pid}/net/${file}`, 'utf8').trim().split('\n').slice(1));
    return rows
      .map((row) => row.trim().split(/\s+/))
      .flatMap((cells) => (cells[3] === '0A' && sockets.includes(`socket:[${cells[9]}]`) ? [cells[1] ?? ''] : []));
  };

  it.skipIf(process.platform !== 'linux')('listens on no TCP port, so that no web page of any origin can reach it', () => {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const ours = pids.filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(workerdFolder());
      } catch {
        return false;
      }
    });
    expect(ours.length).toBeGreaterThan(0);
    expect(ours.flatMap(listening)).toEqual([]);
  });

  it('has its socket where only this user can enter', () => {
    expect(statSync(workerdFolder()).mode & 0o077).toBe(0);
  });

  it('refuses a second WebSocket with 403', async () => {
    const dispatcher = new Agent({ connect: { socketPath: join(workerdFolder(), 'socket') } });
    const { statusCode, body } = await dispatcher.request({ origin: 'http://workerd', path: '/', method: 'GET' });
    await body.dump();
    const opened = new Promise<string>((resolve) => {
      const socket = new WebSocket('ws://workerd/', { dispatcher, headers: { origin: 'https://evil.example' } });
      socket.addEventListener('open', () => resolve('open'));
      socket.addEventListener('error', () => resolve('refused'));
    });
    expect([statusCode, await opened]).toEqual([403, 'refused']);
    await dispatcher.destroy();
  });
});

it.each([
  { what: 'import()', code: "async function handler(event) { await import('cloudflare:sockets'); return event.request; }" },
  {
    what: 'import() behind text that a tokenizer stumbles over',
    code: "var a = 1; if (a) /[/]'/.test(''); async function handler(event) { await import('cloudflare:sockets'); return event.request; }\n@",
  },
  {
    what: 'import() behind an HTML comment',
    code: "var x = 1\n<!-- '\nasync function handler(event) { await import('node:net'); return event.request; } //'",
  },
])('a function with $what does not run', async ({ code }) => {
  const runtime = await openFunctionRuntime();
  try {
    expect((await runOn(runtime, code)).error?.kind).toBe('execution');
  } finally {
    await runtime.close();
  }
});
