import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFunctionRuntime } from '../../../local/runtime/function-runtime.ts';
import type { EventValues, FunctionRuntime } from '../../../src/edge/execution.ts';
import { checkSyntax } from '../../../src/edge/gate/check-syntax.ts';
import { runOn, viewerRequest, viewerResponse } from './events.ts';

// The kinds of function that people run at CloudFront, each written as they write it and run unaltered, syntax gate
// included.

let runtime: FunctionRuntime;
beforeAll(async () => {
  runtime = await openFunctionRuntime({ timeLimitMs: 10_000, checkSyntax });
});
afterAll(() => runtime.close());

const headers = (values: Record<string, string>): EventValues =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));

describe('a viewer-request function', () => {
  it('sends a viewer to a page in the language of the country', async () => {
    const code = `function handler(event) {
  var request = event.request;
  var country = request.headers['cloudfront-viewer-country'];
  if (country && country.value === 'DE') {
    return {
      statusCode: 302,
      statusDescription: 'Found',
      headers: { location: { value: 'https://' + request.headers.host.value + '/de' + request.uri } }
    };
  }
  return request;
}`;
    const from = (country: string) => viewerRequest({ headers: headers({ host: 'a.example', 'cloudfront-viewer-country': country }) });
    const { output } = await runOn(runtime, code, { event: from('DE') });
    expect(output).toEqual({ statusCode: 302, statusDescription: 'Found', headers: headers({ location: 'https://a.example/de/page' }) });
    expect((await runOn(runtime, code, { event: from('IN') })).output).toEqual(from('IN').request);
  });

  it.each([
    { uri: '/docs/', rewritten: '/docs/index.html' },
    { uri: '/docs', rewritten: '/docs/index.html' },
    { uri: '/a.css', rewritten: '/a.css' },
  ])('finds the index of a folder: $uri', async ({ uri, rewritten }) => {
    const code = `function handler(event) {
  const request = event.request;
  if (request.uri.endsWith('/')) request.uri += 'index.html';
  else if (!request.uri.includes('.')) request.uri += '/index.html';
  return request;
}`;
    expect((await runOn(runtime, code, { event: viewerRequest({ uri }) })).output).toMatchObject({ uri: rewritten });
  });

  it('puts arguments in order, so that a cache sees one key', async () => {
    const code = `async function handler(event) {
  const query = event.request.querystring;
  const sorted = {};
  Object.keys(query).sort().forEach((name) => { sorted[name] = query[name]; });
  event.request.querystring = sorted;
  return event.request;
}`;
    const querystring = { b: { value: '1', multiValue: [{ value: '1' }, { value: '2' }] }, a: { value: '' } };
    const { output } = await runOn(runtime, code, { event: viewerRequest({ querystring }) });
    expect(JSON.stringify((output as { querystring: object }).querystring)).toBe(JSON.stringify({ a: querystring.a, b: querystring.b }));
  });

  it('looks a host up in the store and falls back', async () => {
    const code = `import cf from 'cloudfront';
const kvsHandle = cf.kvs();
async function handler(event) {
  const host = event.request.headers.host.value;
  let target = 'default.example';
  try {
    const found = await kvsHandle.get('host:' + host, { format: 'json' });
    target = found.origin;
  } catch (err) {
    console.log('no entry for ' + host + ': ' + err);
  }
  cf.updateRequestOrigin({ domainName: target, timeouts: { readTimeout: 10, connectionTimeout: 2 }, customHeaders: { 'x-host': host } });
  return event.request;
}`;
    const store = { values: new Map([['host:www.example.com', '{"origin":"blue.example"}']]) };
    const settings = (domainName: string, host: string) => ({
      domainName,
      timeouts: { readTimeout: 10, connectionTimeout: 2 },
      customHeaders: { 'x-host': host },
    });
    const known = await runOn(runtime, code, { store });
    expect(known.originCall).toEqual({ helper: 'updateRequestOrigin', settings: settings('blue.example', 'www.example.com') });
    const unknown = await runOn(runtime, code, { store, event: viewerRequest({ headers: headers({ host: 'new.example' }) }) });
    expect(unknown.originCall).toEqual({ helper: 'updateRequestOrigin', settings: settings('default.example', 'new.example') });
    expect(unknown.logs).toHaveLength(1);
  });

  it('checks a signed token', async () => {
    const code = `import crypto from 'crypto';
const secret = 'at least a secret';
function verify(token) {
  const parts = token.split('.');
  if (parts.length !== 3) throw new Error('malformed');
  const signature = crypto.createHmac('sha256', secret).update(parts[0] + '.' + parts[1]).digest('base64url');
  if (signature !== parts[2]) throw new Error('signature');
  const claims = JSON.parse(Buffer.from(parts[1], 'base64url').toString());
  if (claims.exp <= Date.now() / 1000) throw new Error('expired');
  return claims;
}
function handler(event) {
  const request = event.request;
  try {
    const claims = verify(request.querystring.jwt.value);
    delete request.querystring.jwt;
    request.headers['x-subject'] = { value: claims.sub };
    return request;
  } catch (e) {
    return { statusCode: 401, statusDescription: 'Unauthorized', body: { encoding: 'text', data: e.message } };
  }
}`;
    const token = (exp: number, secret = 'at least a secret'): string => {
      const body = [{ alg: 'HS256' }, { sub: 'ada', exp }].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
      return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
    };
    const now = 1_795_000_000_000;
    const run = async (jwt: string) =>
      (await runOn(runtime, code, { now, event: viewerRequest({ querystring: { jwt: { value: jwt } } }) })).output;
    expect(await run(token(now / 1_000 + 1))).toMatchObject({ querystring: {}, headers: { 'x-subject': { value: 'ada' } } });
    expect(await run(token(now / 1_000))).toMatchObject({ statusCode: 401, body: { data: 'expired' } });
    expect(await run(token(now, 'another secret'))).toMatchObject({ statusCode: 401, body: { data: 'signature' } });
  });
});

it('a viewer-response function adds headers and a cookie', async () => {
  const code = `function handler(event) {
  var response = event.response;
  response.headers['strict-transport-security'] = { value: 'max-age=63072000; includeSubDomains' };
  response.headers['cache-control'] = { value: 'no-store' };
  response.cookies.group = { value: 'a', attributes: 'Path=/; Secure; Max-Age=' + 60 * 60 };
  return response;
}`;
  const { output, error } = await runOn(runtime, code, { event: viewerResponse() });
  expect(error).toBeUndefined();
  expect(output).toMatchObject({
    headers: { 'content-type': { value: 'text/plain' }, 'cache-control': { value: 'no-store' } },
    cookies: { group: { value: 'a', attributes: 'Path=/; Secure; Max-Age=3600' } },
  });
});
