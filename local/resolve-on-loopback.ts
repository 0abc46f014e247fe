import type { LoopbackAddress } from './edge/origin-connection.ts';

/** Addresses that the user chose for names. */
export type OriginMap = ReadonlyMap<string, LoopbackAddress>;

/**
 * Where an origin's name leads on this machine: where the user says, else to its reference origin over plain http, a
 * `*.localhost` name as it is, and nowhere for any other.
 */
export function resolveOnLoopback(
  originPort: number | undefined,
  domainName: string,
  port: number,
  protocol: 'http' | 'https',
  mapped?: OriginMap,
): LoopbackAddress | string {
  const chosen = mapped?.get(domainName.toLowerCase());
  if (chosen !== undefined) return chosen;
  if (originPort !== undefined) return { host: '127.0.0.1', port: originPort, protocol: 'http' };
  if (domainName === 'localhost' || domainName.endsWith('.localhost')) return { host: '127.0.0.1', port, protocol };
  // No request may leave this machine unasked.
  return `${domainName} has no address on this machine; --origin ${domainName}=http://127.0.0.1:PORT gives it one`;
}
