import dns from 'node:dns';
import net, { type LookupFunction } from 'node:net';
import tls from 'node:tls';
import type { buildConnector } from 'undici';

/** The step a connection is at. */
export type Phase = 'dns' | 'connect' | 'tls' | 'request';

export interface EdgeAddress {
  protocol: 'http' | 'https';
  host: string;
  port: number;
  /** The SNI, then further names the certificate may be good for. */
  names: readonly [string, ...string[]];
  /** Until the connection stands, the TLS handshake included. */
  timeoutMs: number;
}

/** A connector for undici that connects to this address as CloudFront does and tells each step it reaches. TLS 1.2 at least, no HTTP/2. */
export function connectLikeEdge(
  { protocol, host, port, names, timeoutMs }: EdgeAddress,
  { ca, lookup = dns.lookup }: { ca?: string | Buffer; lookup?: LookupFunction },
  onPhase: (phase: Phase) => void,
  onConnect?: (socket: net.Socket) => void,
): buildConnector.connector {
  return (_, callback) => {
    let phase: Phase = 'dns';
    const reach = (next: Phase) => {
      phase = next;
      onPhase(next);
    };
    const tellingLookup: LookupFunction = (name, options, found) =>
      lookup(name, options, (error, ...rest) => {
        if (!error) reach('connect');
        found(error, ...rest);
      });
    const address = { host, port, lookup: tellingLookup };
    const socket =
      protocol === 'http'
        ? net.connect(address)
        : tls.connect({
            ...address,
            ...(ca === undefined ? {} : { ca }),
            servername: names[0],
            ALPNProtocols: ['http/1.1'],
            minVersion: 'TLSv1.2',
            checkServerIdentity: (_, certificate) => checkNames(names, certificate),
          });
    const finish = (error?: Error) => {
      clearTimeout(timer);
      socket.removeListener('error', finish);
      if (error === undefined) {
        reach('request');
        onConnect?.(socket);
        callback(null, socket);
      } else {
        // A socket that is given up may still fail; nobody listens any more.
        socket.on('error', () => undefined).destroy();
        callback(error, null);
      }
    };
    const timer = setTimeout(() => finish(new Error(`not connected within ${timeoutMs} ms (${phase})`)), timeoutMs);
    if (net.isIP(host) !== 0) reach('connect');
    socket.once('error', finish);
    if (protocol === 'http') socket.once('connect', () => finish());
    else socket.once('connect', () => reach('tls')).once('secureConnect', () => finish());
  };
}

/** CloudFront takes a certificate that is good for the Host it forwards or for the origin's domain name. */
function checkNames(names: readonly string[], certificate: tls.PeerCertificate): Error | undefined {
  if (names.some((name) => tls.checkServerIdentity(name, certificate) === undefined)) return undefined;
  const found = certificate.subjectaltname ?? certificate.subject.CN;
  return new Error(`the certificate is for ${found}, not for ${[...new Set(names)].join(' or ')}`);
}
