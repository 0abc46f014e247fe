import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gate } from '../../../src/edge/gate/gate.ts';
import { countInstructions, countRequests } from '../../../src/edge/njs/instructions.ts';
import { openNjsRuntime } from '../../../src/edge/njs/njs.ts';
import { describeWith } from '../../programs.ts';
import { njs, runOf, sampleEvent, valgrind } from './sample.ts';

// A stranger's function must not read or write a file, whatever starts njs for it. Each attack puts what it got into
// its result, its log and its error.
const secret = 'TOP-SECRET-CONTENT';
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attack-'));
  await writeFile(join(folder, 'secret.js'), `export default '${secret}';\n`);
  await writeFile(join(folder, 'secret.txt'), secret);
  await symlink(join(folder, 'secret.js'), join(folder, 'link.js'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const tell = "event.request.headers['x-stolen'] = { value: String(stolen) }; console.log(String(stolen));";
const inHandler = (how: string) => `async function handler(event) { var stolen = ''; ${how}; ${tell} return event.request; }`;
const withFs = (fs: string) =>
  inHandler(
    `try { var fs = ${fs}; fs.writeFileSync('FOLDER/written', 'x'); stolen = fs.readFileSync('FOLDER/secret.txt', 'utf8'); } catch (e) { stolen = e.message; }`,
  );

const attacks: [name: string, code: string][] = [
  ['require', withFs("require('fs')")],
  ['another name for require', withFs("(function (r) { return r('fs'); })(require)")],
  ['require in an array', withFs("[require][0]('fs')")],
  ['require by call', withFs("require.call(null, 'fs')")],
  ['require by apply', withFs("require.apply(null, ['fs'])")],
  ['require by bind', withFs("require.bind(null)('fs')")],
  ['a member of globalThis', withFs("globalThis['require']('fs')")],
  ['a computed member of globalThis', withFs("globalThis['req' + 'uire']('fs')")],
  ['globalThis under another name', withFs("(function (g) { return g['req' + 'uire']; })(globalThis)('fs')")],
  ['require of a text that changes', withFs("require({ toString: function () { return 'fs'; } })")],
  ['a computed text', withFs("require('f' + 's')")],
  ['process', withFs("process.binding('fs')")],
  ['the engine’s own object', withFs('njs.fs')],
  ['a text as code', withFs('Function(\'return require("fs")\')()')],
  ['the constructor of a function', withFs('(function () {}).constructor(\'return require("fs")\')()')],
  ['the constructor of an async function', withFs('await (async function () {}).constructor(\'return require("fs")\')()')],
  ['the constructor by prototypes', withFs('Object.getPrototypeOf(function () {}).constructor(\'return require("fs")\')()')],
  ['a code text in an array', withFs('[].filter.constructor(\'return require("fs")\')()')],
  ['eval', withFs('eval(\'require("fs")\')')],
  ['fs.promises', withFs("require('fs').promises")],
  ['an import of fs', `import fs from 'fs'; ${withFs('fs')}`],
  ['an import after code', `var a = 1; import fs from 'fs'; ${withFs('fs')}`],
  ['an import of a file', `import stolen from 'FOLDER/secret.js'; function handler(event) { ${tell} return event.request; }`],
  [
    'an import of a file by dots',
    `import stolen from './../../../../../..FOLDER/secret.js'; function handler(event) { ${tell} return event.request; }`,
  ],
  ['an import of a link', `import stolen from 'FOLDER/link.js'; function handler(event) { ${tell} return event.request; }`],
  ['an import that shows the text in its error', "import x from 'FOLDER/secret.txt'; function handler(event) { return event.request; }"],
  ['import()', inHandler("stolen = (await import('FOLDER/secret.js')).default")],
  ['an export from a file', "export { default as x } from 'FOLDER/secret.js'; function handler(event) { return event.request; }"],
  [
    'an import behind a comment that only one engine sees',
    `//\r/*\nimport stolen from 'FOLDER/secret.js'; function handler(event) { ${tell} return event.request; }//*/`,
  ],
  [
    'an import behind <!--',
    `var a = 1\n<!--\nimport stolen from 'FOLDER/secret.js'; function handler(event) { ${tell} return event.request; }`,
  ],
  ['an escaped keyword', withFs("requ\\u0069re('fs')")],
  [
    'code behind the function’s own end',
    `function handler(event) { return event.request; }\n}); import x from 'FOLDER/secret.js'; (function () {`,
  ],
  ['the driver’s modules', `import x from '$driver'; ${inHandler('stolen = Object.keys(x)')}`],
  [
    'the top level',
    `var stolen; try { stolen = require('fs').readFileSync('FOLDER/secret.txt', 'utf8'); } catch (e) { stolen = e.message; } function handler(event) { ${tell} return event.request; }`,
  ],
  ['the environment', inHandler("stolen = typeof process === 'undefined' ? '' : JSON.stringify(process.env) + process.argv")],
];

describeWith(['njs'], 'a function that attacks', () => {
  const codeOf = (code: string) => code.replaceAll('FOLDER', folder);
  const isUntouched = async (...texts: unknown[]) => {
    for (const text of texts) expect(JSON.stringify(text)).not.toContain(secret.slice(0, 6));
    expect(existsSync(join(folder, 'written'))).toBe(false);
    expect((await readdir(folder)).sort()).toEqual(expect.not.arrayContaining(['written']));
  };

  it.each(attacks)('gets nothing when it is run in njs: %s', async (_name, code) => {
    const runtime = openNjsRuntime({ njs });
    await isUntouched(await runtime.run(runOf(codeOf(code))), await runtime.runMany([runOf(codeOf(code)), runOf(codeOf(code))]));
  });

  it.each(attacks)('gets nothing from the gate: %s', async (_name, code) => {
    await isUntouched(await gate(codeOf(code), { njs }));
  });

  // Counting starts njs by the same flags, slowly: one attack of each kind.
  const counted = attacks.filter(([name]) => ['require', 'eval', 'the environment'].includes(name));
  describeWith(['valgrind'], 'and is counted', () => {
    it('names attacks that exist', () => expect(counted).toHaveLength(3));

    it.each(counted)('gets nothing: %s', async (_name, code) => {
      const tools = { njs: String(njs), valgrind: String(valgrind) };
      const input = { event: sampleEvent(), store: undefined };
      await isUntouched(await countRequests(codeOf(code), [input], tools, { eventsPerRun: 1 }).catch(String));
    });
  });

  it('gets nothing from function:test, which counts only what the gate takes', async () => {
    const event = join(folder, 'event.json');
    await writeFile(event, JSON.stringify({ request: { uri: '/' } }));
    for (const place of [1, 2, 22]) {
      const file = join(folder, `attack-${place}.js`);
      await writeFile(file, codeOf(attacks[place]?.[1] ?? ''));
      const command = ['--no-warnings', 'scripts/run.mjs', 'function:test', '--function', file, '--event', event, '--json'];
      const result = await new Promise<{ stdout: string; stderr: string }>((resolve) => {
        execFile(process.execPath, command, { env: { PATH: process.env['PATH'] } }, (_error, stdout, stderr) =>
          resolve({ stdout, stderr }),
        );
      });
      expect(JSON.parse(result.stdout)).toMatchObject({ instructions: null });
      await isUntouched(result);
    }
  }, 240_000);

  it.each([
    ['a loop', 'for (;;) {}'],
    ['promises without end', 'var f = function () { return Promise.resolve().then(f); }; await f()'],
    ['ever more memory', "var text = 'x'; for (;;) text += text"],
    ['a long list', 'var list = []; for (;;) list.push(list)'],
  ])('is stopped: %s', async (_name, how) => {
    const startedAt = performance.now();
    const { error } = await openNjsRuntime({ njs, timeLimitMs: 500 }).run(runOf(inHandler(how)));
    expect(error?.kind).toBe('execution');
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });

  it('writes no more than a process may', async () => {
    const many = Array.from({ length: 36 }, () => runOf("function handler() { return 'x'.repeat(1900000); }"));
    const executions = await openNjsRuntime({ njs }).runMany(many);
    expect(executions).toHaveLength(36);
  }, 240_000);
});

describe('a way to start njs', () => {
  it('is always the sandbox', async () => {
    const fake = join(folder, 'fake-njs');
    await writeFile(fake, `#!/bin/sh\nfor a in "$@"; do case $a in -*) printf '%s ' "$a" >> ${folder}/flags;; esac; done\n`, {
      mode: 0o755,
    });
    const fakeValgrind = join(folder, 'fake-valgrind');
    await writeFile(fakeValgrind, `#!/bin/sh\nshift 2; exec "$@"\n`, { mode: 0o755 });
    const code = 'function handler(event) { return event.request; }';
    await gate(code, { njs: fake });
    await openNjsRuntime({ njs: fake }).run(runOf(code));
    await countInstructions(code, [], { njs: fake, valgrind: fakeValgrind }).catch(() => undefined);
    const runs = (await readFile(join(folder, 'flags'), 'utf8')).trim().split('-p').slice(0, -1);
    expect(runs.length).toBeGreaterThanOrEqual(3);
    for (const run of runs) expect(run).toMatch(/-s -u/);
  });
});
