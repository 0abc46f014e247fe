import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { ownOrigin } from '../../../src/edge/ask/ask.ts';
import { type Decided, type Decider, DecisionMemo } from '../../../src/explain/replay/decider.ts';
import { formatReplay } from '../../../src/explain/replay/format-replay.ts';
import {
  buildLoggedEvent,
  listVisible,
  openBehaviors,
  type ReplayedBehavior,
  type VisibleRequest,
} from '../../../src/explain/replay/logged-event.ts';
import { replayLog } from '../../../src/explain/replay/replay.ts';
import { findLocationCountry } from '../../../src/log/location-country.ts';
import { parseLogEntry, parseLogFields, parseLogLine, standardFields } from '../../../src/log/logged-request.ts';
import { listLogFiles, readFileKind, readLogText, splitLines } from '../../../src/log/read-log.ts';
import { readRequests } from '../../../src/log/read-requests.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replay-'));
});
afterEach(() => rm(folder, { recursive: true }));

const put = async (name: string, data: string | Uint8Array): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, data);
  return path;
};

const head = '#Version: 1.0\n#Fields: date time x-edge-location c-ip cs-method cs-uri-stem cs-uri-query\n';
const line = (location: string, method = 'GET', ip = '192.0.2.1') => `2026-11-20\t12:00:01\t${location}\t${ip}\t${method}\t/api/x\t-\n`;

type Decide = Pick<Decider, 'decide'>;

/** Sends all viewers to Singapore before, and afterwards the countries it is given to Europe. */
function decider(...european: string[]): Decide {
  const route = (visible: VisibleRequest) =>
    european.includes(visible.get('headers.cloudfront-viewer-country') ?? '') ? 'europe, then singapore' : 'singapore, then europe';
  return { decide: async (requests) => requests.map((request) => pair('singapore, then europe', route(request))) };
}

/** Both functions read the country alone. */
const pair = (before: string, after: string, more: Partial<Decided> = {}) => {
  const decided = (route: string) => ({ route, changes: '', reads: ['headers.cloudfront-viewer-country'], ...more });
  return { before: decided(before), after: { ...decided(after), changes: '' } };
};

async function replay(path: string, guessCountry = true) {
  const options = { decider: decider('FR', 'DE'), guessCountry, progress: () => undefined };
  return replayLog({ files: await listLogFiles(path), ...options });
}

const full = [
  '2026-11-20',
  '12:00:01',
  'FRA60-P3',
  '2847',
  '203.0.113.7',
  'GET',
  'd1.cloudfront.net',
  '/a%20b',
  '200',
  'https://e.com/',
  'curl/8%20x',
  'q=1',
  'a=b',
  'Miss',
  'ID',
  'www.example.com',
  'https',
];

describe('a log line', () => {
  it('is read by the fields that the log names, in any order', () => {
    expect(parseLogLine(full.join('\t'), standardFields)).toMatchObject({
      method: 'GET',
      uri: '/a%20b',
      ip: '203.0.113.7',
      query: 'q=1',
      host: 'www.example.com',
      userAgent: 'curl/8%20x',
      referer: 'https://e.com/',
      cookie: 'a=b',
      country: undefined,
      hasCountry: false,
      hasQuery: true,
      behavior: undefined,
      edgeLocation: 'FRA60-P3',
      time: '2026-11-20 12:00:01',
    });
    const fields = parseLogFields(' cs-uri-stem c-country c-ip cs-method');
    expect(parseLogLine('/x\tIN\t2001:db8::1\tPOST', fields)).toMatchObject({
      uri: '/x',
      country: 'IN',
      ip: '2001:db8::1',
      method: 'POST',
      host: undefined,
    });
  });

  it('is read as JSON, as logging v2 may write it', () => {
    const entry = { 'c-ip': '203.0.113.7', 'cs-method': 'PUT', 'cs-uri-stem': '/x', 'c-country': 'DE', 'cs(Host)': 'd1' };
    expect(parseLogEntry(entry)).toMatchObject({ method: 'PUT', country: 'DE', hasCountry: true, host: 'd1' });
    const spelled = { c_ip: '203.0.113.7', cs_method: 'PUT', cs_uri_stem: '/x', cs_user_agent: 'curl', date: new Date('2026-11-20') };
    expect(parseLogEntry(spelled)).toMatchObject({ ip: '203.0.113.7', userAgent: 'curl', hasCountry: false, time: '2026-11-20' });
    expect(parseLogEntry({})).toBe('no cs-method');
  });

  it('has no address, no country and the stem’s query where the log has them so', () => {
    expect(parseLogLine(full.with(4, '-').with(7, '/x?a=1').with(11, '-').join('\t'), standardFields)).toMatchObject({
      ip: undefined,
      uri: '/x',
      query: 'a=1',
    });
    const fields = parseLogFields('cs-method cs-uri-stem c-country');
    expect(parseLogLine('GET\t/x\t-', fields)).toMatchObject({ ip: undefined, country: undefined, hasCountry: true });
  });

  it.each([
    { text: 'hello', says: '1 of 33 fields' },
    { text: full.with(5, '-').join('\t'), says: 'no cs-method' },
    { text: full.with(5, 'get').join('\t'), says: 'cs-method is "get"' },
    { text: full.with(7, 'x').join('\t'), says: 'cs-uri-stem is "x"' },
    { text: full.with(4, '<script>').join('\t'), says: 'c-ip is "<script>"' },
  ])('$says', ({ text, says }) => {
    expect(parseLogLine(text, standardFields)).toBe(says);
  });

  it('never throws, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fc.string()).map((parts) => parts.join('\t')),
          fc.json(),
        ),
        (text) => {
          const read = parseLogLine(text, standardFields);
          if (typeof read === 'string') expect(read.length).toBeLessThan(300);
        },
      ),
    );
  });

  it('knows the country of a known edge location', () => {
    expect(['SIN2-P1', 'FRA60-P3', 'IAD89-C3', 'XYZ1-C1', ''].map(findLocationCountry)).toEqual(['SG', 'DE', 'US', undefined, undefined]);
  });
});

describe('a log file', () => {
  const text = Array.from({ length: 5_000 }, (_, n) => `line ${n} ${'é'.repeat(n % 7)}`).join('\n');
  const read = async (path: string) => {
    const lines: string[] = [];
    for await (const piece of splitLines(readLogText(path, (await readFileKind(path)) === 'gzip'))) {
      expect(piece.first).toBe(lines.length + 1);
      lines.push(...piece.lines);
    }
    return lines;
  };

  it.each(['plain', 'packed'])('gives every line once, %s, whatever its name', async (kind) => {
    const path = await put('log', kind === 'plain' ? text : gzipSync(text));
    expect(await read(path)).toEqual(text.split('\n'));
  });

  it('of several packed parts, one behind the other, is one log', async () => {
    const path = await put('log.gz', Buffer.concat([gzipSync('a\nb\n'), gzipSync('c\n')]));
    expect((await read(path)).filter((each) => each !== '')).toEqual(['a', 'b', 'c']);
  });

  it.each(['end of transfer', '\u0000\u0000', '\n'])('is read to its end, whatever follows the packed part: %j', async (behind) => {
    const path = await put('log.gz', Buffer.concat([gzipSync('a\nb\n'), gzipSync('c\n'), Buffer.from(behind)]));
    expect((await read(path)).filter((each) => each !== '')).toEqual(['a', 'b', 'c']);
  });

  it('gives what comes before the damage', async () => {
    const packed = gzipSync(Array.from({ length: 400_000 }, (_, n) => `line ${(n * 7_919) % 9_973}`).join('\n'));
    const path = await put('log.gz', packed.subarray(0, packed.length / 2));
    const lines: string[] = [];
    const reading = (async () => {
      for await (const piece of splitLines(readLogText(path, true))) lines.push(...piece.lines);
    })();
    await expect(reading).rejects.toThrow('unexpected end of file');
    expect(lines.length).toBeGreaterThan(1_000);
  });

  it('without line ends does not fill the memory', async () => {
    const path = await put('log', Buffer.alloc(8 * 1_024 * 1_024, 120));
    const [only, ...more] = await read(path);
    expect(more).toEqual([]);
    expect(only?.length).toBeLessThanOrEqual(1_500_000);
  });

  it('is looked for in folders within folders', async () => {
    await mkdir(join(folder, 'a/b'), { recursive: true });
    await put('a/b/2.log', 'x');
    await put('a/1.log', 'xy');
    await put('.hidden', 'x');
    expect((await listLogFiles(folder)).map(({ path, bytes }) => [path.slice(folder.length), bytes])).toEqual([
      ['/a/1.log', 2],
      ['/a/b/2.log', 1],
    ]);
    await expect(listLogFiles(join(folder, 'none'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await mkdir(join(folder, 'empty'));
    await expect(listLogFiles(join(folder, 'empty'))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('no files'),
    });
  });
});

describe('the requests of a log', () => {
  const names = ['date', 'time', 'x-edge-location', 'c-ip', 'cs-method', 'cs-uri-stem', 'c-country'];
  const values = ['2026-03-01', '10:00:00', 'SIN52-P1', '203.0.113.9', 'GET', '/x', 'IN'];
  const entry = Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
  const expected = { method: 'GET', uri: '/x', ip: '203.0.113.9', country: 'IN', time: '2026-03-01 10:00:00' };
  const text = (by: string, between = ' ') => `#Version: 1.0\n#Fields: ${names.join(between)}\n${`${values.join(by)}\n`.repeat(2)}`;
  const read = async (data: string | Uint8Array, fields?: string) => {
    const found: { requests: unknown[]; unreadable: { at: number; reason: string }[] } = { requests: [], unreadable: [] };
    const path = await put('log', data);
    for await (const piece of readRequests(path, { fields: fields === undefined ? undefined : parseLogFields(fields) })) {
      found.requests.push(...piece.requests);
      found.unreadable.push(...piece.unreadable);
    }
    return found;
  };

  it.each(['\t', ' ', ',', ';', '|', '||', ' | ', '::', '#', '/~/'])('are read with the delimiter %j', async (by) => {
    expect(await read(text(by))).toMatchObject({ requests: [expected, expected], unreadable: [] });
  });

  it.each([',', '\t'])('are read where %j separates the names as well', async (by) => {
    expect((await read(text(by, by))).requests).toMatchObject([expected, expected]);
  });

  it.each<{ form: string; data: string | Uint8Array }>([
    { form: 'one object a line', data: `${JSON.stringify(entry)}\n${JSON.stringify(entry)}\n` },
    { form: 'an array on one line', data: JSON.stringify([entry, entry]) },
    { form: 'an array, one object a line', data: `[\n${JSON.stringify(entry)},\n${JSON.stringify(entry)}\n]\n` },
    { form: 'a pretty array', data: JSON.stringify([entry, entry], undefined, 2) },
    { form: 'pretty objects', data: `${JSON.stringify(entry, undefined, 2)}\r\n${JSON.stringify(entry, undefined, '\t')}` },
    { form: 'objects without anything between', data: JSON.stringify(entry).repeat(2) },
    { form: 'packed lines', data: gzipSync(`${JSON.stringify(entry)}\n`.repeat(2)) },
  ])('are read from JSON: $form', async ({ data }) => {
    expect(await read(data)).toMatchObject({ requests: [expected, expected], unreadable: [] });
  });

  it('in JSON are read around a record that breaks off', async () => {
    const found = await read(`${JSON.stringify(entry)}\n{"c-ip": "203\n${JSON.stringify(entry)}\n{"cs-method":"GET"}\n{`);
    expect(found.requests).toMatchObject([expected, expected]);
    expect(found.unreadable).toMatchObject([
      { at: 2, reason: expect.stringContaining('not JSON') },
      { at: 4, reason: 'no cs-uri-stem' },
      { at: 5, reason: expect.stringContaining('not JSON') },
    ]);
  });

  it.each(['UNCOMPRESSED', 'SNAPPY'] as const)('are read from Parquet, %s', async (codec) => {
    const columnData = names.map((name, index) => ({ name: name.replaceAll('-', '_'), data: [values[index] ?? '', values[index] ?? ''] }));
    expect(await read(new Uint8Array(parquetWriteBuffer({ columnData, codec })))).toMatchObject({ requests: [expected, expected] });
  });

  it('of a Parquet file that is something else are none, and why', async () => {
    const data = new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'price', data: [1, 2] }] }));
    expect(await read(data)).toMatchObject({ requests: [], unreadable: [{ at: 1, reason: 'no cs-method' }, { at: 2 }] });
  });

  it('of a real-time log are read by its order, or by the fields that are given', async () => {
    const full = `1764000000.123\t203.0.113.9\t0.1\t200\t1\tGET\thttps\td1\t/x?a=1${'\t-'.repeat(24)}\tIN${'\t-'.repeat(6)}\n`;
    const expected = [{ uri: '/x', query: 'a=1', country: 'IN', time: '1764000000.123' }];
    expect((await read(full)).requests).toMatchObject(expected);
    expect((await read(full.replace('9\t0.1', '9\t192.0.2.1\t0.1'))).requests).toMatchObject(expected);
    expect((await read('1764000000.123\tPOST\t/y?b\tDE\n', 'timestamp cs-method cs-uri-stem c-country')).requests).toMatchObject([
      { method: 'POST', uri: '/y', query: 'b', country: 'DE', ip: undefined },
    ]);
  });

  it.each([
    { what: 'a zip', bytes: [0x50, 0x4b, 0x03, 0x04], says: 'zip' },
    { what: 'zstd', bytes: [0x28, 0xb5, 0x2f, 0xfd], says: 'zstd' },
    { what: 'UTF-16', bytes: [0xff, 0xfe, 0x23, 0x00], says: 'UTF-16' },
  ])('of $what cannot be read, and the report says why in a line', async ({ bytes, says }) => {
    const path = await put('log', Uint8Array.from(bytes));
    const { damaged } = await replay(path);
    expect(damaged).toEqual([expect.stringContaining(says)]);
    expect(damaged[0]).not.toContain('\n');
  });
});

describe('a replay', () => {
  it('counts the viewers that would move, by country, with the country guessed from the edge location and said so', async () => {
    await put('1.log', head + line('FRA60-P3') + line('SIN2-P1') + line('CDG50-P1') + line('CDG50-P1', 'POST'));
    await put('2.log.gz', gzipSync(`${head + line('XYZ1-C1')}nonsense\n`));
    const report = await replay(folder);
    expect(report).toMatchObject({
      files: 2,
      lines: 6,
      requests: 5,
      countries: { log: 0, location: 4, none: 1 },
      rerouted: 3,
      otherFallback: 0,
      unreadable: 1,
      movements: [{ before: 'singapore, then europe', after: 'europe, then singapore', requests: 3, countries: { DE: 1, FR: 2 } }],
    });
    expect(report.unreadableExamples[0]).toMatch(/2\.log\.gz:4: 1 of 7 fields$/);
    const lines = formatReplay(report, { before: 'LIVE', after: 'tree', record: 'ok', durationMs: 1, colour: false });
    expect(lines.join('\n')).toMatch(
      /country +4 .*, 1 unknown\nunchanged +0 requests.*\n +1 more.*\n +1 more.*\nrerouted +3 requests \(60\.00 %\)/,
    );
  });

  it('takes the country that the log says, and guesses none when asked not to', async () => {
    const withCountry =
      head.replace('cs-uri-query', 'cs-uri-query\tc-country') + line('SIN2-P1').replace('\n', '\tDE\n') + line('FRA60-P3');
    const path = await put('v2.log', withCountry);
    expect(await replay(path)).toMatchObject({ countries: { log: 1, location: 1, none: 0 }, rerouted: 2 });
    expect(await replay(path, false)).toMatchObject({ countries: { log: 1, location: 0, none: 1 }, rerouted: 1 });
  });

  it('treats a viewer that the log cannot place as one without a country, and counts those without an address', async () => {
    const fields = '#Fields: x-edge-location cs-method cs-uri-stem c-country\n';
    const path = await put('dash.log', `${fields}SIN52-P1\tGET\t/x\t-\nSIN52-P1\tGET\t/x\tDE\n`);
    expect(await replay(path)).toMatchObject({ requests: 2, withoutAddress: 2, countries: { log: 1, location: 0, none: 1 } });
  });

  it('goes on behind a damaged file', async () => {
    const packed = gzipSync(head + line('FRA60-P3').repeat(10));
    await put('1.gz', packed.subarray(0, packed.length - 12));
    await put('2.log', head + line('FRA60-P3'));
    expect(await replay(folder)).toMatchObject({ damaged: [expect.stringMatching(/1\.gz: unexpected end of file$/)], files: 2 });
    expect((await replay(folder)).requests).toBeGreaterThanOrEqual(1);
  });

  it('distinguishes a change of the fallback from a change of the origin', async () => {
    const path = await put('1.log', head + line('SIN2-P1'));
    const always: Decide = { decide: async (requests) => requests.map(() => pair('singapore, then europe', 'singapore')) };
    const options = { files: await listLogFiles(path), guessCountry: true, progress: () => undefined };
    const report = await replayLog({ ...options, decider: always });
    expect(report).toMatchObject({ rerouted: 0, otherFallback: 1 });
  });

  describe('counts a request as unchanged', () => {
    const fields = '#Fields: c-ip cs-method cs-uri-stem cs-uri-query c-country\n';
    const logged = '192.0.2.1\tGET\t/x\t-\tIN\n';
    const report = async (decided: Partial<Decided>, log = fields + logged, behavior?: Partial<ReplayedBehavior>) => {
      const path = await put('1.log', log);
      const one: Decide = { decide: async (requests) => requests.map(() => pair(ownOrigin, ownOrigin, decided)) };
      const behaviorOf = behavior && (() => ({ name: '/x', isRouted: true, ...behavior }));
      return replayLog({ files: await listLogFiles(path), decider: one, guessCountry: true, behaviorOf, progress: () => undefined });
    };

    it.each([
      { when: 'it read nothing', reads: [] },
      { when: 'the log has the country', reads: ['headers.cloudfront-viewer-country'] },
      { when: 'the log has all it read', reads: ['ip', 'method', 'uri', 'querystring'] },
    ])('with proof when $when', async ({ reads }) => {
      expect(await report({ reads })).toMatchObject({ unchanged: { proven: 1, ifCountry: 0, ifUnseen: 0 }, unproven: [] });
    });

    it.each([
      { reads: ['headers.x-tenant'] },
      { reads: ['cookies'] },
      { reads: ['headers'] },
      { reads: ['key:flags'] },
      { reads: ['context'] },
      { reads: ['*'] },
      { reads: ['headers.host', 'uri'] },
    ])('without proof when it read $reads', async ({ reads }) => {
      const found = await report({ reads });
      expect(found.unchanged).toEqual({ proven: 0, ifCountry: 0, ifUnseen: 1 });
      expect(found.unproven).toEqual([{ behavior: '*', unseen: reads.slice(0, 1), requests: 1, countries: { IN: 1 } }]);
    });

    it('without proof when the log lacks a field that others have', async () => {
      const short = '#Fields: cs-method cs-uri-stem\nGET\t/x\n';
      const found = await report({ reads: ['ip', 'querystring', 'headers.cloudfront-viewer-country'] }, short);
      expect(found.unproven[0]?.unseen).toEqual(['headers.cloudfront-viewer-country', 'ip', 'querystring']);
    });

    it('if the guessed country is right', async () => {
      const guessed = '#Fields: x-edge-location cs-method cs-uri-stem\nSIN52-P1\tGET\t/x\n';
      expect((await report({}, guessed)).unchanged).toEqual({ proven: 0, ifCountry: 1, ifUnseen: 0 });
    });

    it('but not when one of the functions rewrites it', async () => {
      expect(await report({ reads: [], changes: 'uri "/y"' })).toMatchObject({
        unchanged: { proven: 0, ifCountry: 0, ifUnseen: 0 },
        rewritten: 1,
        movements: [{ behavior: '*', before: ownOrigin, requests: 1 }],
      });
    });

    it('and untouched when no function runs for it', async () => {
      expect(await report({ reads: [] }, undefined, { isRouted: false })).toMatchObject({ notRouted: 1, unchanged: { proven: 0 } });
    });

    it('when one function selects the origin that the behavior has', async () => {
      const path = await put('1.log', fields + logged);
      const one: Decide = { decide: async (requests) => requests.map(() => pair(ownOrigin, 'singapore', { reads: [] })) };
      const behaviorOf = () => ({ name: 'default', origin: 'singapore', isRouted: true });
      const options = { files: await listLogFiles(path), decider: one, guessCountry: true, behaviorOf, progress: () => undefined };
      expect(await replayLog(options)).toMatchObject({ unchanged: { proven: 1 }, rerouted: 0 });
      expect(await replayLog({ ...options, behaviorOf: () => ({ name: 'default', origin: 'assets', isRouted: true }) })).toMatchObject({
        rerouted: 1,
        movements: [{ behavior: 'default', before: 'assets', after: 'singapore' }],
      });
    });
  });

  it('names the behavior of a path, its own origin, and its service', () => {
    const viewerRequest = {
      Quantity: 1,
      Items: [{ EventType: 'viewer-request' as const, FunctionARN: 'arn:aws:cloudfront::1:function/origin-router' }],
    };
    const distribution = {
      DefaultCacheBehavior: { TargetOriginId: 'bucket' },
      CacheBehaviors: { Quantity: 1, Items: [{ PathPattern: '/api/*', TargetOriginId: 'Alb1', FunctionAssociations: viewerRequest }] },
    } as unknown as DistributionConfig;
    const origins = { singapore: { region: 'ap-southeast-1', originId: 'Alb1' } };
    const config = parseEdgeConfig({ origins, services: [{ name: 'orders', paths: ['/api/orders/*'], order: ['singapore'] }] });
    const behaviorOf = openBehaviors(config, distribution);
    expect(['/api/orders/1', '/api/x', '/logo.svg'].map(behaviorOf)).toEqual([
      { name: '/api/*, service orders', origin: 'singapore', isRouted: true },
      { name: '/api/*, passes through', origin: 'singapore', isRouted: true },
      { name: 'default, passes through', origin: 'bucket', isRouted: false },
    ]);
    const plain = parseEdgeConfig({ origins, defaultOrder: ['singapore'] });
    expect(openBehaviors(plain, undefined)('/x')).toEqual({ name: '*', isRouted: true });
  });

  it('fails with the functions, not as if the log were damaged', async () => {
    const path = await put('1.log', head + line('SIN2-P1'));
    const broken: Decide = { decide: () => Promise.reject(Object.assign(new Error('no engine'), { code: 'ENOENT' })) };
    const options = { files: await listLogFiles(path), decider: broken, guessCountry: true, progress: () => undefined };
    await expect(replayLog(options)).rejects.toThrow('no engine');
  });

  it('ends when its signal aborts', async () => {
    const path = await put('1.log', head + line('SIN2-P1'));
    const signal = AbortSignal.abort(new Error('stop'));
    const options = { files: await listLogFiles(path), decider: decider(), guessCountry: true, progress: () => undefined };
    await expect(replayLog({ ...options, signal })).rejects.toThrow('stop');
  });
});

describe('a replayed event', () => {
  it('has what a viewer sent as its own, whatever its name is', () => {
    const logged = parseLogLine(full.with(11, '__proto__=1&constructor=2&a=3&a=4&&b').with(12, '__proto__=5').join('\t'), standardFields);
    if (typeof logged === 'string') throw new Error(logged);
    const { querystring, cookies } = buildLoggedEvent(listVisible(logged, undefined)).request;
    expect(Object.entries(querystring)).toEqual([
      ['__proto__', { value: '1' }],
      ['constructor', { value: '2' }],
      ['a', { value: '3', multiValue: [{ value: '3' }, { value: '4' }] }],
      ['b', { value: '' }],
    ]);
    expect(Object.entries(cookies)).toEqual([['__proto__', { value: '5' }]]);
    expect('multiValue' in {}).toBe(false);
  });
});

describe('the memo of decisions', () => {
  // A function of three inputs that reads as few of them as it needs.
  const read = (visible: VisibleRequest): { reads: string[]; decision: string } => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => visible.get(name) ?? '');
    if (a === '0') return { reads: ['a'], decision: 'zero' };
    if (a === '1') return { reads: ['a', 'b'], decision: `b${b}` };
    return { reads: ['a', 'c', 'b'], decision: `${c}${b}` };
  };
  const input = fc.constantFrom('0', '1', '2');
  const request = fc.record({ a: input, b: input, c: input }).map((values) => new Map(Object.entries(values)));

  it('answers as a run would, or not at all', () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 60 }), (requests) => {
        const memo = new DecisionMemo<string>();
        let runs = 0;
        for (const visible of requests) {
          const { reads, decision } = read(visible);
          const known = memo.find(visible);
          if (known === undefined) {
            runs++;
            memo.keep(visible, reads, decision);
          }
          expect(memo.find(visible)).toBe(decision);
          if (known !== undefined) expect(known).toBe(decision);
        }
        // As many kinds of requests as the function can distinguish.
        expect(runs).toBeLessThanOrEqual(1 + 3 + 9);
      }),
    );
  });

  it('knows a request with other headers as another one', () => {
    const memo = new DecisionMemo<string>();
    memo.keep(new Map([['a', '1']]), ['a'], 'one');
    expect(memo.find(new Map([['a', '1']]))).toBe('one');
    expect(
      memo.find(
        new Map([
          ['a', '1'],
          ['b', ''],
        ]),
      ),
    ).toBeUndefined();
  });
});
