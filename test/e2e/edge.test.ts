import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runScript, startScript, waitUntil } from './start-script.ts';

const greeter = `import cf from 'cloudfront';
async function handler(event) {
  const greeting = await cf.kvs().get('greeting');
  event.request.headers['x-greeting'] = { value: greeting };
  cf.selectRequestOriginById('europe');
  return event.request;
}
`;

describe('npm run edge', () => {
  let folder = '';
  let url = '';
  let file = '';
  let edge: ReturnType<typeof startScript>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'file-edge-'));
    file = join(folder, 'function.js');
    await writeFile(file, greeter);
    await writeFile(join(folder, 'keys.json'), '{"greeting":"hello"}');
    const args = ['--function', file, '--kvs', join(folder, 'keys.json'), '--port', '0', '--propagation', '100ms'];
    edge = startScript('edge', args);
    await waitUntil(() => /europe +http/.test(edge.output.stdout), 60_000);
    url = /edge +(http:\S+)/.exec(edge.output.stdout)?.[1] ?? '';
  });

  afterAll(async () => {
    edge.child.kill('SIGTERM');
    expect((await edge.ended).code).toBe(0);
    await rm(folder, { recursive: true });
  });

  const read = async () => {
    const response = await fetch(`${url}/page`);
    const echo = response.ok ? ((await response.json()) as { headers: Record<string, string> }) : undefined;
    return { status: response.status, cache: response.headers.get('x-cache'), region: response.headers.get('x-region'), echo };
  };

  it('runs a function from a file with its keys and sends to the origin that it chose', async () => {
    const { region, echo } = await read();
    expect(region).toBe('eu-central-1');
    expect(echo?.headers['x-greeting']).toBe('hello');
  });

  it('takes up changed keys', async () => {
    await writeFile(join(folder, 'keys.json'), '{"greeting":"good day"}');
    await waitUntil(async () => (await read()).echo?.headers['x-greeting'] === 'good day', 30_000);
    expect((await read()).echo?.headers['x-greeting']).toBe('good day');
  });

  it.each([
    { when: 'uses what V8 runs and CloudFront refuses', code: greeter.replace('event.request;', 'event?.request;'), status: 503 },
    { when: 'changes a read-only header', code: greeter.replace('x-greeting', 'host'), status: 502 },
    { when: 'chooses an origin that is not there', code: greeter.replace("'europe'", "'mumbai'"), status: 502 },
    { when: 'never ends', code: greeter.replace('return', 'for (;;) {} return'), status: 503 },
  ])('answers $status once the file $when, and lives on', async ({ code, status }) => {
    await writeFile(file, code);
    await waitUntil(async () => (await read()).status === status, 30_000);
    const { cache } = await read();
    expect(cache).toBe(`${status === 502 ? 'FunctionValidationError' : 'FunctionExecutionError'} from cloudfront`);
    await writeFile(file, greeter);
    await waitUntil(async () => (await read()).status === 200, 30_000);
    expect((await read()).status).toBe(200);
  });

  it.each([
    { args: [], code: 2, says: '--function is missing' },
    { args: ['--function', 'absent.js'], code: 2, says: 'absent.js cannot be read' },
    { args: ['--function', 'package.json', '--kvs', 'README.md'], code: 2, says: 'README.md' },
    { args: ['--function', 'package-lock.json', '--port', '0'], code: 1, says: '10240' },
    { args: ['--function', 'package.json', '--origin', 'assets.example.net'], code: 2, says: '--origin' },
    { args: ['--function', 'package.json', '--origin', 'a.example=ftp://b.example'], code: 2, says: '--origin' },
    { args: ['--function', 'a.js', '--event-type', 'viewer-response', '--viewer-response', 'b.js'], code: 2, says: 'viewer-response' },
  ])('ends with $code for $args', async ({ args, code, says }) => {
    const ended = await runScript('edge', args);
    expect(ended.stderr).toContain(says);
    expect(ended.code).toBe(code);
  });
});

it('runs a function for requests and one for responses, and sends a domain of the function’s own where the options say', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'file-edge-'));
  const assets = createServer((request, response) => response.end(request.headers.host)).listen(0, '127.0.0.1');
  await once(assets, 'listening');
  const files = [join(folder, 'request.js'), join(folder, 'response.js')] as const;
  await writeFile(
    files[0],
    `import cf from 'cloudfront';
function handler(event) {
  cf.logCustomData('two words');
  cf.updateRequestOrigin({ domainName: event.request.uri.slice(1) });
  event.request.cookies.visitor = { value: 'new' };
  return event.request;
}
`,
  );
  await writeFile(
    files[1],
    `function handler(event) {
  event.response.headers['x-saw'] = { value: event.request.cookies.visitor.value };
  return event.response;
}
`,
  );
  const map = `assets.example.net=http://127.0.0.1:${(assets.address() as AddressInfo).port}`;
  const edge = startScript('edge', ['--function', files[0], '--viewer-response', files[1], '--origin', map, '--port', '0']);
  try {
    await waitUntil(() => /europe +http/.test(edge.output.stdout), 60_000);
    const url = /edge +(http:\S+)/.exec(edge.output.stdout)?.[1] ?? '';
    const mapped = await fetch(`${url}/assets.example.net`);
    expect([mapped.status, mapped.headers.get('x-saw'), await mapped.text()]).toEqual([200, 'new', 'assets.example.net']);
    const other = await fetch(`${url}/other.example.net`);
    expect(other.status).toBe(502);
    await waitUntil(() => edge.output.stdout.includes('--origin other.example.net='), 30_000);
    expect(edge.output.stdout).toContain('--origin other.example.net=');
    expect(edge.output.stdout).toContain('log data two%20words');
  } finally {
    edge.child.kill('SIGTERM');
    expect((await edge.ended).code).toBe(0);
    assets.close();
    await rm(folder, { recursive: true });
  }
});

it.skipIf(process.platform === 'win32')('leaves no workerd and no file behind when it is killed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'file-edge-'));
  await writeFile(join(folder, 'function.js'), 'function handler(event) { return event.request; }');
  const edge = startScript('edge', ['--function', join(folder, 'function.js'), '--port', '0', '--engine', 'workerd'], { TMPDIR: folder });
  const left = async () => (await readdir(folder)).filter((name) => name.startsWith('workerd-'));
  await waitUntil(() => /europe +http/.test(edge.output.stdout), 60_000);
  expect(await left()).toHaveLength(1);
  edge.child.kill('SIGKILL');
  await waitUntil(async () => (await left()).length === 0, 30_000);
  expect(await left()).toEqual([]);
  await rm(folder, { recursive: true });
});
