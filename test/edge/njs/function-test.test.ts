import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../../programs.ts';
import { runHere } from '../../run-here.ts';
import { valgrind } from './sample.ts';

const code = `import cf from 'cloudfront';
async function handler(event) {
  const record = await cf.kvs().get('health');
  console.log('record ' + record);
  if (event.request.uri === '/throw') throw new Error('no');
  if (event.request.uri === '/large') { const kept = []; for (let i = 0; i < 30000; i++) kept.push('x'.repeat(100) + i); }
  if (event.request.uri === '/forbidden') event.request.headers['x-edge-a'] = { value: 'b' };
  cf.selectRequestOriginById(record);
  return event.request;
}
`;

describeWith(['njs'], 'npm run function:test', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'function-test-'));
    await writeFile(join(folder, 'f.js'), code);
    await writeFile(join(folder, 'keys.json'), '{"health": "europe"}');
    for (const uri of ['/fine', '/throw', '/large', '/forbidden']) {
      await writeFile(join(folder, `${uri.slice(1)}.json`), JSON.stringify({ request: { uri } }));
    }
  });

  afterAll(() => rm(folder, { recursive: true }));

  const run = (args: readonly string[], path = process.env['PATH'] ?? '', cwd?: string) =>
    runHere('function:test', args, { env: { PATH: path }, folder: cwd });

  const on = (event: string) => ['--function', join(folder, 'f.js'), '--event', join(folder, event), '--kvs', join(folder, 'keys.json')];

  it('says what the run did, and with valgrind what it cost', async () => {
    const command = ['--no-warnings', 'scripts/run.mjs', 'function:test', ...on('fine.json')];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, command, { env: { PATH: process.env['PATH'] } });
    expect(stderr).toBe('');
    expect(stdout).toContain('origin call   {"helper":"selectRequestOriginById","originId":"europe"}');
    expect(stdout).toContain('reads         health');
    expect(stdout).toContain('log           record europe');
    expect(stdout).toMatch(/memory {8}\d+ KB of 2,048/);
    expect(stdout).toMatch(valgrind === undefined ? /not counted: apt-get install valgrind/ : /instructions {2}\d+,\d{3} a request, \d/);
  });

  it.each([
    { event: 'throw.json', kind: 'execution', message: 'Error: no in 5' },
    { event: 'large.json', kind: 'execution', message: 'more than the 2,097,152 that a function has' },
    { event: 'forbidden.json', kind: 'validation', message: 'x-edge-a' },
  ])('ends with 1 and one JSON document when CloudFront would refuse: $event', async ({ event, kind, message }) => {
    const { exitCode, stdout } = await run([...on(event), '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { kind, message: expect.stringContaining(message) },
      reads: ['health'],
      instructions: null,
    });
    expect(exitCode).toBe(1);
  });

  it('ends with 1 when the gate refuses the code, whatever njs made of it', async () => {
    const file = join(folder, 'refused.js');
    await writeFile(file, "import cf from 'cloudfront'; function handler(event) { if (event.never) cf.count(); return event.request; }\n");
    const args = ['--function', file, '--event', join(folder, 'fine.json'), '--no-count'];
    const { exitCode, stdout, stderr } = await run([...args, '--json']);
    expect(stderr).toContain('refused.js:1:');
    expect(JSON.parse(stdout)).toMatchObject({ problems: [{ line: 1 }] });
    expect(exitCode).toBe(1);
    expect((await run(args)).stdout).toContain('result        none: the gate refuses the function');
  });

  it('says that the raw query may differ from what CloudFront’s own test gives', async () => {
    const file = join(folder, 'raw.js');
    await writeFile(file, 'function handler(event) { event.request.rawQueryString(); return event.request; }\n');
    const { exitCode, stderr } = await run(['--function', file, '--event', join(folder, 'fine.json'), '--no-count']);
    expect(stderr).toContain('rawQueryString');
    expect(exitCode).toBe(0);
  });

  it('runs what only has warnings, and shows them', async () => {
    const file = join(folder, 'warned.js');
    await writeFile(file, 'function handler(event) { event.a = event.b ?? 1; return event.request; }\n');
    const { exitCode, stdout } = await run(['--function', file, '--event', join(folder, 'fine.json'), '--no-count', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ problems: [{ rule: 'nullish', level: 'warning' }], output: { uri: '/fine' } });
    expect(exitCode).toBe(0);
  });

  it('names the way to the router when it has not been built', async () => {
    const { exitCode, stderr } = await run(['--event', join(folder, 'fine.json')], process.env['PATH'], folder);
    expect(stderr).toMatch(/^error: dist\/functions\/origin-router.js cannot be read: .*\nhint: npm run function:build makes it\n$/);
    expect(exitCode).toBe(2);
  });

  it('names the way to njs when it is missing', async () => {
    const { exitCode, stderr } = await run(on('fine.json'), '/nowhere');
    expect(stderr).toBe('error: njs is not on PATH\nhint: apt-get install njs\n');
    expect(exitCode).toBe(1);
  });
});
