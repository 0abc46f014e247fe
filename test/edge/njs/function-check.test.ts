import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FunctionCheck } from '../../../src/edge/check/check-function.ts';
import { formatSarif } from '../../../src/edge/check/format-sarif.ts';
import { describeWith } from '../../programs.ts';
import { runHere } from '../../run-here.ts';

const project = process.cwd();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'function-check-'));
  await mkdir(join(folder, 'functions'));
  const files = {
    'functions/good.js': 'function handler(event) {\n  return event.request;\n}\n',
    'functions/warned.js': 'function handler(event) {\n  const a = event.x ?? 1;\n  return event.request;\n}\n',
    'refused.js': 'function handler(event) {\n  return event?.request;\n}\n',
    'needs-key.js':
      "import cf from 'cloudfront';\nasync function handler(event) {\n  event.request.uri = await cf.kvs().get('a');\n  return event.request;\n}\n",
    'token.js': "import cf from 'cloudfront';\nfunction handler(event) {\n  cf.cwt.validateToken('', {});\n  return event.request;\n}\n",
    'fails.js': "function handler(event) {\n  if (event.request.uri === '/bad') throw new Error('no');\n  return event.request;\n}\n",
    'order.js': 'function handler(event) {\n  return event.request.x = Object.keys({ b: 1, 2: 1 }), event.request;\n}\n',
    'bad.json': '{"request": {"uri": "/bad"}}',
    'keys.json': '{"a": "/b"}',
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
});

afterAll(() => rm(folder, { recursive: true }));

const run = (args: readonly string[], path = process.env['PATH'] ?? '') => runHere('function:check', args, { env: { PATH: path }, folder });

const functionsOf = (stdout: string) => (JSON.parse(stdout) as { functions: FunctionCheck[] }).functions;

describeWith(['njs', 'valgrind'], 'npm run function:check', () => {
  it('runs and counts a good function', async () => {
    const command = ['--no-warnings', join(project, 'scripts/run.mjs'), 'function:check', 'functions/good.js', '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, command, { env: { PATH: process.env['PATH'] }, cwd: folder });
    expect(functionsOf(stdout)).toMatchObject([{ bytes: 52, problems: [], njs: 'passed', needsNjs: false }]);
    expect(functionsOf(stdout)[0]?.instructions?.perRequest).toBeLessThan(2_000);
  }, 240_000);
});

describeWith(['njs'], 'npm run function:check, without counting', () => {
  it.each([
    { files: ['functions/warned.js'], exitCode: 0, found: [['nullish', 'warning', 2]] },
    { files: ['functions/warned.js', '--strict'], exitCode: 1, found: [['nullish', 'warning', 2]] },
    {
      files: ['refused.js'],
      exitCode: 1,
      found: [
        ['njs', 'error', 2],
        ['optional-chaining', 'error', 2],
      ],
    },
    { files: ['needs-key.js'], exitCode: 0, found: [['njs', 'warning', 3]] },
    { files: ['needs-key.js', '--kvs', 'keys.json'], exitCode: 0, found: [] },
    { files: ['token.js'], exitCode: 0, found: [['no-local-engine', 'warning', 3]] },
    { files: ['fails.js'], exitCode: 0, found: [] },
    { files: ['fails.js', '--event', 'bad.json'], exitCode: 1, found: [['njs', 'error', 2]] },
    { files: ['order.js'], exitCode: 0, found: [['engine', 'note', 2]] },
  ])('$files ends with $exitCode', async ({ files, exitCode, found }) => {
    const done = await run([...files, '--json', '--no-count']);
    const problems = functionsOf(done.stdout).flatMap((each) => each.problems);
    expect(problems.map(({ rule, level, line }) => [rule, level, line])).toEqual(found);
    expect(done.exitCode).toBe(exitCode);
  });

  it('takes patterns, and says which functions need njs at the edge', async () => {
    const { stdout } = await run(['functions/*.js', 'order.js', 'functions/good.js', '--json', '--no-count']);
    expect(functionsOf(stdout).map(({ file, needsNjs }) => [file, needsNjs])).toEqual([
      ['functions/good.js', false],
      ['functions/warned.js', false],
      ['order.js', true],
    ]);
  });
});

describe('npm run function:check on a machine without njs', () => {
  it('checks what it can and says what it left out', async () => {
    const { exitCode, stdout } = await run(['functions/good.js', '--sarif', 'absent.sarif', '--json'], '/nowhere');
    expect(JSON.parse(stdout)).toMatchObject({ functions: [{ njs: 'absent', problems: [] }], left: [expect.stringContaining('njs')] });
    const log = JSON.parse(await readFile(join(folder, 'absent.sarif'), 'utf8'));
    expect(log.runs[0].invocations[0].toolExecutionNotifications).toHaveLength(1);
    expect(exitCode).toBe(0);
  });

  it.each([
    { args: [], when: 'no file is named' },
    { args: ['functions/*.ts'], when: 'a pattern matches nothing' },
    { args: ['missing.js'], when: 'a file is missing' },
  ])('is misused when $when', async ({ args }) => {
    expect((await run(args, '/nowhere')).exitCode).toBe(2);
  });
});

describe('the SARIF document', () => {
  // The rules of the SARIF 2.1.0 schema for the parts that are written, and what code scanning asks for beyond it.
  it('has the structure of version 2.1.0', async () => {
    await run(['refused.js', 'functions/warned.js', '--sarif', 'all.sarif', '--no-count'], '/nowhere');
    const log = JSON.parse(await readFile(join(folder, 'all.sarif'), 'utf8'));
    expect(log.version).toBe('2.1.0');
    expect(log.$schema).toMatch(/^https:\/\/.*sarif-schema-2\.1\.0\.json$/);
    const [{ tool, results, originalUriBaseIds, columnKind }] = log.runs;
    expect(tool.driver.name).not.toBe('');
    expect(tool.driver.semanticVersion).toMatch(/^\d+\.\d+\.\d+$/);
    expect(columnKind).toBe('utf16CodeUnits');
    expect(originalUriBaseIds['%SRCROOT%'].uri).toMatch(/^file:\/\/.*\/$/);
    const ids = tool.driver.rules.map(({ id }: { id: string }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const rule of tool.driver.rules) {
      expect(rule.shortDescription.text).not.toBe('');
      expect(['error', 'warning', 'note']).toContain(rule.defaultConfiguration.level);
    }
    expect(results.length).toBeGreaterThanOrEqual(2);
    for (const result of results) {
      expect(ids[result.ruleIndex]).toBe(result.ruleId);
      expect(['error', 'warning', 'note']).toContain(result.level);
      expect(result.message.text).not.toBe('');
      const [{ physicalLocation }] = result.locations;
      expect(physicalLocation.artifactLocation).toEqual({
        uri: expect.stringMatching(/^[^/\\:]+(?:\/[^/\\:]+)*$/),
        uriBaseId: '%SRCROOT%',
      });
      const { startLine, startColumn, endLine = startLine, endColumn = startColumn + 1 } = physicalLocation.region;
      for (const figure of [startLine, startColumn, endLine, endColumn]) expect(Number.isInteger(figure) && figure >= 1).toBe(true);
      expect(endLine > startLine || endColumn > startColumn).toBe(true);
    }
  });

  it('names a file outside of the folder by its whole URL, and encodes a name', () => {
    const check = (file: string): FunctionCheck => ({
      ...{ file, bytes: 1, njs: 'absent', run: undefined, instructions: undefined, needsNjs: false },
      problems: [{ level: 'error', file, line: 1, column: 1, found: 'a', rule: 'parse', instead: 'b' }],
    });
    const log = formatSarif([check('a b.js'), check('../c.js')], { folder: '/repo/x', left: [] });
    expect(log.runs[0].results.map(({ locations: [{ physicalLocation }] }) => physicalLocation.artifactLocation)).toEqual([
      { uri: 'a%20b.js', uriBaseId: '%SRCROOT%' },
      { uri: 'file:///repo/c.js' },
    ]);
  });
});
