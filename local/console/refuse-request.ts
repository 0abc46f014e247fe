import type { IncomingMessage } from 'node:http';
import { isLocalHost } from '../aws/transport/http-server.ts';

/**
 * Why a request is not answered; undefined when it is. A page elsewhere that has rebound its name to loopback shows its own name in Host, one that sends here from its own
 * place shows that in Origin or Sec-Fetch-Site.
 */
export function refuseRequest({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const { host, origin } = headers;
  if (!isLocalHost(host)) return 'the Host header must name this machine: localhost or 127.0.0.1';
  if (origin !== undefined && origin !== `http://${host}`) return 'the Origin header names another site';
  const site = headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none' ? undefined : 'the request comes from another site';
}
