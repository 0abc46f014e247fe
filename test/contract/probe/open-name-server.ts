import dgram from 'node:dgram';

/** What is said about one name: its addresses of both families, a code of RFC 1035, or nothing at all. */
export type Zone = { a?: readonly string[]; aaaa?: readonly string[]; afterMs?: number } | { code: number; afterMs?: number } | 'silent';

export interface TestNameServer {
  /** As `Resolver.setServers` takes it. */
  address: string;
  zones: Map<string, Zone>;
  /** Names that were asked about, in order. */
  asked: string[];
  close(): Promise<void>;
}

const typeA = 1;
const typeAaaa = 28;
const nameError = 3;

/** A real name server on a free UDP port of loopback. Names that it has no zone for do not exist. */
export async function openNameServer(zones: Readonly<Record<string, Zone>>): Promise<TestNameServer> {
  const socket = dgram.createSocket('udp4');
  const timers = new Set<NodeJS.Timeout>();
  const server: TestNameServer = {
    address: '',
    zones: new Map(Object.entries(zones)),
    asked: [],
    close: () => {
      for (const timer of timers) clearTimeout(timer);
      return new Promise((resolve) => socket.close(resolve));
    },
  };
  socket.on('message', (query, { port, address }) => {
    const { name, type, end } = readQuestion(query);
    server.asked.push(name);
    const zone = server.zones.get(name) ?? { code: nameError };
    if (zone === 'silent') return;
    const addresses = 'code' in zone ? [] : ((type === typeA ? zone.a : type === typeAaaa ? zone.aaaa : undefined) ?? []);
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8180 | ('code' in zone ? zone.code : 0), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(addresses.length, 6);
    const answer = Buffer.concat([header, query.subarray(12, end), ...addresses.map((each) => record(type, each))]);
    const timer = setTimeout(() => {
      timers.delete(timer);
      socket.send(answer, port, address);
    }, zone.afterMs ?? 0);
    timers.add(timer);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  server.address = `127.0.0.1:${socket.address().port}`;
  return server;
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  return { name: labels.join('.'), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** The question's own name, by a pointer to it. */
function record(type: number, address: string): Buffer {
  const data = type === typeA ? Buffer.from(address.split('.').map(Number)) : ipv6Bytes(address);
  return Buffer.concat([Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length]), data]);
}

/** Of an address with one `::`. */
function ipv6Bytes(address: string): Buffer {
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const groups = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => '0'), ...tail];
  return Buffer.from(groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]));
}
