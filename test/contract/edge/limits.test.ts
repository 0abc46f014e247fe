import { connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { openTestEdge, type TestEdge } from './open-test-edge.ts';

let test: TestEdge;
afterEach(() => test.close());

const closed = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    socket.on('data', (part) => {
      text += part;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });

it('closes a connection whose head does not arrive in time, with 408', async () => {
  test = await openTestEdge({ headTimeoutMs: 50 });
  const socket = connect(test.edge.port, '127.0.0.1');
  const answer = closed(socket);
  socket.write('GET / HTTP/1.1\r\nhost: www.example.com\r\nx-slow: ');
  expect((await answer).split('\r\n', 1)).toEqual(['HTTP/1.1 408 Request Timeout']);
});

it('takes a body that arrives later than a head may', async () => {
  test = await openTestEdge({ headTimeoutMs: 50 });
  const socket = connect(test.edge.port, '127.0.0.1');
  const answer = closed(socket);
  socket.write('POST /slow HTTP/1.1\r\nhost: www.example.com\r\nconnection: close\r\ncontent-length: 2\r\n\r\na');
  setTimeout(() => socket.write('b'), 200);
  expect((await answer).split('\r\n', 1)).toEqual(['HTTP/1.1 200 OK']);
});

it('takes no more connections than its limit, and new ones once others have gone', async () => {
  test = await openTestEdge({ maxConnections: 2 });
  const open = () =>
    new Promise<Socket>((resolve) => {
      const socket = connect(test.edge.port, '127.0.0.1', () => resolve(socket));
    });
  const [first, second] = [await open(), await open()];
  for (const socket of [first, second]) {
    socket.write('GET / HTTP/1.1\r\nhost: www.example.com\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
  }
  const third = await open();
  third.write('GET / HTTP/1.1\r\nhost: www.example.com\r\n\r\n');
  expect(await closed(third)).toBe('');
  first.destroy();
  second.destroy();
  await expect
    .poll(() =>
      test.request('/').then(
        ({ status }) => status,
        () => 0,
      ),
    )
    .toBe(200);
});
