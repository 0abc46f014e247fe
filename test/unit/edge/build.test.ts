import nodeCrypto, { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { buildFunction } from '../../../src/edge/build.ts';
import { checkSyntax } from '../../../src/edge/gate/check-syntax.ts';
import { gate } from '../../../src/edge/gate/gate.ts';
import { proveFunction } from '../../../src/edge/prove-function.ts';
import { EdgeError } from '../../../src/errors.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';

const config = parseEdgeConfig(edgeConfig);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'build-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;

/** A function of its own in a file of its own. */
async function build(source: string, more: Record<string, string> = {}) {
  files += 1;
  const entry = join(folder, `entry-${files}.ts`);
  await writeFile(entry, source);
  for (const [name, content] of Object.entries(more)) await writeFile(join(folder, name), content);
  return buildFunction(config, entry);
}

describe('the built router', () => {
  it('begins with the import that CloudFront wants first', async () => {
    const { code, readable } = await buildFunction(config);
    for (const text of [code, readable]) {
      expect(text.split('\n').slice(0, 2)).toEqual(["import cf from 'cloudfront';", "const crypto=require('crypto');"]);
    }
    expect(code.match(/\bimport\b/g)).toHaveLength(1);
  });

  it('has its handler at the top level, under that name, and exports nothing', async () => {
    const { code } = await buildFunction(config);
    expect(code).toMatch(/(?:^|[;}])async function handler\(\w+\)\{/m);
    expect(code).not.toMatch(/\bexport\b/);
  });

  it('passes the gate', async () => {
    expect((await gate((await buildFunction(config)).code)).problems).toEqual([]);
  });

  it('has no more than 1,300 bytes', async () => {
    const { bytes } = await buildFunction(config);
    expect(bytes).toBeLessThanOrEqual(1_300);
  });

  it('is the same bytes at every build, with their count and their hash', async () => {
    const [first, second] = await Promise.all([buildFunction(config), buildFunction(parseEdgeConfig(edgeConfig))]);
    expect(second.code).toBe(first.code);
    expect(first.bytes).toBe(Buffer.byteLength(first.code));
    expect(first.sha256).toBe(createHash('sha256').update(first.code).digest('hex'));
    expect(second.sha256).toBe(first.sha256);
  });

  it('is other bytes when a country goes elsewhere, and only then', async () => {
    const elsewhere = parseEdgeConfig({ ...edgeConfig, routes: [{ countries: ['US'], order: ['europe'] }] });
    const patient = parseEdgeConfig({ ...edgeConfig, health: { intervalMs: 30_000 } });
    const { sha256 } = await buildFunction(config);
    expect((await buildFunction(elsewhere)).sha256).not.toBe(sha256);
    expect((await buildFunction(patient)).sha256).toBe(sha256);
  });

  it('holds no group when none may be made', async () => {
    const { code } = await buildFunction(parseEdgeConfig({ ...edgeConfig, perRequestFailover: false }));
    expect(code).not.toMatch(/createRequestOriginGroup|OPTIONS/);
    expect(code).toContain('selectRequestOriginById');
  });

  it('cuts groups to two members only where an order has more', async () => {
    const third = { ...edgeConfig.origins, tokyo: { region: 'ap-northeast-1' } };
    const { code } = await buildFunction(parseEdgeConfig({ ...edgeConfig, origins: third, defaultOrder: Object.keys(third) }));
    expect(code).toContain('.slice(0,2)');
    expect((await buildFunction(config)).code).not.toContain('.slice(0,2)');
  });

  it('holds nothing of what is not configured', async () => {
    const retrying = await buildFunction(parseEdgeConfig({ ...edgeConfig, retryHeader: 'x-retry-attempt' }));
    expect(retrying.code).toContain('x-retry-attempt');
    const { code, bytes } = await buildFunction(config);
    expect(code).not.toMatch(/retry|\{\}'\)/);
    expect(retrying.bytes - bytes).toBeLessThanOrEqual(80);
  });

  it('keeps the pattern of the record a literal: compiled from a text it would cost at every start', async () => {
    const { code } = await buildFunction(config);
    expect(code).toContain('=/^([#a-z]');
    expect(code).not.toMatch(/RegExp/);
  });

  it('has a readable twin with the names that a person wrote', async () => {
    const { readable } = await buildFunction(config);
    for (const name of ['keepOrigins', 'entryPattern', 'places']) expect(readable).toContain(name);
  });
});

describe('a function of one’s own', () => {
  it('needs no import', async () => {
    const { code } = await build('export function handler(event: { request: object }) { return event.request; }');
    expect(code).toMatch(/^function handler\((\w)\)\{return \1\.request\}$/);
  });

  it('may be given another name before it is exported', async () => {
    const { code } = await build('function main(event: unknown) { return event; }\nexport { main as handler };');
    expect(code).toMatch(/^function handler\((\w)\)\{return \1\}$/);
  });

  it.each([
    { names: 'one name', cf: 'cf', crypto: 'crypto' },
    { names: 'two names', cf: 'front', crypto: 'hashes' },
  ])('may be of several files that import the same modules under $names', async ({ cf, crypto }) => {
    const shared = `import ${cf} from 'cloudfront';
import ${crypto} from 'crypto';
export function pick(id: string) { ${cf}.selectRequestOriginById(${crypto}.createHash('md5').update(id).digest('hex')); }
`;
    const { code } = await build(
      `import cf from 'cloudfront';
import crypto from 'crypto';
import { pick } from './shared-${cf}.ts';
export function handler(event: { request: object }) { pick('a'); cf.kvs(); crypto.createHash('sha1'); return event.request; }`,
      { [`shared-${cf}.ts`]: shared },
    );
    expect(code.match(/\bimport\b/g)).toHaveLength(1);
    expect(code.match(/\brequire\b/g)).toHaveLength(1);
    expect(checkSyntax(code)).toEqual([]);
    // Every name in it has a value: run as a script, with a fake of the module.
    const run = new Function(
      '$cf',
      'require',
      `${code.replace(/^import (\w+) from 'cloudfront';/, 'const $1 = $$cf;')}\nreturn handler({ request: 1 });`,
    );
    const chosen: string[] = [];
    expect(run({ kvs: () => 0, selectRequestOriginById: (id: string) => chosen.push(id) }, () => nodeCrypto)).toBe(1);
    expect(chosen).toEqual(['0cc175b9c0f1b6a831c399e269772661']);
  });

  it('is led back to its own lines by the source map', async () => {
    const { readable, sourceMap } = await build(
      "import cf from 'cloudfront';\nimport crypto from 'crypto';\n\nexport function handler(event: unknown) {\n  cf.kvs();\n  crypto.createHash('md5');\n  return new Map([[event, 1]]);\n}",
    );
    expect(checkSyntax(readable, { sourceMap })).toMatchObject([
      { file: expect.stringMatching(/entry-\d+\.ts$/), line: 7, found: expect.stringContaining('Map') },
    ]);
  });
});

describe('a function that cannot be built', () => {
  const failing = (source: string, more?: Record<string, string>) =>
    build(source, more).then(
      () => expect.unreachable('it was built'),
      (error: unknown) => error,
    );

  it.each([
    { what: 'destructuring', line: 'const { request } = event; return request;' },
    { what: 'destructuring', line: 'const [first] = event.list; return first;' },
    { what: 'destructuring', line: 'const { request, ...rest } = event; return rest;' },
    { what: 'default arguments', line: 'function pick(id = 1) { return id; } return pick();' },
    { what: 'for-of loops', line: 'for (const one of event.list) { return one; }' },
    { what: 'class syntax', line: 'class Route {} return new Route();' },
    { what: 'array spread', line: 'return [...event.list];' },
    { what: 'generator functions', line: 'function* list() { yield 1; } return list();' },
    { what: 'new.target', line: 'function Route() { return new.target; } return Route();' },
    { what: 'rest arguments', line: 'function list(...all: unknown[]) { return all; } return list(1);' },
    { what: 'rest arguments', line: 'return Math.max(...event.list);' },
  ])('names file and line of $what: $line', async ({ what, line }) => {
    const error = await failing(`export function handler(event: any) {\n\n  ${line}\n}`);
    expect(error).toMatchObject({
      code: 'BUILD_FAILED',
      exitCode: 1,
      message: expect.stringMatching(new RegExp(`entry-\\d+\\.ts:3:\\d+: .*${what}`)),
      hint: expect.stringContaining('docs/decisions/002-syntax-gate.md'),
    });
  });

  it('lists every such place', async () => {
    const error = (await failing(
      'export function handler(event: any) {\n  const { a } = event;\n  for (const b of a) return b;\n}',
    )) as Error;
    expect(error.message.split('\n')).toEqual([expect.stringMatching(/:2:\d+: /), expect.stringMatching(/:3:\d+: /)]);
  });

  it.each([
    { when: 'the syntax is wrong', source: 'export function handler( {', message: /entry-\d+\.ts:1:\d+: / },
    {
      when: 'a file is missing',
      source: "import { a } from './absent.ts';\nexport function handler() { return a; }",
      message: /entry-\d+\.ts:1:\d+: Could not resolve "\.\/absent\.ts"/,
    },
    {
      when: 'a package is imported that the edge has not',
      source: "import { z } from 'node:fs';\nexport function handler() { return z; }",
      message: /entry-\d+\.ts:1:\d+: /,
    },
    { when: 'nothing is exported', source: 'function handler() { return 1; }', message: /the entry must export one function, handler/ },
    {
      when: 'more than the handler is exported',
      source: 'export const a = 1;\nexport function handler() { return a; }',
      message: /the entry must export one function, handler/,
    },
    {
      when: 'the handler is not a function declaration',
      source: 'export const handler = (event: unknown) => event;',
      message: /the entry must export one function, handler/,
    },
    {
      when: 'another function is exported',
      source: 'export function main() { return 1; }',
      message: /the entry must export one function, handler/,
    },
  ])('says so when $when', async ({ source, message }) => {
    expect(await failing(source)).toMatchObject({ code: 'BUILD_FAILED', message: expect.stringMatching(message) });
  });

  it('says so when the file is missing', async () => {
    await expect(buildFunction(config, join(folder, 'absent.ts'))).rejects.toMatchObject({
      code: 'BUILD_FAILED',
      message: expect.stringContaining('absent.ts'),
    });
  });
});

it('reports a build that the signal cut short as an interruption', async () => {
  const reason = new EdgeError('INTERRUPTED', 'interrupted');
  const proving = proveFunction({ config: config, njs: undefined, entry: 'no-such-file.ts', signal: AbortSignal.abort(reason) });
  await expect(proving).rejects.toBe(reason);
});
