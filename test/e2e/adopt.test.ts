import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AdoptionWorld, openAdoptionWorld } from '../contract/adoption/world.ts';
import { s3AndApi } from '../fixtures/adoption/shapes.ts';
import { withoutNjs } from '../programs.ts';
import { runScript } from './start-script.ts';

// docs/adopt.md as a reader pastes it, in its order, on a distribution of a local account. What the page shows below a
// command is in its output.

const page = await readFile('docs/adopt.md', 'utf8');

/** The commands of the page with the lines that it shows below each; `…` is in the place of others. */
const steps = [...page.matchAll(/^ {4}npm run (.+)\n(?:\n((?: {4}(?!npm run ).*\n|\n(?= {4}(?!npm run )))+))?/gm)].map(
  ([, command = '', shown = '']) => ({
    command,
    lines: shown.split('\n').flatMap((line) => (/^\s*(…|)$/.test(line) ? [] : [line.slice(4)])),
  }),
);

/** Without a terminal there is no terminal. */
const asks = ['kvs:apply', 'function:publish', 'distribution:apply', 'un-adopt'];
/** From here no origin of this account is reached: doctor fails for that alone. */
const codes: Readonly<Record<string, number>> = { doctor: 1 };

let world: AdoptionWorld;
let id: string;
let env: Record<string, string>;
beforeAll(async () => {
  world = await openAdoptionWorld();
  id = await world.create(s3AndApi());
  env = { ...world.env, EDGE_PROJECT: world.folder, AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'example' };
});
afterAll(() => world.close());

/** The output with the names of the page. */
async function run(command: string): Promise<{ code: number | null; output: string }> {
  const [name = '', ...rest] = [...command.replace('-- ', '').matchAll(/'[^']*'|\S+/g)].map(([word]) => word.replaceAll("'", ''));
  const more = [...(asks.includes(name) ? ['--yes'] : []), ...(name === 'function:publish' ? withoutNjs : [])];
  const args = rest.map((word) => word.replace('E2QWRUHEXAMPLE', id));
  const { code, stdout, stderr } = await runScript(name, [...args, ...more], env);
  const output = `${stdout}${stderr}`.replaceAll(id, 'E2QWRUHEXAMPLE').replace(/d\w+\.cloudfront\.net/g, 'd111111abcdef8.cloudfront.net');
  return { code, output };
}

it('every command of docs/adopt.md does what the page shows, and the distribution ends unchanged', {
  timeout: 240_000,
}, async () => {
  const before = await world.read(id);
  expect(steps.map(({ command }) => command.split(' ')[0])).toEqual([
    'init',
    'init',
    'kvs:apply',
    'function:publish',
    'distribution:plan',
    'distribution:apply',
    'failover',
    'doctor',
    'un-adopt',
  ]);
  for (const { command, lines } of steps) {
    const { code, output } = await run(command);
    expect({ command, code, output: code === (codes[command] ?? 0) ? '' : output }).toEqual({
      command,
      code: codes[command] ?? 0,
      output: '',
    });
    const missing = lines.filter((line) => !output.includes(line));
    expect({ command, missing, ...(missing.length > 0 && { output }) }).toEqual({ command, missing: [] });
  }
  expect(await world.read(id)).toEqual(before);
});

it('init without a distribution names those of the account, and replaces no file', { timeout: 60_000 }, async () => {
  const unnamed = await run('init -- --dry-run');
  expect(unnamed).toMatchObject({ code: 2, output: expect.stringContaining('E2QWRUHEXAMPLE (d111111abcdef8') });
  const again = await run(`init -- --distribution E2QWRUHEXAMPLE`);
  expect(again).toMatchObject({ code: 2, output: expect.stringContaining('--force') });
  await rm(join(world.folder, 'edge.config.ts'));
  const printed = await run(`init -- --distribution E2QWRUHEXAMPLE --print`);
  expect(printed).toMatchObject({ code: 0, output: expect.stringContaining('export default defineEdgeConfig({') });
  await expect(readFile(join(world.folder, 'edge.config.ts'))).rejects.toThrow();
});
