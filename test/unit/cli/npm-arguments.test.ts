import { describe, expect, it } from 'vitest';
import { parseNpmLog, readNpmArguments } from '../../../src/cli/npm-arguments.ts';

const log = (argv: string) =>
  `0 verbose cli /usr/bin/node /usr/bin/npm\n1 info using npm@11.19.1\n8 verbose argv ${argv}\n9 verbose logfile x\n`;

describe('what npm recorded', () => {
  it.each([
    { argv: '"run" "x" "--no-global"', script: 'x', words: ['--no-global'] },
    { argv: '"run" "--loglevel" "silent" "x" "--yes" "--" "--local"', script: 'x', words: ['--loglevel', 'silent', '--yes'] },
    { argv: '"--no-global" "run" "x"', script: 'x', words: ['--no-global'] },
    { argv: '"run" "--no-global" "x" "--" "x" "--yes"', script: 'x', words: ['--no-global'] },
    { argv: '"--no-global" "start"', script: 'start', words: ['--no-global'] },
    { argv: '"run" "y" "--" "x"', script: 'x', words: undefined },
    { argv: '"run" "x" "--reason" "a \\"b\\" c"', script: 'x', words: ['--reason', 'a "b" c'] },
    { argv: '"start" "--no-global"', script: 'start', words: ['--no-global'] },
    { argv: '"run" "start"', script: 'start', words: [] },
    { argv: '"run" "y" "--no-global"', script: 'x', words: undefined },
    { argv: '"exec" "--yes" "--" "npm@10" "run"', script: 'x', words: undefined },
  ])('is $words in $argv', ({ argv, script, words }) => {
    expect(parseNpmLog(log(argv), script)).toEqual(words);
  });

  it('is nothing in a log of another kind', () => {
    expect(parseNpmLog('', 'x')).toBeUndefined();
    expect(parseNpmLog('1 verbose argv', 'x')).toBeUndefined();
  });

  it('is not looked for without npm', () => {
    expect(readNpmArguments({}, process.ppid)).toEqual([]);
  });
});
