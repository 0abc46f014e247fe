import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openFunctionRuntime } from '../../../local/runtime/function-runtime.ts';
import type { FunctionRuntime } from '../../../src/edge/execution.ts';
import { openNjsRuntime } from '../../../src/edge/njs/njs.ts';
import { describeWith } from '../../programs.ts';
import { njs, runOf } from '../njs/sample.ts';
import { bodyOf, runOn } from './events.ts';

let runtime: FunctionRuntime;
beforeAll(async () => {
  runtime = await openFunctionRuntime({ timeLimitMs: 10_000 });
});
afterAll(() => runtime.close());

/** What each engine makes of one expression over `xs`, which are in the store since a function has 10 KB. */
async function bothEngines(expression: string, xs: readonly unknown[] = []): Promise<[unknown, unknown]> {
  const code = `import cf from 'cloudfront';
    async function handler() {
      const xs = await cf.kvs().get('xs', { format: 'json' });
      return { statusCode: 200, body: JSON.stringify(${expression}) };
    }`;
  const store = { values: new Map([['xs', JSON.stringify(xs)]]) };
  const inWorkerd = await runOn(runtime, code, { store });
  const inNjs = await openNjsRuntime({ njs }).run({ ...runOf(code), store });
  return [inWorkerd, inNjs].map(({ output, error }) => error ?? JSON.parse((output as { body: string }).body)) as [unknown, unknown];
}

const attempt = (expression: string) => `try { return String(${expression}); } catch (e) { return e.name; }`;

describeWith(['njs'], 'workerd does as njs does', () => {
  const texts =
    `2026-08-01 10:00:00|2026-08-01|2026|2026-08|+2026|-2026-01-01|2026-08-01T10:00|2026-08-01T10:00:00|2026-08-01T10:00:00Z|2026-08-01T10:00:00.5
    2026-08-01T10:00:00.123456Z|2026-08-01T10:00:00+02:00|2026-08-01T10:00:00.Z|2026-08-01T10|2026-08-01T10:00Z|2026-08-01t10:00:00Z|+002026-08-01|-000001-01-01|0050-01-01
    2026-02-31|2026-13-01|2026-08-01T25:61:61Z|Sat, 01 Aug 2026 10:00:00 GMT|Sat, 01 Aug 2026 10:00:00 UTC|Sat, 01 Aug 2026 10:00:00 +0200|Sat, 01 Aug 2026 10:00:00 EST
    01 Aug 2026|01 Aug 2026 10:00|Sat, 1 Aug 2026 10:00:00 GMT|Sat Aug 01 2026 10:00:00 GMT+0200 (CEST)|Sat Aug 01 2026|Aug 01 2026 10:00:00|Aug 1 2026|Aug 01, 2026|08/01/2026
    0|99|12345|20260801|x|| 2026-08-01|2026-08-01 |Sat Aug 01 2026 10:00:00 GMT|Sat Aug 01 2026 10:00:00 UTC|01 01 Aug 2026|Aug, 01 Aug 2026`.split(
      /\||\n\s*/,
    );

  it('in reading dates', async () => {
    const [here, there] = await bothEngines('xs.map((x) => [String(Date.parse(x)), String(new Date(x).getTime())])', texts);
    expect(here).toEqual(there);
    expect(new Set((here as string[][]).map(String)).size).toBeGreaterThan(10);
  });

  it('in reading dates that almost are some', async () => {
    const piece = fc.constantFrom(
      '2026',
      '-08',
      '-01',
      'T10:00',
      ':30',
      '.123',
      'Z',
      'Sat,',
      ' ',
      '01',
      'Aug',
      '10:00:00',
      'GMT',
      '+0200',
      'UTC',
      '+00',
      '-',
    );
    const candidates = fc.sample(
      fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join('')),
      { numRuns: 2_000, seed: 7 },
    );
    const [here, there] = await bothEngines('xs.map((x) => [x, String(Date.parse(x))])', [...new Set(candidates)]);
    expect(here).toEqual(there);
  });

  const texts64 = ['6162', '00ff', '61g2', '0', 'YWI', 'YWI=', 'YQ==', '-_aG', '+/aG', 'YWJj-_', 'YW$I', '=YWI', '\u00e9', 'a', ''];
  const encodings = `['utf8', 'hex', 'base64', 'base64url', 'latin1', 'UTF8']`;

  it.each([
    { what: 'digests of texts', expression: "require('crypto').createHash('md5').update(x, e).digest('hex')" },
    { what: 'keyed digests of texts', expression: "require('crypto').createHmac('sha256', 'k').update(x, e).digest('base64url')" },
    { what: 'decoding texts', expression: "Buffer.from(x, e).toString('hex')" },
  ])('in $what, in each encoding', async ({ expression }) => {
    const [here, there] = await bothEngines(`xs.map((x) => ${encodings}.map((e) => { ${attempt(expression)} }))`, texts64);
    expect(here).toEqual(there);
  });

  it('in digests of what is not text, and of nothing more once it is done', async () => {
    const others = `[1, null, undefined, {}, [1], true, Buffer.from('ab'), new Uint8Array([1])].map((x) => {
      ${attempt("require('crypto').createHash('sha1').update(x).digest('hex')")} })`;
    const twice = `((h) => { h.digest(); ${attempt("h.update('a')")} })(require('crypto').createHash('md5'))`;
    const [here, there] = await bothEngines(`[${others}, ${twice}]`);
    expect(here).toEqual(there);
  });

  it('in atob of a text without padding', async () => {
    const xs = ['aGVsbG8', 'aGVsbG8=', 'aGVsbG', 'aGVs', 'aG', 'a', '', 'aGV$'];
    const [here, there] = await bothEngines(`xs.map((x) => { ${attempt('atob(x)')} })`, xs);
    expect(here).toEqual(there);
  });
});

it('gives the bytes of a store’s value as a Buffer', async () => {
  const code = `import cf from 'cloudfront';
    async function handler() {
      const bytes = await cf.kvs().get('icon', { format: 'bytes' });
      return { statusCode: 200, body: [Buffer.isBuffer(bytes), bytes.toString('hex'), bytes.length].join() };
    }`;
  const { output } = await runOn(runtime, code, { store: { values: new Map([['icon', '\u00e9']]) } });
  expect((output as { body: string }).body).toBe('true,c3a9,2');
});

it('throws when a function on a standard distribution asks for its tenant', async () => {
  const code = `import cf from 'cloudfront';
    function read(name) { try { return String(cf.distributionTenant[name]); } catch (e) { return e.name; } }
    function handler() { return { statusCode: 200, body: [typeof cf.distributionTenant, read('id'), read('parameters')].join() }; }`;
  expect((await runOn(runtime, code)).output).toMatchObject({ body: 'object,TypeError,TypeError' });
});

it('reads a text as a date alike, alone and beside others', async () => {
  expect(await bodyOf(runtime, "new Date('2026-08-01 10:00:00').getTime() + ',' + Date.parse('2026-08-01')")).toBe('NaN,1785542400000');
});

it('fails a run that asks for cwt, whatever the function makes of the error', async () => {
  const code = `import cf from 'cloudfront';
    function handler() {
      try { cf.cwt.validateToken('a', {}); } catch (e) { return { statusCode: 401 }; }
    }`;
  expect((await runOn(runtime, code)).error).toEqual({ kind: 'execution', message: expect.stringContaining('cf.cwt') });
});
