import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { checkProject, checkTemplates, type ProjectOptions } from '../../../src/doctor/project/check-project.ts';
import type { AnyRuntime } from '../../../src/edge/ask/ask.ts';
import type { Execution } from '../../../src/edge/execution.ts';
import sample from '../../fixtures/sample/edge.config.ts';

const fixture = 'test/fixtures/sample/distribution.json';
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'project-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A runtime in which the function never chooses an origin: every answer is the behavior's own. */
const idle: AnyRuntime = {
  run: async ({ event }): Promise<Execution> => ({ output: event.request, originCall: undefined, reads: [], logs: [], error: undefined }),
  close: async () => undefined,
};

const options = (more: Partial<ProjectOptions> = {}): ProjectOptions => ({
  readConfig: async () => sample,
  distribution: fixture,
  root: '.',
  njs: undefined,
  openRuntime: async () => idle,
  now: 1_764_000_000_000,
  ...more,
});

const outcomes = async (more: Partial<ProjectOptions>) =>
  Object.fromEntries((await checkProject(options(more))).map(({ check, outcome, found }) => [check, [outcome, found] as const]));

describe('the files of a team', () => {
  it('are checked together: a function that routes otherwise is the one that fails', async () => {
    const found = await outcomes({});
    expect(Object.entries(found).map(([check, [outcome]]) => [check, outcome])).toEqual([
      ['config', 'ok'],
      ['distribution', 'ok'],
      ['function', 'ok'],
      ['routing', 'fail'],
      ['templates', 'ok'],
    ]);
    expect(found['routing']?.[1].length).toBeGreaterThan(2);
  });

  it('end with the configuration when that cannot be read, with all its problems', async () => {
    const found = await outcomes({
      readConfig: async () => ({ ...sample, defaultOrder: ['mars'], routes: [{ countries: ['us'], order: [] }] }),
    });
    expect(Object.keys(found)).toEqual(['config']);
    expect(found['config']?.[0]).toBe('fail');
    expect(found['config']?.[1].length).toBeGreaterThan(2);
  });

  it('differ when one of three regions is not in the distribution', async () => {
    const tokyo = { region: 'ap-northeast-1' };
    const found = await outcomes({ readConfig: async () => ({ ...sample, origins: { ...sample.origins, tokyo } }) });
    expect(found['distribution']).toEqual(['fail', [expect.stringContaining('"tokyo"')]]);
    expect(found['config']?.[0]).toBe('ok');
  });

  it('may lack a distribution.json', async () => {
    expect((await outcomes({ distribution: join(folder, 'none.json') }))['distribution']?.[0]).toBe('skipped');
  });

  it('fail when it is not a distribution', async () => {
    const path = join(folder, 'distribution.json');
    await writeFile(path, '{"Origins": {}}');
    expect((await outcomes({ distribution: path }))['distribution']?.[0]).toBe('fail');
  });
});

describe('what templates name', () => {
  const read = (path: string) => readFile(path, 'utf8');
  const text = () => read(fixture);
  const { origins } = parseEdgeConfig(sample);
  const config = { functionName: 'origin-router', origins };

  it('is the placeholders and the function of the configuration', async () => {
    expect(await checkTemplates({ config, distribution: await text(), read })).toMatchObject({ problems: [], files: { length: 6 } });
  });

  it.each([
    {
      when: 'a placeholder is new',
      distribution: ['SINGAPORE_DOMAIN', 'TOKYO_DOMAIN'],
      name: 'origin-router',
      says: ['TOKYO_DOMAIN', 'TOKYO_DOMAIN'],
    },
    {
      when: 'the function has another name',
      distribution: ['', ''],
      name: 'shop',
      says: ['monitoring.yaml', 'publisher.json', 'reader.json'],
    },
  ])('differs when $when', async ({ distribution: [from = '', to = ''], name, says }) => {
    const changed = (await text()).replaceAll(from, to);
    const { problems } = await checkTemplates({
      config: { ...config, functionName: name },
      distribution: from === '' ? await text() : changed,
      read,
    });
    expect(problems.map((problem, index) => [problem, problem.includes(says[index] ?? '?')])).toEqual(
      problems.map((problem) => [problem, true]),
    );
    expect(problems).toHaveLength(says.length);
  });

  it('differs when the origins are others', async () => {
    const { tokyo, europe } = {
      tokyo: { ...origins['singapore'], region: 'ap-northeast-1' },
      europe: { ...origins['europe'], region: 'eu-west-1' },
    };
    const { problems } = await checkTemplates({
      config: { ...config, origins: { tokyo, europe } as never },
      distribution: await text(),
      read,
    });
    expect(problems).toEqual([/"singapore"/, /eu-west-1/, /no job .*"tokyo"/].map((text) => expect.stringMatching(text)));
  });

  it.each([
    {
      when: 'a key is there twice',
      path: 'infra/flipper.yaml',
      break: (text: string) => `${text}\nResources: {}\n`,
      says: /^infra\/flipper\.yaml:\d+: .*unique/,
    },
    {
      when: 'the workflow is not YAML',
      path: '.github/workflows/deploy-regions.yml',
      break: () => 'jobs:\n  a: [\n',
      says: /^\.github\/workflows\/deploy-regions\.yml:\d+: /,
    },
    { when: 'a policy is cut off', path: 'docs/iam/reader.json', break: () => '{"Statement": [', says: /^docs\/iam\/reader\.json:1: / },
  ])('cannot be compared when $when: file and line', async ({ path, break: spoil, says }) => {
    const broken = async (each: string) => (each === path ? spoil(await read(each)) : read(each));
    const { problems } = await checkTemplates({ config, distribution: await text(), read: broken });
    expect(problems).toContainEqual(expect.stringMatching(says));
  });

  it('is nothing where a team keeps no templates', async () => {
    const nowhere = async () => Promise.reject(new Error('ENOENT'));
    expect(await checkTemplates({ config, distribution: await text(), read: nowhere })).toEqual({ files: [], problems: [] });
  });
});
