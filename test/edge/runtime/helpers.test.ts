import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFunctionRuntime } from '../../../local/runtime/function-runtime.ts';
import type { FunctionRuntime } from '../../../src/edge/execution.ts';
import { runOn, viewerRequest, viewerResponse } from './events.ts';

let runtime: FunctionRuntime;
beforeAll(async () => {
  runtime = await openFunctionRuntime({ timeLimitMs: 10_000 });
});
afterAll(() => runtime.close());

const values = new Map([
  ['health', 'ok'],
  ['config', '{"a":[1,2]}'],
  ['broken', '{'],
  ['empty', ''],
]);

function reading(expression: string, store: Parameters<typeof runOn>[2] = { store: { values } }) {
  const code = `import cf from 'cloudfront';
const kvs = cf.kvs();
async function handler(event) {
  const got = await ${expression};
  event.request.headers['x-got'] = { value: String(got) };
  return event.request;
}`;
  return runOn(runtime, code, store);
}

function got(execution: Awaited<ReturnType<typeof reading>>): string | undefined {
  return (execution.output as { headers: Record<string, { value: string }> } | undefined)?.headers['x-got']?.value;
}

describe('the KeyValueStore', () => {
  it.each([
    { expression: "kvs.get('health')", value: 'ok' },
    { expression: "kvs.get('health', { format: 'string' })", value: 'ok' },
    { expression: "kvs.get('empty')", value: '' },
    { expression: "kvs.get('config', { format: 'json' }).then(function (c) { return c.a[1]; })", value: '2' },
    { expression: "kvs.get('health', { format: 'bytes' }).then(function (b) { return b[0]; })", value: '111' },
    { expression: "kvs.exists('health')", value: 'true' },
    { expression: "kvs.exists('nowhere')", value: 'false' },
    { expression: 'kvs.meta().then(function (m) { return m.keyCount + m.lastUpdatedDateTime; })', value: '42026-01-02T03:04:05.000Z' },
    { expression: 'kvs.count', value: 'undefined' },
  ])('answers $expression', async ({ expression, value }) => {
    expect(got(await reading(expression, { store: { values, updatedAt: '2026-01-02T03:04:05.000Z' } }))).toBe(value);
  });

  it.each([
    { expression: "kvs.get('nowhere')", message: 'nowhere' },
    { expression: "kvs.get('broken', { format: 'json' })", message: 'JSON' },
    { expression: "kvs.get('health', { format: 'xml' })", message: 'format' },
    { expression: 'kvs.get(1)', message: 'string' },
  ])('rejects $expression', async ({ expression, message }) => {
    const { error } = await reading(expression);
    expect(error?.kind).toBe('execution');
    expect(error?.message).toContain(message);
  });

  it('fails where the function asks for it and no store is associated', async () => {
    expect((await reading("kvs.get('health')", { store: undefined })).error?.kind).toBe('execution');
  });

  it('rejects every read when asked to, which a function can catch', async () => {
    const code = `import cf from 'cloudfront';
async function handler(event) {
  try { await cf.kvs().get('health'); } catch (e) { event.request.headers['x-got'] = { value: 'caught' }; }
  return event.request;
}`;
    const execution = await runOn(runtime, code, { store: { values, failReads: true } });
    expect(got(execution)).toBe('caught');
    expect(execution.reads).toEqual(['health']);
  });

  it('lists the keys that were read, in order and with repetitions', async () => {
    const { reads } = await reading(
      "kvs.get('health').then(function () { return kvs.exists('nowhere'); }).then(function () { return kvs.get('health'); })",
    );
    expect(reads).toEqual(['health', 'nowhere', 'health']);
  });

  it('shows each run the content of its own store, also when a map changes under the same identity', async () => {
    const changing = new Map([['health', 'one']]);
    const seen = [got(await reading("kvs.get('health')", { store: { values: changing } }))];
    changing.set('health', 'two');
    seen.push(got(await reading("kvs.get('health')", { store: { values: changing } })));
    seen.push(
      ...(
        await Promise.all(
          ['three', 'two', 'four'].map((health) => reading("kvs.get('health')", { store: { values: new Map([['health', health]]) } })),
        )
      ).map(got),
    );
    expect(seen).toEqual(['one', 'two', 'three', 'two', 'four']);
  });

  it('trusts a version: the content behind it is sent once', async () => {
    const first = await reading("kvs.get('health')", { store: { values: new Map([['health', 'one']]), version: 'store@1' } });
    const again = await reading("kvs.get('health')", { store: { values: new Map([['health', 'ignored']]), version: 'store@1' } });
    const next = await reading("kvs.get('health')", { store: { values: new Map([['health', 'two']]), version: 'store@2' } });
    expect([first, again, next].map(got)).toEqual(['one', 'one', 'two']);
  });
});

describe('the origin helpers', () => {
  function calling(call: string, event: Parameters<typeof runOn>[2] = {}) {
    return runOn(
      runtime,
      `import cf from 'cloudfront';\nfunction handler(event) { ${call}; return event.request || event.response; }`,
      event,
    );
  }

  it.each([
    { call: "cf.selectRequestOriginById('europe')", originCall: { helper: 'selectRequestOriginById', originId: 'europe' } },
    {
      call: "cf.selectRequestOriginById('europe', { hostHeader: 'eu.example.com' })",
      originCall: { helper: 'selectRequestOriginById', originId: 'europe', overrides: { hostHeader: 'eu.example.com' } },
    },
    {
      call: "cf.createRequestOriginGroup({ originIds: [{ originId: 'a' }, { originId: 'b', originOverrides: { sni: 'b.example.com' } }], failoverCriteria: { statusCodes: [500, 503] } })",
      originCall: {
        helper: 'createRequestOriginGroup',
        originIds: [{ originId: 'a' }, { originId: 'b', originOverrides: { sni: 'b.example.com' } }],
        statusCodes: [500, 503],
      },
    },
    {
      call: "cf.updateRequestOrigin({ domainName: 'www.example.com', customHeaders: {} })",
      originCall: { helper: 'updateRequestOrigin', settings: { domainName: 'www.example.com', customHeaders: {} } },
    },
  ])('reports $call', async ({ call, originCall }) => {
    const execution = await calling(call);
    expect(execution.error).toBeUndefined();
    expect(execution.originCall).toEqual(originCall);
  });

  it('keeps the arguments as they were at the call', async () => {
    const { originCall } = await calling(
      "const o = { domainName: 'a.example.com' }; cf.updateRequestOrigin(o); o.domainName = 'b.example.com'",
    );
    expect(originCall).toEqual({ helper: 'updateRequestOrigin', settings: { domainName: 'a.example.com' } });
  });

  it('refuses bad arguments after the run, where no try/catch of the function reaches', async () => {
    const { error, originCall } = await calling('try { cf.selectRequestOriginById(1); } catch (e) {}');
    expect(error?.kind).toBe('validation');
    expect(originCall).toBeUndefined();
  });

  it('refuses a second helper in one run', async () => {
    expect((await calling("cf.selectRequestOriginById('a'); cf.selectRequestOriginById('b')")).error?.kind).toBe('validation');
  });

  it('refuses a helper in a viewer-response function', async () => {
    const code = "import cf from 'cloudfront';\nfunction handler(event) { cf.selectRequestOriginById('a'); return event.response; }";
    expect((await runOn(runtime, code, { event: viewerResponse() })).error?.kind).toBe('validation');
  });
});

describe('what a function can ask about the request', () => {
  const code =
    "import cf from 'cloudfront';\nfunction handler(event) { console.log(JSON.stringify([event.request.rawQueryString(), cf.edgeLocation])); return event.request; }";

  it.each([
    { when: 'there is a query string', input: { rawQueryString: 'a=b&c=%20' }, raw: 'a=b&c=%20' },
    { when: 'there is only a ?', input: { rawQueryString: '' }, raw: '' },
    { when: 'there is none', input: {}, raw: null },
    {
      when: 'only the parsed arguments are known',
      input: { event: viewerRequest({ querystring: { a: { value: 'b' }, c: { value: '' } } }) },
      raw: 'a=b&c',
    },
  ])('rawQueryString() when $when', async ({ input, raw }) => {
    const { logs } = await runOn(runtime, code, input);
    expect(JSON.parse(logs[0] ?? '')[0]).toBe(raw);
  });

  it('edgeLocation, and that rawQueryString is not a part of the request that goes on', async () => {
    const edgeLocation = { name: 'SIN', serverIp: '127.0.0.1', region: 'ap-southeast-1' };
    const { logs, output } = await runOn(runtime, code, { edgeLocation });
    expect(JSON.parse(logs[0] ?? '')[1]).toEqual(edgeLocation);
    expect(output).toEqual(viewerRequest().request);
  });
});
