import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from './free-ports.ts';
import { startScript, waitUntil } from './start-script.ts';

// The README's walk-through as a reader pastes it, in that order. Only the ports are others.

interface Step {
  command: string;
  /** What is true afterwards, within the time that the README gives. */
  after?: () => Promise<void>;
}

const [section = ''] = /### Break it yourself\n[\s\S]*?(?=\n## )/.exec(await readFile('README.md', 'utf8')) ?? [];

let port: number;
let env: Record<string, string>;
let cloud: ReturnType<typeof startScript>;

beforeAll(async () => {
  port = await freePorts();
  env = { EDGE_LOCAL_PORT: String(port) };
});
afterAll(async () => {
  cloud?.child.kill('SIGTERM');
  await cloud?.ended;
});

async function start(): Promise<void> {
  cloud = startScript('start', ['--quick'], env);
  await waitUntil(() => cloud.output.stdout.includes('/api/hello'), 25_000);
}

/** The regions that answer the POST requests of 40 viewers from India; POST has no origin group. */
async function regions(): Promise<string[]> {
  const answers = Array.from({ length: 40 }, async (_, viewer) => {
    const headers = { 'x-local-viewer-country': 'IN', 'x-local-viewer-ip': `198.51.100.${viewer}` };
    const { headers: given } = await fetch(`http://127.0.0.1:${port + 1}/api/hello`, { method: 'POST', headers });
    return given.get('x-region') ?? 'failed';
  });
  return [...new Set(await Promise.all(answers))];
}

const goTo = (region: string, timeoutMs: number) => () => expect.poll(regions, { timeout: timeoutMs, interval: 250 }).toEqual([region]);
const [singapore, europe] = ['ap-southeast-1', 'eu-central-1'];
const walk: Step[] = [
  { command: 'npm start -- --quick', after: start },
  { command: 'npm run fault -- singapore refuse', after: goTo(europe, 20_000) },
  { command: 'npm run failover -- history --local' },
  { command: 'npm run fault -- singapore none', after: goTo(singapore, 60_000) },
  { command: 'npm run failover -- status --local' },
  { command: 'npm run failover -- to europe --for 10m --reason "trying it" --yes --local', after: goTo(europe, 1_000) },
  { command: "curl -si -H 'x-local-viewer-country: IN' http://127.0.0.1:4601/api/hello" },
  { command: 'npm run failover -- auto --reason "enough" --yes --local', after: goTo(singapore, 1_000) },
];

it('the README has these commands and no others, in this order', () => {
  const commands = [...section.matchAll(/^ {4}(.+)$/gm)].map(([, command]) => command);
  expect(commands).toEqual(walk.map(({ command }) => command));
});

it('all of them do what the README says', { timeout: 180_000 }, async () => {
  for (const { command, after } of walk) {
    const [, script, rest = ''] = /^npm run (\w+) -- (.*)$/.exec(command) ?? [];
    if (script !== undefined) {
      const args = [...rest.matchAll(/"[^"]*"|\S+/g)].map(([word]) => word.replaceAll('"', ''));
      expect({ command, ...(await startScript(script, args, env).ended) }).toMatchObject({ command, code: 0 });
    }
    await after?.();
  }
});
