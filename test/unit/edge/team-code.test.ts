import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { buildFunction } from '../../../src/edge/build.ts';
import { checkSyntax } from '../../../src/edge/gate/check-syntax.ts';
import { isRefusal } from '../../../src/edge/gate/problem.ts';
import { proveFunction } from '../../../src/edge/prove-function.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'team-code-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function configWith(code: string, ending = 'js') {
  files += 1;
  const before = join(folder, `code-${files}.${ending}`);
  await writeFile(before, code);
  return parseEdgeConfig({ ...edgeConfig, before });
}

/** Runs built code in V8, with fakes of CloudFront's modules. */
async function runBuilt(code: string): Promise<{ uri?: string; statusCode?: number }> {
  const script = code.replace(/^import (\w+) from 'cloudfront';/, 'const $1 = $$cf;');
  const run = new Function('$cf', 'require', `${script}\nreturn handler($event);`.replace('$event', JSON.stringify(event)));
  const kvs = () => ({ get: async () => 'ok' });
  return run({ kvs, selectRequestOriginById: () => 0, createRequestOriginGroup: () => 0 }, () => ({}));
}
const event = { viewer: { ip: '203.0.113.7' }, request: { method: 'GET', uri: '/', headers: {} } };

describe('a function of the team’s own', () => {
  const ofRequest = 'request.uri = "/seen"; return request;';
  const ofEvent = `const request = event.request; ${ofRequest}`;
  it.each([
    { form: 'an exported default', code: `export default function (request) { ${ofRequest} }` },
    { form: 'an exported default with a name', code: `export default function auth(request) { ${ofRequest} }` },
    { form: 'an arrow function', code: `export default (request) => { ${ofRequest} };` },
    { form: 'a default that waits', code: `export default async (request, event) => { event.viewer.ip; ${ofRequest} };` },
    { form: 'a default that is named elsewhere', code: `function auth(request) { ${ofRequest} }\nexport { auth as default };` },
    { form: 'a default called handler', code: `export default function handler(event) { ${ofEvent} }` },
    { form: 'an exported handler', code: `export async function handler(event) { ${ofEvent} }` },
    { form: 'an exported variable', code: `export const handler = (event) => { ${ofEvent} };` },
    { form: 'a handler under another name', code: `function main(event) { ${ofEvent} }\nexport { main as handler };` },
    { form: 'a CloudFront Function', code: `function handler(event) { ${ofEvent} }` },
    { form: 'a CloudFront Function in a variable', code: `var handler = function (event) { ${ofEvent} };` },
    {
      form: 'a CloudFront Function with an export for its tests',
      code: `function handler(event) { ${ofEvent} }\nif (typeof module !== 'undefined') module.exports = { handler };`,
    },
    { form: 'CommonJS: a function of the request', code: `module.exports = function (request) { ${ofRequest} };` },
    { form: 'CommonJS: a named handler', code: `module.exports = function handler(event) { ${ofEvent} };` },
    { form: 'CommonJS: an exported handler', code: `exports.handler = (event) => { ${ofEvent} };` },
    { form: 'CommonJS: an object', code: `module.exports = { handler: (event) => { ${ofEvent} } };` },
    { form: 'CommonJS: a default', code: `exports.default = (request) => { ${ofRequest} };` },
    { form: 'CommonJS: a declared handler', code: `function handler(event) { ${ofEvent} }\nmodule.exports.handler = handler;` },
    { form: 'TypeScript', ending: 'ts', code: `export default (request: { uri: string }): object => { ${ofRequest} };` },
    { form: 'TypeScript without an export', ending: 'ts', code: `function handler(event: any): object { ${ofEvent} }` },
  ])('may be $form', async ({ code, ending = 'js' }) => {
    const built = await buildFunction(await configWith(code, ending));
    expect(await runBuilt(built.code)).toMatchObject({
      uri: '/seen',
      headers: { 'x-origin-route': { value: 'singapore;country=*;health=ok' } },
    });
    expect(checkSyntax(built.readable, { sourceMap: built.sourceMap }).filter(isRefusal)).toEqual([]);
  });

  it.each([
    {
      what: 'names that the router has',
      code: 'const routes = 1, places = 2, cf = 3, crypto = 4, handler2 = 5;\nfunction keepOrigins() { return routes; }\nexport default (request) => (keepOrigins() === 1 ? { statusCode: places + 200 } : request);',
      status: 202,
    },
    {
      what: 'a function called handler inside',
      code: 'export default (request) => { function handler() { return 204; } return { statusCode: handler() }; };',
      status: 204,
    },
  ])('keeps to itself: $what', async ({ code, status }) => {
    expect(await runBuilt((await buildFunction(await configWith(code))).code)).toEqual({ statusCode: status });
  });

  it.each(['a link to the file', 'a link to its folder'])('may be behind %s', async (what) => {
    const target = join(folder, `real-${files}`);
    await mkdir(target);
    await writeFile(join(target, 'auth.js'), `function handler(event) { ${ofEvent} }`);
    const link = join(folder, `link-${files++}`);
    await symlink(what === 'a link to the file' ? join(target, 'auth.js') : target, what === 'a link to the file' ? `${link}.js` : link);
    const before = what === 'a link to the file' ? `${link}.js` : join(link, 'auth.js');
    expect(await runBuilt((await buildFunction(parseEdgeConfig({ ...edgeConfig, before }))).code)).toMatchObject({ uri: '/seen' });
  });

  it('imports nothing that its file does not export', async () => {
    await writeFile(join(folder, 'no-export.js'), 'function check() {}');
    const config = await configWith("import { check } from './no-export.js';\nexport default (request) => check(request);");
    await expect(buildFunction(config)).rejects.toMatchObject({
      code: 'BUILD_FAILED',
      message: expect.stringMatching(/code-\d+\.js:1:10: Import "check" will always be undefined/),
    });
  });

  it('reads the modules of CloudFront in every form, each loaded once', async () => {
    const imports =
      "import cf from 'cloudfront';\nimport { createHash as hash } from 'crypto';\nimport * as whole from 'crypto';\nimport query from 'querystring';\nconst again = require('crypto');\n";
    const use =
      'export default (request) => { cf.kvs(); hash("md5"); whole.createHmac("md5", "k"); query.parse(""); again.createHash("sha1"); return request; };';
    const { code } = await proveFunction({ config: await configWith(imports + use), njs: undefined });
    expect(code.match(/require\('crypto'\)/g)).toHaveLength(1);
    expect(code.match(/\bimport\b/g)).toHaveLength(1);
  });

  it.each([
    {
      what: 'a text with a call of require',
      code: `return { statusCode: 200, body: "use require('crypto') here" };`,
      body: "use require('crypto') here",
    },
    {
      what: 'a method called require',
      code: `const loader = { require: (name) => name }; return { statusCode: 200, body: loader.require('crypto') };`,
      body: 'crypto',
    },
    {
      what: 'a function of its own called require',
      code: `function require(name) { return 'own ' + name; } return { statusCode: 200, body: require('crypto') };`,
      body: 'own crypto',
    },
    {
      what: 'a text with an import',
      code: 'return { statusCode: 200, body: `a\nimport crypto from "crypto";\nb` };',
      body: 'a\nimport crypto from "crypto";\nb',
    },
  ])('keeps as it is: $what', async ({ code, body }) => {
    for (const ending of ['js', 'ts']) {
      const built = await buildFunction(await configWith(`export default (request) => { ${code} };`, ending));
      expect(await runBuilt(built.code)).toEqual({ statusCode: 200, body });
    }
  });

  it('calls require in TypeScript, beside what only looks like it', async () => {
    const code = `const crypto: object = require( 'crypto' );
export default (request: object): object => ({ statusCode: crypto ? 200 : 500, body: "require( 'crypto' )" });`;
    const built = await buildFunction(await configWith(code, 'ts'));
    expect(await runBuilt(built.code)).toEqual({ statusCode: 200, body: "require( 'crypto' )" });
    expect(checkSyntax(built.readable, { sourceMap: built.sourceMap }).filter(isRefusal)).toEqual([]);
  });

  it('is not in a function for which none is configured', async () => {
    const [plain, composed] = await Promise.all([
      buildFunction(parseEdgeConfig(edgeConfig)),
      buildFunction(await configWith('export default (request) => request;')),
    ]);
    expect(plain.teamFiles).toEqual([]);
    expect(plain.code).not.toMatch(/\.then\b|context/);
    expect(composed.teamFiles).toEqual([expect.stringContaining(folder)]);
    expect(composed.bytes - plain.bytes).toBeLessThanOrEqual(240);
  });

  it('may have what AWS only does not list, and not what the engine refuses', async () => {
    const { warnings } = await proveFunction({
      config: await configWith('export default (request) => { console.error(1); return request; };'),
      njs: undefined,
    });
    expect(warnings).toEqual([expect.stringMatching(/code-\d+\.js:1:\d+ warning console: /)]);
    const refused = proveFunction({
      config: await configWith('const seen = new Map();\nexport default (request) => (seen.size ? undefined : request);'),
      njs: undefined,
    });
    await expect(refused).rejects.toMatchObject({ code: 'GATE_REFUSED', message: expect.stringMatching(/code-\d+\.js:1:\d+ .*Map/) });
  });
});

describe('code that cannot be composed', () => {
  it.each([
    { when: 'nothing is exported', code: 'const a = 1;', message: /before in edge\.config\.ts: .*code-\d+\.js has no function to call/ },
    { when: 'only another name is exported', code: 'export function auth() {}', message: /has no function to call/ },
    { when: 'CommonJS exports nothing', code: 'module.exports.auth = () => 1;', message: /has no function to call/ },
  ])('names the file when $when', async ({ code, message }) => {
    await expect(buildFunction(await configWith(code))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
    });
  });

  it.each([
    { when: 'its syntax is wrong', code: 'export default (request => {', message: /code-\d+\.js:1:\d+: / },
    {
      when: 'the engine has no such syntax',
      code: 'export default (request) => {\n  const { uri } = request;\n  return uri;\n};',
      message: /code-\d+\.js:2:\d+: .*destructuring/,
    },
    {
      when: 'a module is not CloudFront’s',
      code: "import fs from 'node:fs';\nexport default () => fs;",
      message: /code-\d+\.js:1:\d+: Could not resolve "node:fs"/,
    },
  ])('names file and line when $when', async ({ code, message }) => {
    await expect(buildFunction(await configWith(code))).rejects.toMatchObject({
      code: 'BUILD_FAILED',
      message: expect.stringMatching(message),
    });
  });

  it('names a file that is not there', async () => {
    const config = parseEdgeConfig({ ...edgeConfig, before: join(folder, 'absent.ts') });
    await expect(buildFunction(config)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('absent.ts') });
  });

  it('must be a file of JavaScript or TypeScript', () => {
    expect(() => parseEdgeConfig({ ...edgeConfig, after: './edge' })).toThrow(/after: a file of code ends in/);
  });
});
