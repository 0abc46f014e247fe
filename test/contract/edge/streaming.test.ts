import http from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { openServer } from './open-server.ts';
import { hasty, openTestEdge, type TestEdge, testDistribution } from './open-test-edge.ts';

let rig: TestEdge;
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  await rig.close();
  while (closers.length > 0) await closers.pop()?.();
});

async function open(listener: http.RequestListener, distribution = testDistribution()): Promise<void> {
  const { port, close } = await openServer(listener);
  closers.push(close);
  rig = await openTestEdge({ distribution, resolveOrigin: () => ({ host: '127.0.0.1', port, protocol: 'http' }) });
}

it('hands each part of a response on as it comes', async () => {
  let sendMore = () => {};
  await open((_, response) => {
    response.write('first');
    sendMore = () => response.end('second');
  });
  const parts: string[] = [];
  await new Promise<void>((resolve) => {
    http.get({ host: '127.0.0.1', port: rig.edge.port, agent: false }, (response) => {
      response.on('data', (chunk: Buffer) => {
        parts.push(String(chunk));
        if (parts.length === 1) sendMore();
      });
      response.on('end', resolve);
    });
  });
  expect(parts).toEqual(['first', 'second']);
});

it('hands each part of a request on as it comes, chunked as it was', async () => {
  const parts: string[] = [];
  let sendMore = () => {};
  await open((request, response) => {
    request.on('data', (chunk: Buffer) => {
      parts.push(String(chunk));
      if (parts.length === 1) sendMore();
    });
    request.on('end', () => response.end(request.headers['transfer-encoding']));
  });
  const answer = await new Promise<string>((resolve) => {
    const request = http.request({ host: '127.0.0.1', port: rig.edge.port, method: 'POST', agent: false }, (response) => {
      response.on('data', (chunk: Buffer) => resolve(String(chunk)));
    });
    request.write('first');
    sendMore = () => request.end('second');
  });
  expect([parts, answer]).toEqual([['first', 'second'], 'chunked']);
});

it('passes a response on that comes before the request has ended', async () => {
  await open((_, response) => response.writeHead(413).end('too much'));
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port: rig.edge.port, method: 'POST', agent: false }, (response) => {
      resolve(response.statusCode);
      request.destroy();
    });
    request.on('error', reject);
    request.write('x'.repeat(1_000));
  });
  expect(status).toBe(413);
});

it('ends the origin’s work when the viewer leaves', async () => {
  let isOver = false;
  await open((request, response) => {
    response.write('first');
    request.socket.on('close', () => {
      isOver = true;
    });
  });
  await new Promise<void>((resolve) => {
    const request = http.get({ host: '127.0.0.1', port: rig.edge.port, agent: false }, (response) => {
      response.once('data', () => {
        request.destroy();
        resolve();
      });
      response.on('error', () => {});
    });
  });
  await expect.poll(() => isOver).toBe(true);
});

it('waits for a viewer that reads slowly, longer than the origin may take', async () => {
  const size = 20_000_000;
  await open((_, response) => response.end(Buffer.alloc(size, 'x')), hasty(testDistribution(), 1));
  expect(await readSlowly(rig.edge.port, '/', 1_500)).toBe(size);
});

it('waits for a viewer that sends slowly, longer than the origin may take', async () => {
  await open(
    (request, response) => {
      request.resume();
      request.on('end', () => response.end('done'));
    },
    hasty(testDistribution(), 1),
  );
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port: rig.edge.port, method: 'POST', agent: false }, (response) =>
      resolve(response.statusCode),
    );
    request.on('error', reject);
    request.write('first');
    setTimeout(() => request.end('second'), 1_500);
  });
  expect(status).toBe(200);
});

it('breaks off when the origin falls silent in the middle of a response', async () => {
  await open((_, response) => response.write('first'), hasty(testDistribution()));
  await expect(rig.request('/')).rejects.toThrow(/aborted/);
  await expect.poll(() => rig.records.at(-1)?.reason).toContain('sent nothing');
});

it('keeps connections to the origin and opens a new one when a kept one was closed', async () => {
  const sockets = new Set<unknown>();
  await open((request, response) => {
    sockets.add(request.socket);
    response.end('x');
    if (request.url === '/last') response.once('finish', () => request.socket.destroy());
  });
  for (const path of ['/a', '/b', '/last', '/c', '/d']) expect((await rig.request(path)).status).toBe(200);
  expect(sockets.size).toBe(2);
  expect(rig.edge.openOriginSockets()).toBe(1);
});

it('records a viewer that left before any answer with status 0', async () => {
  let isAsked = false;
  await open(() => {
    isAsked = true;
  });
  const request = http.get({ host: '127.0.0.1', port: rig.edge.port, agent: false });
  request.on('error', () => {});
  await expect.poll(() => isAsked).toBe(true);
  request.destroy();
  await expect.poll(() => rig.records.at(-1)).toMatchObject({ status: 0, reason: 'the viewer closed the connection' });
});

it('holds next to nothing of 128 MB for a viewer that keeps it waiting', async () => {
  rig = await openTestEdge();
  const size = 128 * 1_048_576;
  const before = process.memoryUsage().arrayBuffers;
  let held = Number.NaN;
  const received = await readSlowly(rig.edge.port, `/stream?bytes=${size}`, 1_000, () => {
    held = process.memoryUsage().arrayBuffers - before;
  });
  expect(received).toBe(size);
  expect(held).toBeLessThan(12 * 1_048_576);
});

it('serves many requests of a few viewers over as few connections, and lets those go with the origin', async () => {
  rig = await openTestEdge();
  const agent = new http.Agent({ keepAlive: true });
  const viewer = async () => {
    for (let count = 0; count < 50; count++)
      await new Promise<void>((resolve, reject) => {
        http
          .get({ host: '127.0.0.1', port: rig.edge.port, path: '/health', agent }, (response) => response.resume().on('end', resolve))
          .on('error', reject);
      });
  };
  await Promise.all(Array.from({ length: 8 }, viewer));
  agent.destroy();
  expect(rig.singapore.received).toBe(400);
  expect(rig.edge.openOriginSockets()).toBeLessThanOrEqual(8);
  await rig.singapore.setFault({ kind: 'refuse' });
  await expect.poll(() => rig.edge.openOriginSockets()).toBe(0);
});

/** Bytes of a body whose reader takes nothing for this long. */
function readSlowly(port: number, path: string, pauseMs: number, onResume = () => {}): Promise<number> {
  return new Promise((resolve, reject) => {
    http.get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let bytes = 0;
      response.pause();
      setTimeout(() => {
        onResume();
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        response.resume();
      }, pauseMs);
      response.on('end', () => resolve(bytes));
      response.on('error', reject);
    });
  });
}
