import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

// The composite action's own shell step as a process, with GitHub's API on loopback. docs/github-action.md describes
// it.

interface Action {
  name: string;
  description: string;
  inputs: Record<string, { description: string; required?: boolean; default?: string }>;
  outputs: Record<string, { description: string; value: string }>;
  runs: { using: string; steps: { id?: string; shell?: string; env?: Record<string, string>; run?: string; uses?: string }[] };
}

const root = process.cwd();
const action = parse(readFileSync('action.yml', 'utf8')) as Action;
const [step] = action.runs.steps;
const { version: ownVersion } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

interface Comment {
  id: number;
  body: string;
  user: { login: string; type: string };
}

let comments: Comment[] = [];
let requests: string[] = [];
let refused: RegExp | undefined;
const api = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const line = `${request.method} ${path}`;
  requests.push(`${line} ${request.headers.authorization}`);
  const answer = (status: number, body: unknown) => response.writeHead(status).end(JSON.stringify(body));
  // A job's token may not ask for its user.
  if (path === '/user' || refused?.test(line)) return answer(403, { message: 'Resource not accessible by integration' });
  if (request.method === 'GET') {
    const page = Number(new URLSearchParams(query).get('page'));
    return answer(200, comments.slice((page - 1) * 100, page * 100));
  }
  const { body } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { body: string };
  const known = comments.find(({ id }) => path.endsWith(`/comments/${id}`));
  if (request.method === 'PATCH' && known !== undefined) known.body = body;
  else comments.push({ id: 1_000 + comments.length, body, user: { login: 'github-actions[bot]', type: 'Bot' } });
  return answer(request.method === 'POST' ? 201 : 200, {});
});
beforeAll(() => new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve)));
afterAll(() => new Promise((resolve) => api.close(resolve)));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'action-'));
  [comments, requests, refused] = [[], [], undefined];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A package as `npm ci` leaves it, whose command prints what it was given. */
async function installStub(code = '', place = join(folder, 'node_modules')) {
  const own = join(place, 'cloudfront-edge-failover');
  await mkdir(own, { recursive: true });
  await writeFile(join(own, 'package.json'), JSON.stringify({ name: 'cloudfront-edge-failover', bin: { 'edge-failover': 'bin.cjs' } }));
  await writeFile(join(own, 'bin.cjs'), `console.log('argv', JSON.stringify(process.argv.slice(2)));\n${code}\n`);
}

interface Given {
  inputs: Record<string, string>;
  from?: 'fork' | 'branch' | 'push';
  env?: Record<string, string>;
  workspace?: string;
}

async function runAction({ inputs, from = 'branch', env = {}, workspace = folder }: Given) {
  const event =
    from === 'push' ? {} : { pull_request: { number: 7, head: { repo: { full_name: from === 'fork' ? 'eve/edge' : 'team/edge' } } } };
  await writeFile(join(folder, 'event.json'), JSON.stringify(event));
  for (const name of ['output', 'summary']) await writeFile(join(folder, name), '');
  const given: Record<string, string> = { token: 'the-token' };
  for (const [name, { default: value }] of Object.entries(action.inputs)) given[name] ??= value ?? '';
  const fill = (text: string) => text.replace(/\$\{\{ inputs\.([\w-]+) \}\}/g, (_match, name: string) => inputs[name] ?? given[name] ?? '');
  const stepEnv = Object.fromEntries(Object.entries(step?.env ?? {}).map(([name, text]) => [name, fill(text)]));
  const all = {
    PATH: process.env['PATH'],
    EDGE_PROJECT: process.env['EDGE_PROJECT'],
    RUNNER_TEMP: join(folder, 'temp'),
    GITHUB_ACTION_PATH: root,
    GITHUB_WORKSPACE: workspace,
    GITHUB_REPOSITORY: 'team/edge',
    GITHUB_EVENT_PATH: join(folder, 'event.json'),
    GITHUB_OUTPUT: join(folder, 'output'),
    GITHUB_STEP_SUMMARY: join(folder, 'summary'),
    GITHUB_API_URL: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
    ...stepEnv,
    ...env,
  };
  // As a runner starts a step of `shell: bash`.
  const result = await new Promise<{ code: number; log: string }>((resolve) => {
    execFile(
      'bash',
      ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step?.run ?? ''],
      { cwd: workspace, env: all },
      (error, stdout, stderr) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, log: stdout + stderr }),
    );
  });
  const lines = (await readFile(join(folder, 'output'), 'utf8')).trim().split('\n');
  const outputs = Object.fromEntries(lines.map((line) => line.split('=')));
  return { ...result, outputs, summary: await readFile(join(folder, 'summary'), 'utf8') };
}

const project = { command: 'function:explain', version: 'project' };

describe('action.yml', () => {
  it('has the shape of a composite action', () => {
    expect(Object.keys(action).sort()).toEqual(['branding', 'description', 'inputs', 'name', 'outputs', 'runs']);
    expect(action.runs.using).toBe('composite');
    for (const each of action.runs.steps) expect(each).toMatchObject({ shell: 'bash', run: expect.any(String) });
    for (const each of Object.values(action.inputs))
      expect(Object.keys(each).filter((key) => !['description', 'required', 'default'].includes(key))).toEqual([]);
    for (const each of Object.values(action.outputs)) expect(Object.keys(each).sort()).toEqual(['description', 'value']);
  });

  it('gives every input to the script as a variable, and none to a shell', () => {
    for (const each of action.runs.steps) expect(each.run).not.toContain('${{');
    const given = Object.values(step?.env ?? {}).map((text) => /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(text)?.[1]);
    expect(given.sort()).toEqual(Object.keys(action.inputs).sort());
  });
});

describe('the command', () => {
  it('runs with one argument a line, as it is written', async () => {
    await installStub();
    const args = '--country\nIN\n$(touch pwned) `touch pwned`; touch pwned\n--reason=it\'s "quoted"\n\n';
    const { code, log, outputs } = await runAction({ inputs: { ...project, args } });
    expect(log).toContain(
      `argv ${JSON.stringify(['function:explain', '--country', 'IN', '$(touch pwned) `touch pwned`; touch pwned', '--reason=it\'s "quoted"'])}`,
    );
    expect(code).toBe(0);
    expect(outputs).toEqual({ 'exit-code': '0', comment: 'none' });
    expect(existsSync(join(folder, 'pwned'))).toBe(false);
  });

  it('is the real one in the repository of this package', async () => {
    const args = '--country\nIN\n--record\nok';
    const { code, summary } = await runAction({ inputs: { command: 'function:explain', args }, workspace: root, from: 'push' });
    expect({ code, summary }).toMatchObject({
      code: 0,
      summary: expect.stringMatching(/^### edge-failover function:explain --country IN[\s\S]*singapore/),
    });
  });

  it('ends the step with its own exit code, after summary and comment', async () => {
    await installStub('process.exitCode = 2;');
    const { code, outputs, summary } = await runAction({ inputs: { ...project, comment: 'true' } });
    expect({ code, outputs }).toEqual({ code: 2, outputs: { 'exit-code': '2', comment: 'created' } });
    expect(summary).toContain('The command ended with 2.');
  });

  it('gets neither the token nor a way to speak to the runner', async () => {
    await installStub(`console.log(Object.keys(process.env).join()); console.log('::error::from the command');`);
    const { log } = await runAction({ inputs: project });
    expect(log).not.toMatch(/INPUT_|the-token|GITHUB_OUTPUT|GITHUB_STEP_SUMMARY/);
    const [, token = 'none'] = /::stop-commands::(\S+)/.exec(log) ?? [];
    expect(log.indexOf('::error::')).toBeGreaterThan(log.indexOf(`::stop-commands::${token}`));
    expect(log.indexOf('::error::')).toBeLessThan(log.indexOf(`::${token}::`));
  });

  it.each([
    ['a command that is none', { ...project, command: 'doctor; touch pwned' }],
    ['an option in place of a command', { ...project, command: '--yes' }],
    ['a range of versions', { command: 'doctor', version: '^1.0.0' }],
    ['a moving version', { command: 'doctor', version: 'latest' }],
    ['a package that is not installed', project],
    ['a folder that is not there', { ...project, 'working-directory': 'nowhere' }],
    ['a title of two lines', { ...project, title: 'a\n::set-env' }],
    ['a comment that is neither true nor false', { ...project, comment: 'yes' }],
  ])('is refused with %s: one line, exit code 2', async (_name, inputs) => {
    const { code, log } = await runAction({ inputs });
    expect(code).toBe(2);
    expect(log.trim()).toMatch(/^::error title=edge-failover::[^\n]+$/);
    expect(requests).toEqual([]);
  });
});

describe('the version', () => {
  /** An npm that writes down its arguments and installs the stub. */
  async function fakeNpm() {
    const bin = join(folder, 'bin');
    await mkdir(bin);
    await installStub();
    await writeFile(
      join(bin, 'npm'),
      `#!/bin/sh\nprintf '%s\\n' "$@" > ${folder}/npm-args\ncp -r ${folder}/node_modules ${folder}/temp/edge-failover/\n`,
    );
    await chmod(join(bin, 'npm'), 0o755);
    return { PATH: [bin, dirname(process.execPath), process.env['PATH']].join(delimiter) };
  }
  const npmArguments = async () => (await readFile(join(folder, 'npm-args'), 'utf8')).trim().split('\n');

  it('is that of the action, installed without install scripts', async () => {
    const { code } = await runAction({ inputs: { command: 'doctor' }, env: await fakeNpm() });
    expect(code).toBe(0);
    const args = await npmArguments();
    expect(args.at(-1)).toBe(`cloudfront-edge-failover@${ownVersion}`);
    expect(args).toEqual(expect.arrayContaining(['install', '--ignore-scripts', '--omit=dev', '--no-save']));
  });

  it('may be another exact one, or a packed file', async () => {
    const env = await fakeNpm();
    await runAction({ inputs: { command: 'doctor', version: '9.8.7-rc.1' }, env });
    expect((await npmArguments()).at(-1)).toBe('cloudfront-edge-failover@9.8.7-rc.1');
    await runAction({ inputs: { command: 'doctor', version: './edge.tgz' }, env });
    expect((await npmArguments()).at(-1)).toBe(join(folder, 'edge.tgz'));
  });
});

describe('the comment', () => {
  const commented = { ...project, comment: 'true', title: 'Who moves when this is published' };

  it('is written once and updated afterwards, also behind a hundred others', async () => {
    comments = Array.from({ length: 150 }, (_, id) => ({ id, body: 'looks good', user: { login: 'ann', type: 'User' } }));
    await installStub('console.log("first");');
    expect((await runAction({ inputs: commented })).outputs).toMatchObject({ comment: 'created' });
    await installStub('console.log("second");');
    expect((await runAction({ inputs: commented })).outputs).toMatchObject({ comment: 'updated' });
    expect(comments).toHaveLength(151);
    expect(comments.at(-1)?.body).toMatch(
      /^<!-- edge-failover \w{16} -->\n### Who moves when this is published\n```text\nargv [^\n]+\nsecond\n```$/,
    );
    expect(new Set(requests.map((line) => line.split(' ').slice(2).join(' ')))).toEqual(new Set(['Bearer the-token']));
  });

  it('of another title, or with the same mark by another author, stays as it is', async () => {
    await installStub();
    await runAction({ inputs: commented });
    const copied = { id: 5, body: comments[0]?.body ?? '', user: { login: 'eve', type: 'User' } };
    comments = [copied];
    await runAction({ inputs: commented });
    await runAction({ inputs: { ...commented, title: 'Another' } });
    expect(comments.map(({ user }) => user.type)).toEqual(['User', 'Bot', 'Bot']);
    expect(comments[0]?.body).toBe(copied.body);
  });

  it.each(['fork', 'push'] as const)('is not written on a %s: the summary has the output, and no request is sent', async (from) => {
    await installStub();
    const { code, outputs, summary } = await runAction({ inputs: commented, from });
    expect({ code, outputs }).toEqual({ code: 0, outputs: { 'exit-code': '0', comment: 'none' } });
    expect(summary).toContain('argv ["function:explain"]');
    expect(requests).toEqual([]);
  });

  it('that GitHub refuses is a notice, and does not change the exit code', async () => {
    await installStub();
    refused = /^POST /;
    const { code, log, outputs } = await runAction({ inputs: commented });
    expect({ code, outputs }).toMatchObject({ code: 0, outputs: { comment: 'none' } });
    expect(log).toMatch(/::notice title=edge-failover::no comment: POST [^\n]* 403 /);
  });

  it('shows output as text, whatever is in it, and cuts what GitHub would refuse', async () => {
    await installStub(`console.log('${'`'.repeat(3)}\\n@everyone <img src=x> \\x1b[31mred\\x1b[0m'); console.log('x'.repeat(70000));`);
    await runAction({ inputs: { ...commented, title: 'a <b> @c' } });
    const body = comments[0]?.body ?? '';
    expect(body.length).toBeLessThan(65_536);
    expect(body).toContain('### a &#60;b&#62; &#64;c\n````text\n');
    expect(body).toMatch(/\n````$/);
    expect(body).toContain("more characters are in the job's log");
    expect(body).not.toContain('\x1b');
  });
});
