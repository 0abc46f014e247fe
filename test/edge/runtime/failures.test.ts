import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFunctionRuntime } from '../../../local/runtime/function-runtime.ts';
import type { FunctionRuntime } from '../../../src/edge/execution.ts';
import { checkSyntax } from '../../../src/edge/gate/check-syntax.ts';
import { bodyOf, runOn, sourceOf, viewerRequest, viewerResponse } from './events.ts';

// Short, to be quick; yet a busy machine must not stop a good function, so only runs that are meant to be stopped are
// held to it.
const timeLimitMs = 300;
const lines: string[] = [];
const log = (line: string) => lines.push(line);
let runtime: FunctionRuntime;
let impatient: FunctionRuntime;
beforeAll(async () => {
  [runtime, impatient] = await Promise.all([openFunctionRuntime({ timeLimitMs: 10_000, log }), openFunctionRuntime({ timeLimitMs, log })]);
});
afterAll(() => Promise.all([runtime.close(), impatient.close()]));

const endless = 'function handler() { for (;;) { try { for (;;) {} } catch (e) {} } }';

describe('an execution error, a 503 to the viewer', () => {
  it.each([
    {
      when: 'the handler throws',
      code: 'function handler(event) {\n return event.a.b;\n}',
      message: "TypeError: Cannot read properties of undefined (reading 'b') in 2",
    },
    { when: 'it throws no error', code: 'function handler() { throw null; }', message: 'Uncaught null' },
    { when: 'its promise rejects', code: "async function handler() { throw new RangeError('far'); }", message: 'RangeError: far in 1' },
    {
      when: 'its promise never settles',
      code: 'async function handler() { await new Promise(function () {}); }',
      message: 'never settles',
    },
    {
      when: 'the top level throws',
      code: "import cf from 'cloudfront';\ncf.kvs();\nfunction handler(event) { return event.request; }",
      message: 'not associated with the function in 2',
    },
    { when: 'there is no handler', code: 'function handle() {}', message: 'no handler' },
    { when: 'it does not parse', code: 'function handler() { return ( }', message: 'SyntaxError' },
    {
      when: 'it imports a module that does not exist',
      code: "import fs from 'fs';\nfunction handler(event) { return event.request; }",
      message: 'Cannot find module "fs"',
    },
    { when: 'it recurses without end', code: 'function handler() { return handler() + 1; }', message: 'RangeError' },
    {
      when: 'its result is larger than its memory',
      code: "function handler() { return { statusCode: 200, body: 'x'.repeat(3e6) }; }",
      message: 'memory',
    },
    {
      when: 'it has more than 10,240 bytes',
      code: `function handler(event) { return event.request; } // ${'x'.repeat(10_240)}`,
      message: '10240',
    },
    { when: 'its result is a circle', code: 'function handler() { const a = {}; a.a = a; return a; }', message: 'circular' },
  ])('when $when', async ({ code, message }) => {
    const { error, output, originCall } = await runOn(runtime, code);
    expect(error?.kind).toBe('execution');
    expect(error?.message).toContain(message);
    expect([output, originCall]).toEqual([undefined, undefined]);
  });

  it.each([
    { what: 'a loop', code: endless },
    { what: 'a regular expression that backtracks', code: "function handler() { return /^(a+)+$/.test('a'.repeat(40) + 'b'); }" },
    {
      what: 'promises that follow each other',
      code: 'function handler() { function f() { return Promise.resolve().then(f); } return f(); }',
    },
  ])('when $what runs away, and the runtime lives', async ({ code }) => {
    expect((await runOn(impatient, code)).error).toEqual({
      kind: 'execution',
      message: `the function did not end within ${timeLimitMs} ms`,
    });
    expect(await bodyOf(impatient, '1 + 1')).toBe('2');
  });

  it('of the run that ran away only: those beside it and after it are unharmed', async () => {
    const before = Array.from({ length: 5 }, (_, index) => bodyOf(impatient, String(index)));
    const away = runOn(impatient, endless);
    const after = Array.from({ length: 5 }, (_, index) => bodyOf(impatient, String(index)));
    expect(await Promise.all([...before, ...after])).toEqual(['0', '1', '2', '3', '4', '0', '1', '2', '3', '4']);
    expect((await away).error?.kind).toBe('execution');
    expect(lines.join('\n')).toContain('was stopped');
  });

  it('of every waiting run that never settles, without delaying the batch by more than one', async () => {
    const code = 'async function handler() { await new Promise(function () {}); }';
    const runs = await Promise.all([
      ...Array.from({ length: 10 }, () => runOn(runtime, code)),
      runOn(runtime, 'function handler(event) { return event.request; }'),
    ]);
    expect(runs.map(({ error }) => error?.kind)).toEqual([...Array(10).fill('execution'), undefined]);
  });
});

it('an execution error for syntax that V8 takes and the gate refuses', async () => {
  const gated = await openFunctionRuntime({ checkSyntax });
  try {
    expect((await runOn(gated, 'function handler(event) { return event?.request; }')).error).toEqual({
      kind: 'execution',
      message: expect.stringContaining('optional-chaining'),
    });
    expect((await runOn(gated, 'function handler(event) { return event.request; }')).error).toBeUndefined();
  } finally {
    await gated.close();
  }
});

describe('a validation error, a 502 to the viewer', () => {
  it.each([
    { when: 'nothing is returned', code: 'function handler() {}' },
    {
      when: 'a forbidden header is added',
      code: "function handler(event) { event.request.headers['x-edge-a'] = { value: 'a' }; return event.request; }",
    },
    { when: 'Host is edited', code: "function handler(event) { event.request.headers.host.value = 'a'; return event.request; }" },
    { when: 'the method is edited', code: "function handler(event) { event.request.method = 'POST'; return event.request; }" },
    { when: 'the status is a text', code: "function handler() { return { statusCode: '200' }; }" },
  ])('when $when', async ({ code }) => {
    const { error, output } = await runOn(runtime, code);
    expect(error?.kind).toBe('validation');
    expect(output).toBeUndefined();
  });
});

describe('the log of a function', () => {
  it('keeps one argument of a call and says so', async () => {
    const { logs } = await runOn(
      runtime,
      "function handler(event) { console.log('one', 'two'); console.log({ a: 1 }); console.log(undefined); return event.request; }",
    );
    expect(logs).toEqual(['one', '{"a":1}', 'undefined']);
    expect(lines.at(-1)).toContain('1 more');
  });

  it('has no other method', async () => {
    await expect(bodyOf(runtime, "console.error('x')")).rejects.toThrow('not a function');
  });

  it('ends after 10 KB', async () => {
    const { logs } = await runOn(
      runtime,
      "function handler(event) { for (var i = 0; i < 30; i++) console.log('x'.repeat(1000)); return event.request; }",
    );
    expect(logs.join('').length).toBe(10_240);
  });

  it('survives a failure', async () => {
    expect((await runOn(runtime, "function handler() { console.log('here'); throw 1; }")).logs).toEqual(['here']);
  });

  it('is apart from the data for the access log', async () => {
    const execution = await runOn(
      runtime,
      "import cf from 'cloudfront';\nfunction handler(event) { cf.logCustomData('a'); cf.logCustomData('b c'); return event.request; }",
    );
    expect(execution.customData).toBe('b%20c');
    expect(execution.logs).toEqual([]);
  });
});

it('runs a viewer-response function', async () => {
  const code = "function handler(event) { event.response.headers['x-seen'] = { value: event.request.uri }; return event.response; }";
  const { output, error } = await runOn(runtime, code, { event: viewerResponse() });
  expect(error).toBeUndefined();
  expect((output as { headers: unknown }).headers).toEqual({ 'content-type': { value: 'text/plain' }, 'x-seen': { value: '/page' } });
});

it('lets value and multiValue of a result agree', async () => {
  const event = viewerRequest({ headers: { accept: { value: 'a', multiValue: [{ value: 'a' }, { value: 'b' }] } } });
  const { output } = await runOn(runtime, "function handler(event) { event.request.headers.accept.value = 'c'; return event.request; }", {
    event,
  });
  expect((output as { headers: unknown }).headers).toEqual({ accept: { value: 'c', multiValue: [{ value: 'c' }, { value: 'b' }] } });
});

it('gives each of many runs its own answer', async () => {
  const source = sourceOf(
    "async function handler(event) { event.request.headers['x-seen'] = { value: event.request.uri }; return event.request; }",
  );
  const uris = Array.from({ length: 300 }, (_, index) => `/page-${index}`);
  const runs = await Promise.all(uris.map((uri) => runtime.run({ source, event: viewerRequest({ uri }), store: undefined })));
  expect(runs.map(({ output }) => (output as { headers: Record<string, { value: string }> }).headers['x-seen']?.value)).toEqual(uris);
});

it('rejects runs once it is closed', async () => {
  const closed = await openFunctionRuntime();
  const pending = expect(runOn(closed, endless)).rejects.toThrow('closed');
  await closed.close();
  await pending;
  await expect(runOn(closed, endless)).rejects.toThrow('closed');
});
