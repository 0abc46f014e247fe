import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from './free-ports.ts';
import { runScript, startScript as start, waitUntil as until } from './start-script.ts';

describe('a project without distribution.json', () => {
  const project = mkdtempSync(join(tmpdir(), 'own-'));
  let port = 0;
  let env: Record<string, string> = {};
  let cloud: ReturnType<typeof start>;

  beforeAll(async () => {
    writeFileSync(
      join(project, 'edge.config.ts'),
      `export default {
        origins: {
          one: { originId: 'Stack1', region: 'eu-west-1', domainName: 'one.example.com' },
          two: { originId: 'Stack2', region: 'eu-central-1', domainName: 'two.example.com' },
        },
        defaultOrder: ['two', 'one'],
        distributions: [{ id: 'E2QWRUHEXAMPLE', behaviors: ['/api/*'] }],
      };`,
    );
    port = await freePorts();
    env = { EDGE_LOCAL_PORT: String(port), EDGE_PROJECT: project };
    cloud = start('start', ['--no-flipper', '--no-console', '--propagation', '200ms'], env);
    await until(() => cloud.output.stdout.includes('npm run failover'), 20_000);
  });
  afterAll(async () => {
    cloud.child.kill('SIGTERM');
    await cloud.ended;
    rmSync(project, { recursive: true });
  });

  const run = async (script: string, args: readonly string[], more: Record<string, string> = {}) => {
    const { code, stdout, stderr } = await runScript(script, [...args, '--json'], { ...env, ...more });
    return { code, stderr, result: stdout === '' ? undefined : JSON.parse(stdout) };
  };
  const routeOf = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port + 1}${path}`);
    return [answer.status, ((await answer.json()) as { headers: Record<string, string> }).headers['x-origin-route']];
  };

  it('leaves the console out on request', async () => {
    expect(cloud.output.stdout).not.toMatch(/^console/m);
    await expect(fetch(`http://127.0.0.1:${port + 4}/`)).rejects.toThrow();
  });

  it('has a local cloud with the behaviors that edge.config.ts names', async () => {
    expect(await routeOf('/api/hello')).toEqual([200, expect.stringMatching(/^two;/)]);
    expect(await routeOf('/other')).toEqual([200, undefined]);
  });

  it.each([
    ['failover', ['status', '--local']],
    ['verify', ['--local', '--samples', '1']],
    ['doctor', ['--local']],
    ['flipper', ['--once', '--local', '--interval', '300ms', '--fast-interval', '200ms']],
    ['kvs:plan', ['--local']],
    ['distribution:plan', ['--local']],
  ])('%s works', async (script, args) => {
    expect(await run(script, args)).toMatchObject({ code: 0 });
  });

  it('un-adopt takes the function off, and distribution:apply puts it back', async () => {
    expect(await run('un-adopt', ['--local', '--yes'])).toMatchObject({ code: 0, result: { written: true } });
    expect(await run('un-adopt', ['--local', '--yes'])).toMatchObject({ code: 0, result: { written: false } });
    expect(await run('distribution:apply', ['--local', '--yes'])).toMatchObject({ code: 0, result: { written: true, hazards: [] } });
  });

  it('un-adopt stops while the health record drains the origin that the viewers would go to', async () => {
    expect(
      await run('failover', [
        'drain',
        'two',
        '--for',
        '10m',
        '--reason',
        'test',
        '--local',
        '--yes',
        '--no-verify',
        '--break-glass',
        'test',
      ]),
    ).toMatchObject({ code: 0 });
    expect(await run('un-adopt', ['--local', '--yes'])).toMatchObject({ code: 1, result: { error: { code: 'CONFLICT' } } });
    expect(await run('un-adopt', ['--local', '--yes', '--accept', 'drained-origin'])).toMatchObject({ code: 0, result: { written: true } });
  });

  it('flipper:package needs no file, where edge.config.ts says where the origins are', async () => {
    expect(await run('flipper:package', ['--out', join(project, 'flipper.zip')])).toMatchObject({ code: 0 });
  });
});
