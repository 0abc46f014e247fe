import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DecisionMemo } from '../../../src/operations/replay/decision-memo.ts';
import { formatReplay } from '../../../src/operations/replay/format-replay.ts';
import { findLocationCountry } from '../../../src/operations/replay/location-country.ts';
import { parseLogFields, parseLogLine, standardFields } from '../../../src/operations/replay/log-line.ts';
import type { Decider } from '../../../src/operations/replay/open-decider.ts';
import { listLogFiles, readLogLines } from '../../../src/operations/replay/read-log.ts';
import { replayLog } from '../../../src/operations/replay/replay-log.ts';
import { buildLoggedEvent, listVisible, type VisibleRequest } from '../../../src/operations/replay/visible-request.ts';

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

/** Sends everybody to Singapore before, and afterwards the countries it is given to Europe. */
function decider(...european: string[]): Decide {
  const route = (visible: VisibleRequest) =>
    european.includes(visible.get('headers.cloudfront-viewer-country') ?? '') ? 'europe, then singapore' : 'singapore, then europe';
  return { decide: async (requests) => requests.map((request) => ({ before: 'singapore, then europe', after: route(request) })) };
}

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
    expect(parseLogLine(full.join('\t'), standardFields)).toEqual({
      method: 'GET',
      uri: '/a%20b',
      ip: '203.0.113.7',
      query: 'q=1',
      host: 'www.example.com',
      userAgent: 'curl/8%20x',
      referer: 'https://e.com/',
      cookie: 'a=b',
      country: undefined,
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
    const json = JSON.stringify({ 'c-ip': '203.0.113.7', 'cs-method': 'PUT', 'cs-uri-stem': '/x', 'c-country': 'DE', 'cs(Host)': 'd1' });
    expect(parseLogLine(json, standardFields)).toMatchObject({ method: 'PUT', country: 'DE', host: 'd1' });
  });

  it.each([
    { text: 'hello', says: 'no cs-method' },
    { text: full.with(5, 'get').join('\t'), says: 'cs-method is "get"' },
    { text: full.with(7, 'x').join('\t'), says: 'cs-uri-stem is "x"' },
    { text: full.with(4, '-').join('\t'), says: 'no c-ip' },
    { text: full.with(4, '<script>').join('\t'), says: 'c-ip is "<script>"' },
    { text: '{"c-ip":', says: 'no JSON' },
    { text: '{}', says: 'no cs-method' },
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

  it('tells the country of an edge location that is known', () => {
    expect(['SIN2-P1', 'FRA60-P3', 'IAD89-C3', 'XYZ1-C1', ''].map(findLocationCountry)).toEqual(['SG', 'DE', 'US', undefined, undefined]);
  });
});

describe('a log file', () => {
  const text = Array.from({ length: 5_000 }, (_, n) => `line ${n} ${'é'.repeat(n % 7)}`).join('\n');
  const read = async (path: string) => {
    const lines: string[] = [];
    for await (const piece of readLogLines(path)) {
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

  it('gives what stands before the damage', async () => {
    const packed = gzipSync(Array.from({ length: 400_000 }, (_, n) => `line ${(n * 7_919) % 9_973}`).join('\n'));
    const path = await put('log.gz', packed.subarray(0, packed.length / 2));
    const lines: string[] = [];
    const reading = (async () => {
      for await (const piece of readLogLines(path)) lines.push(...piece.lines);
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

describe('a replay', () => {
  it('counts who would move, by country, with the country guessed from the edge location and said so', async () => {
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
    expect(report.unreadableExamples[0]).toMatch(/2\.log\.gz:4: no cs-method$/);
    const lines = formatReplay(report, { before: 'LIVE', after: 'tree', record: 'ok', durationMs: 1, colour: false });
    expect(lines.join('\n')).toMatch(/country +4 guessed from the edge location, 1 unknown\nrerouted +3 requests \(60\.00 %\)/);
  });

  it('takes the country that the log says, and guesses none when told so', async () => {
    const withCountry =
      head.replace('cs-uri-query', 'cs-uri-query\tc-country') + line('SIN2-P1').replace('\n', '\tDE\n') + line('FRA60-P3');
    const path = await put('v2.log', withCountry);
    expect(await replay(path)).toMatchObject({ countries: { log: 1, location: 1, none: 0 }, rerouted: 2 });
    expect(await replay(path, false)).toMatchObject({ countries: { log: 1, location: 0, none: 1 }, rerouted: 1 });
  });

  it('goes on behind a damaged file', async () => {
    const packed = gzipSync(head + line('FRA60-P3').repeat(10));
    await put('1.gz', packed.subarray(0, packed.length - 12));
    await put('2.log', head + line('FRA60-P3'));
    expect(await replay(folder)).toMatchObject({ damaged: [expect.stringMatching(/1\.gz: unexpected end of file$/)], files: 2 });
    expect((await replay(folder)).requests).toBeGreaterThanOrEqual(1);
  });

  it('tells a change of the fallback apart from a change of the origin', async () => {
    const path = await put('1.log', head + line('SIN2-P1'));
    const always: Decide = { decide: async (requests) => requests.map(() => ({ before: 'singapore, then europe', after: 'singapore' })) };
    const options = { files: await listLogFiles(path), guessCountry: true, progress: () => undefined };
    const report = await replayLog({ ...options, decider: always });
    expect(report).toMatchObject({ rerouted: 0, otherFallback: 1 });
  });

  it('fails with the functions, not as if the log were damaged', async () => {
    const path = await put('1.log', head + line('SIN2-P1'));
    const broken: Decide = { decide: () => Promise.reject(Object.assign(new Error('no engine'), { code: 'ENOENT' })) };
    const options = { files: await listLogFiles(path), decider: broken, guessCountry: true, progress: () => undefined };
    await expect(replayLog(options)).rejects.toThrow('no engine');
  });

  it('ends when it is told to', async () => {
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
        const memo = new DecisionMemo();
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
        // As many kinds of requests as the function can tell apart.
        expect(runs).toBeLessThanOrEqual(1 + 3 + 9);
      }),
    );
  });

  it('knows a request with other headers as another one', () => {
    const memo = new DecisionMemo();
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
