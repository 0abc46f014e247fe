import { describe, expect, it } from 'vitest';
import { choice, country, duration, flag, integer, percent, text, url } from '../../../src/cli/option.ts';
import { parseArguments } from '../../../src/cli/parse-arguments.ts';
import { EdgeError } from '../../../src/errors.ts';

const command = {
  usage: 'failover -- <command> [origin]',
  positionals: [{ name: 'command' }, { name: 'origin', optional: true }],
  options: {
    for: duration('how long', { maxMs: 72 * 3_600_000 }),
    reason: text('why'),
    weight: percent('share'),
    rounds: integer('how often', { min: 1, max: 9, fallback: 3 }),
    stage: choice('which', ['DEVELOPMENT', 'LIVE'], { fallback: 'LIVE' }),
    'break-glass': text('why unsafe'),
    edge: url('where'),
    yes: flag('no questions'),
    local: flag('local cloud'),
  },
};
const parse = (argv: string[], env: Record<string, string> = {}) => parseArguments(command, argv, env);
const problem = (argv: string[], env: Record<string, string> = {}) => {
  try {
    return parse(argv, env);
  } catch (error) {
    expect(error).toBeInstanceOf(EdgeError);
    expect((error as EdgeError).exitCode).toBe(2);
    return `${(error as EdgeError).message} | ${(error as EdgeError).hint}`;
  }
};
const help = 'npm run failover -- --help';

describe('parseArguments', () => {
  it('gives every option its value, those that are absent their fallback', () => {
    expect(parse(['to', 'europe', '--for', '90s', '--reason=ALB 5xx', '--yes'])).toEqual({
      positionals: ['to', 'europe'],
      values: {
        for: 90_000,
        reason: 'ALB 5xx',
        weight: undefined,
        rounds: 3,
        stage: 'LIVE',
        'break-glass': undefined,
        edge: undefined,
        yes: true,
        local: false,
      },
    });
  });

  it.each([
    { argv: ['to', '--for', '80h'], names: ['--for', '72h', '"80h"', help] },
    { argv: ['to', '--for', '2'], names: ['--for', '72h', '"2"', help] },
    { argv: ['to', '--for', '0s'], names: ['--for', '72h', '"0s"', help] },
    { argv: ['to', '--weight', '101'], names: ['--weight', 'from 0 to 100', '"101"', help] },
    { argv: ['to', '--weight', '-1'], names: ['--weight', 'from 0 to 100', '"-1"', help] },
    { argv: ['to', '--rounds', '10'], names: ['--rounds', 'from 1 to 9', '"10"', help] },
    { argv: ['to', '--stage', 'live'], names: ['--stage', 'DEVELOPMENT', 'LIVE', '"live"', help] },
    { argv: ['to', '--reason', ' '], names: ['--reason', '" "', help] },
    { argv: ['to', '--reason'], names: ['--reason <text>', help] },
    { argv: ['to', '--reason', '--for', '2h'], names: ['--reason ', 'the option --for', '--reason=--for'] },
    { argv: ['to', '--edge', 'example.com'], names: ['--edge', 'https://', '"example.com"', help] },
    { argv: ['to', '--yes=no'], names: ['--yes', '"no"', help] },
    { argv: ['to', '--for', '1h', '--for', '2h'], names: ['--for', 'twice', help] },
    { argv: ['to', '--brek-glass', 'x'], names: ['--brek-glass', '--break-glass?'] },
    { argv: ['to', '-f', '2h'], names: ['option -f', help] },
    { argv: ['to', '--constructor'], names: ['option --constructor', help] },
    { argv: ['to', 'a', 'b'], names: ['"b"', help] },
    { argv: [], names: ['<command>', help] },
  ])('refuses $argv, and names the option, the value and the bound', ({ argv, names }) => {
    const text = problem(argv);
    for (const name of names) expect(text).toContain(name);
  });

  it('words its problems', () => {
    const wrong = [['to', '--for', '80h'], ['to', '--reason'], ['to', '--brek-glass', 'x'], ['to', 'a', 'b'], []];
    expect(wrong.map((argv) => problem(argv))).toMatchInlineSnapshot(`
      [
        "--for takes a duration such as 90s, 15m or 2h and at most 72h, found "80h" | npm run failover -- --help",
        "--reason needs a value: --reason <text> | npm run failover -- --help",
        "unknown option --brek-glass | did you mean --break-glass?",
        "unexpected argument "b" | npm run failover -- --help",
        "<command> is missing | npm run failover -- --help",
      ]
    `);
  });

  it('takes a value that looks like an option when it is written with =', () => {
    expect(parse(['to', '--reason=--for']).values.reason).toBe('--for');
  });

  it('takes everything after -- as words', () => {
    expect(parse(['to', '--', '--yes']).positionals).toEqual(['to', '--yes']);
  });

  it('notices an option that npm took', () => {
    const env = { npm_lifecycle_event: 'failover', npm_config_local: 'true' };
    expect(problem(['status'], env)).toMatch(/--local.* \| .*npm run failover -- … --local$/);
    expect(problem(['status'], { npm_lifecycle_event: 'failover', npm_config_break_glass: 'x' })).toContain('--break-glass');
    expect(parse(['status', '--local'], env).values.local).toBe(true);
    expect(parse(['status'], { npm_config_local: 'true' }).values.local).toBe(false);
    expect(parse(['status'], { npm_lifecycle_event: 'failover', npm_config_yes: 'true' }).values.yes).toBe(false);
  });

  it.each([
    { recorded: ['status', '--no-global'], taken: '--local' },
    { recorded: ['--yes'], taken: '--yes' },
    { recorded: ['--weight', '5%'], taken: '--weight' },
    { recorded: ['--reason', 'a', '--for=2h'], taken: '--reason' },
  ])('notices by npm’s own record that it took $taken', ({ recorded, taken }) => {
    // What npm takes, and the words behind it, look like unexpected arguments: the reason comes first.
    const given = () => parseArguments(command, ['status', 'x', 'y'], { npm_lifecycle_event: 'failover' }, recorded);
    expect(given).toThrow(expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(taken) }));
  });

  it.each([
    ['India', 'IN (India)'],
    ['germany', 'DE (Germany)'],
    ['Singapor', 'SG (Singapore)'],
    ['uk', 'GB (United Kingdom)'],
    ['Atlantis', undefined],
  ])('suggests the code of a country: %s', (given, meant) => {
    const options = { country: country('whose viewers') };
    const parsed = () => parseArguments({ usage: 'explain', positionals: [], options }, ['--country', given], {});
    const end = meant === undefined ? `found "${given}"` : `found "${given}"; did you mean ${meant}?`;
    let message = '';
    try {
      parsed();
    } catch (error) {
      message = error instanceof EdgeError ? error.message : '';
    }
    expect(message.endsWith(end), message).toBe(true);
  });

  it('takes EDGE_TARGET=local for --local', () => {
    expect(parse(['status'], { EDGE_TARGET: 'local' }).values.local).toBe(true);
    expect(parse(['status'], { EDGE_TARGET: 'aws' }).values.local).toBe(false);
    expect(problem(['status'], { EDGE_TARGET: 'Local' })).toContain('EDGE_TARGET');
  });
});
