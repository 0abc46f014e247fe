import { afterAll, beforeAll, expect, it } from 'vitest';
import { openEngine } from '../../../local/runtime/engine.ts';
import type { FunctionRuntime, RunInput } from '../../../src/edge/execution.ts';
import { checkSyntax } from '../../../src/edge/gate/check-syntax.ts';
import { describeWith } from '../../programs.ts';
import { njs } from '../njs/sample.ts';
import { bodyOf, runOn, viewerRequest } from './events.ts';

const lines: string[] = [];
let auto: FunctionRuntime;
let exact: FunctionRuntime;
describeWith(['njs'], 'the engine', () => {
  beforeAll(async () => {
    const options = { njs, timeLimitMs: 10_000, log: (line: string) => lines.push(line) };
    [auto, exact] = await Promise.all([openEngine({ engine: 'auto', ...options }), openEngine({ engine: 'njs', ...options, checkSyntax })]);
  });
  afterAll(() => Promise.all([auto.close(), exact.close()]));

  // In njs a character is one whatever its plane, which shows who ran.
  const who = "function handler() { return { statusCode: 200, body: String(decodeURIComponent('%F0%9F%98%80').length) }; }";
  const ranInNjs = async (input: Partial<RunInput>, code = who) =>
    ((await runOn(auto, code, input)).output as { body: string }).body === '1';

  it('njs runs each function in njs', async () => {
    expect(await bodyOf(exact, "decodeURIComponent('%F0%9F%98%80').length")).toBe('1');
  });

  it('njs keeps nothing from one run to the next and runs many at once', async () => {
    const code = 'var n = 0;\nfunction handler() { n += 1; return { statusCode: 200, body: String(n) }; }';
    const runs = await Promise.all(Array.from({ length: 12 }, () => runOn(exact, code)));
    expect(runs.map(({ output }) => (output as { body: string }).body)).toEqual(Array(12).fill('1'));
  });

  it('njs reads and writes no file, compiles no text and refuses what the gate refuses', async () => {
    for (const expression of ["require('fs').readFileSync('/etc/hostname')", "new Function('return 1')()", 'event?.request'])
      expect((await runOn(exact, `function handler(event) { return { statusCode: 200, body: String(${expression}) }; }`)).error?.kind).toBe(
        'execution',
      );
  });

  it('njs stops a run that takes too long, and lives on', async () => {
    const impatient = await openEngine({ engine: 'njs', njs, timeLimitMs: 300 });
    expect((await runOn(impatient, 'function handler() { for (;;) {} }')).error?.kind).toBe('execution');
    await impatient.close();
  });

  it('auto runs a plain request in workerd', async () => {
    expect(await ranInNjs({})).toBe(false);
  });

  it.each([
    { what: 'names that look like integers in the query', event: viewerRequest({ querystring: { 10: { value: 'a' } } }) },
    { what: 'names that look like integers among cookies', event: viewerRequest({ cookies: { 2: { value: 'a' } } }) },
    { what: 'a character beyond U+FFFF in the path', event: viewerRequest({ uri: '/%F0%9F%98%80' }) },
  ])('auto runs a request in njs that has $what', async ({ event }) => {
    expect(await ranInNjs({ event })).toBe(true);
  });

  it('auto runs in njs what reads names that look like integers from the store', async () => {
    const code = `import cf from 'cloudfront';
      async function handler() { const map = await cf.kvs().get('map', { format: 'json' }); return { statusCode: 200, body: Object.keys(map).join() }; }`;
    const { output } = await runOn(auto, code, { store: { values: new Map([['map', '{"b":1,"10":1,"2":1}']]) } });
    expect(output).toMatchObject({ body: 'b,10,2' });
  });

  it.each([
    { code: 'function handler() { return { statusCode: 200, body: Object.keys({ b: 1, 10: 1, 2: 1 }).join() }; }', body: 'b,10,2' },
    { code: "function handler() { return { statusCode: 200, body: String(/(?i)^ADMIN/.test('admin')) }; }", body: 'true' },
    { code: "function handler() { return { statusCode: 200, body: String('😀'.length) }; }", body: '1' },
    {
      code: `async function handler() {
        var n = 1;
        var read = function () { return n; };
        await Promise.resolve();
        n = 2;
        return { statusCode: 200, body: String(read()) };
      }`,
      body: '1',
    },
  ])('auto runs in njs, and says so, a function where V8 does otherwise: $body', async ({ code, body }) => {
    lines.length = 0;
    expect((await runOn(auto, code)).output).toMatchObject({ body });
    expect(lines).toEqual([expect.stringMatching(/^njs runs the function.*line \d/)]);
  });

  it.each([
    {
      what: 'a closure over a const that is set after an await',
      code: 'async function handler(event) { var f = function () { return late; }; await Promise.resolve(); const late = event.request; return f(); }',
    },
    {
      what: 'look-behind of any length',
      code: "function handler(event) { event.request.uri = event.request.uri.replace(/(?<=\\/v\\d+)\\/a/, '/b'); return event.request; }",
    },
  ])('auto fails as the engine does for $what', async ({ code }) => {
    expect((await runOn(auto, code)).error?.kind).toBe('execution');
  });

  it('gives the returned arguments in the order of the engine', async () => {
    const code = "function handler(event) { event.request.querystring.z = { value: '9' }; return event.request; }";
    const querystring = { 10: { value: 'a' }, 2: { value: 'b' }, b: { value: '1' } };
    const { queryNames } = await runOn(auto, code, { event: viewerRequest({ querystring }), rawQueryString: 'b=1&10=a&2=b' });
    expect(queryNames).toEqual(['b', '10', '2', 'z']);
  });
});

it('njs needs to be installed; without it auto logs why a function would need it', async () => {
  await expect(openEngine({ engine: 'njs', njs: undefined })).rejects.toMatchObject({ code: 'TOOL_MISSING' });
  const lines: string[] = [];
  const without = await openEngine({ engine: 'auto', njs: undefined, log: (line) => lines.push(line) });
  await runOn(without, "function handler() { return { statusCode: 200, body: String('😀'.length) }; }");
  await without.close();
  expect(lines).toEqual([expect.stringContaining('install njs')]);
});
