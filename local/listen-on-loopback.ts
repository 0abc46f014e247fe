import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EdgeError } from '../src/errors.ts';

const inUse = {
  what: 'is in use',
  hint: 'stop the program that listens on it, or set EDGE_LOCAL_PORT to the first of a row of free ports, such as 4700',
};

/**
 * Listens on 127.0.0.1 only and resolves to the port; 0 is any free one. Throws PORT_BUSY when it is taken or not
 * allowed; `busy` is the wording after `port N`.
 */
export function listenOnLoopback(server: Server, port: number, busy: { what: string; hint: string } = inUse): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EACCES')
        return reject(
          new EdgeError('PORT_BUSY', `port ${port} may not be opened by this user`, { cause, hint: 'choose a port above 1023' }),
        );
      if (cause.code !== 'EADDRINUSE') return reject(cause);
      reject(new EdgeError('PORT_BUSY', `port ${port} ${busy.what}`, { cause, hint: busy.hint }));
    });
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
