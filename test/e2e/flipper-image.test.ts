import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// No docker engine is needed: the build stage's own command runs here, and what the image copies is started alone in a
// folder.

const [, build = '', image = ''] = readFileSync('deploy/Dockerfile', 'utf8').split(/^FROM /m);
const folder = mkdtempSync(join(tmpdir(), 'flipper-image-'));

interface Ended {
  code: unknown;
  out: string;
  err: string;
}

function run(command: string, args: readonly string[], cwd: string): Promise<Ended> {
  const { EDGE_PROJECT: _, ...rest } = process.env;
  const env = {
    ...rest,
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    EDGE_KVS_ARN: 'arn:aws:cloudfront::111122223333:key-value-store/00000000-0000-4000-8000-000000000000',
  };
  return new Promise((settle) => {
    execFile(command, args, { cwd, env }, (error, out, err) => settle({ code: error?.code ?? 0, out, err }));
  });
}

beforeAll(async () => {
  const [, line = ''] = /^RUN (npm run flipper:bundle .*)$/m.exec(build) ?? [];
  const ended = await run('sh', ['-c', line.replace('out/flipper.mjs', join(folder, 'flipper.mjs'))], '.');
  expect(ended).toMatchObject({ code: 0 });
  copyFileSync('test/fixtures/sample/distribution.json', join(folder, 'distribution.json'));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('the flipper’s image', () => {
  it('holds one file of code and one of data', () => {
    const copied = [...image.matchAll(/^COPY (?:--from=build )?(\S+) /gm)].map(([, path = '']) =>
      path.replace(/^.*\//, '').replace(/\[(.)\]/, '$1'),
    );
    expect(copied.sort()).toEqual(readdirSync(folder).sort());
    expect(image).not.toMatch(/^RUN/m);
  });

  it('runs as a user without rights, and Node is its first process', () => {
    expect(image).toMatch(/^USER node$/m);
    expect(image).toMatch(/^ENTRYPOINT \["node", "--no-warnings", "flipper\.mjs"\]$/m);
  });

  it('starts with nothing else around it', async () => {
    const cost = await run(process.execPath, ['--no-warnings', 'flipper.mjs', '--cost', '--json'], folder);
    expect({ code: cost.code, err: cost.err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(cost.out)).toBeTypeOf('object');
    // Reads distribution.json and finds that its placeholders have no values.
    const watch = await run(process.execPath, ['--no-warnings', 'flipper.mjs', '--watch', '--json'], folder);
    expect(watch.code).toBe(2);
    expect(JSON.parse(watch.out)).toMatchObject({ error: { code: 'PLACEHOLDER_MISSING' } });
  });
});
