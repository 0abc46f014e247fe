import { mkdtemp, readdir, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunInput } from '../../../src/edge/execution.ts';
import { findNjs, openNjsRuntime } from '../../../src/edge/njs/njs.ts';
import { describeWith } from '../../programs.ts';
import { njs, runOf, sampleEvent } from './sample.ts';

const head = "import cf from 'cloudfront';\n";
const store = { values: new Map(Object.entries({ health: 'ok', config: '{"a":1}' })) };
const handler = (body: string) => `async function handler(event) {\n${body}\n}\n`;

describeWith(['njs'], 'the njs runtime', () => {
  const runtime = openNjsRuntime({ njs: String(njs) });

  it('hands over the event and takes what the handler returns, sync or async', async () => {
    const changed = { headers: { host: { value: 'example.com' }, 'x-a': { value: 'é😀\u2028' } } };
    for (const kind of ['function', 'async function']) {
      const code = `${kind} handler(event) { event.request.headers['x-a'] = { value: 'é😀\u2028' }; return event.request; }`;
      const { output, error } = await runtime.run(runOf(code));
      expect(error).toBeUndefined();
      expect(output).toEqual({ ...sampleEvent().request, ...changed });
    }
  });

  it.each([
    {
      helper: 'selectRequestOriginById',
      call: "cf.selectRequestOriginById('europe', { hostHeader: 'a.example' })",
      originCall: { helper: 'selectRequestOriginById', originId: 'europe', overrides: { hostHeader: 'a.example' } },
    },
    {
      helper: 'createRequestOriginGroup',
      call: "cf.createRequestOriginGroup({ originIds: [{ originId: 'a' }, { originId: 'b' }], failoverCriteria: { statusCodes: [503] } })",
      originCall: { helper: 'createRequestOriginGroup', originIds: [{ originId: 'a' }, { originId: 'b' }], statusCodes: [503] },
    },
    {
      helper: 'updateRequestOrigin',
      call: "cf.updateRequestOrigin({ domainName: 'a.example' })",
      originCall: { helper: 'updateRequestOrigin', settings: { domainName: 'a.example' } },
    },
  ])('records $helper', async ({ call, originCall }) => {
    const execution = await runtime.run(runOf(head + handler(`${call}; return event.request;`)));
    expect(execution).toMatchObject({ originCall, error: undefined });
  });

  it('notes the arguments of a helper as they were when it was called', async () => {
    const code = head + handler('const list = { a: 1 }; cf.updateRequestOrigin(list); list.a = 2; return event.request;');
    expect((await runtime.run(runOf(code))).originCall).toEqual({ helper: 'updateRequestOrigin', settings: { a: 1 } });
  });

  it('reads the store in three formats, asks for existence and meta, and logs the reads', async () => {
    const body = `const kvs = cf.kvs();
      const text = await kvs.get('health');
      const json = await kvs.get('config', { format: 'json' });
      const bytes = await kvs.get('health', { format: 'bytes' });
      const there = await kvs.exists('health');
      const other = await kvs.exists('toString');
      const meta = await kvs.meta();
      return [text, json.a, bytes.length, there, other, meta.keyCount, meta.creationDateTime];`;
    const execution = await runtime.run(runOf(head + handler(body), { store }));
    expect(execution.output).toEqual(['ok', 1, 2, true, false, 2, '1970-01-01T00:00:00.000Z']);
    expect(execution.reads).toEqual(['health', 'config', 'health', 'health', 'toString']);
  });

  it.each([
    { when: 'the key is missing', given: { store }, read: "cf.kvs().get('absent')", message: 'Error: KeyNotFound: absent' },
    {
      when: 'reads fail',
      given: { store: { ...store, failReads: true } },
      read: "cf.kvs().get('health')",
      message: 'Error: KeyValueStore could not be read',
    },
    {
      when: 'no store is associated',
      given: {},
      read: 'cf.kvs().get("health")',
      message: 'Error: KeyValueStore is not associated with the function',
    },
    {
      when: 'the format is unknown',
      given: { store },
      read: "cf.kvs().get('health', { format: 'xml' })",
      message: 'TypeError: unknown format "xml"',
    },
  ])('rejects a read when $when, and the function may catch it', async ({ given, read, message }) => {
    const code = head + handler(`try { await ${read}; } catch (e) { return String(e); } return 'nothing thrown';`);
    expect((await runtime.run(runOf(code, given))).output).toBe(message);
    const uncaught = await runtime.run(runOf(head + handler(`return await ${read};`), given));
    expect(uncaught.error).toMatchObject({ kind: 'execution', message: expect.stringContaining(message) });
  });

  it('stays the same: every clock has the start of the run', async () => {
    const body = `const before = Date.now(); for (let i = 0; i < 1e5; i++) { i; }
      return [before, Date.now() - before, new Date().getTime() - before, new Date(2020, 1, 2, 3).getHours(), new Date(0) instanceof Date];`;
    const { output } = await runtime.run(runOf(handler(body), { now: 1_764_003_600_000 }));
    expect(output).toEqual([1_764_003_600_000, 0, 0, 3, true]);
  });

  it('has no timers, process, file system, network or code from text', async () => {
    const names = [
      'setTimeout',
      'setImmediate',
      'clearTimeout',
      'process',
      'njs',
      'print',
      'global',
      'crypto',
      '$262',
      'AggregateError',
      'Map',
    ];
    const body = `return [${names.map((name) => `typeof ${name}`).join()}].join();`;
    expect((await runtime.run(runOf(handler(body)))).output).toBe(names.map(() => 'undefined').join());
    for (const code of ["require('fs')", "new Function('return 1')", "eval('1')", "(function () {}).constructor('return 1')"]) {
      expect((await runtime.run(runOf(handler(`return ${code};`)))).error, code).toMatchObject({ kind: 'execution' });
    }
    expect((await runtime.run(runOf(`import fs from 'fs';\n${handler('return fs;')}`))).error).toMatchObject({ kind: 'execution' });
  });

  it('keeps the first argument of console.log, as text, and no more than 10 KB a run', async () => {
    const body = "console.log('a', 'b'); console.log({ c: 1 }); console.log('x'.repeat(20000)); console.log('d'); return 1;";
    const { logs } = await runtime.run(runOf(handler(body)));
    expect(logs.slice(0, 2)).toEqual(['a', '{"c":1}']);
    expect(logs.join('').length).toBe(10_240);
  });

  it('takes results of any length, whatever the characters', async () => {
    const text = `${'x'.repeat(5_000)}${'é😀'.repeat(3_000)}`;
    const code = handler('return event.request.headers.host.value + event.request.headers.host.value;');
    const event = sampleEvent({ headers: { host: { value: text } } });
    expect((await runtime.run(runOf(code, { event }))).output).toBe(text + text);
  });

  it('answers rawQueryString, given or joined again', async () => {
    const code = handler('return [typeof event.request.rawQueryString(), event.request.rawQueryString()];');
    const query = sampleEvent({ querystring: { a: { value: '1', multiValue: [{ value: '1' }, { value: '2' }] }, b: { value: '' } } });
    expect((await runtime.run(runOf(code, { rawQueryString: '' }))).output).toEqual(['string', '']);
    expect((await runtime.run(runOf(code, { event: query }))).output).toEqual(['string', 'a=1&a=2&b']);
    expect((await runtime.run(runOf(code))).output).toEqual(['undefined', null]);
  });

  it.each([
    { what: 'an error, with its line', code: handler('null.x;'), message: 'TypeError: cannot get property "x" of null in 2' },
    { what: 'a thrown text', code: handler("throw 'no';"), message: 'Uncaught no' },
    { what: 'code that does not parse', code: 'function handler() {\n return };\n}', message: 'SyntaxError: Unexpected token "}" in 3' },
    { what: 'a failing top level', code: 'const a = 1;\nthrow new Error("top");', message: 'Error: top in 2' },
    { what: 'no handler', code: 'const a = 1;', message: 'TypeError: the function has no handler at its top level' },
    {
      what: 'a promise that never settles',
      code: handler('await Promise.race([]);'),
      message: 'Error: the handler waits for a promise that never settles',
    },
  ])('reports $what', async ({ code, message }) => {
    expect((await runtime.run(runOf(code))).error).toEqual({ kind: 'execution', message });
  });

  it('forgets everything between two runs', async () => {
    const code = `let count = 0;\n${handler('count++; Array.prototype.count = count; return count;')}`;
    expect((await runtime.run(runOf(code))).output).toBe(1);
    expect((await runtime.run(runOf(code))).output).toBe(1);
  });

  it('stops a loop without end, and the runs behind it still get their turn', async () => {
    const hasty = openNjsRuntime({ njs, timeLimitMs: 1_500 });
    const code = handler("if (event.request.uri === '/loop') while (true) { event; } return event.request.uri;");
    const inputs = ['/a', '/loop', '/b', '/c'].map((uri) => runOf(code, { event: sampleEvent({ uri }) }));
    const executions = await hasty.runMany(inputs);
    expect(executions.map(({ output }) => output)).toEqual(['/a', undefined, '/b', '/c']);
    expect(executions[1]?.error).toEqual({ kind: 'execution', message: 'the function was stopped: it did not end within 1500 ms' });
  });

  it('does not let a function take the memory of the machine', async () => {
    const code = handler('const kept = []; while (true) kept.push(new ArrayBuffer(1e8).slice(0));');
    expect((await runtime.run(runOf(code))).error).toMatchObject({ kind: 'execution' });
  });

  it('says how much memory a run took, load included, each run for itself', async () => {
    const load = 'const table = [];\nfor (let i = 0; i < 3000; i++) table.push("entry number " + i);\n';
    const small = handler('return event.request;');
    const large = handler("const kept = []; for (let i = 0; i < 3000; i++) kept.push('x'.repeat(100) + i); return event.request;");
    const bytesOf = async (code: string) => (await runtime.run(runOf(code))).memoryBytes ?? Number.NaN;
    expect(await bytesOf(small)).toBeLessThan(64 * 1_024);
    expect(await bytesOf(large)).toBeGreaterThan(300_000);
    expect(await bytesOf(load + small)).toBeGreaterThan(60_000);
    const runs = await runtime.runMany(Array.from({ length: 20 }, () => runOf(large)));
    const each = runs.map(({ memoryBytes = Number.NaN }) => memoryBytes);
    expect(Math.max(...each)).toBeLessThan(1.5 * Math.min(...each));
  });

  it('keeps many runs of several functions and stores in the order of the inputs', async () => {
    const one = head + handler("const v = await cf.kvs().get('health'); return 'one' + v + event.request.uri;");
    const two = handler("return 'two' + event.request.uri;");
    const inputs: RunInput[] = Array.from({ length: 60 }, (_, i) => {
      const event = sampleEvent({ uri: `/${i}` });
      return i % 3 === 0 ? runOf(two, { event }) : runOf(one, { event, store: { values: new Map([['health', `r${i}`]]) } });
    });
    const small = openNjsRuntime({ njs, runsPerProcess: 7, processes: 3 });
    const executions = await small.runMany(inputs);
    expect(executions.map(({ output }) => output)).toEqual(inputs.map((_, i) => (i % 3 === 0 ? `two/${i}` : `oner${i}/${i}`)));
  });

  it('gives each run to the judge, with its input', async () => {
    const judged = openNjsRuntime({
      njs,
      judge: (input, raw) => ({
        output: input.event.request.uri,
        originCall: undefined,
        reads: raw.reads,
        logs: raw.logs,
        error: undefined,
      }),
    });
    expect((await judged.run(runOf(handler('return 1;')))).output).toBe('/api/x');
  });

  it('leaves no files behind, and runs nothing once it is closed', async () => {
    const temporaryFolder = await mkdtemp(join(tmpdir(), 'njs-test-'));
    const closing = openNjsRuntime({ njs, timeLimitMs: 10_000, temporaryFolder });
    const endless = closing.run(runOf(handler('while (true) { event; }')));
    const ended = expect(endless).rejects.toThrow(/abort/i);
    await closing.close();
    await ended;
    await expect(closing.run(runOf(handler('return 1;')))).rejects.toThrow(/abort/i);
    expect(await readdir(temporaryFolder)).toEqual([]);
    await rmdir(temporaryFolder);
  });
});

describe('a missing njs', () => {
  it('is said with the way to get it', () => {
    expect(findNjs('/nowhere:/also-nowhere')).toBeUndefined();
    expect(findNjs(undefined)).toBeUndefined();
    expect(() => openNjsRuntime({ njs: undefined })).toThrow(
      expect.objectContaining({ code: 'TOOL_MISSING', hint: 'apt-get install njs' }),
    );
  });
});
