import type { LookupAddress } from 'node:dns';
import type { Socket } from 'node:net';
import net, { type LookupFunction } from 'node:net';
import { networkInterfaces } from 'node:os';
import tls, { TLSSocket } from 'node:tls';
import type { buildConnector } from 'undici';
import { type Family, resolveName, toLookup } from './resolve-name.ts';

/** The step a connection is at. */
export type Phase = 'dns' | 'connect' | 'tls' | 'request';

export interface EdgeAddress {
  protocol: 'http' | 'https';
  host: string;
  port: number;
  /** The SNI, then further names the certificate may be good for. */
  names: readonly [string, ...string[]];
  /** Of the address, 0 for both; undefined for whichever connects. */
  family?: Family | undefined;
  /** Until the connection is made, the TLS handshake included. */
  timeoutMs: number;
}

export interface ConnectOptions {
  /** Trusted certificate authorities, PEM. Default: Node's. */
  ca?: string | Buffer | undefined;
  /** Name resolution. Default: `resolveName`. */
  lookup?: LookupFunction | undefined;
  /** Which of the name's addresses, counted through them again and again. Default 0. Only with a `family`. */
  turn?: number | undefined;
  /** Without IPv6 a machine takes the IPv4 addresses only of a name that may have both. Default: `hasIpv6`. */
  canIpv6?: (() => boolean) | undefined;
  /** Gives up at once. */
  signal?: AbortSignal | undefined;
  onPhase?: (phase: Phase, ip?: string) => void;
  onConnect?: ((socket: net.Socket) => void) | undefined;
}

/**
 * A connector for undici that connects to this address as CloudFront does and reports each step it reaches. TLS 1.2 at
 * least, no HTTP/2. With a `family` it connects to one address of the name and to no other, so that a dead one of two
 * is seen; without, to the first that takes it, as a viewer's browser does.
 */
export function connectLikeEdge(address: EdgeAddress, options: ConnectOptions = {}): buildConnector.connector {
  const { protocol, port, names, timeoutMs } = address;
  return (_, callback) => {
    const stop = new AbortController();
    let phase: Phase = 'dns';
    let ip: string | undefined;
    let socket: net.Socket | undefined;
    const reach = (next: Phase) => {
      phase = next;
      options.onPhase?.(next, ip);
    };
    let isDone = false;
    const finish = (error?: Error) => {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
      stop.abort();
      socket?.removeListener('error', finish);
      if (error === undefined && socket !== undefined) {
        reach('request');
        options.onConnect?.(socket);
        callback(null, socket);
      } else {
        // A socket that is given up may still fail, and no listener is left.
        socket?.on('error', () => undefined).destroy();
        callback(error ?? new Error('no connection'), null);
      }
    };
    const abort = () => finish(options.signal?.reason as Error);
    const timer = setTimeout(() => finish(new Error(`not connected within ${timeoutMs} ms (${phase}${at(ip)})`)), timeoutMs);
    const open = (host: string, lookup?: LookupFunction) => {
      if (isDone) return;
      const place = { host, port, ...(lookup && { lookup }) };
      socket =
        protocol === 'http'
          ? net.connect(place)
          : tls.connect({
              ...place,
              ...(options.ca === undefined ? {} : { ca: options.ca }),
              servername: names[0],
              ALPNProtocols: ['http/1.1'],
              minVersion: 'TLSv1.2',
              checkServerIdentity: (_, certificate) => checkNames(names, certificate),
            });
      if (net.isIP(host) !== 0) {
        ip = host;
        reach('connect');
      }
      socket.once('error', finish);
      if (protocol === 'http') socket.once('connect', () => finish());
      else socket.once('connect', () => reach('tls')).once('secureConnect', () => finish());
    };
    options.signal?.addEventListener('abort', abort);
    if (options.signal?.aborted) abort();
    else if (address.family === undefined || net.isIP(address.host) !== 0)
      open(
        address.host,
        reportLookup(options, timeoutMs, () => reach('connect')),
      );
    else chooseAddress(address, address.family, options, stop.signal).then(open, finish);
  };
}

/** ` 192.0.2.1`, when it is known. */
function at(ip: string | undefined): string {
  return ip === undefined ? '' : ` ${ip}`;
}

/** The address whose turn it is. Sorted, since name servers answer in changing order. */
async function chooseAddress(
  { host, timeoutMs }: EdgeAddress,
  family: Family,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<string> {
  const { canIpv6 = hasIpv6 } = options;
  const found = await (options.lookup === undefined
    ? resolveName(host, { family, timeoutMs, signal })
    : lookUp(options.lookup, host, family));
  const canReach = (each: LookupAddress) => each.family === family || (family === 0 && (each.family === 4 || canIpv6()));
  const addresses = [...new Set(found.filter(canReach).map(({ address }) => address))].sort();
  const chosen = addresses[(options.turn ?? 0) % addresses.length];
  if (chosen === undefined) throw new Error(`${host} has no ${family === 6 ? 'IPv6' : 'IPv4'} address`);
  return chosen;
}

/** This machine has an address by which it can reach others over IPv6. */
export function hasIpv6(): boolean {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return addresses.some(({ family, internal, address }) => family === 'IPv6' && !internal && !address.startsWith('fe80:'));
}

function lookUp(lookup: LookupFunction, host: string, family: Family): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(host, { all: true, family }, (error, found, of) => {
      if (error) reject(error);
      else resolve(typeof found === 'string' ? [{ address: found, family: of ?? net.isIP(found) }] : found);
    });
  });
}

function reportLookup(
  { lookup = toLookup((name, family) => resolveName(name, { family, timeoutMs })) }: ConnectOptions,
  timeoutMs: number,
  onFound: () => void,
): LookupFunction {
  return (name, options, found) =>
    lookup(name, options, (error, ...rest) => {
      if (!error) onFound();
      found(error, ...rest);
    });
}

/** CloudFront takes a certificate that is good for the Host it forwards or for the origin's domain name. */
function checkNames(names: readonly string[], certificate: tls.PeerCertificate): Error | undefined {
  if (names.some((name) => tls.checkServerIdentity(name, certificate) === undefined)) return undefined;
  const found = certificate.subjectaltname ?? certificate.subject.CN;
  return new Error(`the certificate is for ${found}, not for ${[...new Set(names)].join(' or ')}`);
}

/** Facts of a TLS connection. */
export interface TlsFacts {
  /** Such as `TLSv1.3`. */
  protocol: string;
  /** The first name that the certificate is for; its subject's CN when it has no alternative names. */
  name: string;
  /** Epoch milliseconds: when the certificate ends. */
  validTo: number;
}

/** Undefined for a connection without TLS. */
export function readTls(socket: Socket): TlsFacts | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const { subject, subjectaltname = '', valid_to } = socket.getPeerCertificate();
  const [alternative = ''] = subjectaltname.split(', ');
  // A subject may be empty, or name several.
  const name = alternative === '' ? ([subject?.CN].flat()[0] ?? '') : alternative.replace(/^DNS:/, '');
  return { protocol: socket.getProtocol() ?? '', name, validTo: Date.parse(valid_to) };
}
