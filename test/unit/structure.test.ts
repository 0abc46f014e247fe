import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { arrows, findForbiddenImports } from '../structure/arrows.ts';
import { findCycles } from '../structure/cycles.ts';
import { findDuplicateNames } from '../structure/duplicate-names.ts';
import { isRefusedByLinter } from '../structure/linter.ts';
import { type FindingKind, measureStructure, type Structure } from '../structure/measure.ts';
import type { SourceModule } from '../structure/read-modules.ts';
import { findLongSentences, findWordsInComments, findWordsInStrings } from '../structure/words.ts';

/** `npm run structure -- --list` names what is counted. A limit may only fall. */
const limits: Readonly<Record<FindingKind, number>> = {
  'forbidden imports': 0,
  cycles: 0,
  'duplicate names': 0,
  'long files': 0,
  'wide comments': 0,
  'words in strings': 0,
  'words in comments': 0,
  'words in pages': 0,
  'long sentences': 0,
};
const maxFilesInSrc = 266;

let structure: Structure;
beforeAll(async () => {
  structure = await measureStructure();
}, 60_000);

it.each(Object.entries(limits))('%s: at most %i', (kind, limit) => {
  const found = structure.findings[kind as FindingKind];
  expect(found.length, found.join('\n')).toBeLessThanOrEqual(limit);
});

describe('the linter refuses each import that the layers forbid', () => {
  const files = new Set(['errors', 'package-files']);
  const tops = new Set(['kvs', 'functions', 'origin', 'client', 'local', 'api', 'scripts', 'test', 'bench']);
  const rooms = [...Object.keys(arrows), 'test', 'bench'];
  const pathOf = (room: string) => (files.has(room) ? `src/${room}.ts` : `${tops.has(room) ? '' : 'src/'}${room}/any-file.ts`);

  it.each(Object.keys(arrows))('%s', (room) => {
    const from = pathOf(room);
    const wrong = rooms.filter((other) => {
      if (other === room) return false;
      const specifier = posix.relative(posix.dirname(from), pathOf(other));
      return isRefusedByLinter(from, specifier.startsWith('.') ? specifier : `./${specifier}`) === arrows[room]?.includes(other);
    });
    expect(wrong).toEqual([]);
  });
});

it('src stays small', () => expect(structure.files).toBeLessThanOrEqual(maxFilesInSrc));

it('the map of rooms in docs/architecture.md has every folder of src', () => {
  const map = readFileSync('docs/architecture.md', 'utf8');
  const rooms = readdirSync('src', { withFileTypes: true }).flatMap((each) => (each.isDirectory() ? [each.name] : []));
  expect(rooms.filter((room) => !map.includes(`(../src/${room})`))).toEqual([]);
});

it('every step of a walk in docs/architecture.md is a file that an earlier step imports', () => {
  expect(structure.walks.flatMap(({ title, problems }) => problems.map((problem) => `${title}: ${problem}`))).toEqual([]);
});

it.each([
  { walk: 'Walk: a request through the local edge', files: 20, hops: 20 },
  { walk: 'Walk: a probe that fails', files: 20, hops: 20 },
  { walk: 'Walk: function:publish', files: 25, hops: 18 },
])('$walk has at most $files files and $hops hops', ({ walk, files, hops }) => {
  const found = structure.walks.find(({ title }) => title === walk);
  expect(found?.files.length).toBeLessThanOrEqual(files);
  expect((found?.hops.length ?? Number.NaN) - 1).toBeLessThanOrEqual(hops);
});

describe('a planted fault is found', () => {
  const module = (path: string, text: string, imports: string[] = [], exports: string[] = []): SourceModule => ({
    path,
    text,
    lines: 1,
    imports,
    packages: [],
    exports,
  });

  it.each([
    { from: 'src/core/decide.ts', to: 'src/flipper/flipper.ts', found: true },
    { from: 'src/core/decide.ts', to: 'kvs/limits.ts', found: false },
    { from: 'src/publish/publish.ts', to: 'src/explain/explain.ts', found: false },
    { from: 'src/explain/explain.ts', to: 'src/publish/publish.ts', found: true },
    { from: 'src/verify/verify.ts', to: 'local/edge/open-edge.ts', found: true },
    { from: 'src/verify/verify.ts', to: 'src/explain/explain.ts', found: true },
    { from: 'src/core/decide.ts', to: 'src/text/time.ts', found: true },
    { from: 'src/a-new-room/any.ts', to: 'kvs/limits.ts', found: true },
    { from: 'scripts/verify.ts', to: 'test/structure/arrows.ts', found: true },
  ])('$from → $to: $found', ({ from, to, found }) => {
    expect(findForbiddenImports([module(from, '', [to])])).toEqual(found ? [`${from} → ${to}`] : []);
  });

  it('the process outside src/cli, and a module of Node in the core', () => {
    const planted = (path: string, name: string) => ({ ...module(path, ''), packages: [name] });
    const found = findForbiddenImports([
      planted('src/publish/publish.ts', 'node:process'),
      planted('src/cli/host.ts', 'node:process'),
      planted('src/core/decide.ts', 'node:util'),
      planted('src/publish/publish.ts', 'node:util'),
    ]);
    expect(found).toEqual(['src/publish/publish.ts → node:process', 'src/core/decide.ts → node:util']);
  });

  it('a circle of three', () => {
    const circle = [module('a.ts', '', ['b.ts']), module('b.ts', '', ['c.ts']), module('c.ts', '', ['a.ts']), module('d.ts', '', ['a.ts'])];
    expect(findCycles(circle)).toEqual([['a.ts', 'b.ts', 'c.ts']]);
  });

  it('a name with two meanings', () => {
    expect(findDuplicateNames([module('a.ts', '', [], ['Plan']), module('b.ts', '', [], ['Plan', 'Move'])])).toEqual(['Plan: a.ts b.ts']);
  });

  it('an old word in a string, not in code', async () => {
    const found = await findWordsInStrings([module('a.ts', "const nobody: string = x + ' is no URL'; log('everybody');")]);
    expect(found.map((one) => one.replace(/^a\.ts: /, ''))).toEqual(['… is no URL…', '…everybody…']);
  });

  it('an old word in a comment, and in the name of a test', async () => {
    const text = "// Whoever asks is told.\nit('tells it', () => {});";
    expect(findWordsInComments([module('a.ts', text)])).toHaveLength(2);
    expect(await findWordsInStrings([module('a.ts', text)])).toHaveLength(1);
  });

  it('a sentence of 41 words', () => {
    const sentence = (words: number) => `${'word '.repeat(words - 1)}end.`;
    expect(findLongSentences([{ path: 'a.md', text: `${sentence(40)} ${sentence(41)}` }])).toHaveLength(1);
  });
});
