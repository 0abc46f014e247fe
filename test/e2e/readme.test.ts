import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from './free-ports.ts';
import { regionsOf } from './regions.ts';
import { missingLines, readShown } from './shown.ts';
import { runScript, startScript, waitUntil } from './start-script.ts';

// The walk-throughs of README and tutorial as a reader pastes them. Only the ports are others.

interface Step {
  command: string;
  /** Absent: the README's. */
  of?: 'tutorial';
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

const regions = () => regionsOf(port, 40, '/api/hello');

const goTo = (region: string, timeoutMs: number) => () => expect.poll(regions, { timeout: timeoutMs, interval: 250 }).toEqual([region]);
const [singapore, europe] = ['ap-southeast-1', 'eu-central-1'];
const walk: Step[] = [
  { command: 'npm start -- --quick', after: start },
  { command: 'npm run fault -- singapore refuse', after: goTo(europe, 20_000) },
  { command: 'npm run failover -- history --local' },
  { command: 'npm run fault -- singapore none', after: goTo(singapore, 60_000) },
  { command: 'npm run failover -- history --local', of: 'tutorial' },
  { command: 'npm run function:explain -- --country IN --local', of: 'tutorial' },
  { command: 'npm run failover -- status --local' },
  { command: 'npm run failover -- to europe --for 10m --reason "trying it" --yes --local', after: goTo(europe, 1_000) },
  { command: 'npm run failover -- status --local', of: 'tutorial' },
  { command: "curl -si -H 'x-local-viewer-country: IN' http://127.0.0.1:4601/api/hello" },
  { command: 'npm run failover -- auto --reason "enough" --yes --local', after: goTo(singapore, 1_000) },
];

it('the README has these commands and no others, in this order', () => {
  const commands = [...section.matchAll(/^ {4}(.+)$/gm)].map(([, command]) => command);
  expect(commands).toEqual(walk.filter(({ of }) => of === undefined).map(({ command }) => command));
});

it('all of them do what the README says', { timeout: 180_000 }, async () => {
  for (const { command, after } of walk) {
    await paste(command);
    await after?.();
  }
});

it('they print what README and tutorial show', async () => {
  for (const page of ['README.md', 'docs/tutorial.md'])
    for (const { command, output } of readShown(await readFile(page, 'utf8'))) {
      const printed = outputs.get(nameOf(command));
      if (printed !== undefined) expect({ page, command, missing: missingLines(output, printed), printed }).toMatchObject({ missing: [] });
    }
});

it("the tutorial's third region works when its files are edited as it says", { timeout: 120_000 }, async () => {
  const tutorial = await readFile('docs/tutorial.md', 'utf8');
  const third = readShown(tutorial.slice(tutorial.indexOf('## 3.'), tutorial.indexOf('## 4.')));
  const folder = await mkdtemp(join(tmpdir(), 'edge-tutorial-'));
  try {
    await cp('test/fixtures/sample', folder, { recursive: true });
    const [config, distribution] = [join(folder, 'edge.config.ts'), join(folder, 'distribution.json')];
    const edit = async (path: string, changes: readonly (readonly [string | RegExp, string])[]) => {
      let text = await readFile(path, 'utf8');
      for (const [from, to] of changes) {
        expect(text).toMatch(from);
        text = text.replace(from, to);
      }
      await writeFile(path, text);
    };
    const shareModule = (text: string) => text.replace(/from '\.[^']*\/src\//, `from '${process.cwd()}/src/`);
    await writeFile(config, shareModule(await readFile(config, 'utf8')));
    await edit(config, [
      [/europe: \{/, "virginia: { region: 'us-east-1' }, europe: {"],
      [/defaultOrder: \['singapore', 'europe'\]/, "defaultOrder: ['singapore', 'europe', 'virginia']"],
      [/'US', |, 'US'/, ''],
      [/routes: \[/, "routes: [{ countries: ['US'], order: ['virginia', 'europe', 'singapore'] },"],
    ]);
    const parsed = JSON.parse(await readFile(distribution, 'utf8'));
    const [first] = parsed.Origins.Items;
    const copy = JSON.parse(JSON.stringify(first).replaceAll('SINGAPORE', 'VIRGINIA').replaceAll('ap-southeast-1', 'us-east-1'));
    parsed.Origins.Items.push({ ...copy, Id: 'virginia' });
    await writeFile(distribution, JSON.stringify(parsed));
    const own = { EDGE_PROJECT: folder, VIRGINIA_DOMAIN: 'virginia.example.com' };
    for (const { command, output } of third.filter(({ command }) => /test:config|function:explain/.test(command))) {
      // The fixture has no templates and maybe no njs, so those lines of the sample are left out.
      const isSecond = output.some((line) => line.includes('3 origins'));
      if (isSecond) await edit(distribution, [[/"Origins":\{"Quantity":2/, '"Origins":{"Quantity":3']]);
      const printed = await paste(command, own, command.includes('test:config') ? 1 : 0);
      const shown = output.filter((line) => !/infra\/flipper|\.github|fix: change|and njs/.test(line));
      expect({ command, missing: missingLines(shown, printed), printed }).toMatchObject({ missing: [] });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

const outputs = new Map<string, string>();

/** A command with and without the answer to its question is one. */
function nameOf(command: string): string {
  return command.replace(' --yes', '');
}

/** Runs a command of npm as it is pasted, and keeps what it prints. */
async function paste(command: string, more: Readonly<Record<string, string>> = {}, code = 0): Promise<string> {
  const [, script, rest = ''] = /^npm run ([\w:]+)(?: -- (.*))?$/.exec(command) ?? [];
  if (script === undefined) return '';
  const args = [...rest.matchAll(/"[^"]*"|\S+/g)].map(([word]) => word.replaceAll('"', ''));
  const ended = await runScript(script, args, { ...env, ...more });
  expect({ command, ...ended }).toMatchObject({ command, code });
  const printed = `${ended.stdout}${ended.stderr}`;
  outputs.set(nameOf(command), `${outputs.get(nameOf(command)) ?? ''}\n${printed}`);
  return printed;
}
