import { lookup as systemLookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { EdgeError } from '../errors.ts';

export interface LoadTarget {
  url: URL;
  /** Every address that the name has, or the address that stood in its place. */
  addresses: readonly string[];
  /** All of them are this machine's own. */
  isLoopback: boolean;
}

/** All addresses of a name. */
export type LookupAll = (hostname: string) => Promise<readonly { address: string }[]>;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * Where a load test would go. The name is resolved once: the run connects to an address of the answer and asks for no name again, which could have
 * another one by then. A URL writes any form of an IPv4 address in the usual one, and an IPv4 address in IPv6 is judged as what it is.
 */
export async function resolveTarget(
  url: URL,
  lookup: LookupAll = (name) => systemLookup(name, { all: true, verbatim: true }),
): Promise<LoadTarget> {
  if (url.username !== '' || url.password !== '')
    throw new EdgeError('USAGE', 'a URL with a user or a password in it is not asked', { hint: 'take them out' });
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(host) === 0 ? await lookupName(host, lookup) : [host];
  return { url, addresses, isLoopback: addresses.every(isLoopbackAddress) };
}

async function lookupName(host: string, lookup: LookupAll): Promise<string[]> {
  let found: readonly { address: string }[];
  try {
    found = await lookup(host);
  } catch (cause) {
    throw new EdgeError('ENDPOINT_UNREACHABLE', `${host} has no address: ${(cause as Error).message}`, {
      cause,
      hint: 'is the name right?',
    });
  }
  const addresses = [...new Set(found.map(({ address }) => address))];
  if (addresses.length === 0) throw new EdgeError('ENDPOINT_UNREACHABLE', `${host} has no address`, { hint: 'is the name right?' });
  return addresses;
}

function isLoopbackAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && loopback.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** The refusal of a target that is not this machine. */
export function refuseTarget({ url, addresses }: LoadTarget): EdgeError {
  const where = addresses.length === 1 && addresses[0] === url.hostname.replace(/^\[|\]$/g, '') ? '' : ` (${addresses.join(', ')})`;
  return new EdgeError('USAGE', `${url.host}${where} is not this machine: nothing was sent`, {
    hint: 'a load test belongs on what you own: --i-own-this says that you do, within lower bounds',
  });
}
