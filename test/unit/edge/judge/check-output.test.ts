import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventValues, ViewerRequestEvent, ViewerResponseEvent } from '../../../../src/edge/execution.ts';
import { checkOutput } from '../../../../src/edge/judge/check-output.ts';

const requestEvent: ViewerRequestEvent = {
  version: '1.0',
  context: { distributionDomainName: 'd111.cloudfront.net', distributionId: 'E1', eventType: 'viewer-request', requestId: 'r1' },
  viewer: { ip: '203.0.113.7' },
  request: {
    method: 'GET',
    uri: '/page',
    querystring: { a: { value: 'b' } },
    headers: {
      host: { value: 'www.example.com' },
      via: { value: '1.1 proxy' },
      accept: { value: 'a', multiValue: [{ value: 'a' }, { value: 'b' }] },
    },
    cookies: { session: { value: 'x' } },
  },
};
const responseEvent: ViewerResponseEvent = {
  ...requestEvent,
  context: { ...requestEvent.context, eventType: 'viewer-response' },
  response: {
    statusCode: 200,
    headers: { via: { value: '1.1 x' }, warning: { value: '199' } },
    cookies: { id: { value: '1', attributes: 'Path=/' } },
  },
};
const { request } = requestEvent;
const { response } = responseEvent;

function withHeader(name: string, entry: unknown): unknown {
  return { ...request, headers: { ...request.headers, [name]: entry } };
}

function withoutHeader(name: string): unknown {
  return { ...request, headers: Object.fromEntries(Object.entries(request.headers).filter(([key]) => key !== name)) };
}

describe('a viewer-request function may return', () => {
  it.each([
    { what: 'the request untouched', output: request },
    { what: 'another path', output: { ...request, uri: '/other%20page' } },
    {
      what: 'other arguments',
      output: { ...request, querystring: { a: { value: 'b', multiValue: [{ value: 'b' }, { value: '%23' }] }, flag: { value: '' } } },
    },
    { what: 'a header added', output: withHeader('x-origin-route', { value: 'singapore' }) },
    { what: 'a header with several values and no value of its own', output: withHeader('x-a', { multiValue: [{ value: '1' }] }) },
    { what: 'a header removed', output: withoutHeader('accept') },
    { what: 'no cookies', output: { ...request, cookies: {} } },
    { what: 'a request without its map of cookies', output: { ...request, cookies: undefined } },
    { what: 'a request without its map of arguments', output: { ...request, querystring: undefined } },
    { what: 'the query as a text', output: { ...request, querystring: 'a=1&a=2&flag' } },
    { what: 'an empty text as query', output: { ...request, querystring: '' } },
    { what: 'a path beyond ASCII', output: { ...request, uri: '/café/文字/😀' } },
    { what: 'arguments beyond ASCII', output: { ...request, querystring: { städte: { value: '東京' } } } },
    { what: 'a query as a text beyond ASCII', output: { ...request, querystring: 'q=東京' } },
    { what: 'a response', output: { statusCode: 302, statusDescription: 'Found', headers: { location: { value: '/x' } } } },
    { what: 'a long header', output: withHeader('x-long', { value: 'a'.repeat(30_000) }) },
    { what: 'a response with a body', output: { statusCode: 200, body: 'text', cookies: { a: { value: 'b', attributes: 'Secure' } } } },
    { what: 'a response with a body in base64', output: { statusCode: 200, body: { data: 'aGk=', encoding: 'base64' } } },
    { what: 'a response with an encoded text', output: { statusCode: 200, body: { data: '<a>', encoding: 'text' } } },
  ])('$what', ({ output }) => {
    expect(checkOutput(output, requestEvent)).toEqual([]);
  });
});

it('a viewer’s own headers, however long, are no fault of the function', () => {
  const long = { ...requestEvent, request: withHeader('x-long', { value: 'a'.repeat(33_000) }) } as ViewerRequestEvent;
  expect(checkOutput(long.request, long)).toEqual([]);
});

describe('a viewer-request function may not return', () => {
  it.each([
    { what: 'nothing', output: null, problem: 'nothing' },
    { what: 'a text', output: 'x', problem: 'a string' },
    { what: 'a list', output: [request], problem: 'an array' },
    { what: 'the event', output: requestEvent, problem: 'the event' },
    { what: 'an object of another kind', output: { ok: true }, problem: 'neither' },
    { what: 'a mixture', output: { ...request, statusCode: 200 }, problem: 'neither' },
    { what: 'another method', output: { ...request, method: 'POST' }, problem: 'method is read-only' },
    { what: 'a request without headers', output: { ...request, headers: undefined }, problem: 'request.headers' },
    { what: 'a relative path', output: { ...request, uri: 'page' }, problem: 'begin with /' },
    { what: 'a path with a space', output: { ...request, uri: '/a b' }, problem: 'space' },
    { what: 'a path with a line end', output: { ...request, uri: '/a\n' }, problem: 'control' },
    { what: 'a path with #', output: { ...request, uri: '/a#b' }, problem: '#' },
    { what: 'a path with ?', output: { ...request, uri: '/a?b=c' }, problem: '?' },
    { what: 'a path of no text', output: { ...request, uri: 1 }, problem: 'request.uri must be a string' },
    { what: 'an argument with a space', output: { ...request, querystring: { a: { value: 'b c' } } }, problem: 'request.querystring.a' },
    { what: 'an argument whose name has #', output: { ...request, querystring: { 'a#': { value: '' } } }, problem: 'invalid name' },
    { what: 'a query as a text with a space', output: { ...request, querystring: 'a=b c' }, problem: 'request.querystring' },
    { what: 'a query as a text with #', output: { ...request, querystring: 'a#' }, problem: 'request.querystring' },
    { what: 'a query as a number', output: { ...request, querystring: 1 }, problem: 'an object or a string' },
    { what: 'a query that is null', output: { ...request, querystring: null }, problem: 'an object or a string' },
    { what: 'a long query as a text', output: { ...request, querystring: 'a'.repeat(8_190) }, problem: '8192' },
    { what: 'a path that is long once it is encoded', output: { ...request, uri: `/${'文'.repeat(1_000)}` }, problem: '8192' },
    { what: 'a long URI', output: { ...request, uri: `/${'a'.repeat(8_187)}` }, problem: '8192' },
    {
      what: 'an upper-case header',
      output: withHeader('X-Route', { value: 'a' }),
      problem: 'request.headers must have header names in lower case',
    },
    { what: 'a header name with a space', output: withHeader('x route', { value: 'a' }), problem: 'invalid header name' },
    { what: 'a header without value', output: withHeader('x-route', {}), problem: 'request.headers.x-route.value must be a string' },
    { what: 'a header with a number', output: withHeader('x-route', { value: 1 }), problem: 'not a number' },
    { what: 'a header that is a string', output: withHeader('x-route', 'a'), problem: 'must be an object with a value' },
    { what: 'a header with a line end', output: withHeader('x-route', { value: 'a\r\nx: y' }), problem: 'character' },
    { what: 'a header beyond Latin-1', output: withHeader('x-route', { value: '\u20ac' }), problem: 'character' },
    { what: 'an empty multiValue', output: withHeader('x-route', { value: 'a', multiValue: [] }), problem: 'multiValue' },
    {
      what: 'a bad entry of a multiValue',
      output: withHeader('x-route', { value: 'a', multiValue: [{ value: 'a' }, 'b'] }),
      problem: 'multiValue[1]',
    },
    { what: 'more than 32 KB of headers', output: withHeader('x-long', { value: 'a'.repeat(32_768) }), problem: '32768' },
    {
      what: 'more than 32 KB of headers and cookies together',
      output: {
        ...(withHeader('x-a', { multiValue: [{ value: 'a'.repeat(17_000) }] }) as object),
        cookies: { a: { value: 'b'.repeat(16_000) } },
      },
      problem: '32768',
    },
    { what: 'a forbidden header', output: withHeader('x-edge-a', { value: 'a' }), problem: 'not allowed' },
    { what: 'a forbidden header without value', output: withHeader('connection', {}), problem: 'not allowed' },
    { what: 'another Host', output: withHeader('host', { value: 'a.example.com' }), problem: 'request.headers.host is read-only' },
    { what: 'no Host', output: withoutHeader('host'), problem: 'request.headers.host is read-only' },
    { what: 'a Content-Length of its own', output: withHeader('content-length', { value: '1' }), problem: 'read-only' },
    { what: 'cookies as a header', output: withHeader('cookie', { value: 'a=b' }), problem: 'map of their own' },
    { what: 'a cookie with a line end', output: { ...request, cookies: { a: { value: '\n' } } }, problem: 'request.cookies.a' },
    { what: 'a response with a text for status', output: { statusCode: '200' }, problem: 'must be an integer' },
    { what: 'a response with half a status', output: { statusCode: 200.5 }, problem: 'must be an integer' },
    { what: 'a response with a status outside HTTP', output: { statusCode: 99 }, problem: '99' },
    { what: 'a response with a number for body', output: { statusCode: 200, body: 1 }, problem: 'response.body' },
    { what: 'a response with broken base64', output: { statusCode: 200, body: { data: 'a', encoding: 'base64' } }, problem: 'base64' },
    { what: 'a response with another encoding', output: { statusCode: 200, body: { data: 'a', encoding: 'gzip' } }, problem: 'encoding' },
    { what: 'a response with a reason of two lines', output: { statusCode: 200, statusDescription: 'a\nb' }, problem: 'statusDescription' },
    {
      what: 'a response with an upper-case header',
      output: { statusCode: 200, headers: { Location: { value: '/' } } },
      problem: 'response.headers must have header names in lower case',
    },
    {
      what: 'a response with set-cookie',
      output: { statusCode: 200, headers: { 'set-cookie': { value: 'a=b' } } },
      problem: 'map of their own',
    },
    {
      what: 'a response with transfer-encoding',
      output: { statusCode: 200, headers: { 'transfer-encoding': { value: 'chunked' } } },
      problem: 'read-only',
    },
  ])('$what', ({ output, problem }) => {
    const problems = checkOutput(output, requestEvent);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });
});

describe('a viewer-response function', () => {
  it.each([
    { what: 'the response', output: response },
    { what: 'an error', output: { ...response, statusCode: 503, body: 'later' } },
    { what: 'another header', output: { ...response, headers: { ...response.headers, 'cache-control': { value: 'no-store' } } } },
  ])('may return $what', ({ output }) => {
    expect(checkOutput(output, responseEvent)).toEqual([]);
  });

  it.each([
    { what: 'the request', output: request, problem: 'must return the response' },
    {
      what: 'another Warning',
      output: { ...response, headers: { ...response.headers, warning: { value: '1' } } },
      problem: 'warning is read-only',
    },
    { what: 'no Via', output: { ...response, headers: { warning: { value: '199' } } }, problem: 'via is read-only' },
    { what: 'X-Cache', output: { ...response, headers: { ...response.headers, 'x-cache': { value: 'Hit' } } }, problem: 'not allowed' },
  ])('may not return $what', ({ output, problem }) => {
    expect(checkOutput(output, responseEvent).join()).toContain(problem);
  });

  it('may hand back a status that it could not give itself', () => {
    const switching = { ...responseEvent, response: { ...response, statusCode: 101 } };
    expect(checkOutput(switching.response, switching)).toEqual([]);
    expect(checkOutput({ ...response, statusCode: 101 }, responseEvent)).not.toEqual([]);
  });
});

it('lists every problem of an output', () => {
  const output = {
    ...request,
    method: 'PUT',
    uri: 'x',
    headers: { ...request.headers, host: { value: 'y' }, 'x-real-ip': { value: 'z' } },
  };
  expect(checkOutput(output, requestEvent)).toHaveLength(4);
});

describe('whatever arrives', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/);
  const values = (text: fc.Arbitrary<string>): fc.Arbitrary<EventValues> =>
    fc.dictionary(
      name,
      fc.oneof(
        text.map((value) => ({ value })),
        fc.array(text, { minLength: 2, maxLength: 3 }).map((all) => ({ value: all[0] ?? '', multiValue: all.map((value) => ({ value })) })),
      ),
    );
  const visible = fc.stringMatching(/^[!-~]{0,20}$/);

  it('a request given back untouched is never refused', () => {
    const requests = fc.record({
      method: fc.constantFrom('GET', 'POST', 'OPTIONS'),
      uri: fc.stringMatching(/^\/[a-z0-9%/._~-]{0,30}$/),
      querystring: values(fc.stringMatching(/^[a-z0-9%+._~-]{0,20}$/)),
      headers: values(visible),
      cookies: values(visible),
    });
    fc.assert(
      fc.property(requests, (given) => {
        expect(checkOutput(structuredClone(given), { ...requestEvent, request: given })).toEqual([]);
      }),
    );
  });

  it('what a viewer sent is not a fault of a function that leaves it alone', () => {
    const odd: ViewerRequestEvent['request'] = {
      ...request,
      uri: '/a b',
      querystring: { 'filter#': { value: 'a b' } },
      cookies: { 'cart[id]': { value: '7' } },
    };
    const event = { ...requestEvent, request: odd };
    expect(checkOutput(structuredClone(odd), event)).toEqual([]);
    expect(checkOutput({ ...odd, cookies: { 'cart[id]': { value: '8' } } }, event)).toHaveLength(1);
    expect(checkOutput({ ...odd, uri: '/b c' }, event)).toHaveLength(1);
  });

  it('an arbitrary value never throws', () => {
    fc.assert(
      fc.property(fc.anything(), fc.constantFrom(requestEvent, responseEvent), (output, event) => {
        expect(Array.isArray(checkOutput(output, event))).toBe(true);
        expect(Array.isArray(checkOutput({ ...request, headers: output, querystring: output, cookies: output }, event))).toBe(true);
        expect(Array.isArray(checkOutput({ statusCode: output, headers: output, cookies: output, body: output }, event))).toBe(true);
      }),
    );
  });
});
