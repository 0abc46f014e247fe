import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { commands as listed } from '../../scripts/commands.ts';
import { formatWholeHelp } from '../../src/cli/run.ts';
import { allChecks } from '../../src/doctor/doctor.ts';

// What a reader types must exist: every command that a document names, with every flag it is given there, and every
// file that it links to.

interface NamedCommand {
  file: string;
  script: string;
  args: string[];
}

const texts = new Map<string, string>();
const scripts = new Map<string, string>();
const helps = new Map<string, string>();
let commands: NamedCommand[];

beforeAll(async () => {
  const docs = (await readdir('docs', { recursive: true })).filter((file) => file.endsWith('.md')).map((file) => join('docs', file));
  const files = ['README.md', 'CHANGELOG.md', 'local/README.md', ...docs];
  for (const file of files) texts.set(file, await readFile(file, 'utf8'));

  const { scripts: named } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: Record<string, string> };
  for (const [name, command] of Object.entries(named)) scripts.set(name, command);
  commands = [...texts].flatMap(([file, text]) => findCommands(text).map(([script = '', ...args]) => ({ file, script, args })));

  for (const [name, { load }] of Object.entries(listed)) helps.set(name, formatWholeHelp((await load()).default));
}, 300_000);

describe('the documents', () => {
  it('name commands of package.json only', () => {
    expect(commands.length).toBeGreaterThan(50);
    const unknown = commands.filter(({ script }) => !scripts.has(script) && script !== 'start' && script !== 'test');
    expect(unknown).toEqual([]);
  });

  it('give them flags that they have', () => {
    const unknown = commands.filter(({ script, args }) => {
      const known = helps.get(script)?.match(/--[a-z][a-z0-9-]*/g) ?? [];
      return (
        helps.has(script) &&
        args.some((arg) => arg.startsWith('--') && arg !== '--' && !known.some((flag) => flag === arg.split('=', 1)[0]))
      );
    });
    expect(unknown).toEqual([]);
  });

  it('ask doctor for checks that it has', () => {
    const known = allChecks.map(({ id }) => id);
    const asked = commands
      .filter(({ script, args }) => script === 'doctor' && args.includes('--only'))
      .flatMap(({ args }) => args[args.indexOf('--only') + 1]?.split(',') ?? ['']);
    expect(asked.length).toBeGreaterThan(3);
    expect(asked.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('link to files that are there', () => {
    const broken = [...texts].flatMap(([file, text]) =>
      [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)]
        .map(([, target = '']) => join(dirname(file), target))
        .filter((target) => !existsSync(target))
        .map((target) => ({ file, target })),
    );
    expect(broken).toEqual([]);
  });
});

describe('--help', () => {
  it('of every command has its usage and an example, and fits 80 columns', () => {
    expect(helps.size).toBeGreaterThan(15);
    for (const [name, help] of helps) {
      expect(help, name).toContain(`usage: npm run ${name}`);
      expect(help, name).toContain('examples:');
    }
    const long = [...helps].flatMap(([name, help]) => help.split('\n').map((line) => ({ name, line })));
    expect(long.filter(({ line }) => line.length > 80)).toEqual([]);
  });

  it('of every command is in docs/commands.md with every option', () => {
    const sections = new Map(
      (texts.get('docs/commands.md') ?? '').split('\n## ').map((section) => [section.split('\n', 1)[0] ?? '', section]),
    );
    for (const [name, help] of helps)
      for (const [option] of help.matchAll(/^ {2}--[a-z][a-z0-9-]*/gm)) expect(sections.get(name), name).toContain(`    ${option}`);
  });

  it('of every command that the README lists', () => {
    const [, table = ''] = /\n## Commands\n([\s\S]*?)\n## /.exec(texts.get('README.md') ?? '') ?? [];
    const listed = new Set([...table.matchAll(/`([a-z][a-z:-]*)/g)].map(([, name = '']) => name));
    for (const name of scripts.keys()) if (helps.has(name)) expect(listed, `README's table of commands lacks ${name}`).toContain(name);
  });
});

/**
 * `npm run name -- args` and `npm start`, where a document shows them as code: each as its words, the script's name
 * first.
 */
function findCommands(text: string): string[][] {
  const spans = [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  const blocks = text.split('\n').filter((line) => line.startsWith('    '));
  return [...spans, ...blocks]
    .flatMap((code) => code.split(/&&|\||;/))
    .map((code) => code.trim())
    .filter((code) => /^(\w+=\S+ )*npm (run |start|test)/.test(code))
    .map((code) => words(code.replace(/^(\w+=\S+ )*npm (run (-s |--silent )?)?/, '').replace(/ {2,}.*$/, '')));
}

/** The words of a shell line; quoted ones are one. */
function words(line: string): string[] {
  return [...line.matchAll(/"[^"]*"|'[^']*'|\S+/g)].map(([word]) => word.replace(/^(["'])(.*)\1$/, '$2'));
}
