import { execFile } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

// What release.yml and npm run release:version do, as far as it happens before a registry is asked.

interface Job {
  needs?: string;
  environment?: string;
  permissions: Record<string, string>;
  outputs?: Record<string, string>;
  steps: { name?: string; id?: string; uses?: string; run?: string; env?: Record<string, string>; with?: Record<string, string> }[];
}

const workflow = parse(readFileSync('.github/workflows/release.yml', 'utf8')) as {
  on: unknown;
  permissions: object;
  jobs: Record<string, Job>;
};
const job = (name: string) => workflow.jobs[name] ?? expect.fail(`no job ${name}`);
const runOf = (name: string, step: string) => job(name).steps.find((each) => each.name === step)?.run ?? expect.fail(`no step ${step}`);

let folder: string;
const bash = (script: string, env: Record<string, string> = {}) =>
  new Promise<{ code: number; output: string }>((resolve) => {
    execFile(
      'bash',
      ['--norc', '-eo', 'pipefail', '-c', script],
      { cwd: folder, env: { PATH: process.env['PATH'], ...env } },
      (error, stdout, stderr) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr }),
    );
  });
const file = (name: string) => readFile(join(folder, name), 'utf8');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'release-'));
  cpSync('.changeset', join(folder, '.changeset'), { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'cloudfront-edge-failover', version: '0.1.0' }));
  await writeFile(
    join(folder, 'CHANGELOG.md'),
    '# Changelog\n\nFor readers.\n\n## Unreleased\n\n### Added\n\n- **A door.**\n\n## 0.1.0 (2026-01-01)\n\n- First.\n',
  );
  await writeFile(join(folder, '.changeset', 'a-package-with-doors.md'), "---\n'cloudfront-edge-failover': minor\n---\n\nDoors.\n");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a version', () => {
  it('is refused by the workflow while a changeset is left, or when the tag names another one', async () => {
    const script = runOf('check', 'Check that the tag is this version');
    expect(await bash(script, { TAG: 'v0.1.0' })).toMatchObject({ code: 1, output: expect.stringContaining('changesets are left') });
    expect(await bash(script, { TAG: 'v0.2.0' })).toMatchObject({ code: 1, output: expect.stringContaining('0.1.0') });
  });

  it('is raised by its changesets, with its entries under its own heading', async () => {
    const cli = join(process.cwd(), 'node_modules', '@changesets', 'cli', 'bin.js');
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    const steps = (scripts['release:version'] ?? '').split(' && ');
    expect(steps[0]).toBe('changeset version');
    await bash('git init -q && git add -A && git -c user.name=a -c user.email=a@example.com commit -qm a');
    expect(await bash(`"${process.execPath}" "${cli}" version`)).toMatchObject({ code: 0 });
    expect(JSON.parse(await file('package.json'))).toMatchObject({ version: '0.2.0' });
    expect(await bash(steps[1] ?? '')).toMatchObject({ code: 0 });
    expect((await file('CHANGELOG.md')).replace(/\d{4}-\d\d-\d\d(?=\)\n\n###)/, 'TODAY')).toBe(
      '# Changelog\n\nFor readers.\n\n## Unreleased\n\n## 0.2.0 (TODAY)\n\n### Added\n\n- **A door.**\n\n## 0.1.0 (2026-01-01)\n\n- First.\n',
    );
  }, 60_000);

  it('is taken by the workflow then, and its page is its section of the CHANGELOG', async () => {
    expect(await bash(runOf('check', 'Check that the tag is this version'), { TAG: 'v0.2.0' })).toMatchObject({ code: 0 });
    expect(await bash('node .changeset/name-version.mjs --notes')).toEqual({ code: 0, output: '### Added\n\n- **A door.**\n' });
  });

  it('is named once, and needs an entry', async () => {
    expect(await bash('node .changeset/name-version.mjs')).toMatchObject({
      code: 1,
      output: expect.stringContaining('already has a section for 0.2.0'),
    });
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'cloudfront-edge-failover', version: '0.3.0' }));
    expect(await bash('node .changeset/name-version.mjs')).toMatchObject({
      code: 1,
      output: expect.stringContaining('no entry under "Unreleased"'),
    });
    expect(await bash('node .changeset/name-version.mjs --notes')).toMatchObject({ code: 1 });
  });
});

describe('the workflow', () => {
  it('publishes after the check, by OIDC and with provenance, without a token', () => {
    expect(workflow.on).toEqual({ push: { tags: ['v*'] } });
    expect(workflow.permissions).toEqual({});
    expect(Object.entries(workflow.jobs).map(([name, { needs, permissions }]) => [name, needs, permissions])).toEqual([
      ['check', undefined, { contents: 'read' }],
      ['publish', 'check', { contents: 'read', 'id-token': 'write' }],
      ['page', 'publish', { contents: 'write' }],
    ]);
    expect(job('publish').environment).toBe('npm');
    expect(runOf('publish', 'Publish what was checked')).toMatch(/npm publish .* --provenance --access public/);
    expect(readFileSync('.github/workflows/release.yml', 'utf8')).not.toMatch(/secrets\.|NODE_AUTH_TOKEN|_authToken/);
  });

  it('publishes no tarball but the checked one', async () => {
    const npm = `#!/bin/sh\n[ "$1" = pack ] && { echo archive | gzip > a.tgz; echo '[{"filename":"a.tgz"}]'; } || echo "npm $*" >> npm-log\n`;
    await writeFile(join(folder, 'npm'), npm, { mode: 0o755 });
    const env = { PATH: `${folder}:${process.env['PATH']}`, GITHUB_OUTPUT: join(folder, 'out') };
    expect(await bash(runOf('check', 'Pack'), env)).toMatchObject({ code: 0 });
    const [, contents = ''] = (await file('out')).trim().split('=');
    expect(contents).toMatch(/^[0-9a-f]{64}$/);
    const publish = runOf('publish', 'Publish what was checked');
    expect(await bash(publish, { ...env, CHECKED: contents.replace(/^./, (first) => (first === '0' ? '1' : '0')) })).toMatchObject({
      code: 1,
      output: expect.stringContaining('not the checked one'),
    });
    expect(await file('npm-log')).not.toContain('npm publish');
    expect(await bash(publish, { ...env, CHECKED: contents })).toMatchObject({ code: 0 });
    expect(await file('npm-log')).toContain('npm publish ./a.tgz');
  });

  it('lets nothing that others write become part of a script', () => {
    for (const { steps } of Object.values(workflow.jobs)) for (const { run = '' } of steps) expect(run).not.toContain('${{');
  });
});
