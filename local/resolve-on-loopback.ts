/** Where an origin's name leads on this machine: its reference origin over plain http, a `*.localhost` name as it is, and nowhere for any other. */
export function resolveOnLoopback(
  originPort: number | undefined,
  domainName: string,
  port: number,
  protocol: 'http' | 'https',
): { host: string; port: number; protocol: 'http' | 'https' } {
  if (originPort !== undefined) return { host: '127.0.0.1', port: originPort, protocol: 'http' };
  if (domainName === 'localhost' || domainName.endsWith('.localhost')) return { host: '127.0.0.1', port, protocol };
  // RFC 6761: never resolves, so that no request leaves this machine.
  return { host: `${domainName}.invalid`, port, protocol };
}
