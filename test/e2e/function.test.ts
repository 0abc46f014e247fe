import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findNjs } from '../../src/edge/njs/njs.ts';
import { hashCode } from '../../src/publish/stage.ts';
import { describeWith } from '../programs.ts';
import { openWorkingCopy, type WorkingCopy } from './function-working-copy.ts';

// The commands, in a copy of the project that the tests edit as a developer would, against the real
// control plane. One story: in this order.

let copy: WorkingCopy;
const njs = findNjs(process.env['PATH']) === undefined ? 'absent' : 'passed';
const built = 'dist/functions/origin-router.js';

beforeAll(async () => {
  copy = await openWorkingCopy({ withSources: true });
});
afterAll(() => copy.close());
beforeEach(() => {
  copy.operations();
});

const writes = () => copy.operations().filter((operation) => !/^(Describe|Get|List|Test)/.test(operation));

describe('npm run function:build', () => {
  it('writes the bytes that would be published and says what they are', async () => {
    const { code, out, err } = await copy.start('function:build');
    expect(err).toBe('');
    expect(code).toBe(0);
    const bytes = await copy.read(built);
    expect(out).toContain(`sha256  ${hashCode(Buffer.from(bytes))}\n`);
    expect(out).toMatch(/size +1\d{3} bytes of 10240\n.*\ngate +passed\nnjs +(passed|not installed.*)\n$/);
  });

  it('refuses what CloudFront cannot run, at the line a person wrote, and leaves the old file alone', async () => {
    const before = await copy.read(built);
    const source = await copy.read('functions/origin-router.ts');
    await copy.replace(
      'functions/origin-router.ts',
      '  try {',
      "  const seen = new Map();\n  seen.set(1, await cf.kvs().get('x'));\n  try {",
    );
    const { code, out, err } = await copy.start('function:build');
    await copy.write('functions/origin-router.ts', source);
    expect(err).toMatch(
      /^error: functions\/origin-router\.ts:\d+:\d+ global: Map; use a plain object.*\nfunctions\/origin-router\.ts:\d+:\d+ await-in-arguments: .*\nhint: /,
    );
    expect([code, out]).toEqual([1, '']);
    expect(await copy.read(built)).toBe(before);
  });

  it('says everything as JSON when asked', async () => {
    const { out } = await copy.run('function:build', ['--json']);
    expect(JSON.parse(out)).toEqual({
      file: built,
      bytes: expect.any(Number),
      sha256: hashCode(Buffer.from(await copy.read(built))),
      njs,
      warnings: [],
    });
  });
});

describeWith(['njs'], 'npm run function:publish', () => {
  it('publishes the first time, line by line with times', async () => {
    const { code, out, err } = await copy.start('function:publish', ['--yes', '--local', '--by', 'ann']);
    expect(code).toBe(0);
    expect(out).toMatch(/^published: origin-router v1 is LIVE \([0-9a-f]{12}\);/);
    expect(err.split('\n').map((line) => line.split(' ')[0])).toEqual([
      'build',
      'compare',
      'routes',
      'store',
      'target',
      'upload',
      'test',
      'record',
      'publish',
      'verify',
      '',
    ]);
    expect(copy.live()).toBe(hashCode(Buffer.from(await copy.read(built))));
  });

  it('asks before it writes, and without a terminal writes nothing', async () => {
    const source = await copy.read('edge.config.ts');
    await copy.replace('edge.config.ts', "'AT', ", "'AT', 'KR', ");
    const { code, out, err } = await copy.run('function:publish', ['--local']);
    await copy.write('edge.config.ts', source);
    expect(err).toMatch(
      /\ntarget +the local cloud, store edge-health: origin-router v2, [0-9a-f]{12} becomes LIVE\nerror: no terminal to confirm in; .*\nhint: pass --yes .*\n$/,
    );
    expect([code, out, writes()]).toEqual([2, '', []]);
  });

  it('needs --without-njs where njs is missing, and says so in the result', async () => {
    const without = { PATH: '/nonexistent' };
    const refused = await copy.run('function:publish', ['--local', '--yes', '--json'], without);
    expect([refused.code, JSON.parse(refused.out).error.code]).toEqual([1, 'TOOL_MISSING']);
    const { out } = await copy.run('function:publish', ['--local', '--yes', '--json', '--without-njs'], without);
    expect(JSON.parse(out)).toMatchObject({ outcome: 'unchanged', njs: 'absent' });
    expect(writes()).toEqual([]);
  });

  it('has nothing to do the second time: two reads', async () => {
    const { code, out } = await copy.run('function:publish', ['--yes', '--local']);
    expect(out).toMatch(/^nothing to do: .*\(origin-router v1, [0-9a-f]{12}\)\n$/);
    expect(code).toBe(0);
    expect(copy.operations().sort()).toEqual(['DescribeFunction', 'GetFunction']);
  });

  it('shows for which viewers a change of edge.config.ts changes the route, and writes nothing in a dry run', async () => {
    await copy.replace('edge.config.ts', "'AT', ", "'AT', 'JP', ");
    const { code, out, err } = await copy.run('function:publish', ['--yes', '--local', '--dry-run']);
    expect(err).toMatch(/every origin healthy\n {2}JP: singapore, then europe → europe, then singapore/);
    expect(out).toMatch(/^dry run: .*UpdateFunction;.*\n$/);
    expect(code).toBe(0);
    expect(writes()).toEqual([]);
  });

  it('stops at a fixture that the function no longer meets, and shows the difference', async () => {
    const fixture = 'functions/events/country-missing.expected.json';
    const kept = await copy.read(fixture);
    const live = copy.live();
    await copy.write(fixture, JSON.stringify({ request: { uri: '/', headers: { 'x-origin-route': 'mars' } } }));
    const { code, err } = await copy.start('function:publish', ['--yes', '--local', '--by', 'ann']);
    await copy.write(fixture, kept);
    expect(err).toMatch(
      /\nerror: country-missing: header x-origin-route: expected "mars", found "singapore;country=\*;health=ok"\nhint: .*LIVE is unchanged.*\n$/,
    );
    expect([code, copy.live()]).toEqual([1, live]);
  });

  it('stops at a configuration that is wrong before anything else', async () => {
    const kept = await copy.read('edge.config.ts');
    await copy.replace('edge.config.ts', "defaultOrder: ['singapore'", "defaultOrder: ['singapor'");
    const { code, out, err } = await copy.run('function:publish', ['--yes', '--local']);
    await copy.write('edge.config.ts', kept);
    expect(err).toMatch(/^error: edge\.config\.ts has 1 problem:\n {2}defaultOrder\[0\]: .*\nhint: /);
    expect([code, out, copy.operations()]).toEqual([2, '', []]);
  });

  it.each([
    {
      when: 'nothing answers at the local port',
      args: ['--local'],
      env: { EDGE_LOCAL_PORT: '1' },
      says: /error: no local cloud at .*\nhint: start it with `npm run start`/,
    },
    {
      when: 'there are no credentials',
      args: [],
      env: {},
      says: /error: cannot (describe|read the code of) function origin-router at LIVE: .*redentials.*\nhint: .*AWS_PROFILE/,
    },
  ])('says one line and a hint when $when', async ({ args, env, says }) => {
    const { code, out, err } = await copy.run('function:publish', args, env);
    expect(err).toMatch(says);
    expect([code, out, writes()]).toEqual([1, '', []]);
  });

  it('publishes the change as the next version', async () => {
    const { code, out } = await copy.run('function:publish', ['--yes', '--local', '--by', 'ann', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ outcome: 'published', version: 2, sha256: copy.live() });
  });
});

describeWith(['njs'], 'npm run function:rollback and function:history', () => {
  it('brings the version before back in one command', async () => {
    const first = hashCode(Buffer.from(await copy.read(built)));
    const { code, out } = await copy.start('function:rollback', ['--yes', '--local', '--by', 'bob']);
    expect(out).toMatch(/^published: origin-router v3 is LIVE /);
    expect([code, copy.live()]).toEqual([0, first]);
  });

  it('lists what was LIVE with time and author, and what is LIVE now', async () => {
    const { out } = await copy.start('function:history', ['--local']);
    const rows = out.split('\n');
    expect(rows[1]).toMatch(/^v3 .* bob .* LIVE, the code of v1$/);
    expect(rows[2]).toMatch(/^v2 .* ann /);
    expect(rows[3]).toMatch(/^v1 .* ann /);
    expect(writes()).toEqual([]);
  });

  it.each([
    { args: ['--to', '9'], says: /^error: version 9 .*\nhint: .*3, 2, 1\n$/, code: 1 },
    {
      args: ['--to', 'x'],
      says: /^error: --to .* 1, found "x"\nhint: .*function:rollback.*\n$/,
      code: 2,
    },
  ])('says what is wrong with $args and writes nothing', async ({ args, says, code }) => {
    const outcome = await copy.run('function:rollback', ['--yes', '--local', ...args]);
    expect(outcome).toEqual({ code, out: '', err: expect.stringMatching(says) });
    expect(writes()).toEqual([]);
  });
});

describeWith(['njs'], 'Ctrl-C during npm run function:publish', () => {
  const publish = (interruptAt: RegExp) => copy.start('function:publish', ['--yes', '--local', '--by', 'ann'], interruptAt);

  it('after PublishFunction says that the version is LIVE', async () => {
    const kept = await copy.read('edge.config.ts');
    await copy.replace('edge.config.ts', "'AT', ", "'AT', 'BR', ");
    copy.control.faults.rules = [{ kind: 'latency', operation: 'PublishFunction', latencyMs: 1_000 }];
    const before = copy.live();
    const { code, out, err } = await publish(/^record /m);
    copy.control.faults.rules = [];
    expect(err).toMatch(/\nerror: interrupted.* v4 .*LIVE\nhint: .*function:rollback.*\n$/);
    expect([code, out]).toEqual([130, '']);
    expect(copy.live()).not.toBe(before);
    await copy.write('edge.config.ts', kept);
  });

  it('before it says that LIVE is unchanged', async () => {
    const kept = await copy.read('edge.config.ts');
    await copy.replace('edge.config.ts', "'AT', ", "'AT', 'CL', ");
    copy.control.faults.rules = [{ kind: 'latency', operation: 'TestFunction', latencyMs: 1_000 }];
    const before = copy.live();
    const { code, out, err } = await publish(/^upload /m);
    copy.control.faults.rules = [];
    await copy.write('edge.config.ts', kept);
    expect(err).toMatch(/\nerror: interrupted.*nothing.*\nhint: LIVE.*DEVELOPMENT.*\n$/);
    expect([code, out, copy.live()]).toEqual([130, '', before]);
  });
});
