import { connect } from 'node:net';
import { CreateDistributionCommand, GetDistributionConfigCommand, UpdateDistribution$ } from '@aws-sdk/client-cloudfront';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cloudfrontOperations, keyValueStoreOperations } from '../../../local/aws/control-plane.ts';
import { maxBodyBytes } from '../../../local/aws/transport/local-api.ts';
import { writeJson } from '../../../local/aws/wire/json.ts';
import { type OperationShape, operationShape, type Shape, type Structure } from '../../../local/aws/wire/shape.ts';
import { writeXml } from '../../../local/aws/wire/xml.ts';
import {
  createLiveFunction,
  createReadyStore,
  dataEtag,
  distributionConfig,
  type LocalAccount,
  openLocalAccount,
} from './open-local-account.ts';
import { type RawAnswer, sendBytes, sendRaw, signed, signedForData } from './send-raw.ts';

let account: LocalAccount;
let port: number;
let storeArn: string;
let distributionId: string;
beforeAll(async () => {
  account = await openLocalAccount({ runtime: { run: () => Promise.reject(new Error('not run here')), close: async () => {} } });
  port = account.cloud.port;
  storeArn = (await createReadyStore(account)).arn;
  await createLiveFunction(account, 'origin-router', storeArn);
  const created = await account.cloudfront.send(new CreateDistributionCommand({ DistributionConfig: distributionConfig() }));
  distributionId = created.Distribution?.Id ?? '';
});
afterAll(() => account.close());

/** Each property runs this often: seconds in all. */
const numRuns = 100;

function expectAwsError(answer: RawAnswer): void {
  const text = answer.body.toString();
  expect(answer.status, text).toBeGreaterThanOrEqual(400);
  expect(answer.status, text).toBeLessThan(500);
  if (answer.headers['content-type'] === 'application/json') {
    expect(answer.headers['x-amzn-errortype']).toMatch(/^[A-Za-z]+Exception$/);
    expect(JSON.parse(text)).toEqual({ Message: expect.any(String) });
  } else {
    expect(text).toMatch(/^<\?xml version="1.0"\?>\n<ErrorResponse xmlns=".*"><Error><Type>Sender<\/Type><Code>[A-Za-z]+<\/Code><Message>/);
  }
}

async function expectAlive(): Promise<void> {
  expect((await sendRaw(port, { path: '/_local/health' })).status).toBe(200);
}

const odd = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    ' ',
    '..',
    '%00',
    '\u0000',
    '\r\nx: y',
    '__proto__',
    'constructor',
    'toString',
    'NaN',
    '1e9',
    '-1',
    '٣',
    '&amp;',
    ']]>',
    '<x/>',
    'x'.repeat(5_000),
  ),
);

describe('a request that is not one', () => {
  it('of any bytes is answered with 400 or cut off, and the next one is served', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
        // A byte that fits nowhere and two line ends: line ends alone would be skipped, and waited on as an idle
        // connection.
        const { text, ended } = await sendBytes(port, Buffer.concat([bytes, Buffer.from('\x01\r\n\r\n')]));
        expect(ended).toBe(true);
        if (text !== '') expect(text).toMatch(/^HTTP\/1\.1 4\d\d /);
      }),
      { numRuns: 100 },
    );
    await expectAlive();
  });

  it.each([
    { what: 'another protocol', text: 'SSH-2.0-OpenSSH_9\r\n\r\n', status: 400 },
    { what: 'a TLS hello', text: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', status: 400 },
    { what: 'no Host', text: 'GET / HTTP/1.1\r\nconnection: close\r\n\r\n', status: 400 },
    { what: 'two lengths', text: 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', status: 400 },
    {
      what: 'a length and chunks',
      text: 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      status: 400,
    },
    { what: 'a bad chunk size', text: 'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n', status: 400 },
    { what: 'a negative length', text: 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n', status: 400 },
    {
      what: 'an absolute target',
      text: 'GET http://localhost/2020-05-31/function HTTP/1.1\r\nHost: localhost\r\nconnection: close\r\n\r\n',
      status: 400,
    },
    { what: 'an asterisk', text: 'OPTIONS * HTTP/1.1\r\nHost: localhost\r\nconnection: close\r\n\r\n', status: 400 },
    { what: 'CONNECT', text: 'CONNECT example.com:443 HTTP/1.1\r\nHost: localhost\r\n\r\n', status: 400 },
    { what: '20 KB of headers', text: `GET / HTTP/1.1\r\nHost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, status: 431 },
    { what: '5,000 headers', text: `GET / HTTP/1.1\r\nHost: localhost\r\n${'a-name: b\r\n'.repeat(5_000)}\r\n`, status: 431 },
    {
      what: 'an unknown expectation',
      text: 'GET /2020-05-31/x HTTP/1.1\r\nHost: localhost\r\nExpect: tea\r\nconnection: close\r\n\r\n',
      status: 403,
    },
  ])('$what is answered $status in AWS’s shape', async ({ text, status }) => {
    const answer = await sendBytes(port, Buffer.from(text, 'latin1'));
    expect(answer.ended).toBe(true);
    expect(answer.text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer.text).toContain('<ErrorResponse xmlns=');
    await expectAlive();
  });
});

describe('a path', () => {
  const segment = fc.oneof(
    odd,
    fc.constantFrom(
      '2020-05-31',
      'function',
      'key-value-stores',
      'distribution',
      'config',
      '.',
      '..',
      '',
      '%2e%2e',
      '%2F',
      '%',
      '%c0%af',
      '%ff',
    ),
  );

  it('of any text is refused in AWS’s shape', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(segment, { maxLength: 7 }),
        fc.boolean(),
        fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'PATCH'),
        async (parts, encode, method) => {
          const path = `/x${parts.map((part) => (encode && !/\p{Cs}/u.test(part) ? encodeURIComponent(part) : part.replace(/[^\x21-\x7e]/g, '~'))).join('/')}`;
          expectAwsError(await sendRaw(port, { method, path, headers: signed }));
        },
      ),
      { numRuns },
    );
  });

  it.each([
    '/2020-05-31/function/../../../../etc/passwd',
    '/2020-05-31/function/%2e%2e%2f%2e%2e/describe',
    '/2020-05-31/function/%/describe',
    '/2020-05-31/function/%c0%af/describe',
    '/2020-05-31/function/a%00b/describe',
    '/2020-05-31/function/__proto__/describe',
    '/2020-05-31/distribution/constructor',
    '//localhost/2020-05-31/function',
    '/2020-05-31/function?Stage=%ZZ',
    '/2020-05-31/function?MaxItems=1e3',
    '/2020-05-31/function?MaxItems=99999999999999999999',
    `/2020-05-31/function/${'x'.repeat(8_000)}/describe`,
    '/_local/../2020-05-31/function',
  ])('%s is refused', async (path) => {
    const answer = await sendRaw(port, { path, headers: signed });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  });

  it.each(['%', '%zz', 'arn', encodeURIComponent('arn:aws:cloudfront::1:key-value-store/x'), '..', '%2e%2e', '__proto__'])(
    'of the data plane with the ARN %s is refused',
    async (arn) => {
      expectAwsError(await sendRaw(port, { path: `/key-value-stores/${arn}/keys/k`, headers: signedForData }));
    },
  );
});

describe('an input of the right shape with any content', () => {
  const number = fc.oneof(fc.integer({ min: -2, max: 200 }), fc.constantFrom(0, 1, 2, 3, 7, 1e9, -1));
  const text = fc.oneof(
    odd,
    fc.constantFrom(
      'a',
      'b',
      'cloudfront-js-2.0',
      'DEVELOPMENT',
      'viewer-request',
      '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
      'https-only',
      'GET',
      'HEAD',
      'none',
    ),
  );

  function contentOf(shape: Shape, depth: number): fc.Arbitrary<unknown> {
    switch (shape.kind) {
      case 'structure':
        return structureOf(shape, depth);
      case 'list': {
        const item = shape.item();
        return fc.array(contentOf(item, depth - 1), { maxLength: depth > 0 ? 3 : 0 });
      }
      case 'number':
        return number;
      case 'boolean':
        return fc.boolean();
      case 'timestamp':
        return fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) });
      case 'blob':
        return fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes));
      case 'string':
        return text;
    }
  }

  /** Required members are there in most cases; Quantity agrees with Items in most. */
  function structureOf(shape: Structure, depth: number): fc.Arbitrary<Record<string, unknown>> {
    const members = shape.members.filter((member) => member.place === 'body' && (member.required || depth > 0));
    const content = Object.fromEntries(
      members.map((member) => [
        member.name,
        fc.option(
          fc.constant(null).chain(() => contentOf(member.shape(), depth - 1)),
          { nil: undefined, freq: member.required ? 60 : 1 },
        ),
      ]),
    );
    return fc.tuple(fc.record(content), fc.integer({ min: 0, max: 20 })).map(([record, chance]) => {
      const items = record['Items'];
      return chance > 0 && Array.isArray(items) ? { ...record, Quantity: items.length } : record;
    });
  }

  function body(shape: OperationShape, format: 'xml' | 'json'): fc.Arbitrary<string> {
    const payload = shape.input.members.find((member) => member.place === 'payload');
    const target = payload?.shape() ?? shape.input;
    if (target.kind !== 'structure' || !target.members.some((member) => member.place === 'body')) return fc.constant('');
    return structureOf(target, 6).map((content) =>
      format === 'json' ? writeJson(content, target) : writeXml(content, target, payload?.wireName ?? shape.input.name),
    );
  }

  const operations = [
    ...cloudfrontOperations.map((operation) => ({ shape: operationShape(operation.schema), format: 'xml' as const })),
    ...keyValueStoreOperations.map((operation) => ({ shape: operationShape(operation.schema), format: 'json' as const })),
  ];

  it.each(operations.map((operation) => ({ ...operation, name: operation.shape.name })))(
    'of $name never breaks the server',
    async ({ shape, format }) => {
      await fc.assert(
        fc.asyncProperty(body(shape, format), fc.array(odd, { minLength: 3, maxLength: 3 }), fc.boolean(), async (content, odds, fresh) => {
          const known: Record<string, string> = { Name: 'origin-router', Id: distributionId, KvsARN: storeArn, Key: 'health' };
          const segments = shape.segments.map((part) =>
            part.startsWith('{') ? encodeURIComponent(known[part.slice(1, -1)] ?? wellFormed(odds[0])) : part,
          );
          const query = shape.input.members
            .filter((member) => member.place === 'query')
            .map((member, index) => `${member.wireName}=${encodeURIComponent(wellFormed(odds[index % 3]))}`);
          const removes = shape.name.startsWith('Delete') && format === 'xml';
          const ifMatch = fresh && !removes ? await currentEtag(shape.name, format) : 'E1';
          const answer = await sendRaw(port, {
            method: shape.method,
            path: `/${segments.join('/')}${query.length > 0 ? `?${query.join('&')}` : ''}`,
            headers: { ...(format === 'xml' ? signed : signedForData), 'if-match': ifMatch },
            ...(content !== '' && { body: content }),
          });
          if (answer.status >= 300) expectAwsError(answer);
        }),
        { numRuns: shape.name.endsWith('Distribution') ? numRuns : 40 },
      );
      await expectAlive();
    },
  );

  /** The ETag that this operation needs to get past If-Match. */
  async function currentEtag(name: string, format: 'xml' | 'json'): Promise<string> {
    if (format === 'json') return dataEtag(account, storeArn);
    const path = name.endsWith('Distribution') ? `distribution/${distributionId}` : 'function/origin-router/describe';
    return (await sendRaw(port, { path: `/2020-05-31/${path}`, headers: signed })).headers.etag ?? '';
  }

  function wellFormed(text: string | undefined): string {
    return (text ?? '').replace(/\p{Cs}/gu, '~') || 'x';
  }
});

describe('a distribution that was valid', () => {
  type Step = string | number;

  /** Every place in a value, the whole of it left out. */
  function placesOf(value: unknown, at: Step[] = []): Step[][] {
    if (value === null || typeof value !== 'object') return [at];
    const inner = Object.entries(value).flatMap(([key, item]) => placesOf(item, [...at, Array.isArray(value) ? Number(key) : key]));
    return at.length === 0 ? inner : [at, ...inner];
  }

  function spoil(value: unknown, [step, ...rest]: Step[], by: unknown): unknown {
    if (step === undefined) return by;
    if (Array.isArray(value)) return value.map((item, index) => (index === step ? spoil(item, rest, by) : item));
    const fields = value as Record<string, unknown>;
    return { ...fields, [step]: spoil(fields[step], rest, by) };
  }

  /** As the real writer, but a value of the wrong kind is written as whatever it is. */
  function writeLoosely(name: string, value: unknown, shape: Shape): string {
    if (value === undefined) return '';
    if (Array.isArray(value)) {
      const [itemName, item] = shape.kind === 'list' ? [shape.itemName, shape.item()] : ['member', shape];
      return `<${name}>${value.map((entry) => writeLoosely(itemName, entry, item)).join('')}</${name}>`;
    }
    if (value === null || typeof value !== 'object') {
      const text = String(value)
        .replace(/[^\t\n\x20-\x7e]/g, '~')
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;');
      return `<${name}>${text}</${name}>`;
    }
    const members = shape.kind === 'structure' ? shape.members : [];
    const inner = Object.entries(value).map(([key, entry]) => {
      const member = members.find((candidate) => candidate.name === key);
      return writeLoosely(member?.wireName ?? key, entry, member?.shape() ?? shape);
    });
    return `<${name}>${inner.join('')}</${name}>`;
  }

  it('with one piece left out or replaced is accepted or refused in AWS’s shape', async () => {
    const payload = operationShape(UpdateDistribution$).input.members.find((member) => member.place === 'payload');
    const shape = payload?.shape() as Structure;
    const { DistributionConfig: config } = await account.cloudfront.send(new GetDistributionConfigCommand({ Id: distributionId }));
    const replacement = fc.oneof(odd, fc.constantFrom<unknown>(undefined, true, {}, []), fc.integer({ min: -1, max: 70_000 }));
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...placesOf(config)), replacement, async (place, by) => {
        const { headers } = await sendRaw(port, { path: `/2020-05-31/distribution/${distributionId}`, headers: signed });
        const answer = await sendRaw(port, {
          method: 'PUT',
          path: `/2020-05-31/distribution/${distributionId}/config`,
          headers: { ...signed, 'if-match': headers.etag ?? '' },
          body: writeLoosely('DistributionConfig', spoil(config, place, by), shape),
        });
        seen.add(answer.status);
        if (answer.status !== 200) expectAwsError(answer);
      }),
      { numRuns: 2 * numRuns },
    );
    // Neither all refused at the door nor all accepted.
    expect([...seen]).toEqual(expect.arrayContaining([200, 400, 404]));
  });
});

describe('a body', () => {
  const template = `<CreateFunctionRequest><Name>f</Name><FunctionConfig><Comment>c</Comment><Runtime>cloudfront-js-2.0</Runtime></FunctionConfig><FunctionCode>aGk=</FunctionCode></CreateFunctionRequest>`;

  it('of XML with any piece replaced is accepted or refused in AWS’s shape', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(template.length), fc.nat(30), odd, async (at, length, piece) => {
        const answer = await sendRaw(port, {
          method: 'POST',
          path: '/2020-05-31/function',
          headers: signed,
          body: template.slice(0, at) + piece + template.slice(at + length),
        });
        if (answer.status !== 201) expectAwsError(answer);
      }),
      { numRuns },
    );
  });

  it('of JSON with any content is accepted or refused in AWS’s shape', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), odd), async (body) => {
        const path = `/key-value-stores/${encodeURIComponent(storeArn)}/keys`;
        expectAwsError(await sendRaw(port, { method: 'POST', path, headers: { ...signedForData, 'if-match': 'KV1' }, body }));
      }),
      { numRuns },
    );
  });

  it.each([
    { what: 'a megabyte of elements', text: `<a>${'<b/>'.repeat(250_000)}</a>` },
    { what: 'a megabyte of attributes', text: `<a ${'b="c" '.repeat(170_000)}/>` },
    { what: 'a megabyte of references', text: `<a>${'&amp;'.repeat(200_000)}</a>` },
    { what: 'a megabyte of open brackets', text: '<'.repeat(1_000_000) },
    { what: 'a megabyte of open comments', text: `<a>${'<!--'.repeat(250_000)}` },
    { what: 'a megabyte of CDATA', text: `<a>${'<![CDATA['.repeat(100_000)}` },
    { what: 'a megabyte of closing tags', text: '</a>'.repeat(250_000) },
    { what: 'entities that multiply', text: `<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;">]><a>&c;</a>` },
    { what: 'an entity of a file', text: '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>' },
  ])('of $what is refused, and costs seconds of the processor at most', async ({ text }) => {
    const begin = process.cpuUsage();
    expectAwsError(await sendRaw(port, { method: 'POST', path: '/2020-05-31/function', headers: signed, body: text }));
    // About 1 s at worst; a cost that grows with the square of the length would be minutes.
    const { user, system } = process.cpuUsage(begin);
    expect(user + system).toBeLessThan(5_000_000);
  });

  it('above the limit is 413 and the caller gets to see it', async () => {
    const answer = await sendRaw(port, {
      method: 'POST',
      path: '/2020-05-31/function',
      headers: signed,
      body: 'x'.repeat(maxBodyBytes + 1),
    });
    expect(answer.status).toBe(413);
    expect(answer.body.toString()).toContain('<Code>RequestEntityTooLarge</Code>');
    const data = await sendRaw(port, {
      method: 'POST',
      path: '/key-value-stores/x/keys',
      headers: signedForData,
      body: 'x'.repeat(maxBodyBytes + 1),
    });
    expect(data.headers['x-amzn-errortype']).toBe('RequestEntityTooLargeException');
    const local = await sendRaw(port, {
      method: 'POST',
      path: '/_local/faults',
      headers: { 'content-type': 'application/json' },
      body: 'x'.repeat(maxBodyBytes + 1),
    });
    expect(local.status).toBe(413);
  });

  const endlessHead = 'POST /2020-05-31/function HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n';
  const megabyteChunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(1_048_576, 'x'), Buffer.from('\r\n')]);

  it('without end is cut off', async () => {
    const { ended, text } = await sendBytes(
      port,
      Buffer.concat([Buffer.from(endlessHead), ...Array.from({ length: 40 }, () => megabyteChunk)]),
    );
    expect(ended).toBe(true);
    if (text !== '') expect(text).toMatch(/^HTTP\/1\.1 413 /);
    await expectAlive();
  });

  it('that is too large is not kept in memory while it goes on', async () => {
    const before = process.memoryUsage().arrayBuffers;
    const sockets = Array.from({ length: 24 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    const sent = sockets.map(async (socket) => {
      socket.write(endlessHead);
      for (let megabyte = 0; megabyte < 12; megabyte++)
        await new Promise<void>((resolve) => {
          socket.write(megabyteChunk, () => resolve());
        });
    });
    await Promise.all(sent);
    // 24 callers have sent 12 MB each and are not done: 288 MB, were they kept.
    const kept = process.memoryUsage().arrayBuffers - before;
    for (const socket of sockets) socket.destroy();
    expect(kept).toBeLessThan(150 * 1_048_576);
    await expectAlive();
  });
});
