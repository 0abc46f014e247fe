// Origins as a process of their own, for bench/edge-figures.ts: one that answers eight bytes to whatever comes and
// costs next to nothing, and the reference origin.
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { openReferenceOrigin } from '../local/origin/reference-origin.ts';

const answer = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 8\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\nX-Region: ap-southeast-1\r\n\r\n12345678',
);
const end = Buffer.from('\r\n\r\n');

// A head arrives in one piece here and no request has a body, so that what ends a chunk ends a request.
const bare = net.createServer({ noDelay: true }, (socket) => {
  socket.on('data', (chunk) => {
    if (chunk.subarray(-4).equals(end)) socket.write(answer);
  });
  socket.on('error', () => socket.destroy());
});
bare.listen(0, '127.0.0.1');
await once(bare, 'listening');
const origin = await openReferenceOrigin({ region: 'ap-southeast-1' });
process.send?.({ barePort: (bare.address() as AddressInfo).port, port: origin.port });
process.on('message', () => process.exit(0));
