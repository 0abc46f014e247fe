// npm run bench -- mutation [files to mutate…]: how many planted mistakes in core, records and edge function the tests
// find. It takes about an hour. Stryker is not among the dependencies (docs/decisions/024-mutation-score.md): the first
// run installs it, at these versions, below node_modules.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { argv, execPath, exit, stdout } from 'node:process';

const version = '9.6.1';
const place = 'node_modules/.stryker';
const stryker = `${place}/node_modules/@stryker-mutator/core`;
const report = `${place}/mutation.json`;

interface Report {
  files: Record<string, { mutants: { status: string }[] }>;
}

function start(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) exit(status ?? 1);
}

if (!existsSync(stryker)) {
  const packages = ['core', 'vitest-runner'].map((name) => `@stryker-mutator/${name}@${version}`);
  // Its peer vitest is this repository's.
  start('npm', [
    'install',
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--legacy-peer-deps',
    '--prefix',
    place,
    ...packages,
  ]);
}
const files = argv.slice(2);
start(execPath, [
  `${stryker}/bin/stryker.js`,
  'run',
  'bench/mutation/stryker.config.json',
  ...(files.length === 0 ? [] : ['--mutate', files.join(',')]),
]);

const found = new Set(['Killed', 'Timeout']);
const missed = new Set(['Survived', 'NoCoverage']);
const folders = new Map<string, { found: number; missed: number }>();
for (const [file, { mutants }] of Object.entries((JSON.parse(readFileSync(report, 'utf8')) as Report).files)) {
  const sum = folders.get(dirname(file)) ?? { found: 0, missed: 0 };
  sum.found += mutants.filter(({ status }) => found.has(status)).length;
  sum.missed += mutants.filter(({ status }) => missed.has(status)).length;
  folders.set(dirname(file), sum);
}
for (const [folder, sum] of [...folders].sort()) {
  const all = sum.found + sum.missed;
  stdout.write(
    `${folder.padEnd(20)} ${all === 0 ? '—' : `${((100 * sum.found) / all).toFixed(1)} %`}  ${sum.found} of ${all} mutants found\n`,
  );
}
